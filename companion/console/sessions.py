"""One session: who is coming, who came, its run sheet; and the calendar of all of them."""

from __future__ import annotations

import calendar
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager, joinedload
from wtforms import HiddenField, SelectMultipleField
from wtforms.fields.choices import SelectChoice

from companion.console.desk import EVERYONE, allow, desk, me, my_id, now, pages
from companion.console.fields import Form
from companion.console.queries import in_my_groups
from companion.escalation.exclusions import may_see
from companion.models import Booking, Group, GroupSession, Person
from companion.programme import deciding, running
from companion.programme.recurrence import local_day
from companion.programme.sessions import runners


class AttendanceForm(Form):
    """Who came, by person."""

    came = SelectMultipleField("Who came?")
    version = HiddenField()


@dataclass(frozen=True)
class Places:
    """Who said what about one session, of those who may be shown; `taken` counts all, and `unseen` came besides."""

    coming: Sequence[Booking]
    waiting: Sequence[Booking]
    unanswered: Sequence[Booking]
    declined: Sequence[Booking]
    taken: int
    unseen: frozenset[uuid.UUID]


@pages.get("/sessions/<uuid:session_id>")
@allow(*EVERYONE)
def session_page(session_id: uuid.UUID) -> ResponseReturnValue:
    """Show one session with its places."""
    with desk().database.read() as session:
        found = find(session, session_id)
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
        found = find(session, session_id)
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
        found = find(session, session_id, lock=True)
        if found.status == "cancelled" or found.starts_at > now():
            flash("Who came is saved once the session has begun.", "error")
            return back(found.id)
        places = _places(session, found.id)
        booked = [booking.person for booking in places.coming]
        others = [
            person
            for person in session.scalars(
                select(Person)
                .where(Person.group_id == found.group_id, Person.state == "joined", may_see(my_id(), Person.id))
                .order_by(Person.alias)
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
                running.mark(session, found, came | places.unseen, my_id(), now())
                flash(f"Saved: {len(came)} {'person' if len(came) == 1 else 'people'} came.", "info")
                return back(found.id)
        return render_template(
            "console/attendance.html",
            form=form,
            meeting=found,
            group=found.group,
            booked=booked,
            taken=places.taken,
            others=others,
            went_in={booking.person_id for booking in places.coming if booking.clicked_at},
        )


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
    booked = (
        select(Booking, may_see(my_id(), Person.id))
        .join(Booking.person)
        .where(Booking.session_id == session_id)
        .options(contains_eager(Booking.person))
        .order_by(Person.alias)
    )
    all_of_them = session.execute(booked).tuples().all()
    found = [booking for booking, seen in all_of_them if seen]
    return Places(
        coming=[b for b in found if b.status in ("yes", "attended")],
        waiting=sorted((b for b in found if b.status == "waiting"), key=_queue),
        unanswered=[b for b in found if b.status == "offered"],
        declined=[b for b in found if b.status == "no"],
        taken=sum(b.status in ("yes", "attended") for b, _ in all_of_them),
        unseen=frozenset(b.person_id for b, seen in all_of_them if b.status == "attended" and not seen),
    )


def _queue(booking: Booking) -> Any:
    return (booking.answered_at or booking.offered_at, booking.id)


def find(session: Session, session_id: uuid.UUID, *, lock: bool = False) -> GroupSession:
    """Return a session of a group that whoever is signed in may see; any other answers 404."""
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


def back(session_id: uuid.UUID) -> ResponseReturnValue:
    """Go back to the page of a session."""
    return redirect(url_for("console.session_page", session_id=session_id))
