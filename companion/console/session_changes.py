"""Changing one session: moved, cancelled, put back on, run however few come; what that does is shown before."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from flask import abort, flash, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import DateField, HiddenField, RadioField, TimeField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from companion.console.desk import COORDINATOR, EVERYONE, LEAD, allow, desk, me, my_id, now, pages
from companion.console.fields import Form
from companion.console.groups import Change, changes_of
from companion.console.sessions import back, find
from companion.models import GroupSession
from companion.programme import changing, deciding, telling
from companion.programme.changing import CannotChangeError
from companion.programme.recurrence import local_day

ALL_AFTER = (LEAD, COORDINATOR)  # who may change a group's dates from here on
STALE = "This session was changed while your page was open. It is shown as it is now: look again, and send again."


class CancelForm(Form):
    """Cancel one session, or all from here on."""

    reach = RadioField(
        "What is off?",
        choices=[
            SelectChoice("one", "Only this session"),
            SelectChoice("all", "This session and all after it: the group ends"),
        ],
        default="one",
        validators=[InputRequired("Choose what is off.")],
    )
    version = HiddenField()


class MoveForm(Form):
    """Move one session, or all from here on. `seen` is what was shown before."""

    day = DateField("New day", validators=[InputRequired("Write the new day.")])
    at = TimeField("New time", validators=[InputRequired("Write the new time, such as 18:30.")])
    reach = RadioField(
        "What moves?",
        choices=[SelectChoice("one", "Only this session"), SelectChoice("all", "This session and all after it")],
        default="one",
        validators=[InputRequired("Choose what moves.")],
    )
    version = HiddenField()
    seen = HiddenField()


@pages.route("/sessions/<uuid:session_id>/cancel", methods=["GET", "POST"])
@allow(*EVERYONE)
def cancel_session(session_id: uuid.UUID) -> ResponseReturnValue:
    """Show who will be told, and cancel it."""
    with desk().database.write() as session:
        found = find(session, session_id, lock=True)
        form = CancelForm(data={"reach": "one", "version": str(found.version)})
        if found.status == "cancelled":
            flash("This session is cancelled.", "info")
            return back(found.id)
        if form.validate_on_submit():
            if form.version.data != str(found.version):
                form.form_errors.append(STALE)
                form.version.data = str(found.version)
            else:
                try:
                    count = _cancel(session, found, form.reach.data)
                except CannotChangeError as error:
                    form.form_errors.append(str(error))
                else:
                    flash(f"It is off. {_told(count)}", "info")
                    return back(found.id)
        told = telling.concerned(session, found, but=my_id())
        return render_template(
            "console/session_cancel.html",
            form=form,
            meeting=found,
            group=found.group,
            told=told,
            words=telling.words_for(desk().voice, found, None, told),
            may_end=me().role in ALL_AFTER,
            end_words=telling.end_words(desk().voice, found.group, found, trainee=True).body,
        )


def _cancel(session: Session, found: GroupSession, reach: str) -> int:
    if reach == "all":
        if me().role not in ALL_AFTER:
            abort(403)
        day = local_day(found.starts_at, ZoneInfo(found.group.time_zone))
        return changing.end_from(session, found.group, day, now(), desk().voice, my_id())
    return changing.cancel(session, found, now(), desk().voice, my_id())


@pages.route("/sessions/<uuid:session_id>/move", methods=["GET", "POST"])
@allow(*EVERYONE)
def move_session(session_id: uuid.UUID) -> ResponseReturnValue:
    """Ask where to, show what that does and who will be told, and move it."""
    with desk().database.write() as session:
        found = find(session, session_id, lock=True)
        zone = ZoneInfo(found.group.time_zone)
        local = found.starts_at.astimezone(zone)
        form = MoveForm(data={"day": local.date(), "at": local.time(), "reach": "one", "version": str(found.version)})
        changes: list[Change] | None = None
        if form.validate_on_submit():
            starts_at = datetime.combine(form.day.data, form.at.data, zone).astimezone(UTC)
            if form.version.data != str(found.version):
                if starts_at == found.starts_at:  # sent twice
                    return back(found.id)
                form.form_errors.append(STALE)
                form.version.data = str(found.version)
            else:
                shown = f"{starts_at.isoformat()} {form.reach.data}"
                try:
                    if request.form.get("step") == "move" and form.seen.data == shown:
                        told = _move(session, found, starts_at, form.reach.data)
                        flash(f"It is moved. {_told(told)}", "info")
                        return back(found.id)
                    changes = _changes(session, found, starts_at, form.reach.data)
                    form.seen.data = shown
                except CannotChangeError as error:
                    form.day.errors = [str(error)]
        page = render_template(
            "console/session_move.html",
            form=form,
            meeting=found,
            group=found.group,
            changes=changes,
            may_all=me().role in ALL_AFTER,
        )
        session.rollback()  # a preview of all that follows has changed the group: none of it is kept
        return page


def _move(session: Session, found: GroupSession, starts_at: datetime, reach: str) -> int:
    if reach == "all":
        if me().role not in ALL_AFTER:
            abort(403)
        return changing.move_from_here(session, found, starts_at, now(), desk().voice, my_id())
    return changing.move(session, found, starts_at, now(), desk().voice, my_id())


def _changes(session: Session, found: GroupSession, starts_at: datetime, reach: str) -> list[Change]:
    if reach == "all":
        with session.no_autoflush:
            shifts = changing.plan_from_here(session, found, starts_at, now())
        return changes_of(session, shifts)
    changing.check_move(session, found, starts_at, now())
    told = telling.concerned(session, found, but=my_id())
    return [Change(found.starts_at, starts_at, told, telling.words_for(desk().voice, found, starts_at, told))]


@pages.post("/sessions/<uuid:session_id>/restore")
@allow(*EVERYONE)
def restore_session(session_id: uuid.UUID) -> ResponseReturnValue:
    """Put a cancelled session back on."""
    try:
        with desk().database.write() as session:
            found = find(session, session_id, lock=True)
            if found.status == "planned":
                return back(session_id)
            told = changing.restore(session, found, now(), desk().voice, my_id())
            flash(f"It is on after all. {_told(told)}", "info")
    except CannotChangeError as error:
        flash(str(error), "error")
    return back(session_id)


@pages.post("/sessions/<uuid:session_id>/run")
@allow(*EVERYONE)
def run_session(session_id: uuid.UUID) -> ResponseReturnValue:
    """Decide that it runs, however few come."""
    with desk().database.write() as session:
        found = find(session, session_id, lock=True)
        if found.status == "planned":
            deciding.runs(session, found, me(), now())
            flash("It runs with whoever comes.", "info")
    return back(session_id)


def _told(count: int) -> str:
    if not count:
        return "Nobody needs to be told."
    return f"{count} {'person is' if count == 1 else 'people are'} being told."
