"""Texts to facilitators about their groups that are no emergency."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from companion import when
from companion.escalation.exclusions import excluded_from
from companion.messaging.addresses import usable
from companion.messaging.outbox import enqueue
from companion.models import GroupSession, OutboxMessage, Person, facilitators_of
from companion.programme.sessions import runners
from companion.rota.ways import can_be_texted
from companion.speaker import Speaker


def tell_facilitators_of_request(session: Session, person: Person, now: datetime, voice: Speaker) -> None:
    """Tell the facilitators that someone asks for a person; who it is stands in the console alone.

    The leads are told where no text can reach any of the facilitators, or all were left out.
    """
    leads = session.scalars(select(Person).where(Person.role == "lead", Person.state == "staff")).all()
    text = voice.words.render("contact_request", url=voice.console_url)
    out = excluded_from(session, person.id)
    of_group = [each for each in facilitators_of(session, person.group_id) if each.id not in out]
    usual = [each for each in of_group if can_be_texted(session, each)]
    for facilitator in usual or [each for each in leads if each.id not in out]:
        to = usable(session, facilitator)
        if to is not None:
            key = f"request:{person.id}:{now.timestamp():.0f}:{facilitator.id}"
            enqueue(session, key=key, lane="reply", to=to, text=text, now=now, expires_at=now + timedelta(hours=24))


def tell_facilitators_it_is_off(
    session: Session, person: Person, asked_at: datetime, now: datetime, voice: Speaker
) -> None:
    """Tell those who were told of a request since `asked_at` (UTC) that it is called off; what waits is withdrawn."""
    told = select(OutboxMessage).where(
        OutboxMessage.key.startswith(f"request:{person.id}:{asked_at.timestamp():.0f}:"),
        OutboxMessage.status != "dropped",
    )
    text = voice.words.render("contact_request_off", url=voice.console_url)
    for message in session.scalars(told.with_for_update()):
        if message.status == "queued":
            message.status, message.reason = "dropped", "changed"
            message.settled_at = message.updated_at = now
            continue
        good_until = now + timedelta(hours=24)
        key = f"request-off:{message.id}"
        enqueue(session, key=key, lane="reply", to=message.address, text=text, now=now, expires_at=good_until)


def tell_runners(
    session: Session,
    meeting: GroupSession,
    person: Person,
    what: Literal["late", "cant_get_in"],
    now: datetime,
    voice: Speaker,
) -> None:
    """Tell who runs a session, once, that someone with a place (or one of themselves) will be late, or cannot get in.

    Nobody is told of a trainee who has left them out.
    """
    out = excluded_from(session, person.id)
    time = when.clock_time(meeting.starts_at.astimezone(ZoneInfo(meeting.group.time_zone)))
    text = voice.words.render(f"facilitator_{what}", alias=person.label, group=meeting.group.name, time=time)
    for facilitator in runners(session, meeting):
        to = usable(session, facilitator)
        if to is not None and facilitator.id != person.id and facilitator.id not in out:
            key = f"{what}:{meeting.id}:{person.id}:{facilitator.id}"
            enqueue(session, key=key, lane="reply", to=to, text=text, now=now, expires_at=meeting.ends_at)
