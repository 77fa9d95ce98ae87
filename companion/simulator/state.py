"""Everything the stand-in remembers, behind one lock, kept in its own file where there is one."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from companion.clock import Clock
from companion.simulator.ledger import (
    Alert,
    Attempt,
    Contact,
    Content,
    Inbound,
    LogLine,
    Message,
    Text,
    Violation,
    content_from_plain,
    message_from_plain,
    new_sid,
    split_address,
    to_plain,
)
from companion.simulator.store import LedgerError, Store

if TYPE_CHECKING:
    from companion.simulator.calls import Call

# WhatsApp takes free-form messages for 24 hours after the person's last message: error 63016.
WINDOW = timedelta(hours=24)
_LOG_LINES = 400


class State:
    """Messages, phones, opt-outs, windows and the provider's log.

    Every change raises `version`; what changed carries its version, so that a page can ask for what is new.
    """

    def __init__(
        self, clock: Clock, store: Store, senders: tuple[str, ...], services: Mapping[str, tuple[str, ...]]
    ) -> None:
        self.clock = clock
        self.senders = senders
        self.services = services
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.epoch = new_sid("EP")
        self.version = 0
        self.messages: dict[str, Message] = {}
        self.threads: dict[str, list[str]] = defaultdict(list)
        self.arrivals: dict[str, list[str]] = defaultdict(list)
        self.seen: dict[str, int] = defaultdict(int)
        self.contacts: dict[str, Contact] = {}
        self.inbound: dict[str, Inbound] = {}
        self.calls: dict[str, Call] = {}  # not kept in the file: a call is over when the stand-in ends
        self.attempts: list[Attempt] = []
        self.alerts: list[Alert] = []
        self.violations: list[Violation] = []
        self.log_lines: deque[LogLine] = deque(maxlen=_LOG_LINES)
        self._log_count = 0
        self._stops: set[tuple[str, str]] = set()
        self._windows: dict[tuple[str, str], datetime] = {}
        self._contents: dict[str, Content] = {}
        self._store = store
        try:
            self._load()
        except (KeyError, TypeError, ValueError) as error:
            store.close()
            raise LedgerError(
                f"The stand-in's ledger {store.path} was written by another version ({error!r}): "
                "remove it to begin anew."
            ) from None

    def _load(self) -> None:
        for _, plain in self._store.all("message"):
            self._index(message_from_plain(plain))
        for _, plain in self._store.all("content"):
            content = content_from_plain(plain)
            self._contents[content.sid] = content
        for number, plain in self._store.all("contact"):
            self.contacts[number] = Contact(number, plain["label"], plain["showing"])
        for address, count in self._store.all("seen"):
            self.seen[address] = int(count)
        for _, (scope, to) in self._store.all("stop"):
            self._stops.add((scope, to))

    def _index(self, message: Message) -> None:
        before = self.messages.get(message.sid)
        self.messages[message.sid] = message
        if before is None:
            self.threads[message.phone].append(message.sid)
            if message.inbound:
                self._windows[(message.to, message.phone)] = message.created_at
        arrived_before = before is not None and before.arrived_at is not None
        if message.arrived_at is not None and not arrived_before and not message.inbound:
            self.arrivals[message.phone].append(message.sid)

    def touch(self) -> int:
        """Count a change and wake whoever waits for one."""
        with self.lock:
            self.version += 1
            self.changed.notify_all()
            return self.version

    def put(self, message: Message) -> Message:
        """Keep a message, new or changed, and return it with its version."""
        with self.lock:
            message = replace(message, version=self.touch())
            self._index(message)
            self._store.put("message", message.sid, to_plain(message))
            self.meet(split_address(message.phone)[0])
            return message

    def forget(self, sid: str) -> None:
        """Delete a message."""
        with self.lock:
            message = self.messages.pop(sid)
            self.threads[message.phone].remove(sid)
            if sid in self.arrivals[message.phone]:
                self.arrivals[message.phone].remove(sid)
            self._store.drop("message", sid)
            self.touch()

    def meet(self, number: str, label: str | None = None, showing: str | None = None) -> Contact:
        """Return the phone with this number, adding it; change its label and channel where they are given."""
        with self.lock:
            known = self.contacts.get(number)
            there = known or Contact(number, number)
            contact = Contact(number, label or there.label, showing or there.showing)
            if contact != known:
                self.contacts[number] = contact
                self._store.put("contact", number, {"label": contact.label, "showing": contact.showing})
                self.touch()
            return contact

    def who(self, address: str) -> str:
        """Return how the provider's log on the page names a phone."""
        number, channel = split_address(address)
        contact = self.contacts.get(number)
        return f"{contact.label if contact else number}, {'WhatsApp' if channel == 'whatsapp' else 'SMS'}"

    def arrived(self, address: str) -> list[Text]:
        """Return the texts that the phone at `address` has got, oldest first."""
        with self.lock:
            got = [self.messages[sid] for sid in self.arrivals.get(address, ())]
        return [
            Text(m.sid, m.arrived_at, m.from_ or "", m.body, m.buttons, m.canned, m.media)
            for m in got
            if m.arrived_at is not None
        ]

    def mark_seen(self, address: str, count: int) -> None:
        """Note that the person has looked at `count` more of the texts that arrived."""
        with self.lock:
            self.seen[address] += count
            self._store.put("seen", address, self.seen[address])
            self.touch()

    def scope(self, sender: str) -> str:
        """Return what a STOP to `sender` covers: its Messaging Service where it is in one, else itself."""
        return next((sid for sid, pool in self.services.items() if sender in pool), sender)

    def stopped(self, sender: str, to: str) -> bool:
        """Say whether the person at `to` told this sender (or its service) to stop."""
        with self.lock:
            return (self.scope(sender), to) in self._stops

    def set_stopped(self, sender: str, to: str, stopped: bool) -> None:
        """Block or unblock the pair."""
        with self.lock:
            pair = (self.scope(sender), to)
            key = " ".join(pair)
            if stopped:
                self._stops.add(pair)
                self._store.put("stop", key, pair)
            else:
                self._stops.discard(pair)
                self._store.drop("stop", key)
            self.touch()

    def window_open(self, sender: str, to: str) -> bool:
        """Say whether free-form WhatsApp messages may go to `to` at this moment."""
        with self.lock:
            last = self._windows.get((sender, to))
        return last is not None and self.clock.now() - last <= WINDOW

    def content(self, sid: str) -> Content | None:
        """Return the Content template, or None."""
        with self.lock:
            return self._contents.get(sid)

    def contents(self) -> list[Content]:
        """Return all Content templates, oldest first."""
        with self.lock:
            return list(self._contents.values())

    def put_content(self, content: Content) -> Content:
        """Keep a Content template, new or changed."""
        with self.lock:
            self._contents[content.sid] = content
            self._store.put("content", content.sid, to_plain(content))
            return content

    def drop_content(self, sid: str) -> None:
        """Delete a Content template."""
        with self.lock:
            self._contents.pop(sid, None)
            self._store.drop("content", sid)

    def log(self, kind: str, text: str) -> None:
        """Add a line to the provider's log."""
        with self.lock:
            self._log_count += 1
            line = LogLine(self._log_count, self.clock.now(), kind, text, self.touch())
            self.log_lines.append(line)

    def alert(self, code: int, sid: str, text: str) -> None:
        """Add an entry to the provider's debugger."""
        with self.lock:
            self.alerts.append(Alert(self.clock.now(), code, sid, text))
            self.log("alert", f"{code}: {text}")

    def violate(self, where: str, text: str) -> None:
        """Note a request or answer that Twilio's documents do not allow."""
        with self.lock:
            self.violations.append(Violation(self.clock.now(), where, text))
            self.log("alert", f"{where}: {text}")

    def close(self) -> None:
        """Close the ledger's file."""
        self._store.close()
