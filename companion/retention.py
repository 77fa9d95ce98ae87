"""What goes away when its time has come. The figures are those of docs/architecture.md, "What is kept"."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from companion.messaging.inbound import EMPTY
from companion.models import (
    Address,
    Booking,
    Broadcast,
    CopyLink,
    Episode,
    Flag,
    GroupSession,
    InboundMessage,
    Note,
    NumberMove,
    OutboxMessage,
    Person,
    Question,
    RelayedText,
    record,
)
from companion.privacy.erasure import finish_waiting, remove
from companion.programme import former, survey

BODIES = timedelta(days=30)  # after arrival; a person's texts of an episode 30 days after it is closed
UNANSWERED = timedelta(days=30)  # the number of somebody who never said YES, since they were asked and last wrote
AT_ONCE = 200  # people who are removed in one run, so that nothing waits long for it
STRANGERS = timedelta(hours=72)  # words of numbers that are nobody's, once their episode is closed


def purge(session: Session, now: datetime, keep_months: int) -> None:
    """Remove the words of texts that are old enough; times, outcomes, ids and open episodes' words stay.

    Who left, or was last heard from, `keep_months` ago goes altogether.
    """
    in_open_episode = exists().where(
        Flag.inbound_id == InboundMessage.id,
        Flag.episode_id == Episode.id,
        or_(
            Episode.closed_at.is_(None),
            InboundMessage.person_id.is_not(None) & (Episode.closed_at > now - BODIES),
        ),
    )
    # What they wrote to whoever has their episode is read there, flagged or not.
    while_open = exists().where(
        or_(Episode.address_id == InboundMessage.address_id, Episode.person_id == InboundMessage.person_id),
        Episode.closed_at.is_(None),
        InboundMessage.received_at > Episode.opened_at,
    )
    written_while_open = exists().where(
        RelayedText.outbox_id == OutboxMessage.id,
        RelayedText.episode_id == Episode.id,
        Episode.closed_at.is_(None),
    )
    old = or_(
        InboundMessage.received_at < now - BODIES,
        (InboundMessage.person_id.is_(None)) & (InboundMessage.received_at < now - STRANGERS),
    )
    session.execute(
        update(InboundMessage)
        .where(InboundMessage.body.is_not(None), old, ~in_open_episode, ~while_open)
        .values(body=None, answer=EMPTY)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(OutboxMessage)
        .where(
            OutboxMessage.body.is_not(None),
            OutboxMessage.created_at < now - BODIES,
            OutboxMessage.status.not_in(("queued", "sending", "unknown")),
            ~written_while_open,
        )
        .values(body=None, values=None)
        .execution_options(synchronize_session=False)
    )
    closed = select(Episode.id).where(Episode.closed_at < now - BODIES)
    session.execute(
        update(Note)
        .where(Note.body.is_not(None), Note.episode_id.in_(closed))
        .values(body=None)
        .execution_options(synchronize_session=False)
    )
    session.execute(delete(CopyLink).where(CopyLink.expires_at < now - timedelta(days=7)))
    survey.forget_unsettled(session, now)
    session.execute(
        update(Broadcast)
        .where(Broadcast.body.is_not(None), Broadcast.created_at < now - BODIES)
        .values(body=None)
        .execution_options(synchronize_session=False)
    )
    session.execute(delete(Question).where(Question.day < (now - BODIES).date()))
    _forget_people(session, now, months(keep_months))
    _forget_strangers(session, now)
    finish_waiting(session, now)


def months(number: int) -> timedelta:
    """Return how long months are: 24 of them are two years of 365 days."""
    return timedelta(days=number * 365 // 12)


def _forget_people(session: Session, now: datetime, kept: timedelta) -> None:
    """Remove trainees of whom nothing was seen or heard for so long, as an erasure does, but with no STOP of theirs.

    Only how many came and what was needed stays, as counts. A text from their number is that of somebody new.
    """
    since = now - kept
    seen = (Person.created_at, Person.asked_at, Person.joined_at, Person.left_at, Person.unsure_since)
    # What came while it was not sure whose the number is was no sign of them; but words of three days are being read.
    heard = exists().where(
        Address.person_id == Person.id,
        or_(
            Person.unsure_since.is_(None) & (Address.last_inbound_at > since),
            Address.last_inbound_at > now - STRANGERS,
        ),
    )
    came = exists().where(
        Booking.person_id == Person.id,
        Booking.session_id == GroupSession.id,
        or_(Booking.clicked_at > since, (Booking.status == "attended") & (GroupSession.starts_at > since)),
    )
    theirs = select(Address.id).where(Address.person_id == Person.id).correlate(Person)
    in_episode = exists().where(
        or_(Episode.person_id == Person.id, Episode.address_id.in_(theirs)),
        or_(Episode.closed_at.is_(None), Episode.closed_at > now - BODIES),
    )
    silent = (or_(moment.is_(None), moment < since) for moment in seen)
    gone = select(Person).where(Person.role == "trainee", *silent, ~heard, ~came, ~in_episode).limit(AT_ONCE)
    people = session.scalars(gone).all()
    former.count(session, [person.id for person in people], now)
    for person in people:
        record(session, now, "person forgotten", person, alias=person.alias)
        remove(session, person, now)


def _forget_strangers(session: Session, now: datetime) -> None:
    """Remove the numbers of strangers, and of those who never said YES, about whom nothing is open.

    A text from such a number brings it back.
    """
    never_joined = select(Person.id).where(
        Person.role == "trainee", Person.joined_at.is_(None), Person.asked_at < now - UNANSWERED
    )
    heard = func.coalesce(Address.last_inbound_at, Address.created_at)  # a new number may never answer
    asked = exists().where(NumberMove.address_id == Address.id, NumberMove.asked_at > now - STRANGERS)
    stranger = Address.person_id.is_(None) & (heard < now - STRANGERS) & ~asked
    unanswered = Address.person_id.in_(never_joined) & (heard < now - UNANSWERED)
    is_open = exists().where(
        or_(Episode.address_id == Address.id, Episode.person_id == Address.person_id), Episode.state != "closed"
    )
    for address in session.scalars(
        select(Address).where(stranger | unanswered, Address.forgotten_at.is_(None), ~is_open)
    ):
        address.address, address.forgotten_at = "", now  # the keyed index stays: it honours a STOP
