"""One session: who is coming, who came, its run sheet, moving and cancelling it; and the calendar of all of them."""

from __future__ import annotations

import calendar
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager, joinedload
from wtforms import DateField, HiddenField, RadioField, SelectMultipleField, TimeField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from companion.console.desk import COORDINATOR, EVERYONE, LEAD, allow, desk, me, my_id, now, pages
from companion.console.fields import Form
from companion.console.groups import Change
from companion.console.queries import in_my_groups
from companion.models import Booking, Group, GroupSession, Person
from companion.programme import changing, deciding, running
from companion.programme.changing import CannotChangeError
from companion.programme.recurrence import local_day
from companion.programme.sessions import runners

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


class AttendanceForm(Form):
    """Who came, by person."""

    came = SelectMultipleField("Who came?")
    version = HiddenField()


@dataclass(frozen=True)
class Places:
    """Who said what about one session."""

    coming: Sequence[Booking]
    waiting: Sequence[Booking]
    unanswered: Sequence[Booking]
    declined: Sequence[Booking]


@pages.get("/sessions/<uuid:session_id>")
@allow(*EVERYONE)
def session_page(session_id: uuid.UUID) -> ResponseReturnValue:
    """Show one session with its places."""
    with desk().database.read() as session:
        found = _find(session, session_id)
        return render_template(
            "console/session.html",
            meeting=found,
            group=found.group,
            places=_places(session, found.id),
            run_by=runners(session, found),
            code=deciding.code_of(found),
            begun=found.starts_at <= now(),
            over=found.ends_at <= now(),
        )


@pages.get("/sessions/<uuid:session_id>/run-sheet")
@allow(*EVERYONE)
def run_sheet(session_id: uuid.UUID) -> ResponseReturnValue:
    """Show what those who run it need beside them."""
    with desk().database.read() as session:
        found = _find(session, session_id)
        return render_template(
            "console/run_sheet.html",
            meeting=found,
            group=found.group,
            places=_places(session, found.id),
            run_by=runners(session, found),
            standing=desk().voice.words.standing,
        )


@pages.route("/sessions/<uuid:session_id>/attendance", methods=["GET", "POST"])
@allow(*EVERYONE)
def attendance(session_id: uuid.UUID) -> ResponseReturnValue:
    """Ask who came, and keep it. It may be changed again."""
    with desk().database.write() as session:
        found = _find(session, session_id, lock=True)
        if found.status == "cancelled" or found.starts_at > now():
            flash("Who came is saved once the session has begun.", "error")
            return _back(found.id)
        places = _places(session, found.id)
        booked = [booking.person for booking in places.coming]
        others = [
            person
            for person in session.scalars(
                select(Person).where(Person.group_id == found.group_id, Person.state == "joined").order_by(Person.alias)
            )
            if person.id not in {each.id for each in booked}
        ]
        stamp = found.attendance_at.isoformat() if found.attendance_at else ""
        form = AttendanceForm(
            data={
                "came": [str(booking.person_id) for booking in places.coming if booking.status == "attended"],
                "version": stamp,
            }
        )
        form.came.choices = [SelectChoice(str(person.id), person.alias) for person in (*booked, *others)]
        if form.validate_on_submit():
            came = {uuid.UUID(person_id) for person_id in form.came.data}
            same = came == {b.person_id for b in places.coming if b.status == "attended"}
            if form.version.data != stamp and not same:
                form.form_errors.append("Somebody else kept who came while your page was open. Look again.")
                form.version.data = stamp
            else:
                count = running.mark(session, found, came, my_id(), now())
                flash(f"Saved: {count} {'person' if count == 1 else 'people'} came.", "info")
                return _back(found.id)
        return render_template(
            "console/attendance.html",
            form=form,
            meeting=found,
            group=found.group,
            booked=booked,
            others=others,
            went_in={booking.person_id for booking in places.coming if booking.clicked_at},
        )


@pages.route("/sessions/<uuid:session_id>/cancel", methods=["GET", "POST"])
@allow(*EVERYONE)
def cancel_session(session_id: uuid.UUID) -> ResponseReturnValue:
    """Show who will be told, and cancel it."""
    with desk().database.write() as session:
        found = _find(session, session_id, lock=True)
        form = CancelForm(data={"reach": "one", "version": str(found.version)})
        if found.status == "cancelled":
            flash("This session is cancelled.", "info")
            return _back(found.id)
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
                    return _back(found.id)
        told = changing.concerned(session, found, but=my_id())
        return render_template(
            "console/session_cancel.html",
            form=form,
            meeting=found,
            group=found.group,
            told=told,
            words=changing.words_for(desk().voice, found, None, told),
            may_end=me().role in ALL_AFTER,
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
        found = _find(session, session_id, lock=True)
        zone = ZoneInfo(found.group.time_zone)
        local = found.starts_at.astimezone(zone)
        form = MoveForm(data={"day": local.date(), "at": local.time(), "reach": "one", "version": str(found.version)})
        changes: list[Change] | None = None
        if form.validate_on_submit():
            starts_at = datetime.combine(form.day.data, form.at.data, zone).astimezone(UTC)
            if form.version.data != str(found.version):
                if starts_at == found.starts_at:  # sent twice
                    return _back(found.id)
                form.form_errors.append(STALE)
                form.version.data = str(found.version)
            else:
                shown = f"{starts_at.isoformat()} {form.reach.data}"
                try:
                    if request.form.get("step") == "move" and form.seen.data == shown:
                        told = _move(session, found, starts_at, form.reach.data)
                        flash(f"It is moved. {_told(told)}", "info")
                        return _back(found.id)
                    changes = _preview(session, found, starts_at, form.reach.data)
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


def _preview(session: Session, found: GroupSession, starts_at: datetime, reach: str) -> list[Change]:
    if reach == "all":
        with session.no_autoflush:
            shifts = changing.plan_from_here(session, found, starts_at, now())
        return [
            Change(each.meeting.starts_at, each.starts_at, changing.concerned(session, each.meeting, but=my_id()))
            for each in shifts
        ]
    changing.check_move(session, found, starts_at, now())
    told = changing.concerned(session, found, but=my_id())
    return [Change(found.starts_at, starts_at, told, changing.words_for(desk().voice, found, starts_at, told))]


@pages.post("/sessions/<uuid:session_id>/restore")
@allow(*EVERYONE)
def restore_session(session_id: uuid.UUID) -> ResponseReturnValue:
    """Put a cancelled session back on."""
    try:
        with desk().database.write() as session:
            found = _find(session, session_id, lock=True)
            if found.status == "planned":
                return _back(session_id)
            told = changing.restore(session, found, now(), desk().voice, my_id())
            flash(f"It is on after all. {_told(told)}", "info")
    except CannotChangeError as error:
        flash(str(error), "error")
    return _back(session_id)


@pages.post("/sessions/<uuid:session_id>/run")
@allow(*EVERYONE)
def run_session(session_id: uuid.UUID) -> ResponseReturnValue:
    """Decide that it runs, however few come."""
    with desk().database.write() as session:
        found = _find(session, session_id, lock=True)
        if found.status == "planned":
            deciding.runs(session, found, me(), now())
            flash("It runs with whoever comes.", "info")
    return _back(session_id)


@pages.get("/calendar")
@allow(*EVERYONE)
def session_calendar() -> ResponseReturnValue:
    """Show a month of sessions, day by day."""
    zone = desk().settings.zone
    first = _month(request.args.get("month"), local_day(now(), zone))
    after = (first + timedelta(days=31)).replace(day=1)
    begins = datetime.combine(first, datetime.min.time(), zone)
    ends = datetime.combine(after, datetime.min.time(), zone)
    with desk().database.read() as session:
        found = session.scalars(
            select(GroupSession)
            .join(GroupSession.group)
            .where(in_my_groups(me(), Group.id), GroupSession.starts_at >= begins, GroupSession.starts_at < ends)
            .options(contains_eager(GroupSession.group))
            .order_by(GroupSession.starts_at)
            .limit(500)
        ).all()
    by_day: dict[date, list[GroupSession]] = {}
    for each in found:
        by_day.setdefault(local_day(each.starts_at, zone), []).append(each)
    days = [day for week in calendar.Calendar().monthdatescalendar(first.year, first.month) for day in week]
    return render_template(
        "console/calendar.html",
        first=first,
        days=days,
        by_day=by_day,
        today=local_day(now(), zone),
        before=(first - timedelta(days=1)).replace(day=1),
        after=after,
        any_sessions=bool(found),
    )


def _month(given: str | None, today: date) -> date:
    try:
        return date.fromisoformat(f"{given}-01") if given else today.replace(day=1)
    except ValueError:
        return today.replace(day=1)


def _places(session: Session, session_id: uuid.UUID) -> Places:
    found = session.scalars(
        select(Booking)
        .join(Booking.person)
        .where(Booking.session_id == session_id)
        .options(contains_eager(Booking.person))
        .order_by(Person.alias)
    ).all()
    return Places(
        coming=[b for b in found if b.status in ("yes", "attended")],
        waiting=sorted((b for b in found if b.status == "waiting"), key=_queue),
        unanswered=[b for b in found if b.status == "offered"],
        declined=[b for b in found if b.status == "no"],
    )


def _queue(booking: Booking) -> Any:
    return (booking.answered_at or booking.offered_at, booking.id)


def _find(session: Session, session_id: uuid.UUID, *, lock: bool = False) -> GroupSession:
    chosen = (
        select(GroupSession)
        .join(GroupSession.group)
        .where(GroupSession.id == session_id, in_my_groups(me(), Group.id))
        .options(contains_eager(GroupSession.group), joinedload(GroupSession.group, Group.cohort))
    )
    found = session.scalar(chosen.with_for_update(of=GroupSession) if lock else chosen)
    if found is None:
        abort(404)
    return found


def _told(count: int) -> str:
    if not count:
        return "Nobody needs to be told."
    return f"{count} {'person is' if count == 1 else 'people are'} being told."


def _back(session_id: uuid.UUID) -> ResponseReturnValue:
    return redirect(url_for("console.session_page", session_id=session_id))
