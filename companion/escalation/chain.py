"""Who is paged about someone, and in which order."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from companion.messaging.addresses import addresses_of
from companion.messaging.optout import is_stopped
from companion.messaging.window import window_open
from companion.models import Address, Episode, Person, facilitators_of


def responders(session: Session, episode: Episode) -> list[Person]:
    """Return who is paged about `episode`, in order: the facilitators of the person's group, then the leads.

    Someone without a group has every facilitator before the leads; an unknown number, and anyone who runs the
    programme, has the leads alone. The person concerned is never among them. If no lead is left, the coordinators
    follow: the chain is never empty while anyone is there at all.
    """
    about = episode.person
    staff = [p for p in _staff(session) if about is None or p.id != about.id]
    leads = [p for p in staff if p.role == "lead"]
    first: list[Person] = []
    if about is not None and about.role == "trainee":
        ordered = facilitators_of(session, about.group_id)
        first = [p for p in ordered if p in staff] or [p for p in staff if p.role == "facilitator"][:2]
    chain = first + [lead for lead in leads if lead not in first]
    if not chain:
        chain = [p for p in staff if p.role in ("facilitator", "coordinator")]
    return chain


def ways_to(session: Session, person: Person, episode: Episode) -> list[Address]:
    """Return the addresses at which a page reaches `person` now: SMS and, in its window, WhatsApp."""
    return [
        address
        for address in addresses_of(session, person)
        if address.invalid_since is None
        and not is_stopped(session, address)
        and window_open(address, episode.opened_at)
    ]


def _staff(session: Session) -> list[Person]:
    return list(session.scalars(select(Person).where(Person.state == "staff").order_by(Person.created_at, Person.id)))
