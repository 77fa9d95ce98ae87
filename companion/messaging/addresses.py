"""Addresses and whose they are. A person is one person on SMS and on WhatsApp."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, joinedload

from companion.messaging.numbers import Sender
from companion.messaging.optout import is_stopped, keep_in_mind, last_wish_of_addresses
from companion.models import Address, Person

_KNOWN = (
    select(Address, last_wish_of_addresses())
    .where(Address.address_index == bindparam("address"))
    .options(joinedload(Address.person).joinedload(Person.cohort))
)
_THEIRS = select(Address, last_wish_of_addresses()).where(Address.person_id == bindparam("person"))


def address_of(session: Session, sender: Sender, now: datetime) -> Address:
    """Return the address of `sender`, made if new, and belonging to whoever has the same number elsewhere."""
    known = session.execute(_KNOWN, {"address": sender.address}).tuples().all()
    for address, last_wish in known:
        if address.channel == sender.channel:
            keep_in_mind(session, address, last_wish)
            if address.forgotten_at is not None:
                address.address, address.forgotten_at = sender.address, None
            return address
    owner = next((address.person_id for address, _ in known if address.person_id), None)
    address = Address(
        channel=sender.channel,
        address=sender.address,
        address_index=sender.address,
        person_id=owner,
        created_at=now,
    )
    session.add(address)
    session.flush()
    session.refresh(address)
    return address


def addresses_of(session: Session, person: Person) -> list[Address]:
    """Return the addresses of `person`, the preferred channel first, then the one last heard from.

    Whether each is stopped is asked in the same question, for `companion.messaging.optout.is_stopped`.
    """
    known = session.execute(_THEIRS, {"person": person.id}).tuples().all()
    for address, last_wish in known:
        keep_in_mind(session, address, last_wish)
    return _best_first(person, (address for address, _ in known))


def usable(session: Session, person: Person) -> Address | None:
    """Return the address that texts to `person` should go to, or None when there is none that works.

    Of those who run the programme one that said STOP is none: what they must hear goes by the other.
    """
    known = addresses_of(session, person)
    if person.role != "trainee":
        known = [address for address in known if not is_stopped(session, address)]
    return _working(known)


def usable_of(session: Session, people: Sequence[Person]) -> dict[uuid.UUID, Address]:
    """Return what `usable` gives for each of `people` who has one, by their id: one query for all."""
    theirs: dict[uuid.UUID, list[Address]] = {person.id: [] for person in people}
    for address in session.scalars(select(Address).where(Address.person_id.in_(theirs))):
        if address.person_id is not None:
            theirs[address.person_id].append(address)
    found = ((person.id, _working(_best_first(person, theirs[person.id]))) for person in people)
    return {person_id: address for person_id, address in found if address is not None}


def _best_first(person: Person, addresses: Iterable[Address]) -> list[Address]:
    return sorted(
        addresses,
        key=lambda a: (a.channel != person.channel, -(a.last_inbound_at or a.created_at).timestamp()),
    )


def _working(addresses: Iterable[Address]) -> Address | None:
    return next((a for a in addresses if a.invalid_since is None), None)
