"""Putting somebody on the rota: once, every week, and on several days of the week at once."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session
from wtforms import BooleanField, DateField, SelectField, SelectMultipleField, TimeField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional
from wtforms.widgets import CheckboxInput

from companion.console.desk import COORDINATOR, FACILITATOR, LEAD, allow, desk, my_id, now, pages
from companion.console.fields import Form
from companion.console.hours import WEEKDAYS
from companion.models import DUTIES, Group, Person, by_label
from companion.rota.duties import RotaError, add_duty, is_there

LONGEST = 14  # days of one duty


class DutyForm(Form):
    """Putting somebody on the rota. Times are local. Without a last day it ends when `until_time` comes next."""

    person = SelectField("Who", validators=[InputRequired("Choose who it is.")])
    role = SelectField("As", choices=[SelectChoice(role, role.capitalize()) for role in DUTIES])
    group = SelectField("For", validators=[Optional()])
    starts_on = DateField("From which day", validators=[InputRequired("Type the day it begins.")])
    from_time = TimeField("From", validators=[InputRequired("Type when it begins.")])
    until_time = TimeField("Until", validators=[InputRequired("Type when it ends.")])
    ends_on = DateField("Until which day", validators=[Optional()])
    also_on = SelectMultipleField(
        "The same on other days of the week",
        coerce=int,
        choices=[SelectChoice(str(number), name) for number, name in enumerate(WEEKDAYS)],
        option_widget=CheckboxInput(),
        validators=[Optional()],
    )
    weekly = BooleanField("Every week at this time")
    last_on = DateField("Last time on", validators=[Optional()])

    @property
    def days(self) -> int:
        """On which day it ends, counted from the one it begins. Raises RotaError."""
        if self.ends_on.data is None:
            return 1 if self.until_time.data <= self.from_time.data else 0
        days: int = (self.ends_on.data - self.starts_on.data).days
        if not 0 <= days <= LONGEST:
            raise RotaError(f"It must end on the day it begins or up to {LONGEST} days later.", "ends_on")
        return days

    @property
    def begins_on(self) -> list[date]:
        """The days on which the duties begin: the one that was given, and the other days of the week after it."""
        first: date = self.starts_on.data
        ahead = {(weekday - first.weekday()) % len(WEEKDAYS) for weekday in self.also_on.data or ()}
        return [first + timedelta(days=each) for each in sorted({0} | ahead)]


@pages.route("/rota/add", methods=["GET", "POST"])
@allow(LEAD, COORDINATOR)
def rota_add() -> ResponseReturnValue:
    """Put somebody on the rota: all of what was asked for, or nothing."""
    form = DutyForm()
    with desk().database.write() as session:
        staff = session.scalars(
            select(Person).where(Person.state == "staff", Person.role.in_((FACILITATOR, LEAD)))
        ).all()
        groups = session.scalars(select(Group).where(Group.ended_at.is_(None)).order_by(Group.name)).all()
        form.person.choices = [SelectChoice(str(p.id), p.label) for p in by_label(staff)]
        form.group.choices = [SelectChoice("", "Every group"), *(SelectChoice(str(g.id), g.name) for g in groups)]
        if form.validate_on_submit():
            try:
                with session.begin_nested():
                    for starts_on in form.begins_on:
                        _add(session, form, starts_on)
            except RotaError as error:
                form[error.field].errors = [str(error)]
            else:
                many = len(form.begins_on)
                flash("It is on the rota." if many == 1 else f"They are on the rota, on {many} days.", "info")
                return redirect(url_for("console.rota"))
        return render_template("console/rota_add.html", form=form)


def _add(session: Session, form: DutyForm, starts_on: date) -> None:
    group_id = _uuid(form.group.data)
    person = session.get_one(Person, uuid.UUID(form.person.data))
    duty: dict[str, Any] = {
        "starts_on": starts_on,
        "from_time": form.from_time.data,
        "days": form.days,
        "until_time": form.until_time.data,
        "weekly": form.weekly.data,
        "group_id": group_id,
    }
    if is_there(session, person, form.role.data, **duty):  # a second press
        return
    add_duty(
        session,
        person,
        form.role.data,
        **duty,
        last_on=form.last_on.data if form.weekly.data else None,
        time_zone=session.get_one(Group, group_id).time_zone if group_id else desk().settings.companion_time_zone,
        now=now(),
        by=my_id(),
    )


def _uuid(given: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(given or "")
    except ValueError:
        return None
