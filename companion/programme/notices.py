"""Texts to facilitators about their groups that are no emergency."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from companion.escalation.words import Voice
from companion.messaging.addresses import usable
from companion.messaging.outbox import enqueue
from companion.models import GroupFacilitator, Person


def facilitators_of(session: Session, person: Person) -> list[Person]:
    """Return the facilitators of the person's group in their order; without a group, the leads."""
    if person.group_id is not None:
        found = session.scalars(
            select(Person)
            .join(GroupFacilitator, GroupFacilitator.person_id == Person.id)
            .where(GroupFacilitator.group_id == person.group_id)
            .order_by(GroupFacilitator.position)
        ).all()
        if found:
            return list(found)
    return list(session.scalars(select(Person).where(Person.role == "lead", Person.state == "staff")))


def tell_facilitators_of_request(session: Session, person: Person, now: datetime, voice: Voice) -> None:
    """Tell the facilitators that someone asks for a person; who it is stands in the console alone."""
    text = voice.words.render("contact_request", url=voice.console_url)
    for facilitator in facilitators_of(session, person):
        to = usable(session, facilitator)
        if to is not None:
            key = f"request:{person.id}:{now.timestamp():.0f}:{facilitator.id}"
            enqueue(session, key=key, lane="reply", to=to, text=text, now=now, expires_at=now + timedelta(hours=24))
