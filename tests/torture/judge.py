"""What the stand-in's ledger says at the end, beside what the service has in its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from sqlalchemy import func, select

from companion.db import Database
from companion.models import LANES, Address, InboundMessage, OutboxMessage
from companion.simulator.ledger import split_address
from companion.simulator.standin import StandIn

Copy = tuple[str, str, str]  # channel, number, words


@dataclass
class Verdict:
    """Figures of one run. Nothing may be in `lost` or `doubled`; pages may double."""

    seed: int = 0
    database: str = ""
    texts: int = 0
    webhooks_failed: int = 0
    recovered: int = 0
    answers: int = 0
    answers_asked_about: int = 0
    started: int = 0
    apologies: int = 0
    pages: int = 0
    pages_doubled: int = 0
    kills_of_servers: int = 0
    kills_of_workers: int = 0
    seconds: float = 0.0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.database}, seed {self.seed}: {self.texts} texts, {self.kills_of_servers} kills of servers and "
            f"{self.kills_of_workers} of workers, {self.seconds:.0f} s\n"
            f"  webhooks that failed {self.webhooks_failed}, texts fetched afterwards {self.recovered}\n"
            f"  answers {self.answers}, of them sent by a worker {self.answers_asked_about}; "
            f"texts the service started {self.started}\n"
            f"  told that the service could not take a text just then, and answered afterwards {self.apologies}\n"
            f"  pages {self.pages}, doubled {self.pages_doubled}\n"
            f"  LOST {len(self.lost)}, DOUBLED {len(self.doubled)}"
        )


def judge(
    standin: StandIn, database: Database, counted: Collection[str], notices: dict[str, str], apology: str
) -> Verdict:
    """Compare what was to be received with what was.

    By the stand-in's ledger alone: phones in `counted` must have got one text for each they sent, and each text of
    `notices` (words to number) must have come once. By both ledgers: every text that came in is on record, and every
    text in the outbox that was neither dropped nor refused was received as many times as it is there. `apology` is what
    people hear when the database is busy; it is counted apart, and the answer must come all the same.
    """
    verdict = Verdict()
    apologies = Counter(
        message.to for message in standin.messages if message.body == apology and message.arrived_at is not None
    )
    verdict.apologies = apologies.total()
    inbound = [message for message in standin.messages if message.inbound]
    received = _received(standin)
    sent_from = Counter(message.phone for message in inbound)
    got = Counter({phone: len(standin.state.arrived(phone)) for phone in counted}) - apologies
    for phone in counted:
        _compare(verdict, f"answers to {phone}", sent_from[phone], got[phone])
    for words, number in notices.items():
        _compare(verdict, f"notice {words!r}", 1, received[("sms", number, words)])
    verdict.texts, verdict.started = len(inbound), len(notices)
    verdict.webhooks_failed = len({alert.sid for alert in standin.alerts if alert.code in (11200, 11205)})
    with database.read() as session:
        known = set(session.scalars(select(InboundMessage.provider_sid)))
        verdict.lost += [f"text {message.sid}" for message in inbound if message.sid not in known]
        verdict.recovered = session.scalar(select(func.count()).where(InboundMessage.recovered.is_(True))) or 0
        rows = session.execute(
            select(OutboxMessage, Address).join(Address, Address.id == OutboxMessage.address_id)
        ).tuples()
        expected: Counter[Copy] = Counter()
        pages: Counter[Copy] = Counter()
        for row, address in rows:
            if row.status in ("dropped", "failed", "undelivered"):
                continue
            copy = (address.channel, address.address, row.body or "")
            (pages if LANES[row.lane] == "page" else expected)[copy] += 1
            if row.in_reply_to is not None:
                verdict.answers += 1
                verdict.answers_asked_about += row.attempts > 0
    for copy, count in expected.items():
        _compare(verdict, f"{copy[0]} to {copy[1]}: {copy[2][:60]!r}", count, received[copy])
    for copy, count in pages.items():
        verdict.pages += count
        verdict.pages_doubled += max(0, received[copy] - count)
        if received[copy] < count:
            verdict.lost.append(f"page to {copy[1]}")
    for copy, count in (received - expected - pages).items():
        if copy not in expected and copy not in pages and copy[2] != apology:
            verdict.doubled.append(f"{count} that nobody queued, to {copy[1]}: {copy[2][:60]!r}")
    return verdict


def _received(standin: StandIn) -> Counter[Copy]:
    received: Counter[Copy] = Counter()
    for message in standin.messages:
        if not message.inbound and not message.canned and message.arrived_at is not None:
            number, channel = split_address(message.to)
            received[(channel, number, message.body)] += 1
    return received


def _compare(verdict: Verdict, what: str, wanted: int, got: int) -> None:
    if got < wanted:
        verdict.lost.append(f"{what}: {got} of {wanted}")
    elif got > wanted:
        verdict.doubled.append(f"{what}: {got} instead of {wanted}")
