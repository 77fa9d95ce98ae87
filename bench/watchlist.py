"""The watch list: texts a second, the slowest text, loading, the webhook with and without it, as rows of a table."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path

from companion.escalation.plan import make_plan
from companion.escalation.watchlist import DEFAULT_DIRECTORY, WatchList, _load, load_watchlist
from companion.escalation.watchlist_data import read_files
from tests.databases import sqlite
from tests.world import SERVICE, TRAINEE, World

ROUNDS = 5  # of each measurement; the best counts, because others use the machine
LONGEST = 1600  # characters in one inbound text (Twilio's limit)
WEBHOOK_TEXTS = 200
EMPTY = """
version: "0"
date: 2026-01-01
families:
  - {family: none, route: notice, title: Nothing, phrases: [{id: none, say: [zz zz], match: [zz zz], not: [z]}]}
"""
HOSTILE = (
    "i want to ",
    "do not ",
    "a ",
    "\x00",
    "iwanttodi",
    "k i l l ",
    "if i my mum would be ",
    "i i i i ",
    "\u0301",
    "1",
)


def main() -> None:
    """Measure and print."""
    watch_list = load_watchlist()
    _, _, phrases = read_files(DEFAULT_DIRECTORY)
    ordinary = [text for phrase in phrases for text in phrase.must_not_match]
    risky = [text for phrase in phrases for text in phrase.must_match]
    _row("ordinary texts a second", _rate(watch_list, ordinary), "20,000")
    _row("the same, two in one (80 characters)", _rate(watch_list, map(" ".join, pairwise(ordinary))), "")
    _row("texts that match a second", _rate(watch_list, risky), "")
    joined = [". ".join(risky[at:])[:LONGEST] for at in range(0, len(risky) - 60, 40)]
    # The examples that take longest for their length, one after the other: slower than what follows in the list.
    costly = sorted((*risky, *ordinary), key=lambda text: _milliseconds(watch_list, text) / len(text), reverse=True)
    hostile = [*(". ".join(costly[at:])[:LONGEST] for at in range(0, 400, 40)), *(each * LONGEST for each in HOSTILE)]
    worst = max(_milliseconds(watch_list, text[:LONGEST]) for text in (*joined, *hostile))
    _row(f"slowest text of {LONGEST} characters, ms", f"{worst:.1f}", "under 5 ms")
    kept = min(_seconds_of(lambda: _load(DEFAULT_DIRECTORY, None)) for _ in range(ROUNDS))
    _row("loading with its kept plan, s of processor time", f"{kept:.2f}", "under 0.25 s")
    anew = min(_seconds_of(lambda: make_plan(*read_files(DEFAULT_DIRECTORY))) for _ in range(ROUNDS))
    _row("loading without, s of processor time", f"{anew:.2f}", "")
    first = _load(DEFAULT_DIRECTORY, None)
    _row("the first such text after loading, ms", f"{1e3 * _seconds(first, joined[:1]):.1f}", "")
    with tempfile.TemporaryDirectory(prefix="companion-bench-") as name:
        nothing = Path(name) / "empty.yaml"
        nothing.write_text(EMPTY, "utf-8")
        for what, each in (("with", watch_list), ("without", load_watchlist(nothing))):
            _row(f"webhook {what} the list, median ms", f"{_webhook(Path(name), each):.2f}", "")


def _rate(watch_list: WatchList, texts: Iterable[str]) -> str:
    every = list(texts)
    for text in every:
        watch_list.read(text)
    best = min(_seconds(watch_list, every) for _ in range(ROUNDS))
    return f"{len(every) / best:,.0f}"


def _seconds(watch_list: WatchList, texts: list[str]) -> float:
    start = time.process_time()
    for text in texts:
        watch_list.read(text)
    return time.process_time() - start


def _milliseconds(watch_list: WatchList, text: str) -> float:
    return 1e3 * min(_seconds(watch_list, [text]) for _ in range(ROUNDS))


def _seconds_of(what: Callable[[], object]) -> float:
    start = time.process_time()
    what()
    return time.process_time() - start


def _webhook(directory: Path, watch_list: WatchList) -> float:
    """The median time of an ordinary text from a trainee, in this process, in milliseconds."""
    with sqlite(directory) as new:
        world = World(new()).seeded()
        world.member()
        world.services.inbox._desk._watchlist = watch_list  # type: ignore[attr-defined]
        times: list[float] = []
        for number in range(WEBHOOK_TEXTS):
            sid = f"SM{number:032x}"
            form = {
                "MessageSid": sid,
                "From": TRAINEE,
                "To": SERVICE,
                "Body": "the rota is a bit much this week, how are you",
            }
            start = time.perf_counter()
            world.post("/twilio/inbound", form)
            times.append(time.perf_counter() - start)
        world.close()
    return 1e3 * statistics.median(times)


def _row(what: str, value: str, aim: str) -> None:
    print(f"| watch list: {what} | {value} | | | {aim} |", flush=True)


if __name__ == "__main__":
    main()
