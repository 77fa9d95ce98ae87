"""Running a session: who runs it when one of its facilitators cannot, and who came."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session, contains_eager

from companion.escalation.exclusions import hidden_from
from companion.messaging.addresses import usable
from companion.messaging.outbox import enqueue
from companion.models import Booking, Group, GroupSession, Person, SessionLeave, record
from companion.models.base import found
from companion.programme.deciding import groups_of, tell
from companion.programme.places import coming
from companion.programme.sessions import runners
from companion.speaker import Speaker

MARKED_WITHIN = timedelta(hours=48)  # how long after the end a text may say who came; later there is the page
_ENDED = (  # made once: asked every few seconds
    select(GroupSession)
    .join(GroupSession.group)
    .where(GroupSession.status == "planned", GroupSession.roll.is_(None), GroupSession.attendance_at.is_(None))
    .where(GroupSession.ends_at <= bindparam("now"), GroupSession.ends_at > bindparam("since"))
    .options(contains_eager(GroupSession.group))
)


# one of two facilitators cannot


def ask_other(session: Session, meeting: GroupSession, person: Person, now: datetime, voice: Speaker) -> Person | None:
    """Ask whoever else runs a session to run it without `person`; return who, or None when there is nobody."""
    running = runners(session, meeting)
    if person.id not in [each.id for each in running]:
        return None
    others = [other for other in running if other.id != person.id and _leave(session, meeting, other) is None]
    if not others:
        return None
    leave = _leave(session, meeting, person)
    if leave is None:
        leave = SessionLeave(session_id=meeting.id, person_id=person.id, state="asked", asked_at=now)
        session.add(leave)
    leave.state, leave.asked_at, leave.answered_at, leave.answered_by = "asked", now, None, None
    key = f"hand:{meeting.id}:{now.timestamp():.0f}"
    tell(session, meeting, others[0], key, "session_hand_ask", now, voice, who=person.label)
    record(session, now, "asked to be let off a session", meeting, actor=person.id)
    session.flush()
    return others[0]


def answer_other(
    session: Session, meeting: GroupSession, person: Person, now: datetime, voice: Speaker, *, yes: bool
) -> Person | None:
    """Answer whether `person` runs a session without the one who asked; return who asked, None when nobody does."""
    leave = session.scalar(
        select(SessionLeave)
        .where(
            SessionLeave.session_id == meeting.id, SessionLeave.state == "asked", SessionLeave.person_id != person.id
        )
        .with_for_update()
    )
    if leave is None or person.id not in [each.id for each in runners(session, meeting)]:
        return None
    leave.state, leave.answered_at, leave.answered_by = "out" if yes else "refused", now, person.id
    asker = session.get_one(Person, leave.person_id)
    key = f"hand:{meeting.id}:{now.timestamp():.0f}"
    said = "session_hand_yes" if yes else "session_hand_no"
    tell(session, meeting, asker, key, said, now, voice, who=person.label)
    record(session, now, "session handed over" if yes else "session not handed over", meeting, actor=person.id)
    session.flush()
    return asker


def _leave(session: Session, meeting: GroupSession, person: Person) -> SessionLeave | None:
    return session.get(SessionLeave, (meeting.id, person.id))


# who came


def ask_who_came(session: Session, now: datetime, voice: Speaker) -> int:
    """Ask who runs a session that has just ended who came, once; return how many sessions."""
    ended = found(session, _ENDED, now=now, since=now - timedelta(hours=6))
    for meeting in ended:
        bookings = roll_of(session, meeting)
        if not bookings:
            continue
        for person in runners(session, meeting):
            tell_roll(session, meeting, bookings, person, now, voice)
    return len(ended)


def tell_roll(
    session: Session, meeting: GroupSession, bookings: list[Booking], person: Person, now: datetime, voice: Speaker
) -> None:
    """Ask one facilitator who of a numbered list came."""
    to, listed = usable(session, person), roll_line(bookings, hidden_from(session, person.id))
    if to is not None and listed:
        enqueue(
            session,
            key=f"roll:{meeting.id}:{meeting.version}:{person.id}",
            lane="reminder",
            to=to,
            text=voice.words.render("roll_ask", group=meeting.group.name, roll=listed),
            now=now,
            expires_at=meeting.ends_at + MARKED_WITHIN,
        )


def roll_of(session: Session, meeting: GroupSession) -> list[Booking]:
    """Return who had a place, in the order in which they are numbered: settled once, so that a number stays theirs."""
    if meeting.roll is None:
        meeting.roll = [str(booking.id) for booking in coming(session, meeting.id)]
        session.flush()
    order = {uuid.UUID(booking_id): place for place, booking_id in enumerate(meeting.roll)}
    found = session.scalars(
        select(Booking).join(Booking.person).where(Booking.id.in_(list(order))).options(contains_eager(Booking.person))
    )
    return sorted(found, key=lambda booking: order[booking.id])


def roll_line(bookings: list[Booking], hidden: Collection[uuid.UUID]) -> str:
    """Return the numbered list: "1 Quiet Kestrel, 2 Calm Goldfinch". Numbers of those who are hidden are left out."""
    numbered = enumerate(bookings, 1)
    return ", ".join(f"{number} {each.person.alias}" for number, each in numbered if each.person_id not in hidden)


def last_session(session: Session, person: Person, now: datetime) -> GroupSession | None:
    """Return the session of `person` that began last, if a text may still say who came."""
    return session.scalar(
        select(GroupSession)
        .join(GroupSession.group)
        .where(
            GroupSession.status == "planned",
            GroupSession.starts_at <= now,
            GroupSession.ends_at > now - MARKED_WITHIN,
            groups_of(person),
        )
        .options(contains_eager(GroupSession.group))
        .order_by(GroupSession.starts_at.desc())
        .limit(1)
    )


def mark(session: Session, meeting: GroupSession, came: Collection[uuid.UUID], by: uuid.UUID, now: datetime) -> int:
    """Write down who came (people, by id), of those booked and of the group; return how many. It may be done again."""
    known = {
        booking.person_id: booking
        for booking in session.scalars(select(Booking).where(Booking.session_id == meeting.id).with_for_update())
    }
    for person_id in came:
        if person_id not in known:
            known[person_id] = Booking(
                session_id=meeting.id, person_id=person_id, status="offered", offered_at=now, version=0
            )
            session.add(known[person_id])
    for person_id, booking in known.items():
        if person_id in came:
            booking.status, booking.held_until = "attended", None
        elif booking.status == "attended":
            booking.status = "yes" if booking.seat is not None else "offered"
    meeting.attendance_at, meeting.attendance_by = now, by
    record(session, now, "attendance marked", meeting, actor=by, came=len(came))
    session.flush()
    return len(came)


def next_roll(session: Session, now: datetime) -> datetime | None:
    """Return when the next session ends whose facilitators will be asked who came (UTC)."""
    return session.scalar(
        select(func.min(GroupSession.ends_at))
        .join(Group, Group.id == GroupSession.group_id)
        .where(GroupSession.status == "planned", GroupSession.ends_at > now)
    )
