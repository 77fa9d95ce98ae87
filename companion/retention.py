"""What goes away when its time has come. The figures are those of docs/architecture.md, "What is kept"."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from companion.messaging.inbound import EMPTY
from companion.models import (
    Address,
    Broadcast,
    Consent,
    CopyLink,
    Episode,
    Flag,
    InboundMessage,
    Note,
    NumberMove,
    OutboxMessage,
    Person,
    Question,
    RelayedText,
)
from companion.privacy.erasure import finish_waiting
from companion.programme import survey

BODIES = timedelta(days=30)  # after arrival; a person's texts of an episode 30 days after it is closed
UNANSWERED = timedelta(days=30)  # the number of somebody who never said YES, since they were asked and last wrote
PROOF = timedelta(days=730)  # of consent, after leaving, or after it was asked for and not given
STRANGERS = timedelta(hours=72)  # words of numbers that are nobody's, once their episode is closed


def purge(session: Session, now: datetime) -> None:
    """Remove the words of texts that are old enough; times, outcomes, ids and open episodes' words stay."""
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
    # Who did not say YES has nothing to leave.
    never_joined = Person.joined_at.is_(None) & (Person.asked_at < now - PROOF)
    left = select(Person.id).where(never_joined | ((Person.state == "left") & (Person.left_at < now - PROOF)))
    session.execute(delete(Consent).where(Consent.person_id.in_(left)).execution_options(synchronize_session=False))
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
    _forget_strangers(session, now)
    finish_waiting(session, now)


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
