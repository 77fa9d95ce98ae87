"""Supervision: who has had none since a group, and when it is next."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from flask import abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import DateField, SelectField, TimeField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from companion.console.desk import COORDINATOR, LEAD, allow, desk, me, my_id, now, pages
from companion.models import Group, Person
from companion.programme import supervision


class DateForm(FlaskForm):  # type: ignore[misc]
    """When, and for which group."""

    group = SelectField("For")
    day = DateField("Day", validators=[InputRequired("Choose a day.")])
    at = TimeField("Time", validators=[InputRequired("Choose a time.")])


@pages.route("/supervision", methods=["GET", "POST"])
@allow(LEAD, COORDINATOR)
def supervision_page() -> ResponseReturnValue:
    """Show who waits for supervision and the dates ahead; a new date is added at the foot."""
    form = DateForm()
    with desk().database.write() as session:
        groups = session.scalars(select(Group).where(Group.ended_at.is_(None)).order_by(Group.name)).all()
        form.group.choices = [
            SelectChoice("", "All facilitators"),
            *(SelectChoice(str(each.id), each.name) for each in groups),
        ]
        if form.validate_on_submit():
            local = datetime.combine(form.day.data, form.at.data, desk().settings.zone)
            if local <= now():
                form.day.errors = ["This is over. Choose a day ahead."]
            else:
                lead = session.get_one(Person, my_id()) if me().role == LEAD else None
                group_id = uuid.UUID(form.group.data) if form.group.data else None
                supervision.plan(session, local.astimezone(UTC), group_id, lead, now())
                return redirect(url_for("console.supervision_page"))
        waiting, coming = supervision.waiting(session), supervision.coming(session, now())
    return render_template("console/supervision.html", form=form, waiting=waiting, coming=coming)


@pages.post("/supervision/<uuid:person_id>/had")
@allow(LEAD, COORDINATOR)
def supervision_had(person_id: uuid.UUID) -> ResponseReturnValue:
    """Record that a facilitator has had supervision. A second press changes nothing."""
    with desk().database.write() as session:
        found = session.get(Person, person_id)
        if found is None or found.role == "trainee":
            abort(404)
        supervision.had(session, found, session.get_one(Person, my_id()), now())
    return redirect(url_for("console.supervision_page"))
