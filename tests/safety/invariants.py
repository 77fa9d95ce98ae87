"""The six invariants of an episode, judged from outside: by the tables, and by what the stand-in's phones hold.

Nothing of the auditor's is used here: it is judged as well. `Witness` looks at every transaction as it commits,
`Judge` at what there is once a worker has run.
"""

from __future__ import annotations

import re
import uuid
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import event, func, select
from sqlalchemy.orm import joinedload

from companion.db import Database
from companion.models import Address, Alarm, Episode, InboundMessage, OutboxMessage, Page, Person
from companion.seed import STAFF
from companion.simulator.ledger import Message
from tests.safety.stage import Postbox
from tests.world import World

LATE = timedelta(minutes=2)
UNPAGED = timedelta(minutes=15)
STAFF_NUMBERS = {staff.number for staff in STAFF}
# What an episode is to people; `next_action_at`, `step` and the like are how the service goes about it.
FACTS = (
    "state", "owner_id", "owned_at", "contact_by", "contacted_at", "closed_at", "closed_by", "outcome", "started_at",
    "trainee_told_at", "alarmed_at", "bundle", "raised_by",
)  # fmt: skip
_STATES = f"SELECT id, {', '.join(FACTS)} FROM episodes"
_ENTRIES = "SELECT subject_id, count(*) FROM audit WHERE subject_kind = 'episodes' GROUP BY subject_id"


class Witness:
    """Sees every transaction of every process just before it commits. On SQLite: one writes at a time.

    `broken` holds what it saw against invariants 2 and 4, `changes` how many changes of an episode it saw.
    """

    def __init__(self) -> None:
        self.broken: list[str] = []
        self.changes = 0
        self._states: dict[Any, dict[str, Any]] = {}
        self._entries: dict[Any, int] = {}

    def watch(self, database: Database) -> None:
        """Look at what is committed through this database from now on."""
        event.listen(database.writing_engine, "commit", self._look)

    def _look(self, connection: Any) -> None:
        cursor = connection.connection.cursor()
        states = {row[0]: dict(zip(FACTS, row[1:], strict=True)) for row in cursor.execute(_STATES).fetchall()}
        entries = dict(cursor.execute(_ENTRIES).fetchall())
        cursor.close()
        for key, facts in states.items():
            before = self._states.get(key)
            if facts == before:
                continue
            self.changes += 1
            changed = [name for name in FACTS if before is None or facts[name] != before[name]]
            if entries.get(key, 0) <= self._entries.get(key, 0):
                self.broken.append(f"4: {changed} changed to {facts} without an entry")
            if facts["state"] == "closed" and not (facts["closed_by"] and facts["outcome"] and facts["closed_at"]):
                self.broken.append(f"2: closed by nobody: {facts}")
            if before is not None and before["state"] == "closed":
                self.broken.append(f"2: changed after it was closed: {changed}")
        if gone := self._states.keys() - states.keys():
            self.broken.append(f"4: {len(gone)} removed")
        self._states, self._entries = states, entries


class Judge:
    """Looks at one world. `said` is everything that trainees and strangers texted, `names` what they are called."""

    def __init__(self, world: World, postbox: Postbox, dangers: tuple[str, ...], names: tuple[str, ...]) -> None:
        self.world = world
        self.postbox = postbox
        self.dangers = dangers
        self.names = names

    def nobody_waits_unseen(self) -> None:
        """1 and 3, once a worker has run."""
        now = self.world.clock.now()
        with self.world.database.read() as session:
            live = session.scalars(select(Episode).where(Episode.state.in_(("open", "owned")))).all()
            last = select(Page.episode_id, func.max(Page.at)).group_by(Page.episode_id)  # also one put off: two minutes
            paged = dict(session.execute(last).tuples().all())  # lie between pages to a person about different items
            alarms = set(session.scalars(select(Alarm.kind).where(Alarm.settled_at.is_(None))))
            reachable = session.scalar(
                select(func.count())
                .select_from(Address)
                .join(Person, Person.id == Address.person_id)
                .where(Person.state == "staff", Address.invalid_since.is_(None))
            )
        for each in live:
            assert each.next_action_at is not None, ("1: nothing is due", each.state)
            assert now - each.next_action_at <= LATE, ("1: overdue", each.state, now - each.next_action_at)
            if each.state == "open" and not _since(paged.get(each.id), now - UNPAGED):
                assert "nobody_to_page" in alarms, ("3: not paged", each.step, paged.get(each.id), now)
                assert not reachable, "3: somebody could have been paged"

    def nothing_is_given_away(self) -> None:
        """5: by what reached the phones, the ears and the mailboxes of those who run the programme."""
        messages = self.world.standin.messages
        theirs = [m for m in messages if m.inbound and _number(m) not in STAFF_NUMBERS]
        secret = set().union(*(_threes(m.body) for m in theirs))
        secret |= {tuple(_words(name)) for name in self.names}
        numbers = {_number(m)[-9:] for m in theirs}
        ours = {m.body for m in messages if not m.inbound and not m.canned and _number(m) in STAFF_NUMBERS}
        ours |= {text for call in self.world.standin.calls for text in call.heard}
        ours |= {f"{letter['Subject']}\n{letter.get_content()}" for letter in self.postbox.letters}
        for text in ours:
            assert not _holds(text, secret), ("5: words or a name", text, _holds(text, secret))
            digits = re.sub(r"\D", "", text)
            assert not any(number in digits for number in numbers), ("5: a number", text)

    def every_flag_is_answered(self, *, in_the_end: bool = False) -> None:
        """6: the reply is in the ledger with the text; in the end it was received, or it stands there why not."""
        messages = self.world.standin.messages
        with self.world.database.read() as session:
            texts = {text.provider_sid: text for text in session.scalars(select(InboundMessage))}
            answers: dict[uuid.UUID | None, list[OutboxMessage]] = {}
            for row in session.scalars(select(OutboxMessage).options(joinedload(OutboxMessage.address))).unique():
                about = row.in_reply_to
                if row.key.startswith("crisis:"):
                    about = uuid.UUID(row.key.split(":")[1])
                answers.setdefault(about, []).append(row)
        for message in messages:
            if not message.inbound or message.body not in self.dangers:
                continue
            text = texts.get(message.sid)
            if text is None:
                assert not in_the_end, ("6: a flagged text never got in", message.body)
                continue
            crisis = [row for row in answers.get(text.id, ()) if "999" in (row.body or "")]
            assert crisis, ("6: no reply", message.body, message.phone)
            if in_the_end:
                for row in crisis:
                    assert self._came(row, message) or row.reason or row.error_code is not None, (
                        "6: the reply did not come, and nothing says why", message.body, row.status,
                    )  # fmt: skip

    def _came(self, row: OutboxMessage, asked: Message) -> bool:
        """Whether the phone that wrote got these words after it wrote, by the stand-in's own ledger."""
        return any(
            m.arrived_at is not None and not m.inbound and m.phone == asked.phone and (row.body or "?") in m.body
            and m.created_at >= asked.created_at
            for m in self.world.standin.messages
        )  # fmt: skip


def _number(message: Message) -> str:
    return message.phone.removeprefix("whatsapp:")


def _since(moment: datetime | None, begin: datetime) -> bool:
    return moment is not None and moment >= begin


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9']+", text.lower().replace("\u2019", "'"))


def _threes(text: str) -> set[tuple[str, ...]]:
    words = _words(text)
    return {tuple(words[i : i + 3]) for i in range(len(words) - 2)}


def _holds(text: str, secret: set[tuple[str, ...]]) -> set[tuple[str, ...]]:
    words = _words(text)
    runs = {tuple(words[i : i + length]) for length in (1, 2, 3) for i in range(len(words) - length + 1)}
    return runs & secret
