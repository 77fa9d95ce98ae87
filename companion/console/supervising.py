"""Supervision: who has had none since a group, when it is next, and moving or cancelling a date."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload
from wtforms import DateField, HiddenField, SelectField, TimeField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from companion.console.desk import COORDINATOR, LEAD, READERS, allow, desk, me, my_id, now, pages
from companion.console.fields import Form
from companion.console.queries import my_episodes
from companion.models import Episode, Group, Person, SupervisionDate, SupervisionDue, by_label
from companion.programme import supervision
from companion.programme.recurrence import at_local

LATELY = timedelta(weeks=8)  # how far back the episodes of somebody who had no supervision yet are named
OVER = "This is over. Choose a day ahead."
STALE = "This date was changed while your page was open. It is shown as it is now: look again, and send again."


class DateForm(Form):
    """When, and for which group."""

    group = SelectField("For")
    day = DateField("Day", validators=[InputRequired("Choose a day.")])
    at = TimeField("Time", validators=[InputRequired("Choose a time.")])


class ChangeForm(Form):
    """Another time, or another lead. `seen` tells whether somebody else moved it since the page was opened."""

    day = DateField("Day", validators=[InputRequired("Choose a day.")])
    at = TimeField("Time", validators=[InputRequired("Choose a time.")])
    lead = SelectField("Who leads it")
    seen = HiddenField()


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
            at = _moment(form)
            if at <= now():
                form.day.errors = [OVER]
            else:
                lead = session.get_one(Person, my_id()) if me().role == LEAD else None
                group_id = uuid.UUID(form.group.data) if form.group.data else None
                new = supervision.plan(session, at, group_id, lead, now(), my_id())
                flash("The date is set." if new else "This date is set already. Nothing has changed.", "info")
                return redirect(url_for("console.supervision_page"))
        waiting, coming = supervision.waiting(session), supervision.coming(session, now())
        had = _had(session, [each.person.id for each in waiting]) if me().role == LEAD else {}
    return render_template("console/supervision.html", form=form, waiting=waiting, coming=coming, had=had)


def _had(session: Session, people: Collection[uuid.UUID]) -> Mapping[uuid.UUID, Sequence[Episode]]:
    """Return the episodes that these facilitators have or had since their last supervision, for a lead to ask about."""
    done = (
        select(SupervisionDue.person_id, func.max(SupervisionDue.done_at))
        .where(SupervisionDue.person_id.in_(people))
        .group_by(SupervisionDue.person_id)
    )
    last = dict(session.execute(done).tuples().all())
    found: dict[uuid.UUID, list[Episode]] = {}
    for episode in session.scalars(
        select(Episode)
        .where(
            Episode.owner_id.in_(people),
            Episode.is_drill.is_(False),
            Episode.opened_at > now() - LATELY,
            my_episodes(me()),
        )
        .options(joinedload(Episode.person))
        .order_by(Episode.opened_at)
    ):
        since = last.get(episode.owner_id) if episode.owner_id else None
        if episode.owner_id is not None and (since is None or episode.opened_at > since):
            found.setdefault(episode.owner_id, []).append(episode)
    return found


@pages.route("/supervision/dates/<uuid:date_id>", methods=["GET", "POST"])
@allow(LEAD, COORDINATOR)
def supervision_date(date_id: uuid.UUID) -> ResponseReturnValue:
    """Move a date, or say who leads it. Those whom it concerns are told of another time."""
    with desk().database.write() as session:
        found = _find(session, date_id)
        if found is None:
            return _gone()
        local = found.at.astimezone(desk().settings.zone)
        form = ChangeForm(
            data={
                "day": local.date(),
                "at": local.time(),
                "lead": str(found.lead_id or ""),
                "seen": found.at.isoformat(),
            }
        )
        leads = _leads(session, found)
        form.lead.choices = [SelectChoice("", "Not said"), *(SelectChoice(str(p.id), p.label) for p in leads)]
        if form.validate_on_submit():
            if (at := _moment(form)) <= now():
                form.day.errors = [OVER]
            elif form.seen.data != found.at.isoformat() and at != found.at:
                form.form_errors.append(STALE)
                form.seen.data = found.at.isoformat()
            else:
                lead = next((each for each in leads if str(each.id) == form.lead.data), None)
                try:
                    told = supervision.change(session, found, at, lead, now(), desk().voice, my_id())
                except supervision.CannotPlanError as error:
                    form.at.errors = [str(error)]
                else:
                    flash(f"The change is saved. {_told(told)}", "info")
                    return redirect(url_for("console.supervision_page"))
        group = session.get(Group, found.group_id) if found.group_id else None
        return render_template(
            "console/supervision_date.html",
            form=form,
            date=found,
            group=group,
            told=supervision.concerned(session, found, my_id()),
        )


@pages.post("/supervision/dates/<uuid:date_id>/cancel")
@allow(LEAD, COORDINATOR)
def supervision_cancel(date_id: uuid.UUID) -> ResponseReturnValue:
    """Cancel a date and tell those whom it concerns. A second press changes nothing."""
    with desk().database.write() as session:
        found = _find(session, date_id)
        if found is None:
            return _gone()
        told = supervision.cancel(session, found, now(), desk().voice, my_id())
    flash(f"It is off. {_told(told)}", "info")
    return redirect(url_for("console.supervision_page"))


@pages.post("/supervision/mine")
@allow(*READERS)
def supervision_mine() -> ResponseReturnValue:
    """Record that one has had supervision oneself. A second press changes nothing."""
    with desk().database.write() as session:
        person = session.get_one(Person, my_id())
        if supervision.had(session, person, person, now()):
            flash("Saved: you have had supervision.", "info")
    return redirect(url_for("console.today"))


@pages.post("/supervision/<uuid:person_id>/had")
@allow(LEAD, COORDINATOR)
def supervision_had(person_id: uuid.UUID) -> ResponseReturnValue:
    """Record that a facilitator has had supervision. A second press changes nothing."""
    with desk().database.write() as session:
        found = session.get(Person, person_id)
        if found is None or found.role == "trainee":
            abort(404)
        if supervision.had(session, found, session.get_one(Person, my_id()), now()):
            flash(f"Saved: {found.label} has had supervision.", "info")
    return redirect(url_for("console.supervision_page"))


def _moment(form: DateForm | ChangeForm) -> datetime:
    """Return what was chosen, in UTC."""
    return at_local(form.day.data, form.at.data, desk().settings.zone)


def _find(session: Session, date_id: uuid.UUID) -> SupervisionDate | None:
    """Return a date that is still to come."""
    found = session.get(SupervisionDate, date_id, with_for_update=True)
    return found if found is not None and found.at > now() else None


def _gone() -> ResponseReturnValue:
    flash("This date is over, or was cancelled already. The dates ahead are shown below.", "info")
    return redirect(url_for("console.supervision_page"))


def _leads(session: Session, date: SupervisionDate) -> Sequence[Person]:
    """Return the leads, and who leads this date even if they have another role by now."""
    staff = session.scalars(
        select(Person).where(((Person.role == LEAD) & (Person.state == "staff")) | (Person.id == date.lead_id))
    )
    return by_label(staff)


def _told(count: int) -> str:
    if not count:
        return "Nobody needs to be told."
    return f"{count} {'person is' if count == 1 else 'people are'} being told."
