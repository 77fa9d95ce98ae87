"""Whether a session runs: asked of its facilitators when few are booked, and called off after a minute to undo it."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, bindparam, func, select
from sqlalchemy.orm import Session, contains_eager

from companion import when
from companion.messaging.addresses import usable
from companion.messaging.outbox import enqueue
from companion.models import Booking, Group, GroupFacilitator, GroupSession, Person, record
from companion.models.base import ask, found
from companion.programme.changing import CannotChangeError, cancel
from companion.programme.sessions import locked, runners
from companion.short_codes import code_from
from companion.speaker import Speaker

UNDO_WITHIN = timedelta(minutes=1)
TOO_LATE_TO_ASK = timedelta(minutes=30)  # before the start: whoever comes is on the way

_BOOKED = select(func.count()).where(Booking.session_id == GroupSession.id, Booking.status == "yes").scalar_subquery()
# Made once: asked every few seconds.
_CALLED_OFF = select(GroupSession).where(GroupSession.cancel_at <= bindparam("now"), GroupSession.status == "planned")
_FEW = (
    select(GroupSession.id, GroupSession.starts_at, Group.decide_hours, _BOOKED)
    .join(GroupSession.group)
    .where(GroupSession.status == "planned", GroupSession.few_asked_at.is_(None), GroupSession.cancel_at.is_(None))
    .where(GroupSession.starts_at > bindparam("after"), GroupSession.starts_at <= bindparam("until"))
    .where(Group.minimum > _BOOKED)
)


def code_of(meeting: GroupSession) -> str:
    """Return the four characters by which facilitators name a session in a text: always the same, and never a word."""
    return code_from(hashlib.sha256(meeting.id.bytes).digest())


def which(meeting: GroupSession) -> dict[str, str]:
    """Return the values that name a session in a text."""
    zone = ZoneInfo(meeting.group.time_zone)
    return {"group": meeting.group.name, "when": when.day_and_time(meeting.starts_at, zone)}


def groups_of(person: Person) -> ColumnElement[bool]:
    """Return the condition that a group is one whose sessions `person` runs or, as lead or coordinator, looks after."""
    if person.role != "facilitator":
        return Group.ended_at.is_(None)
    mine: ColumnElement[bool] = Group.id.in_(
        select(GroupFacilitator.group_id).where(GroupFacilitator.person_id == person.id)
    )
    return mine


def coming_for(session: Session, person: Person, now: datetime, limit: int = 8) -> list[GroupSession]:
    """Return the next sessions of someone who runs them, soonest first, with one that has begun."""
    return list(
        session.scalars(
            select(GroupSession)
            .join(GroupSession.group)
            .where(GroupSession.status == "planned", GroupSession.ends_at > now, groups_of(person))
            .options(contains_eager(GroupSession.group))
            .order_by(GroupSession.starts_at)
            .limit(limit)
        )
    )


def named(session: Session, person: Person, code: str, now: datetime) -> GroupSession | None:
    """Return the session to come of someone who runs it that `code` stands for."""
    coming = coming_for(session, person, now, limit=60)
    return next((meeting for meeting in coming if code_of(meeting) == code), None)


def ask_about_few(session: Session, now: datetime, voice: Speaker) -> int:
    """Ask the facilitators of sessions with too few people, once, at their cut-off; return how many sessions."""
    asked = 0
    few = ask(session, _FEW, after=now + TOO_LATE_TO_ASK, until=now + timedelta(hours=168)).all()
    for id_, starts_at, hours, count in few:
        if starts_at - timedelta(hours=hours) > now:
            continue
        meeting = session.get_one(GroupSession, id_)
        meeting.few_asked_at = now
        for person in runners(session, meeting):
            tell(
                session, meeting, person, f"few:{meeting.id}:{meeting.version}", "session_few", now, voice, count=count
            )
        asked += 1
    return asked


def runs(session: Session, meeting: GroupSession, person: Person, now: datetime) -> None:
    """Write down that a session runs with whoever comes."""
    meeting.few_asked_at, meeting.few_answer = meeting.few_asked_at or now, "run"
    meeting.cancel_at = meeting.cancel_by = None
    record(session, now, "session runs", meeting, actor=person.id)


def call_off(session: Session, meeting: GroupSession, person: Person, now: datetime) -> bool:
    """Call a session off in a minute, unless that is undone before; return whether this did it."""
    locked(session, meeting)
    if meeting.status != "planned" or meeting.ends_at <= now:
        return False
    if meeting.cancel_at is None:
        meeting.cancel_at, meeting.cancel_by = now + UNDO_WITHIN, person.id
        record(session, now, "session to be cancelled", meeting, actor=person.id)
    return True


def keep_on(session: Session, person: Person, now: datetime) -> GroupSession | None:
    """Undo the last calling off by `person` that has not happened yet; return the session, or None."""
    meeting = session.scalar(
        select(GroupSession)
        .where(GroupSession.cancel_by == person.id, GroupSession.cancel_at > now, GroupSession.status == "planned")
        .order_by(GroupSession.cancel_at.desc())
        .limit(1)
        .with_for_update()
    )
    if meeting is not None:
        meeting.cancel_at = meeting.cancel_by = None
        record(session, now, "session stays on", meeting, actor=person.id)
    return meeting


def cancel_due(session: Session, now: datetime, voice: Speaker) -> int:
    """Cancel what was called off a minute ago, and tell whom it concerns; return how many sessions."""
    due = found(session, _CALLED_OFF, now=now)
    for meeting in due:
        try:
            cancel(session, meeting, now, voice, meeting.cancel_by)
        except CannotChangeError:
            meeting.cancel_at = meeting.cancel_by = None  # it ended in that minute
    return len(due)


def next_decision(session: Session, now: datetime) -> datetime | None:
    """Return when the next session is cancelled or asked about (UTC), for the test's and demonstration's clock."""
    moments = [session.scalar(select(func.min(GroupSession.cancel_at)).where(GroupSession.status == "planned"))]
    for starts_at, hours in session.execute(
        select(GroupSession.starts_at, Group.decide_hours)
        .join(GroupSession.group)
        .where(
            GroupSession.status == "planned",
            GroupSession.few_asked_at.is_(None),
            GroupSession.starts_at > now,
            Group.minimum > 0,
        )
        .order_by(GroupSession.starts_at)
        .limit(20)
    ):
        moments.append(starts_at - timedelta(hours=hours))
    return min((moment for moment in moments if moment is not None and moment > now), default=None)


def tell(
    session: Session,
    meeting: GroupSession,
    person: Person,
    key: str,
    text_id: str,
    now: datetime,
    voice: Speaker,
    **values: object,
) -> None:
    """Tell one of those who run a session something about it, once for each `key`."""
    to = usable(session, person)
    if to is None:
        return
    text = voice.words.render(text_id, code=code_of(meeting), **which(meeting), **values)
    enqueue(
        session,
        key=f"{key}:{person.id}",
        lane="reply",
        to=to,
        text=text,
        now=now,
        expires_at=meeting.starts_at if text_id == "session_few" else meeting.ends_at,
    )
