"""Removing what is held about a trainee.

What stays: the keyed index of each number, with a STOP, so that nobody texts it again; that texts came and went, with
times and codes that lead to nobody; of an episode its times, codes and outcome; the audit, which knows people by alias.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from companion.escalation.standing import open_episode_about
from companion.messaging import optout
from companion.messaging.inbound import EMPTY
from companion.models import (
    Address,
    Consent,
    Episode,
    InboundMessage,
    Note,
    OutboxMessage,
    Person,
    record,
)
from companion.privacy.holdings import HOLDINGS, Holding
from companion.programme import places

UNSENT = ("queued",)


class CannotEraseError(Exception):
    """This person cannot be erased; the message says why."""


def ask(session: Session, person: Person, now: datetime) -> bool:
    """Erase `person`, or note that they want it while an episode about them is open; return whether it is done.

    While it waits they are texted nothing but what concerns the episode. Raises CannotEraseError for staff.
    """
    if person.role != "trainee":
        raise CannotEraseError("Only trainees can be erased: those who run the programme stand in its records.")
    if open_episode_about(session, person.id):
        if person.erase_asked_at is None:
            person.erase_asked_at = now
            _leave(session, person, now)
            record(session, now, "erasure asked for", person)
        return False
    _erase(session, person, now)
    return True


def finish_waiting(session: Session, now: datetime) -> int:
    """Erase those whose episode has been closed since they asked; return how many."""
    waiting = session.scalars(select(Person).where(Person.erase_asked_at.is_not(None))).all()
    return sum(ask(session, person, now) for person in waiting)


def _leave(session: Session, person: Person, now: datetime) -> None:
    session.add(
        Consent(
            person_id=person.id,
            cohort_id=person.cohort_id,
            event="withdrawn",
            channel=person.channel,
            provider_sid="",
            at=now,
        )
    )
    person.state, person.left_at = "left", now
    places.give_up_all(session, person, now)
    session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.person_id == person.id, OutboxMessage.status.in_(UNSENT), OutboxMessage.lane >= 2)
        .values(status="dropped", reason="erased", settled_at=now, updated_at=now)
    )


def _erase(session: Session, person: Person, now: datetime) -> None:
    session.flush()
    addresses = session.scalars(select(Address).where(Address.person_id == person.id)).all()
    episodes = session.scalars(select(Episode.id).where(Episode.person_id == person.id)).all()
    session.execute(update(Note).where(Note.episode_id.in_(episodes)).values(body=None))
    for address in addresses:
        if optout.ended_by_erasure(session, address):
            continue  # done again after a backup was put back: the ledger knows of it
        optout.stop(session, address, source="sentence", sender="", sid=None, now=now)
    record(session, now, "person erased", person, alias=person.alias)
    for address in remove(session, person, now):
        address.address, address.forgotten_at = "", now


def remove(session: Session, person: Person, now: datetime) -> list[Address]:
    """Remove what leads to a trainee; return their numbers, which are nobody's now."""
    addresses = list(session.scalars(select(Address).where(Address.person_id == person.id)))
    session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.person_id == person.id, OutboxMessage.status.in_(UNSENT))
        .values(status="dropped", reason="erased", settled_at=now, updated_at=now)
    )
    ids = [address.id for address in addresses]
    for holding in HOLDINGS:
        _remove(session, holding, person.id, ids)
    session.execute(update(InboundMessage).where(InboundMessage.address_id.in_(ids)).values(answer=EMPTY))
    for address in addresses:
        session.refresh(address)
    session.flush()
    session.expunge(person)
    session.execute(delete(Person).where(Person.id == person.id))
    return addresses


def _remove(session: Session, holding: Holding, person_id: uuid.UUID, addresses: list[uuid.UUID]) -> None:
    table, leads = holding.table, holding.leads
    of_address = any(key.target_fullname.startswith("addresses.") for key in leads.foreign_keys)
    mine = leads.in_(addresses) if of_address else leads == person_id
    if holding.erasure == "delete":
        session.execute(delete(table).where(mine))
    elif holding.erasure == "detach":
        session.execute(update(table).where(mine).values({leads.name: None}))
    elif holding.erasure == "blank" and holding.words:
        session.execute(update(table).where(mine).values(dict.fromkeys(holding.words)))
