"""`python -m bench.alarms --alarms 1000 --seed 1`: how long until a person has it, with something broken nearly always.

Each alarm is a text from a trainee of its own, through the whole service on SQLite, the real Twilio client and the
stand-in with its faults on. The clock is moved, never slept: the times are those of the simulation, not of the machine.
A page counts as received when a text of it arrives on a phone or its call is picked up.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from companion.escalation.episodes import close, record_contact
from companion.escalation.references import find_reference
from companion.models import Episode, Person
from companion.proof.times import spread
from tests import databases
from tests.world import Talker, World

BATCH = 25  # alarms in one world: a new database then, so that what piles up does not slow the rest
LIMIT = timedelta(hours=3)  # after it, an alarm counts as taken by nobody
LOOKS = timedelta(seconds=15)  # how often phones are looked at
WORDS = "I want to end my life"
CHAIN = (("facilitator", 0), ("facilitator", 1), ("lead", 0))
TEXT_FAULTS = ("failed", "undelivered", "refuse", "stays_sent", "no_receipts")
CALL_FAULTS = ("call_busy", "call_failed", "call_voicemail")


@dataclass(frozen=True)
class Trouble:
    """What is wrong during one alarm. Chances are of each kind by itself, so several often come together."""

    sms: frozenset[int] = frozenset()  # whose SMS fail: places in CHAIN
    whatsapp: frozenset[int] = frozenset()
    calls: frozenset[int] = frozenset()  # whose phone rings in vain, or does not ring
    silent: bool = False  # the first answers nothing
    down: float = 0.0  # minutes that Twilio cannot be reached

    @property
    def any(self) -> bool:
        """Whether there is any."""
        return bool(self.sms or self.whatsapp or self.calls or self.silent or self.down)


@dataclass
class Alarm:
    """One alarm and its times in seconds; None where it never came."""

    trouble: Trouble
    replied: bool = False
    received: float | None = None
    owned: float | None = None


@dataclass
class Member:
    """One of those who are paged: phones, how fast they answer a text, and what they have seen of this alarm."""

    sms: Talker
    whatsapp: Talker
    picks_up: bool
    answers_after: timedelta | None  # None: answers no text
    answer_at: datetime | None = None
    reference: str = ""


def main() -> None:
    """Run, print the spread; leave with status 1 if a reply or an owner is missing."""
    parser = argparse.ArgumentParser(prog="python -m bench.alarms", description=main.__doc__)
    parser.add_argument("--alarms", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    for name in ("companion", "werkzeug"):  # what fails here is meant to
        logging.getLogger(name).setLevel(logging.CRITICAL)
    began = time.perf_counter()
    alarms: list[Alarm] = []
    forked = multiprocessing.get_context("fork")  # so that every process has the key of the databases
    with _new_databases() as new, ProcessPoolExecutor(given.processes, mp_context=forked) as pool:
        counts = [min(BATCH, given.alarms - first) for first in range(0, given.alarms, BATCH)]
        seeds = [f"{given.seed}:{number}" for number in range(len(counts))]
        for some in pool.map(_batch, [new() for _ in counts], seeds, counts):
            alarms += some
            print(f"{len(alarms)} of {given.alarms}, {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    _print(alarms, given.seed)
    if not all(alarm.replied and alarm.owned is not None for alarm in alarms):
        sys.exit("an alarm got no crisis reply, or nobody took it")


@contextmanager
def _new_databases() -> Iterator[Callable[[], str]]:
    memory = Path("/dev/shm")  # a disk's speed is not what is measured
    with (
        tempfile.TemporaryDirectory(prefix="companion-alarms-", dir=memory if memory.is_dir() else None) as name,
        databases.sqlite(Path(name)) as new,
    ):
        yield new


def _batch(database_url: str, seed: str, count: int) -> list[Alarm]:
    chance = random.Random(seed)
    world = World(database_url).seeded()
    try:
        for role, which in CHAIN:  # so that WhatsApp is open to each of them for a day
            world.talker(world.staff(role, which).number, "whatsapp").texts("hello")
        world.settle()
        alarms = []
        for at in range(count):
            alarms.append(_alarm(world, f"+447700900{300 + at}", chance))
            world.jump_to(world.clock.now() + timedelta(minutes=chance.uniform(3, 10)))  # paged once in two minutes
        if world.standin.violations:
            sys.exit(f"requests that Twilio would refuse: {world.standin.violations}")
        return alarms
    finally:
        world.close()


def _trouble(chance: random.Random) -> Trouble:
    def some(share: float) -> frozenset[int]:
        return frozenset(place for place in range(len(CHAIN)) if chance.random() < share)

    return Trouble(
        sms=some(0.25),
        whatsapp=some(0.25),
        calls=some(0.4),
        silent=chance.random() < 0.3,
        down=chance.uniform(1, 10) if chance.random() < 0.2 else 0.0,
    )


def _switch_on(world: World, trouble: Trouble, chance: random.Random) -> None:
    now = world.clock.now()
    for kinds, places, channel in (
        (TEXT_FAULTS, trouble.sms, "sms"),
        (TEXT_FAULTS, trouble.whatsapp, "whatsapp"),
        (CALL_FAULTS, trouble.calls, None),
    ):
        for place in sorted(places):
            number = world.staff(*CHAIN[place]).number
            until = now + timedelta(minutes=chance.uniform(5, 60))
            world.standin.fault(number, chance.choice(kinds), channel=channel, until=until)
    if trouble.down:
        world.standin.fault(None, "outage", until=now + timedelta(minutes=trouble.down))


def _alarm(world: World, number: str, chance: random.Random) -> Alarm:
    trainee = world.member(number)
    world.settle()
    trainee.ignores()
    trouble = _trouble(chance)
    members = [_member(world, place, trouble, chance) for place in range(len(CHAIN))]
    _switch_on(world, trouble, chance)
    alarm = Alarm(trouble)
    began = world.clock.now()
    trainee.texts(WORDS)
    said = " ".join(trainee.ignores())  # what the webhook itself answered: no worker has run
    alarm.replied = "no person has read" in said and "999" in said
    while alarm.owned is None and world.clock.now() < began + LIMIT:
        world.settle()
        for member in members:
            _look(world, member, alarm, began)
        alarm.owned = _owned_after(world, began)
        if alarm.owned is None:
            moments = [member.answer_at for member in members if member.answer_at is not None]
            now = world.clock.now()
            due = world.next_due()
            world.clock.move_to(max(now + timedelta(seconds=1), min([now + LOOKS, *moments, *([due] if due else [])])))
    world.standin.lift()
    _settle_it(world)
    return alarm


def _member(world: World, place: int, trouble: Trouble, chance: random.Random) -> Member:
    sms = world.staff(*CHAIN[place])
    whatsapp = world.talker(sms.number, "whatsapp")
    sms.ignores(), whatsapp.ignores()
    silent = trouble.silent and place == 0
    after = timedelta(seconds=chance.uniform(20, 360))
    return Member(sms, whatsapp, place not in trouble.calls and not silent, None if silent else after)


def _look(world: World, member: Member, alarm: Alarm, began: datetime) -> None:
    """Let one of them look at the phone: a page that is there is answered after a while, a call is picked up."""
    for talker in (member.sms, member.whatsapp):
        for text in talker.phone.reads():
            if "needs you now" not in text.body:
                continue
            alarm.received = _earlier(alarm.received, (text.at - began).total_seconds())
            member.reference = find_reference(text.body) or member.reference
            if member.answers_after is not None and member.answer_at is None:
                member.answer_at = text.at + member.answers_after
    now = world.clock.now()
    if member.answer_at is not None and member.answer_at <= now:
        member.answer_at, member.answers_after = None, None
        member.sms.texts(f"{member.reference} TAKE")
    elif member.picks_up and (call := member.sms.phone.ringing()) is not None and call.status == "ringing":
        alarm.received = _earlier(alarm.received, (now - began).total_seconds())
        member.sms.answers_call()
        if (now_on := member.sms.phone.ringing()) is not None and now_on.listening:  # nobody else has it yet
            member.sms.presses("1")


def _earlier(known: float | None, found: float) -> float:
    return found if known is None else min(known, found)


def _owned_after(world: World, began: datetime) -> float | None:
    with world.database.read() as session:
        owned = session.scalar(select(Episode.owned_at).where(Episode.opened_at >= began, Episode.state == "owned"))
    return (owned - began).total_seconds() if owned is not None else None


def _settle_it(world: World) -> None:
    """Record contact and close what is open, as its owner would in the console."""
    now = world.clock.now()
    with world.database.write() as session:
        for episode in session.scalars(select(Episode).where(Episode.state == "owned")):
            owner = session.get_one(Person, episode.owner_id)
            record_contact(session, episode, owner, now)
            close(session, episode, owner, "spoke", now, world.services.voice)
    world.settle()


def _print(alarms: Sequence[Alarm], seed: int) -> None:
    print(f"{len(alarms)} alarms, seed {seed}; minutes of simulated time from the trainee's text\n")
    print("| what was wrong | alarms | crisis replies | page received: median, p95, max | owned: median, p95, max |")
    print("| --- | ---: | ---: | ---: | ---: |")
    kinds: tuple[tuple[str, Callable[[Trouble], bool]], ...] = (
        ("all", lambda _: True),
        ("nothing", lambda trouble: not trouble.any),
        ("SMS to one or more fail", lambda trouble: bool(trouble.sms)),
        ("WhatsApp to one or more fails", lambda trouble: bool(trouble.whatsapp)),
        ("calls to one or more are not answered", lambda trouble: bool(trouble.calls)),
        ("the first is silent", lambda trouble: trouble.silent),
        ("Twilio down for 1 to 10 minutes", lambda trouble: trouble.down > 0),
    )
    for what, counts in kinds:
        these = [alarm for alarm in alarms if counts(alarm.trouble)]
        if not these:
            continue
        replied = sum(alarm.replied for alarm in these)
        received = _spread([alarm.received for alarm in these])
        print(f"| {what} | {len(these)} | {replied} | {received} | {_spread([alarm.owned for alarm in these])} |")


def _spread(seconds: Sequence[float | None]) -> str:
    there = [each for each in seconds if each is not None]
    found = spread(there)
    if found.median is None or found.p95 is None or found.max is None:
        return "none"
    missing = f" ({len(seconds) - len(there)} never)" if len(there) < len(seconds) else ""
    return f"{found.median / 60:.1f}, {found.p95 / 60:.1f}, {found.max / 60:.1f}{missing}"


if __name__ == "__main__":
    main()
