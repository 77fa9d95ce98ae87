"""Addresses and whose they are. A person is one person on SMS and on WhatsApp."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from companion.messaging.numbers import Sender
from companion.models import Address, Person


def address_of(session: Session, sender: Sender, now: datetime) -> Address:
    """Return the address of `sender`, made if new, and belonging to whoever has the same number elsewhere."""
    known = session.scalars(
        select(Address)
        .where(Address.address_index == sender.address)
        .options(joinedload(Address.person).joinedload(Person.cohort))
    ).all()
    for address in known:
        if address.channel == sender.channel:
            if address.forgotten_at is not None:
                address.address, address.forgotten_at = sender.address, None
            return address
    owner = next((address.person_id for address in known if address.person_id), None)
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
    """Return the addresses of `person`, the preferred channel first, then the one last heard from."""
    found = session.scalars(select(Address).where(Address.person_id == person.id)).all()
    return sorted(
        found,
        key=lambda a: (a.channel != person.channel, -(a.last_inbound_at or a.created_at).timestamp()),
    )


def usable(session: Session, person: Person) -> Address | None:
    """Return the address that texts to `person` should go to, or None when there is none that works."""
    return next((a for a in addresses_of(session, person) if a.invalid_since is None), None)
