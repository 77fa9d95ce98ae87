"""`python -m tests.safety.faults --alarms 1000 --seed 1`: how long until a person has it, with something broken always.

What happens is in `tests.safety.faults_world`; here it is let happen in several processes, counted and printed.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from companion.proof.times import spread
from tests import databases
from tests.safety.faults_world import Alarm, run

BATCH = 50  # alarms in one world: a new one then, so that what piles up does not slow the rest


def main() -> None:
    """Let alarms happen, print how long each took as a distribution, and fail if one was not received or taken."""
    parser = argparse.ArgumentParser(prog="python -m tests.safety.faults", description=main.__doc__)
    parser.add_argument("--alarms", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    logging.disable(logging.WARNING)
    counts = [min(BATCH, given.alarms - first) for first in range(0, given.alarms, BATCH)]
    seeds = [f"{given.seed}:{number}" for number in range(len(counts))]
    alarms: list[Alarm] = []
    began = time.perf_counter()
    forked = multiprocessing.get_context("fork")  # so that every process has the key of the databases
    with _databases(given.database) as new, ProcessPoolExecutor(given.processes, mp_context=forked) as pool:
        for some in pool.map(run, [new() for _ in counts], seeds, counts):
            alarms += some
            print(f"{len(alarms)} of {given.alarms}, {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    print(f"{len(alarms)} alarms, seed {given.seed}, {given.database}; seconds of simulated time from the text\n")
    for line in table(alarms):
        print(line)
    lost = never(alarms)
    print(f"\nno crisis reply: {lost[0]}; never received: {lost[1]}; never taken: {lost[2]}")
    if any(lost):
        sys.exit(1)


def never(alarms: Sequence[Alarm]) -> tuple[int, int, int]:
    """Return how many got no crisis reply, were received by nobody, and were taken by nobody."""
    return (
        sum(not alarm.replied for alarm in alarms),
        sum(alarm.received is None for alarm in alarms),
        sum(alarm.owned is None for alarm in alarms),
    )


def table(alarms: Sequence[Alarm]) -> Iterator[str]:
    """Yield the lines of a table: what was wrong, and the times."""
    yield "| what was wrong | alarms | first page received: p50, p95, max | taken: p50, p95, max |"
    yield "| --- | ---: | ---: | ---: |"
    kinds: tuple[tuple[str, Callable[[Alarm], bool]], ...] = (
        ("all", lambda _: True),
        ("nothing", lambda alarm: not alarm.wrong),
        ("SMS to one or both facilitators fail", lambda alarm: "sms" in alarm.wrong),
        ("WhatsApp to one or both fails", lambda alarm: "whatsapp" in alarm.wrong),
        ("calls to one or both fail", lambda alarm: "calls" in alarm.wrong),
        ("the first facilitator is silent", lambda alarm: "silent" in alarm.wrong),
        ("mail server refuses, 1 to 10 minutes", lambda alarm: "mail" in alarm.wrong),
        ("worker stopped, 1 to 10 minutes", lambda alarm: "worker" in alarm.wrong),
        ("Twilio down, 1 to 10 minutes", lambda alarm: "twilio" in alarm.wrong),
        ("worker and Twilio both run", lambda alarm: not alarm.wrong & {"twilio", "worker"}),
    )
    for what, counts in kinds:
        these = [alarm for alarm in alarms if counts(alarm)]
        if these:
            received, owned = (_spread([getattr(a, name) for a in these]) for name in ("received", "owned"))
            yield f"| {what} | {len(these)} | {received} | {owned} |"
    ways = {way: sum(alarm.by == way for alarm in alarms) for way in ("sms", "whatsapp", "call", "email")}
    yield ""
    yield "Received first by: " + ", ".join(f"{way} {number}" for way, number in ways.items())


def _spread(seconds: Sequence[float | None]) -> str:
    found = spread([each for each in seconds if each is not None])
    return f"{found.median:.0f}, {found.p95:.0f}, {found.max:.0f}" if found.median is not None else "none"


@contextmanager
def _databases(kind: str) -> Iterator[Callable[[], str]]:
    if kind == "sqlite":
        memory = Path("/dev/shm")  # a disk's speed is not what is measured
        where = memory if memory.is_dir() else None
        with (
            tempfile.TemporaryDirectory(prefix="companion-faults-", dir=where) as name,
            databases.sqlite(Path(name)) as new,
        ):
            yield new
    else:
        with databases.postgresql() as new:
            yield new


if __name__ == "__main__":
    main()
