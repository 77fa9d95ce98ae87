"""Texts to facilitators about their groups that are no emergency."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from companion.escalation.words import Voice
from companion.messaging.addresses import usable
from companion.messaging.outbox import enqueue
from companion.models import Person, facilitators_of


def tell_facilitators_of_request(session: Session, person: Person, now: datetime, voice: Voice) -> None:
    """Tell the facilitators that someone asks for a person; who it is stands in the console alone."""
    leads = session.scalars(select(Person).where(Person.role == "lead", Person.state == "staff")).all()
    text = voice.words.render("contact_request", url=voice.console_url)
    for facilitator in facilitators_of(session, person.group_id) or leads:
        to = usable(session, facilitator)
        if to is not None:
            key = f"request:{person.id}:{now.timestamp():.0f}:{facilitator.id}"
            enqueue(session, key=key, lane="reply", to=to, text=text, now=now, expires_at=now + timedelta(hours=24))
