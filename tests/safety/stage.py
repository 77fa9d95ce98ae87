"""What the tests of docs/safety share: danger, pages, and a mail server with mailboxes."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from sqlalchemy import select

from companion.console.users import hash_password
from companion.models import Alarm, Call, Episode, OutboxMessage, Page, Person, User
from tests.world import Talker, World

DANGER = "I don't want to be here any more, I want to end my life"
CRISIS = ("no person has read", "999", "Samaritans 116 123", "SHOUT to 85258")


class Postbox:
    """A real mail server on this machine; `letters` holds what arrived. It can be told to refuse."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.refuses = False
        self.unknown: set[str] = set()  # mailboxes that it does not have
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        if address in self.unknown:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 (aiosmtpd's name)
        if self.refuses:
            return "451 try again later"
        letter = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        return "250 OK"

    @property
    def url(self) -> str:
        """Where it listens, as SMTP_URL."""
        return f"smtp://127.0.0.1:{self.port}"

    def to(self, address: str) -> list[EmailMessage]:
        """Return what arrived for an address, oldest first."""
        return [letter for letter in self.letters if letter["To"] == address]

    @contextmanager
    def open(self) -> Iterator[Postbox]:
        """Serve while the block lasts."""
        self._controller.start()
        try:
            yield self
        finally:
            self._controller.stop()


PASSWORD_OF_ALL = "not-a-real-password-at-all"
_HASH = hash_password(PASSWORD_OF_ALL)


def give_logins(world: World) -> None:
    """Give everyone who runs the programme a login, and so an e-mail address: cole@example.org, frances@example.org."""
    with world.database.write() as session:
        for person in session.scalars(select(Person).where(Person.state == "staff")):
            session.add(
                User(
                    person_id=person.id,
                    email=mailbox(person.name or ""),
                    password=_HASH,
                    fs_uniquifier=person.id.hex,
                    mf_recovery_codes=[],
                )
            )


def mailbox(name: str) -> str:
    """Return the address of one of those who run the programme."""
    return f"{name.rsplit(maxsplit=1)[-1].lower()}@example.org"


def reference(page: str) -> str:
    """Return the reference in a page."""
    found = re.search(r"\b(?=[A-Z]*[34679])[ACDEFHJKMNPQRTUVWXY34679]{4}\b", page)
    assert found, f"no reference in {page!r}"
    return found.group()


def flagged(world: World, talker: Talker, words: str = DANGER) -> None:
    """Let someone text words of danger and read the crisis reply."""
    talker.texts(words)
    assert talker.ignores(), "no crisis reply"


def episode(world: World) -> Episode:
    """Return the only episode."""
    with world.database.read() as session:
        return session.scalars(select(Episode)).one()


def episodes(world: World) -> list[Episode]:
    """Return all episodes, oldest first."""
    with world.database.read() as session:
        return list(session.scalars(select(Episode).order_by(Episode.opened_at, Episode.id)))


def pages(world: World, way: str | None = None) -> list[Page]:
    """Return all pages, oldest first."""
    with world.database.read() as session:
        found = session.scalars(select(Page).order_by(Page.at)).all()
    return [page for page in found if way is None or page.way == way]


def open_alarms(world: World) -> set[str]:
    """Return the kinds of alarm that are open."""
    with world.database.read() as session:
        return set(session.scalars(select(Alarm.kind).where(Alarm.settled_at.is_(None))))


def calls(world: World) -> list[Call]:
    """Return the ledger of calls, oldest first."""
    with world.database.read() as session:
        return list(session.scalars(select(Call).order_by(Call.created_at, Call.id)))


def outbox(world: World, purpose: str) -> list[OutboxMessage]:
    """Return the texts with this id, oldest first."""
    with world.database.read() as session:
        rows = select(OutboxMessage).where(OutboxMessage.purpose == purpose).order_by(OutboxMessage.created_at)
        return list(session.scalars(rows))


def taken(world: World, by: Talker, who: Talker) -> str:
    """Let `by` take what they were paged about; return the reference."""
    world.settle()
    page = next(text for text in by.ignores() if "TAKE" in text)
    by.texts(f"{reference(page)} TAKE")
    by.hears("You have")
    world.settle()
    who.hears("has your text now")
    return reference(page)


def hears_crisis_lines(talker: Talker) -> None:
    """Read the two texts of the crisis reply."""
    talker.hears(*CRISIS)
    talker.hears("111", "alerting a facilitator")


def closed(world: World) -> None:
    """Close the open episode as a lead does who spoke with the person."""
    with world.database.write() as session:
        episode = session.scalars(select(Episode)).one()
        lead = session.scalars(select(Person).where(Person.role == "lead")).one()
        episode.state, episode.outcome, episode.closed_by = "closed", "spoke", lead.id
        episode.closed_at, episode.next_action_at = world.clock.now(), None
