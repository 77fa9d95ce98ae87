"""How fast texts go out: beside a bare loop of Twilio's client, with a million rows in the ledger, and behind a crowd.

All against the stand-in for Twilio in a process of its own, on SQLite in a file. `python -m bench.delivery`.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import insert, select
from twilio.rest import Client

from bench import processes
from companion import jobs
from companion.content.catalogue import Text
from companion.db import Database, new_id
from companion.heartbeats import ran
from companion.messaging import claiming, delivery
from companion.messaging.addresses import address_of
from companion.messaging.numbers import read_sender
from companion.messaging.outbox import enqueue
from companion.messaging.rates import Budget
from companion.models import LANES, Address, OutboxMessage
from companion.services import Services, open_services
from companion.settings import load_settings
from companion.worker import URGENT_EVERY

TEXTS = 400  # in each round of full speed
ROUNDS = 3
FEW, MANY = 10_000, 1_000_000  # rows that are settled
CLAIMS = 60
PEOPLE = 64
CROWD = 100_000  # texts of no hurry that are due
PAGES = 40
AT_ONCE = 20_000  # rows in one INSERT
BULK, PAGE = LANES.index("bulk"), LANES.index("page")


def main() -> None:
    """Measure and print."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    with tempfile.TemporaryDirectory(prefix="companion-bench-") as name, _service(Path(name)) as services:
        people = _people(services)
        _idle(services)
        _throughput(services, people)
        _claims(services, people)
        _behind_a_crowd(services, people)


@contextmanager
def _service(directory: Path) -> Iterator[Services]:
    port = processes.free_port()
    with processes.stand_in(directory, port) as standin:
        environment = processes.prepared(f"sqlite:///{directory / 'bench.sqlite3'}", processes.free_port())
        given = {name.lower(): value for name, value in environment.items()}
        given |= {"twilio_api_base_url": standin.public_url, "companion_sms_rate": "1000"}
        services = open_services(load_settings(_env_file=None, **given))
        services.database.unlock()
        yield services
        services.database.close()


def _idle(services: Services) -> None:
    """Time one look of every job of the worker while nothing is due, beside a commit of one row."""

    def every_job() -> None:
        for job in (jobs.tick, jobs.deliver_urgent, jobs.deliver, jobs.place_calls, jobs.send_mail):
            job(services)

    def commit() -> None:
        with services.database.write() as session:
            ran(session, "bench", services.clock.now())

    ours, bare = _processor_ms(every_job), _processor_ms(commit)
    what = "a look of every job while nothing is due, beside a commit of one row, ms of the processor"
    _row(what, f"{ours:.2f}", f"{bare:.2f}", f"{ours / bare:.1f}", "")


def _processor_ms(work: Callable[[], None]) -> float:
    took = []
    for _ in range(CLAIMS):
        started = time.process_time()
        work()
        took.append((time.process_time() - started) * 1e3)
    return statistics.median(took)


def _throughput(services: Services, people: list[Address]) -> None:
    ours, bare = [], []
    for _ in range(ROUNDS):
        _queue(services.database, services.clock.now(), people, TEXTS, "queued")
        started = time.perf_counter()
        sent = services.delivery.run()
        ours.append(sent / (time.perf_counter() - started))
        if sent != TEXTS:
            sys.exit(f"{sent} of {TEXTS} texts were sent: the figures mean nothing")
        client: Client = services.twilio._client
        receipts = f"{services.settings.public_url}/twilio/status"  # the stand-in works for these as well
        started = time.perf_counter()
        for number in range(TEXTS):
            client.messages.create(
                to=people[number % PEOPLE].address,
                from_=processes.SERVICE_NUMBER,
                body=f"Bare {number}",
                status_callback=f"{receipts}?m={number}",
            )
        bare.append(TEXTS / (time.perf_counter() - started))
    a, b = statistics.median(ours), statistics.median(bare)
    _row("texts sent a second, beside a bare loop", f"{a:.0f}", f"{b:.0f}", f"{a / b:.2f}", "ratio 0.6 or more")


def _claims(services: Services, people: list[Address]) -> None:
    now = services.clock.now()
    costs = []
    _queue(services.database, now, people, 100, "queued")
    for rows in (FEW, MANY - FEW):
        for begin in range(0, rows, AT_ONCE):
            _queue(services.database, now, people, min(AT_ONCE, rows - begin), "delivered")
        costs.append(_claim_cost(services, now))
    few, many = (cost * 1e3 for cost in costs)
    what = f"taking {claiming.BATCH} texts among {MANY:,} rows, and {FEW:,}, ms"
    _row(what, f"{many:.2f}", f"{few:.2f}", f"{many / few:.2f}", "ratio under 1.5")


def _claim_cost(services: Services, now: datetime) -> float:
    took = []
    for _ in range(CLAIMS):
        with services.database.write() as session:
            started = time.perf_counter()
            budget = Budget(session, now, {"sms": 1e6, "whatsapp": 1e6})
            claimed, _ = claiming.claim(session, now, delivery.EVERY_LANE, budget)
            took.append(time.perf_counter() - started)
            session.rollback()
        if len(claimed) != claiming.BATCH:
            sys.exit("nothing could be claimed: the figures mean nothing")
    return statistics.median(took)


def _look_at_its_rate(services: Services, now: datetime) -> float:
    took = []
    for _ in range(CLAIMS):
        with services.database.write() as session:
            budget = Budget(session, now, {"sms": 1.0, "whatsapp": 1e6})
            budget.spend("sms", 3600)
            started = time.perf_counter()
            claimed, _ = claiming.claim(session, now, delivery.EVERY_LANE, budget)
            took.append(time.perf_counter() - started)
            session.rollback()
        if claimed:
            sys.exit("a sender at its rate sent all the same: the figures mean nothing")
    return statistics.median(took)


def _behind_a_crowd(services: Services, people: list[Address]) -> None:
    """Time a page from its commit to Twilio's answer; the wait for the worker's next look counts in full."""
    now = services.clock.now()
    for _ in range(0, CROWD, AT_ONCE):
        _queue(services.database, now, people, AT_ONCE, "queued")
    taking, looking = _claim_cost(services, now) * 1e3, _look_at_its_rate(services, now) * 1e3
    what = f"a look while the sender of {CROWD:,} texts is at its rate, beside taking {claiming.BATCH}, ms"
    _row(what, f"{looking:.2f}", f"{taking:.2f}", f"{looking / taking:.2f}", "")
    took = []
    for number in range(PAGES):
        with services.database.write() as session:
            text, to = Text("page", "1", f"Page {number}"), session.get_one(Address, people[0].id)
            enqueue(session, key=f"bench-page:{number}", lane="page", to=to, text=text, now=services.clock.now())
        started = time.perf_counter()
        services.delivery.run(claiming.URGENT)
        took.append(URGENT_EVERY + time.perf_counter() - started)
    with services.database.read() as session:
        sent = session.scalars(select(OutboxMessage.status).where(OutboxMessage.lane == PAGE)).all()
    if {"queued", "sending"} & set(sent):
        sys.exit("a page was not sent: the figures mean nothing")
    slowest = sorted(took)[int(len(took) * 0.99)]
    _row(f"a page behind {CROWD:,} texts, p99 with the wait, s", f"{slowest:.2f}", "", "", "under 1 s")


def _row(*cells: str) -> None:
    print("| " + " | ".join(cells) + " |", flush=True)


def _people(services: Services) -> list[Address]:
    numbers = [f"+4477009001{n:02d}" for n in range(PEOPLE)]
    with services.database.write() as session:
        return [address_of(session, read_sender(number, ("GB",)), services.clock.now()) for number in numbers]


def _queue(database: Database, now: datetime, people: list[Address], count: int, status: str) -> None:
    settled = now if status == "delivered" else None
    begin = uuid.uuid4().hex
    common = {
        "lane": BULK,
        "purpose": "broadcast",
        "wording_version": "1",
        "body": "A text of no hurry" if status == "queued" else None,
        "channel": "sms",
        "status": status,
        "attempts": 0,
        "watched": False,
        "created_at": now,
        "not_before": now - timedelta(seconds=1),
        "updated_at": now,
        "settled_at": settled,
    }
    rows = [
        {"id": new_id(), "key": f"bench:{begin}:{n}", "address_id": people[n % PEOPLE].id, **common}
        for n in range(count)
    ]
    with database.write() as session:
        session.connection().execute(insert(OutboxMessage), rows)


if __name__ == "__main__":
    main()
