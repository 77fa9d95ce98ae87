"""What tests about delivery share: people with both channels, texts of every lane, and looks into the ledgers."""

from __future__ import annotations

import re
from datetime import datetime
from itertools import count

from sqlalchemy import select

from companion import jobs
from companion.content.catalogue import Text
from companion.content.templates import definitions
from companion.messaging import templates
from companion.messaging.addresses import address_of
from companion.messaging.numbers import read_sender
from companion.messaging.outbox import enqueue
from companion.models import Address, Alarm, OptOut, OutboxMessage, Person
from companion.models.templates import WhatsAppTemplate
from companion.services import Services
from tests.world import SERVICE, World

_ALIASES = count(1)
_LATE = re.compile(r"^Sent late, written at \S+\. ")


def number(n: int) -> str:
    """Return the n-th number for drama of those that belong to no one else in tests."""
    return f"+447700900{300 + n}"


def trainee(world: World, where: str, *, channels: tuple[str, ...] = ("sms", "whatsapp"), **facts: object) -> Person:
    """Add a member known on `channels`; on WhatsApp the 24-hour window is open, for us and for Twilio."""
    if "whatsapp" in channels:
        open_window(world, where)
    with world.database.write() as session:
        now = world.clock.now()
        person = Person(
            role="trainee", alias=f"Robin {next(_ALIASES)}", state="joined", created_at=now, joined_at=now, **facts
        )
        session.add(person)
        session.flush()
        for channel in channels:
            prefix = "whatsapp:" if channel == "whatsapp" else ""
            place = address_of(session, read_sender(prefix + where, ("GB",)), now)
            place.person_id = person.id
            place.last_inbound_at = now
    return person


def open_window(world: World, where: str) -> None:
    """Let Twilio believe that this phone has just written on WhatsApp: quicker than a text."""
    world.standin.state._windows[f"whatsapp:{SERVICE}", f"whatsapp:{where}"] = world.clock.now()


def reopen_window(world: World, where: str) -> None:
    """Open the 24 hours of WhatsApp again, for us and for Twilio."""
    open_window(world, where)
    with world.database.write() as session:
        place = address_of(session, read_sender(f"whatsapp:{where}", ("GB",)), world.clock.now())
        place.last_inbound_at = world.clock.now()


def queue(
    world: World,
    where: str,
    words: str,
    *,
    channel: str = "sms",
    lane: str = "reminder",
    key: str = "",
    not_before: datetime | None = None,
    expires_at: datetime | None = None,
) -> bool:
    """Queue a text, by default under its words as key; say whether it was new."""
    with world.database.write() as session:
        now = world.clock.now()
        prefix = "whatsapp:" if channel == "whatsapp" else ""
        to = address_of(session, read_sender(prefix + where, ("GB",)), now)
        if to.person_id is not None:
            session.refresh(to)
        text = Text("notice", "1", words)
        row = enqueue(
            session,
            key=key or words,
            lane=lane,
            to=to,
            text=text,
            now=now,
            not_before=not_before,
            expires_at=expires_at,
        )
        return row is not None


def row(world: World, key: str) -> OutboxMessage:
    """Return the outbox row with this key."""
    with world.database.read() as session:
        return session.scalars(select(OutboxMessage).where(OutboxMessage.key == key)).one()


def address(world: World, where: str, channel: str = "sms") -> Address:
    """Return what is known of an address."""
    with world.database.read() as session:
        return session.scalars(select(Address).where(Address.address_index == where, Address.channel == channel)).one()


def received(world: World, words: str, where: str | None = None, channel: str | None = None) -> int:
    """Return how often a phone got these very words, marked as late or not, by the stand-in's ledger."""
    return sum(
        _LATE.sub("", message.body) == words
        and message.arrived_at is not None
        and not message.inbound
        and (where is None or message.to.removeprefix("whatsapp:") == where)
        and (channel is None or message.channel == channel)
        for message in world.standin.messages
    )


def open_alarms(world: World) -> set[str]:
    """Return the kinds of alarm that are open."""
    with world.database.read() as session:
        return set(session.scalars(select(Alarm.kind).where(Alarm.settled_at.is_(None))))


def opt_outs(world: World) -> list[tuple[str, str, str]]:
    """Return channel, action and source of everything in the opt-out ledger, oldest first."""
    with world.database.read() as session:
        rows = session.execute(select(OptOut.channel, OptOut.action, OptOut.source).order_by(OptOut.at, OptOut.id))
        return list(rows.tuples())


def send(world: World, services: Services | None = None) -> None:
    """Let a worker send what is due, and the stand-in carry it, until nothing more happens at this moment."""
    for _ in range(20):
        jobs.deliver_urgent(services or world.services)
        jobs.deliver(services or world.services)
        jobs.deliver(services or world.services)  # what the first found out it had to send again
        if not world.standin.settle():
            return
    raise AssertionError("it never comes to rest")


def approve_templates(world: World) -> None:
    """Let Twilio have every template, and WhatsApp approve it."""
    words = world.services.words.with_standing(url=world.services.voice.console_url)
    twilio = world.services.twilio
    templates.create_missing(world.database, twilio, world.clock, list(definitions(words).values()))
    with world.database.read() as session:
        sids = session.scalars(select(WhatsAppTemplate.content_sid)).all()
    for content_sid in sids:
        world.standin.decide(content_sid, "approved")
    templates.sync(world.database, twilio, world.clock)
