"""Sessions that are cancelled, moved or put back on, one by one or from here on: everyone concerned hears it once.

Each change raises the session's version. What was queued for the old time is withdrawn from the outbox, and the keys of
all that is made anew hold the version, so that nothing said twice or said of the wrong time can go out.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select, true, update
from sqlalchemy.orm import Session

from companion.models import Booking, Group, GroupSession, OutboxMessage, record
from companion.models.base import found
from companion.programme import places, recurrence
from companion.programme.sessions import HORIZON, days_of, locked, make_for
from companion.programme.telling import Shift, tell
from companion.speaker import Speaker

OUT_OF_DATE = ("offer", "place", "reminder", "few", "roll", "late")  # how the keys of texts about a session begin
MOVED_ON = timedelta(weeks=4)  # how far all that follows can be moved in one go
FURTHEST = timedelta(days=7)  # how far a session is moved when its group's days change; further off it is another one
_CHANGED = select(Group).where(Group.ended_at.is_(None), Group.made_until.is_(None))  # made once: asked again and again


class CannotChangeError(Exception):
    """The change cannot be made; the message says why, in words for whoever wants it."""


def cancel(session: Session, meeting: GroupSession, now: datetime, voice: Speaker, by: uuid.UUID | None) -> int:
    """Cancel one session; return how many people are told. Raises CannotChangeError when it is over or off already."""
    _still_to_come(locked(session, meeting), now)
    return tell(session, [_apply(session, Shift(meeting, None, None, None), now, by)], now, voice, by)


def move(
    session: Session, meeting: GroupSession, starts_at: datetime, now: datetime, voice: Speaker, by: uuid.UUID | None
) -> int:
    """Move one session to another time (UTC), as long as before; return how many people are told."""
    _still_to_come(locked(session, meeting), now)
    check_move(session, meeting, starts_at, now)
    ends_at = starts_at + (meeting.ends_at - meeting.starts_at)
    shifted = _apply(session, Shift(meeting, starts_at, ends_at, meeting.occurrence), now, by)
    meeting.moved_alone = True
    session.flush()
    return tell(session, [shifted], now, voice, by)


def move_from_here(
    session: Session, meeting: GroupSession, starts_at: datetime, now: datetime, voice: Speaker, by: uuid.UUID | None
) -> int:
    """Move a session and all after it to another day or time (UTC); return how many people are told."""
    _still_to_come(locked(session, meeting), now)
    shifts = plan_from_here(session, meeting, starts_at, now)
    record(session, now, "group moved from here on", meeting.group, actor=by, day=meeting.group.first_on.isoformat())
    applied = [_apply(session, shift, now, by) for shift in shifts]
    session.flush()
    make_for(session, meeting.group, now)
    return tell(session, applied, now, voice, by)


def plan_from_here(session: Session, meeting: GroupSession, starts_at: datetime, now: datetime) -> list[Shift]:
    """Change the group's day and time from a session on, and return what that does. Raises CannotChangeError.

    What is planned before that session stays as it is.
    """
    group, zone = meeting.group, ZoneInfo(meeting.group.time_zone)
    local = starts_at.astimezone(zone)
    old = meeting.occurrence or recurrence.local_day(meeting.starts_at, zone)
    if abs(local.date() - old) > MOVED_ON:
        raise CannotChangeError(
            "All that follows can be moved by four weeks at most. Change the group itself for more."
        )
    planned = _planned(session, group, now)
    staying = [each for each in planned if each.starts_at < meeting.starts_at]
    check_move(session, meeting, starts_at, now, among=[each.id for each in staying])
    try:
        rule, first_on = recurrence.shifted(group.rule, group.first_on, old, local.date())
    except recurrence.RuleError as error:
        raise CannotChangeError(f"The rule of this group {error}. Change the group itself.") from error
    for each in staying:
        each.moved_alone = True
    group.rule, group.first_on, group.local_time, group.version = rule, first_on, local.time(), group.version + 1
    meeting.moved_alone = False
    kept = [each.id for each in planned if not each.moved_alone]
    taken = session.scalars(
        select(GroupSession.occurrence).where(GroupSession.group_id == group.id, GroupSession.id.not_in(kept))
    )
    by = local.date() - old
    shifts = plan(group, planned, now, by=by, taken={day for day in taken if day is not None})
    return shifts if by < timedelta() else shifts[::-1]  # each moves to a day that the one before it has left


def check_move(
    session: Session,
    meeting: GroupSession,
    starts_at: datetime,
    now: datetime,
    *,
    among: Collection[uuid.UUID] | None = None,
) -> None:
    """Raise CannotChangeError unless the session can be moved there; `among` are the only others in its way."""
    if starts_at == meeting.starts_at:
        raise CannotChangeError("The session is at this time already. Choose another.")
    if starts_at <= now:
        raise CannotChangeError("This time is over. Choose one that is still to come.")
    if starts_at > now + timedelta(days=366):
        raise CannotChangeError("This is more than a year away. Choose a nearer day.")
    other = session.scalar(
        select(GroupSession.id).where(
            GroupSession.group_id == meeting.group_id,
            GroupSession.id != meeting.id,
            GroupSession.status == "planned",
            GroupSession.starts_at < starts_at + (meeting.ends_at - meeting.starts_at),
            GroupSession.ends_at > starts_at,
            true() if among is None else GroupSession.id.in_(among),
        )
    )
    if other is not None:
        raise CannotChangeError("Another session of this group is at that time. Choose another time.")


def restore(session: Session, meeting: GroupSession, now: datetime, voice: Speaker, by: uuid.UUID | None) -> int:
    """Put a cancelled session back on, with the places people had; return how many people are told."""
    locked(session, meeting)
    if meeting.status != "cancelled":
        raise CannotChangeError("This session is not cancelled.")
    if meeting.starts_at <= now:
        raise CannotChangeError("The time of this session is over.")
    check_move(session, meeting, meeting.starts_at + timedelta(seconds=1), now)
    meeting.status, meeting.few_answer = "planned", "run"
    _changed(session, meeting, now)
    record(session, now, "session put back on", meeting, actor=by)
    return tell(
        session, [(Shift(meeting, meeting.starts_at, meeting.ends_at, meeting.occurrence), None)], now, voice, by
    )


def end_from(session: Session, group: Group, day: date, now: datetime, voice: Speaker, by: uuid.UUID | None) -> int:
    """End a group: cancel its sessions from `day` on and make no more; return how many people are told."""
    group.ended_at, group.version = now, group.version + 1
    record(session, now, "group ended", group, actor=by, day=day.isoformat())
    first = recurrence.at_local(day, datetime.min.time(), ZoneInfo(group.time_zone))
    meetings = [each for each in _planned(session, group, now) if each.starts_at >= first]
    shifts = [_apply(session, Shift(locked(session, each), None, None, None), now, by) for each in meetings]
    return tell(session, shifts, now, voice, by, ends=group)


def line_up_all(session: Session, now: datetime, voice: Speaker) -> int:
    """Bring into line the sessions of groups whose rule or time was changed; return how many people are told."""
    changed = found(session, _CHANGED)
    return sum(line_up(session, group, now, voice, None) for group in changed)


def line_up(session: Session, group: Group, now: datetime, voice: Speaker, by: uuid.UUID | None) -> int:
    """Move and cancel what is planned as the group's rule now says, and make what is missing; return how many hear."""
    shifts = [_apply(session, shift, now, by) for shift in plan(group, _planned(session, group, now, lock=True), now)]
    session.flush()
    make_for(session, group, now)
    return tell(session, shifts, now, voice, by)


def plan_for(session: Session, group: Group, now: datetime) -> list[Shift]:
    """Return what a change of the group's rule or time would do to its planned sessions."""
    return plan(group, _planned(session, group, now), now)


def plan(
    group: Group,
    planned: Sequence[GroupSession],
    now: datetime,
    *,
    by: timedelta = timedelta(),
    taken: Collection[date] = (),
) -> list[Shift]:
    """Return what becomes of planned sessions under the group's rule: those of the same day, then the nearest ones.

    With `by`, the rule has just moved by so much, and each goes to that day instead. `taken`: days of other sessions.
    """
    zone = ZoneInfo(group.time_zone)
    today = recurrence.local_day(now, zone)
    days = [
        day
        for day in days_of(group, today, recurrence.local_day(now + HORIZON, zone) + max(by, timedelta()))
        if recurrence.at_local(day, group.local_time, zone) > now and day not in taken
    ]
    fixed = [each for each in planned if each.moved_alone]
    busy = {each.starts_at for each in fixed}
    busy_days = {each.occurrence for each in (fixed if by else planned)}
    free = [d for d in days if d not in busy_days and recurrence.at_local(d, group.local_time, zone) not in busy]
    shifts = []
    for each in planned:
        if each.moved_alone or each.occurrence is None:
            continue
        aim = each.occurrence + by
        day = aim if aim in (free if by else days) else _nearest(free, aim)
        if day is None:
            shifts.append(Shift(each, None, None, None))
            continue
        free = [other for other in free if other != day]
        starts_at = recurrence.at_local(day, group.local_time, zone)
        ends_at = starts_at + timedelta(minutes=group.minutes)
        if (starts_at, ends_at) != (each.starts_at, each.ends_at):
            shifts.append(Shift(each, starts_at, ends_at, day))
    return shifts


def _nearest(days: Collection[date], to: date) -> date | None:
    near = [day for day in days if abs(day - to) <= FURTHEST]
    return min(near, key=lambda day: (abs(day - to), day), default=None)


def _planned(session: Session, group: Group, now: datetime, *, lock: bool = False) -> Sequence[GroupSession]:
    chosen = (
        select(GroupSession)
        .where(GroupSession.group_id == group.id, GroupSession.status == "planned", GroupSession.starts_at > now)
        .order_by(GroupSession.starts_at)
    )
    return session.scalars(chosen.with_for_update() if lock else chosen).all()


def _still_to_come(meeting: GroupSession, now: datetime) -> None:
    if meeting.status == "cancelled":
        raise CannotChangeError("This session is cancelled already. Nothing was changed.")
    if meeting.ends_at <= now:
        raise CannotChangeError("This session is over. Nothing was changed.")


def _apply(session: Session, shift: Shift, now: datetime, by: uuid.UUID | None) -> tuple[Shift, datetime]:
    """Change one session and withdraw what was queued for it; return the shift with the time it had."""
    meeting, before = shift.meeting, shift.meeting.starts_at
    if shift.starts_at is None or shift.ends_at is None:
        meeting.status, meeting.few_answer = "cancelled", "off" if meeting.few_asked_at else None
    else:
        meeting.starts_at, meeting.ends_at, meeting.occurrence = shift.starts_at, shift.ends_at, shift.day
        meeting.few_asked_at = meeting.few_answer = None
    _changed(session, meeting, now)
    what = "session cancelled" if shift.starts_at is None else "session moved"
    record(session, now, what, meeting, actor=by, version=meeting.version)
    session.flush()
    return shift, before


def _changed(session: Session, meeting: GroupSession, now: datetime) -> None:
    went_in = update(Booking).where(Booking.session_id == meeting.id, Booking.status == "attended")
    session.execute(went_in.values(status="yes"))  # nobody was there at the new time yet, nor where it is off
    meeting.version, meeting.changed_at = meeting.version + 1, now
    meeting.cancel_at = meeting.cancel_by = None
    places.release_holds(session, meeting)
    withdraw(session, meeting, now)


def withdraw(session: Session, meeting: GroupSession, now: datetime) -> None:
    """Drop what waits in the outbox about a session as it was before."""
    session.execute(
        update(OutboxMessage)
        .where(
            OutboxMessage.status == "queued",
            or_(*(OutboxMessage.key.startswith(f"{kind}:{meeting.id}:") for kind in OUT_OF_DATE)),
        )
        .values(status="dropped", reason="changed", settled_at=now, updated_at=now)
        .execution_options(synchronize_session=False)
    )
