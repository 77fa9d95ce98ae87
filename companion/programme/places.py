"""Places in a session: taken, given up, waited for, and offered on when one is freed.

A place is a seat with a number; the database has each seat of a session once, so nobody can take a seventh of six.
Every function here that gives or takes seats expects the session's row to be locked (`sessions.locked`), which settles
who was first.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Update, bindparam, exists, func, or_, select, update
from sqlalchemy.orm import Session, contains_eager

from companion import when
from companion.messaging.addresses import usable
from companion.messaging.outbox import enqueue
from companion.messaging.quiet import over_at
from companion.models import Booking, GroupSession, OutboxMessage, Person
from companion.models.base import found, put
from companion.programme.asking import OF_ONES_DATA, waits_for_answer
from companion.programme.sessions import locked, next_session_for
from companion.speaker import Speaker

LONGEST_WAIT = timedelta(hours=24)  # how long a freed place is kept for one person, with days to go
SHORTEST_WAIT = timedelta(minutes=15)
LAST_OFFER = timedelta(minutes=25)  # before the start: later nobody could make use of a place
NIGHT_FROM, NIGHT_UNTIL = time(22), time(9)  # local: no deadline ends in it while there is time to wait

_ABOUT_SESSIONS = ("reminder", "place", "offer")  # how the keys of texts about a session begin
_ALL_ABOUT = (*_ABOUT_SESSIONS, "changed")  # and of what no answer for it makes needless, but leaving its group does


def _withdrawing(kinds: Sequence[str]) -> Update:
    return (
        update(OutboxMessage)
        .where(OutboxMessage.status == "queued", OutboxMessage.person_id == bindparam("person"))
        .where(or_(*(OutboxMessage.key.startswith(bindparam(kind)) for kind in kinds)))
        .values(status="dropped", reason="changed", settled_at=bindparam("now"), updated_at=bindparam("now"))
    )


_WITHDRAW: dict[tuple[str, ...], Update] = {kinds: _withdrawing(kinds) for kinds in (_ABOUT_SESSIONS, _ALL_ABOUT)}

# Made once: they are asked every few seconds.
_OVER = (Booking.status == "waiting") & (Booking.held_until <= bindparam("now"))
_LAPSING = (
    select(GroupSession)
    .where(GroupSession.id.in_(select(Booking.session_id).where(_OVER)))
    .order_by(GroupSession.starts_at)
)
_QUEUE = select(Booking.session_id).where(Booking.status == "waiting", Booking.held_until.is_(None))
_WITH_A_QUEUE = (
    select(GroupSession)
    .where(GroupSession.status == "planned", GroupSession.cancel_at.is_(None), GroupSession.id.in_(_QUEUE))
    .where(GroupSession.starts_at > bindparam("after"))
    .order_by(GroupSession.starts_at)
)

# Made once: they are asked for every text about a session.
_BOOKING = select(Booking).where(Booking.session_id == bindparam("session"), Booking.person_id == bindparam("person"))
_OF_SESSION = Booking.session_id == bindparam("session")
_TAKEN = select(
    select(func.count()).where(_OF_SESSION, Booking.seat <= bindparam("places")).scalar_subquery(),
    exists().where(_OF_SESSION, Booking.status == "waiting", Booking.held_until.is_(None)),
)


class NoPlaceError(Exception):
    """Every place is taken or kept for someone."""


def taken_seats(session: Session, session_id: uuid.UUID) -> set[int]:
    """Return the seats that somebody has, or that are kept for somebody."""
    found = session.scalars(select(Booking.seat).where(Booking.session_id == session_id, Booking.seat.is_not(None)))
    return {seat for seat in found if seat is not None}


def free_seat(session: Session, meeting: GroupSession) -> int | None:
    """Return the lowest seat that nobody has, or None."""
    taken = taken_seats(session, meeting.id)
    return next((seat for seat in range(1, meeting.group.places + 1) if seat not in taken), None)


def waiting(session: Session, session_id: uuid.UUID) -> list[Booking]:
    """Return who waits for a place and has not been offered one, in their order."""
    return list(
        session.scalars(
            select(Booking)
            .join(Booking.person)
            .where(Booking.session_id == session_id, Booking.status == "waiting", Booking.held_until.is_(None))
            .options(contains_eager(Booking.person))
            .order_by(Booking.answered_at, Booking.id)
        )
    )


def booking_of(session: Session, session_id: uuid.UUID, person: Person) -> Booking | None:
    """Return what someone answered for a session."""
    return session.scalar(_BOOKING, {"session": session_id, "person": person.id})


def is_open_to(session: Session, meeting: GroupSession, booking: Booking | None) -> bool:
    """Whether someone may have a place now: theirs already, kept for them, or free with nobody waiting before them."""
    if booking is not None and booking.seat is not None:
        return True
    places = meeting.group.places
    seats, someone_waits = session.connection().execute(_TAKEN, {"session": meeting.id, "places": places}).one()
    return seats < places and not someone_waits


def book(session: Session, meeting: GroupSession, person: Person, status: str, now: datetime) -> Booking:
    """Write down an answer: yes, no, waiting, or offered. Raises NoPlaceError for a yes when no place is left."""
    booking = booking_of(session, meeting.id, person)
    if booking is None:
        booking = Booking(session=meeting, person=person, status="offered", offered_at=now)
        session.add(booking)
    if booking.status in (status, "attended") and booking.held_until is None:
        return booking  # said again: whoever waits keeps their place in the queue
    seat = None
    if status == "yes":
        seat = booking.seat or free_seat(session, meeting)
        if seat is None:
            raise NoPlaceError(f"session {meeting.id}")
    answered = now if status != "offered" else None
    if booking.id is None:
        booking.status, booking.seat, booking.answered_at, booking.version = status, seat, answered, 1
    else:
        version = booking.version + 1
        put(session, booking, status=status, seat=seat, held_until=None, answered_at=answered, version=version)
    withdraw(session, person, [meeting.id], now)
    return booking


def give_up_all(session: Session, person: Person, now: datetime) -> None:
    """Give up every place that someone has, waits for or was offered in sessions to come: they leave, or move."""
    for booking in session.scalars(
        select(Booking)
        .join(GroupSession)
        .where(
            Booking.person_id == person.id,
            Booking.status.in_(("offered", "yes", "waiting")),
            GroupSession.starts_at > now,
        )
    ):
        booking.status, booking.seat, booking.held_until = "no", None, None
        booking.answered_at, booking.version = now, booking.version + 1
        withdraw(session, person, [booking.session_id], now, _ALL_ABOUT)
    session.flush()


def withdraw(
    session: Session,
    person: Person,
    meetings: Sequence[uuid.UUID],
    now: datetime,
    kinds: tuple[str, ...] = _ABOUT_SESSIONS,
) -> None:
    """Drop what waits in the outbox for someone about sessions for which they have answered anew."""
    session.flush()
    for each in meetings:
        about = {kind: f"{kind}:{each}:" for kind in kinds}
        session.connection().execute(_WITHDRAW[kinds], {"person": person.id, "now": now, **about})


def lapse(session: Session, now: datetime) -> int:
    """End what was kept for people who did not answer in time; return how many. They may still say YES."""
    lapsed = 0
    # The session first, then its bookings: whoever answers locks them in this order, too.
    for meeting in found(session, _LAPSING, now=now):
        locked(session, meeting)
        for booking in session.scalars(
            select(Booking).where(Booking.session_id == meeting.id, _OVER).execution_options(populate_existing=True),
            {"now": now},
        ):
            booking.status, booking.seat, booking.held_until = "offered", None, None
            booking.answered_at, booking.version = None, booking.version + 1
            lapsed += 1
    session.flush()
    return lapsed


def release_holds(session: Session, meeting: GroupSession) -> None:
    """Take back what is kept for people in a session that changes: they wait again, in their old order."""
    session.execute(
        update(Booking)
        .where(Booking.session_id == meeting.id, Booking.held_until.is_not(None))
        .values(seat=None, held_until=None, version=Booking.version + 1)
    )


def offer_freed(session: Session, now: datetime, voice: Speaker) -> int:
    """Offer each free place to whoever waits longest, with a deadline that suits the time left; return how many."""
    lapse(session, now)
    meetings = found(session, _WITH_A_QUEUE, after=now + LAST_OFFER)
    return sum(_offer(session, locked(session, meeting), now, voice) for meeting in meetings)


def _offer(session: Session, meeting: GroupSession, now: datetime, voice: Speaker) -> int:
    queue = waiting(session, meeting.id)
    offered = 0
    while (seat := free_seat(session, meeting)) is not None:
        booking = next((each for each in queue if _may_be_offered(each, meeting, now)), None)
        if booking is None:
            return offered
        queue.remove(booking)
        until = deadline(meeting, booking.person, now)
        to = usable(session, booking.person)
        if until is None or to is None:
            continue
        booking.seat, booking.held_until, booking.version = seat, until, booking.version + 1
        zone = ZoneInfo(meeting.group.time_zone)
        enqueue(
            session,
            key=f"place:{meeting.id}:{booking.person_id}:{booking.version}",
            lane="reminder",
            to=to,
            text=voice.words.render(
                "place_freed",
                group=meeting.group.name,
                when=when.day_and_time(meeting.starts_at, zone),
                by=when.time_by(until, now, zone),
            ),
            now=now,
            expires_at=until,
        )
        asked(booking.person, "booking_offer", meeting)
        session.flush()
        offered += 1
    return offered


def _may_be_offered(booking: Booking, meeting: GroupSession, now: datetime) -> bool:
    person = booking.person
    paused = person.paused_until is not None and person.paused_until > now
    if waits_for_answer(person, now, OF_ONES_DATA):
        return False
    return person.state == "joined" and not paused and deadline(meeting, person, now) is not None


def deadline(meeting: GroupSession, person: Person, now: datetime) -> datetime | None:
    """Return by when someone has to answer an offer made at `now`, or None when it is too late to make one.

    A quarter of the time left, at most a day, at least a quarter of an hour; counted from the end of their quiet hours;
    not in the night while the morning leaves two hours to the next person.
    """
    opens = over_at(person, now) or now
    latest = meeting.starts_at - timedelta(minutes=10)
    if opens + SHORTEST_WAIT > latest:
        return None
    by = opens + min(LONGEST_WAIT, max(SHORTEST_WAIT, (meeting.starts_at - opens) / 4))
    zone = ZoneInfo(meeting.group.time_zone)
    local = by.astimezone(zone)
    if local.time() >= NIGHT_FROM or local.time() < NIGHT_UNTIL:
        day = local.date() + timedelta(days=1 if local.time() >= NIGHT_FROM else 0)
        morning = datetime.combine(day, NIGHT_UNTIL, zone).astimezone(now.tzinfo)
        if morning <= meeting.starts_at - timedelta(hours=2):
            by = morning
    return min(by, latest).replace(second=0, microsecond=0)


def asked(person: Person, state: str, meeting: GroupSession) -> None:
    """Remember that the last text to someone asked about this session, so that YES and NO are about it."""
    person.dialogue, person.dialogue_until = state, meeting.ends_at
    person.dialogue_data = {"session": str(meeting.id)}


def asked_about(session: Session, person: Person, now: datetime) -> bool:
    """Whether someone was asked about the next session of their group."""
    meeting = next_session_for(session, person, now)
    return meeting is not None and booking_of(session, meeting.id, person) is not None


def coming(session: Session, session_id: uuid.UUID) -> Sequence[Booking]:
    """Return who has a place or was there, by alias."""
    return session.scalars(
        select(Booking)
        .join(Booking.person)
        .where(Booking.session_id == session_id, Booking.status.in_(("yes", "attended")))
        .options(contains_eager(Booking.person))
        .order_by(Person.alias)
    ).all()
