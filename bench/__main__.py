"""`make bench`: Companion's webhook beside a bare Flask view, in one run, as a table.

The pages of the console, with 10,000 people and 1,000,000 texts: `python -m bench.console`.
What the worker sends: `python -m bench.delivery`.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from bench import processes, watchlist
from bench.load import Plan, Result
from bench.processes import Running
from companion.simulator.identity import DEMO_AUTH_TOKEN
from tests import postgres

ROUNDS = 3  # full load, in turns; the middle one counts
COUNT = 1_500  # texts at most, in each round
SECONDS = 5.0  # at most, for each round
STEADY_SECONDS = 8.0  # at half load
STARTS = 5
SENDERS = 64
FAR = 10_000_000  # numbers texts, so that no SID comes twice

NewDatabase = Callable[[], str]


@dataclass(frozen=True)
class Figures:
    """What was measured of one server: full load, then half of it."""

    full: Result
    half: Result
    memory: tuple[float, ...]
    cpu: float  # seconds of processor time a text, at full load


def main() -> None:
    """Measure and print."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    with tempfile.TemporaryDirectory(prefix="companion-bench-") as name:
        directory = Path(name)
        print("| figure | Companion | bare view | ratio | aim |\n| --- | ---: | ---: | ---: | --- |", flush=True)
        new_file = _files(directory)
        _compare("SQLite", new_file)
        _sizes_and_starts(directory, new_file)
        watchlist.main()
        try:
            with _postgresql() as new:
                _compare("PostgreSQL", new)
        except postgres.NoPostgresError as error:
            print(f"\nPostgreSQL is not measured: {error}")


def _compare(kind: str, new: NewDatabase) -> None:
    with ExitStack() as stack:
        port = processes.free_port()
        environment = processes.prepared(new(), port)
        ours = stack.enter_context(processes.companion(environment, port))
        bare = stack.enter_context(processes.bare(new(), processes.free_port()))
        _join(ours)
        pairs = [(_full(ours, turn), _full(bare, turn)) for turn in range(1, ROUNDS + 1)]
        a, b = (_finish(running, [pair[at] for pair in pairs]) for at, running in enumerate((ours, bare)))
    rows = [
        ("texts per second, full load", a.full.per_second, b.full.per_second, "{:.0f}", "ratio 0.5 or more"),
        ("processor time a text, ms", a.cpu * 1e3, b.cpu * 1e3, "{:.2f}", ""),
        ("p50 at full load, ms", a.full.p50 * 1e3, b.full.p50 * 1e3, "{:.1f}", ""),
        ("p99 at full load, ms", a.full.p99 * 1e3, b.full.p99 * 1e3, "{:.1f}", ""),
        ("p50 at half load, ms", a.half.p50 * 1e3, b.half.p50 * 1e3, "{:.1f}", ""),
        ("p99 at half load, ms", a.half.p99 * 1e3, b.half.p99 * 1e3, "{:.1f}", "under 50 ms"),
        ("server's memory after it, MB", max(a.memory), max(b.memory), "{:.0f}", "under 150 MB"),
    ]
    for what, of_a, of_b, form, aim in rows:
        _row(f"{kind}: {what}", form.format(of_a), form.format(of_b), f"{of_a / of_b:.2f}", aim)
    if failed := a.full.failed + a.half.failed + b.full.failed + b.half.failed:
        sys.exit(f"{failed} texts were not answered 200: the figures mean nothing")


def _join(running: Running) -> None:
    plan = _plan(running, first=0, count=2 * SENDERS, seconds=60, texts=("JOIN ICU", "YES"))
    if processes.drive(plan).answered != 2 * SENDERS:
        sys.exit("nobody could join: the server does not answer as it should")


def _full(running: Running, turn: int) -> tuple[Result, float]:
    before = processes.cpu_seconds(running.process)
    result = processes.drive(_plan(running, first=turn * FAR, count=COUNT, seconds=SECONDS))
    return result, (processes.cpu_seconds(running.process) - before) / max(1, result.answered)


def _finish(running: Running, rounds: list[tuple[Result, float]]) -> Figures:
    full = sorted((result for result, _ in rounds), key=lambda result: result.per_second)[len(rounds) // 2]
    cpu = statistics.median(seconds for _, seconds in rounds)
    rate = full.per_second / 2
    count = max(100, int(rate * STEADY_SECONDS))
    half = processes.drive(_plan(running, first=9 * FAR, count=count, seconds=STEADY_SECONDS * 2, rate=rate))
    return Figures(full, half, tuple(processes.memory(running.process)), cpu)


def _plan(
    running: Running, *, first: int, count: int, seconds: float, rate: float | None = None, texts: tuple[str, ...] = ()
) -> Plan:
    return Plan(
        port=running.port,
        public_url=running.public_url,
        token=DEMO_AUTH_TOKEN,
        count=count,
        seconds=seconds,
        senders=SENDERS,
        first=first,
        rate=rate,
        texts=texts,
    )


def _sizes_and_starts(directory: Path, new: NewDatabase) -> None:
    port = processes.free_port()
    environment = processes.prepared(new(), port)

    def start(made: Callable[[], AbstractContextManager[Running]]) -> float:
        with made() as running:
            return running.started_in

    ours = statistics.median(start(lambda: processes.companion(environment, port)) for _ in range(STARTS))
    bare = statistics.median(start(lambda: processes.bare(new(), processes.free_port())) for _ in range(STARTS))
    _row("start to first answer, s", f"{ours:.2f}", f"{bare:.2f}", f"{ours / bare:.2f}", "under 2 s")
    with processes.companion(environment, port) as server, processes.worker(environment) as worker:
        processes.wait_until_it_answers(worker, f"{server.public_url}/healthz")
        _row("worker's memory, MB", f"{max(processes.memory(worker)):.0f}", "", "", "under 150 MB")
    with processes.stand_in(directory, processes.free_port()) as standin:
        _row("stand-in's memory, MB", f"{max(processes.memory(standin.process)):.0f}", "", "", "under 150 MB")


def _row(*cells: str) -> None:
    print("| " + " | ".join(cells) + " |", flush=True)


def _files(directory: Path) -> NewDatabase:
    numbers = iter(range(100))
    return lambda: f"sqlite:///{directory / f'bench-{next(numbers)}.sqlite3'}"


@contextmanager
def _postgresql() -> Iterator[NewDatabase]:
    """Yield a function that makes empty databases on the server that the tests use."""
    with postgres.running() as url:
        server = sa.make_url(url).set(drivername="postgresql+psycopg")
        admin = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)

        def new() -> str:
            name = f"bench_{uuid.uuid4().hex}"
            with admin.connect() as connection:
                connection.exec_driver_sql(f'CREATE DATABASE "{name}"')
            return server.set(database=name).render_as_string(hide_password=False)

        yield new


if __name__ == "__main__":
    main()
