"""A model of all that may happen between people, worker, provider and clock, and what must hold in every case.

People text anything at all; the provider refuses, drops, doubles, delays; a worker dies between being answered and
writing it down; webhooks come twice. `COMPANION_MODEL_EXAMPLES=500` looks longer. A failure prints the steps.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from sqlalchemy import select

from companion import jobs
from companion.models import LANES, InboundMessage, OutboxMessage
from tests import databases
from tests.databases import NewDatabase
from tests.deliveries import number, queue
from tests.machines import dies_after_the_answer, run_machine
from tests.world import World

EXAMPLES = int(os.environ.get("COMPANION_MODEL_EXAMPLES", "6"))
STEPS = 25
PEOPLE = [(number(n), channel) for n in range(3) for channel in ("sms", "whatsapp")]
DANGER = ("i want to end my life", "i have been cutting myself again")
WORDS = ("JOIN ICU", "YES", "NO", "STOP", "START", "MENU", "wibble", "7", "please stop sending these", "HELP", *DANGER)
FAULTS = (
    "refuse_before_accept", "reset_after_accept", "http 500", "http_500_after_accept", "http 429", "no_receipts",
    "receipts_twice", "receipts_out_of_order", "inbound_lost", "inbound_twice",
)  # fmt: skip


class Ledger(RuleBasedStateMachine):
    """The whole service with its stand-in, driven by Hypothesis."""

    new_database: NewDatabase

    def __init__(self) -> None:
        super().__init__()
        self.ends = ExitStack()
        self.asked = 0

    @initialize()
    def open(self) -> None:
        self.world = World(type(self).new_database()).seeded()
        self.ends.callback(self.world.close)
        self.services = self.world.services
        for where, _ in PEOPLE[:1]:
            self.world.member(where)

    def teardown(self) -> None:
        """Let everything come to rest, and judge."""
        try:
            if hasattr(self, "world"):
                self._come_to_rest()
                self._everything_comes_five_times()
                self._judge()
        finally:
            self.ends.close()

    # What may happen.

    @rule(who=st.sampled_from(PEOPLE), words=st.sampled_from(WORDS))
    def text(self, who: tuple[str, str], words: str) -> None:
        self.world.clock.advance(timedelta(seconds=1))
        self.world.standin.phone(*who).texts(words)  # type: ignore[arg-type]

    @rule(lane=st.sampled_from(LANES), who=st.sampled_from(PEOPLE), again=st.booleans())
    def queue(self, lane: str, who: tuple[str, str], again: bool) -> None:
        self.asked += not again
        queue(self.world, who[0], f"Notice {self.asked}.", channel=who[1], lane=lane)

    @rule()
    def work(self) -> None:
        jobs.tick(self.services)
        jobs.deliver_urgent(self.services)
        jobs.deliver(self.services)

    @rule()
    def carry(self) -> None:
        self.world.standin.settle()

    @rule(seconds=st.sampled_from((5, 61, 130, 700)))
    def wait(self, seconds: int) -> None:
        self.world.clock.advance(timedelta(seconds=seconds))

    @rule()
    def reconcile(self) -> None:
        jobs.reconcile(self.services)

    @rule(kind=st.sampled_from(FAULTS), who=st.sampled_from(PEOPLE), times=st.integers(1, 3))
    def fault(self, kind: str, who: tuple[str, str], times: int) -> None:
        self.world.standin.fault(who[0], kind, times=times)

    @rule()
    def the_worker_dies(self) -> None:
        with dies_after_the_answer(self.services):
            jobs.deliver(self.services)
        self.services = self.world.new_services()
        self.ends.callback(self.services.database.close)

    @precondition(lambda self: bool(self.world.standin.attempts))
    @rule(which=st.integers(0, 1_000))
    def a_webhook_comes_again(self, which: int) -> None:
        inbound = [attempt for attempt in self.world.standin.attempts if attempt.kind == "inbound"]
        first = inbound[which % len(inbound)]
        again = self.world.standin.replay(first.sid)
        same = next(a for a in inbound if a.sid == first.sid and a.status == 200)
        assert again.answer == same.answer

    # What must always hold.

    @invariant()
    def no_request_that_twilio_forbids(self) -> None:
        if hasattr(self, "world"):
            assert self.world.standin.violations == ()

    def _come_to_rest(self) -> None:
        self.world.standin.lift()
        for _ in range(12):
            self.world.clock.advance(timedelta(minutes=3))
            self.reconcile()
            for _ in range(3):
                self.work()
                self.carry()

    def _everything_comes_five_times(self) -> None:
        """Every webhook of Twilio's once more, four times over: the same answer, and nothing is done twice."""
        before = self._done()
        attempts = self.world.standin.attempts
        for sid in {attempt.sid for attempt in attempts if attempt.kind == "inbound"}:
            first = next((a.answer for a in attempts if a.sid == sid and a.status == 200), None)
            answers = [self.world.standin.replay(sid).answer for _ in range(4)]
            assert set(answers) == {first or answers[0]}, sid
        for receipt in [attempt for attempt in attempts if attempt.kind == "status"]:
            path = receipt.url.removeprefix(self.world.settings.public_url)
            for _ in range(4):
                assert self.world.post(path, dict(receipt.params)).status_code == 204
        assert self._done() == before

    def _done(self) -> list[Any]:
        with self.world.database.read() as session:
            texts = session.execute(select(InboundMessage.provider_sid, InboundMessage.read_at)).all()
            rows = session.execute(select(OutboxMessage.id, OutboxMessage.status, OutboxMessage.provider_sid)).all()
            return [sorted(map(tuple, found), key=repr) for found in (texts, rows)]

    def _judge(self) -> None:
        messages = self.world.standin.messages
        with self.world.database.read() as session:
            texts = session.scalars(select(InboundMessage)).all()
            rows = [(row, row.address) for row in session.scalars(select(OutboxMessage))]
        self._every_text_is_on_record(texts)
        expected: Counter[tuple[str, str, str]] = Counter()
        pages = set()
        for row, address in rows:
            copy = (address.channel, address.address, row.body or "")
            if LANES[row.lane] == "page":
                pages.add(copy)
            if row.status in ("dropped", "failed", "undelivered"):
                assert row.reason or row.error_code is not None, row.key
            else:
                assert row.status in ("accepted", "sent", "delivered", "read"), (row.key, row.status, row.error_code)
                expected[copy] += 1
        got: Counter[tuple[str, str, str]] = Counter(
            (m.channel, m.to.removeprefix("whatsapp:"), m.body)
            for m in messages
            if not m.inbound and not m.canned and m.arrived_at is not None
        )
        for copy, count in expected.items():
            assert got[copy] >= count, ("lost", copy, count, got[copy])
            assert got[copy] == count or copy in pages, ("doubled", copy, count, got[copy])
        assert set(got) <= set(expected), "something came that nobody queued"
        self._nothing_after_a_stop(messages)

    def _every_text_is_on_record(self, texts: Any) -> None:
        sids = Counter(text.provider_sid for text in texts)
        assert set(sids) == {m.sid for m in self.world.standin.messages if m.inbound}
        assert set(sids.values()) <= {1}

    def _nothing_after_a_stop(self, messages: Any) -> None:
        """After a STOP that reached us nothing is asked for but, on WhatsApp, confirmation and crisis replies."""
        heard = {a.sid for a in self.world.standin.attempts if a.kind == "inbound" and a.status == 200}
        stopped = set()
        for message in messages:
            if message.inbound:
                if message.body == "STOP" and message.sid in heard:
                    stopped.add(message.phone)
                elif message.body in ("START", "YES", "JOIN ICU"):
                    stopped.discard(message.phone)
            elif message.phone in stopped and message.direction == "outbound-api":
                allowed = message.channel == "whatsapp" and ("You have left" in message.body or "999" in message.body)
                assert allowed, ("after STOP", message.phone, message.body)


def run(new_database: NewDatabase, examples: int) -> None:
    """Run the model on new databases: in every ordinary run with the same examples."""
    run_machine(Ledger, new_database, examples=examples, steps=STEPS, same_each_time=EXAMPLES <= 10)


def test_the_ledger_holds_on_sqlite(sqlite_databases: NewDatabase) -> None:
    run(sqlite_databases, EXAMPLES)


def test_the_ledger_holds_on_postgresql(postgresql_databases: NewDatabase) -> None:
    run(postgresql_databases, max(2, EXAMPLES // 4))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, databases.sqlite(Path(folder)) as new:
        run(new, EXAMPLES)
