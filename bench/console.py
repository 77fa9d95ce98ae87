"""`python -m bench.console`: every page of the console with 10,000 people and 1,000,000 texts, on one core.

The rows are copies of a few real ones, made within SQLite, so that filling it takes a minute and not an hour. Each
page is asked for ROUNDS times by a lead who is signed in, through the whole application without a network. What counts
is the time that the core worked for it; beside it stands the time that passed, with whatever else the machine did.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from companion.models import Address, AuditEntry, Base, CheckIn, Consent, InboundMessage, OutboxMessage, Person
from companion.programme.monthly import freeze
from tests import databases
from tests.console_people import NOW, text_from, text_to, trainee
from tests.console_stage import Stage, press, stage

PEOPLE = 10_000
TEXTS = 1_000_000  # half of them theirs, half ours
YEAR = 365 * 86_400  # seconds
ROUNDS = 15
AIM = 100.0  # ms, at the median

PAGES = (
    "/console/",
    "/console/today/live",
    "/console/groups",
    "/console/groups/{tuesday}",
    "/console/people",
    "/console/people?alias=crow 77",
    "/console/people/{wren}",
    "/console/messages",
    "/console/messages/{wren}",
    "/console/messages/delivery",
    "/console/messages/delivery?state=waiting",
    "/console/messages/group",
    "/console/messages/group/{broadcast}",
    "/console/messages/group/new",
    "/console/episodes",
    "/console/episodes/{episode}",
    "/console/people/{wren}/write",
    "/console/content?kind=reply",
    "/console/content/places",
    "/console/cohorts",
    "/console/evaluation",
    "/console/evaluation/report",
    "/console/settings",
    "/console/audit",
    "/console/audit?action=conversation+read",
)


def main() -> None:
    """Fill a database, measure, and print a table; leave with status 1 if a page is slower than the aim."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory(prefix="companion-bench-") as name, databases.sqlite(Path(name)) as new:
        here = stage(new())
        began = time.perf_counter()
        fill(here)
        print(f"{PEOPLE:,} people and {TEXTS:,} texts in {time.perf_counter() - began:.0f} s\n", flush=True)
        slow = measure(here)
    sys.exit(1 if slow else 0)


def fill(here: Stage) -> None:
    """Add the crowd: each with a number, texts of a year, weekly questions, and looks in the audit."""
    with here.database.write() as session:
        person, address = trainee(session, "Crow", "+447700900999", group_id=here.ids["tuesday"])
        theirs = text_from(session, address, "I am a bit tired this week", NOW)
        ours = text_to(session, address, "How has your week been?", NOW, "delivered", settled_at=NOW)
        checkin = CheckIn(
            person_id=person.id, local_day=NOW.date(), question="checkin_week", asked_at=NOW, answered_at=NOW
        )
        look = AuditEntry(
            at=NOW, actor_id=here.ids["lee"], action="conversation read", subject_kind="people", details={}
        )
        consent = Consent(person_id=person.id, event="shown", channel="sms", provider_sid="SM1", at=NOW)
        session.add_all([checkin, look, consent])
        session.flush()
        _copies(
            session,
            Person,
            person,
            PEOPLE,
            {
                "id": "{n}",
                "alias": "'Crow ' || n",
                "group_id": f"CASE WHEN n % {PEOPLE // 12} = 0 THEN '{here.ids['tuesday'].hex}' END",
            },
        )
        more = {"id": "{n}", "address_index": "randomblob(32)", "person_id": "{n}", "last_inbound_at": "{at}"}
        _copies(session, Address, address, PEOPLE, more)
        _copies(session, Consent, consent, 2 * PEOPLE, {"id": "{n}", "person_id": "{p}", "at": "{at}"})
        whose = {"address_id": "{p}", "person_id": "{p}", "id": "{n}"}
        half = TEXTS // 2
        _copies(session, InboundMessage, theirs, half, whose | {"provider_sid": "'SM' || n", "received_at": "{at}"})
        moments = dict.fromkeys(("created_at", "not_before", "settled_at", "updated_at"), "{at}")
        _copies(session, OutboxMessage, ours, half, whose | moments | {"key": "'k' || n"})
        day = f"date('{NOW:%Y-%m-%d}', '-' || (n / {PEOPLE}) || ' days')"
        weekly = {"id": "{n}", "person_id": "{p}", "local_day": day, "asked_at": "{at}", "answered_at": "{at}"}
        _copies(session, CheckIn, checkin, 20 * PEOPLE, weekly)
        _copies(session, AuditEntry, look, TEXTS // 10, {"id": "{n}", "at": "{at}", "subject_id": "{p}"})
    with here.database.write() as session:
        freeze(session, NOW)
        session.execute(text("ANALYZE"))


def _copies(session: Session, model: type[Base], row: Any, count: int, change: Mapping[str, str]) -> None:
    """Copy `row` `count` times. {n} stands for the id of a copy, {p} for a person's, {at} for a moment of last year.

    As in the service, a later id is of a later moment.
    """
    name, columns = model.__tablename__, [column.name for column in model.__table__.columns]
    words = {
        "n": "printf('%032x', n)",
        "p": f"printf('%032x', 1 + n % {PEOPLE})",
        "at": f"strftime('%Y-%m-%d %H:%M:%f000', '{NOW - timedelta(days=1):%Y-%m-%d %H:%M:%S}',"
        f" '-' || (({count} - n) * {YEAR} / {count}) || ' seconds')",
    }
    values = [change[each].format(**words) if each in change else f'"{each}"' for each in columns]
    names = ", ".join(f'"{each}"' for each in columns)
    session.execute(
        text(
            f"WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < {count}) "
            f"INSERT INTO {name} ({names}) SELECT {', '.join(values)} FROM {name}, counted "
            f"WHERE {name}.id = :id"
        ),
        {"id": row.id.hex},
    )


def measure(here: Stage) -> list[str]:
    """Print a line for each page; return those that are slower than the aim."""
    lee = here.browser("lee")
    press(lee, "/console/account", here.path("/console/episodes/{episode}/gate/open"))
    slow = []
    print("| page | median, ms of the core | slowest | median by the clock |", flush=True)
    print("| --- | ---: | ---: | ---: |", flush=True)

    def timed(page: str, ask: Any) -> None:
        times, walls = [], []
        for _ in range(ROUNDS):
            began, wall = time.process_time(), time.perf_counter()
            answer = ask()
            times.append((time.process_time() - began) * 1000)
            walls.append((time.perf_counter() - wall) * 1000)
            assert answer.status_code == 200, (page, answer.status_code)
        middle = statistics.median(times)
        print(f"| {page} | {middle:.0f} | {max(times):.0f} | {statistics.median(walls):.0f} |", flush=True)
        if middle > AIM:
            slow.append(page)

    for page in PAGES:
        path = here.path(page)
        timed(page, lambda path=path: lee.get(path))
    search = "/console/messages/search"
    ada = here.browser("ada")  # her group is a dozen people of 10,000, whose texts are few and far between
    days = {"since": f"{NOW - timedelta(days=200):%Y-%m-%d}", "until": f"{NOW - timedelta(days=190):%Y-%m-%d}"}
    asked: tuple[tuple[str, dict[str, str]], ...] = (
        ("a word", {"words": "tired"}),
        ("a word that is nowhere", {"words": "zebra"}),
        ("an alias", {"alias": "Crow 77"}),
        ("an alias and a word", {"alias": "Crow 77", "words": "tired"}),
        ("ten days of half a year ago", days),
    )
    for browser, who in ((lee, "a lead"), (ada, "a facilitator")):
        for what, fields in asked:
            sent = {"who": "both", **fields}
            timed(f"search, {who}: {what}", partial(press, browser, "/console/account", search, **sent))
    return slow


if __name__ == "__main__":
    main()
