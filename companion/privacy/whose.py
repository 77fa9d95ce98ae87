"""Whose a number is by now. Networks give one that nobody uses to somebody new after some months.

Whoever writes from a number after months without a text may be another person. Until they have said what only its owner
can know, or somebody of the programme has made sure, they are answered as a stranger is: nothing of before is shown and
no text is started to them. They may join, and then it is as somebody new.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import exists, or_, select, update
from sqlalchemy.orm import Session

from companion.messaging.addresses import addresses_of
from companion.models import (
    Address,
    Booking,
    ContactRequest,
    Episode,
    Exclusion,
    GroupSession,
    InboundMessage,
    OutboxMessage,
    Person,
    record,
)
from companion.programme import places

RESTS = timedelta(days=180)  # without a text of theirs, and without having been at a session
RESTS_WHERE_TEXTS_FAIL = timedelta(days=60)  # no network keeps a number free for less


def look(session: Session, address: Address, person: Person, now: datetime) -> None:
    """Note that it is not sure whose number it is, where `person` writes after months in which nothing was heard."""
    if person.role != "trainee" or person.unsure_since is not None:
        return
    fails = person.failing_since is not None or address.invalid_since is not None
    since = now - (RESTS_WHERE_TEXTS_FAIL if fails else RESTS)
    if address.last_inbound_at is not None and address.last_inbound_at > since:
        return
    heard = exists().where(Address.person_id == Person.id, Address.last_inbound_at > since)
    came = (
        exists()
        .where(Booking.person_id == Person.id, Booking.status == "attended", Booking.session_id == GroupSession.id)
        .where(GroupSession.starts_at > since)
    )
    if session.scalar(select(Person.id).where(Person.id == person.id, ~heard, ~came)) is not None:
        person.unsure_since = now
        record(session, now, "number may be another's", person)


def is_theirs(
    session: Session, person: Person, now: datetime, *, how: str = "alias", actor: uuid.UUID | None = None
) -> None:
    """Treat whoever has the number as `person` again. `how` is kept in the audit: what shows it, and to whom."""
    person.unsure_since = None
    record(session, now, "number is theirs", person, actor=actor, how=how)


def let_go(session: Session, former: Person, now: datetime) -> list[Address]:
    """Let the numbers of `former` be nobody's and `former` have left; return the numbers."""
    addresses = addresses_of(session, former)
    for address in addresses:
        address.person = None
    former.unsure_since = None
    if former.state == "joined":
        former.state, former.left_at = "left", now
    places.give_up_all(session, former, now)
    session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.person_id == former.id, OutboxMessage.status == "queued")
        .values(status="dropped", reason="number not theirs", settled_at=now, updated_at=now)
    )
    record(session, now, "number let go", former)
    return addresses


def begin_anew(session: Session, former: Person, anew: Person, now: datetime) -> None:
    """Let the numbers of `former` be those of `anew`, with what came from them since it is not sure whose they are.

    Whom the former owner left out stays left out: it may be they who come back.
    """
    since = former.unsure_since or now
    addresses = let_go(session, former, now)
    session.flush()
    ids = [address.id for address in addresses]
    for address in addresses:
        address.person = anew
    for table, at in ((InboundMessage, InboundMessage.received_at), (OutboxMessage, OutboxMessage.created_at)):
        session.execute(update(table).where(table.address_id.in_(ids), at >= since).values(person_id=anew.id))
    asked = (ContactRequest.person_id == former.id, ContactRequest.asked_at >= since)
    session.execute(update(ContactRequest).where(*asked).values(person_id=anew.id))
    of_them = or_(Episode.person_id == former.id, Episode.address_id.in_(ids))
    session.execute(update(Episode).where(of_them, Episode.opened_at >= since).values(person_id=anew.id))
    anew.exchange_until = former.exchange_until
    left_out = select(Exclusion.excluded_id).where(Exclusion.trainee_id == former.id, Exclusion.lifted_at.is_(None))
    session.add_all(Exclusion(trainee_id=anew.id, excluded_id=each, at=now) for each in session.scalars(left_out).all())
