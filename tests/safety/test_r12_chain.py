"""The chain: who is paged when and how, without end."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select, update

from companion.escalation.closings import close
from companion.escalation.tick import tick
from companion.models import Address, Call, OutboxMessage, Page, Person, Way
from tests.databases import NewDatabase
from tests.rota_world import person
from tests.safety.stage import (
    Postbox,
    calls,
    episode,
    episodes,
    flagged,
    give_logins,
    mailbox,
    open_alarms,
    pages,
    reference,
)
from tests.world import World

WHOLE = bool(os.environ.get("COMPANION_WHOLE"))


def test_r12_the_clock_of_the_chain(mailed: World, postbox: Postbox) -> None:
    world = mailed
    asha = world.member()
    cole, dunne, erskine = world.staff("facilitator"), world.staff("facilitator", 1), world.staff("lead")
    frances = world.staff("coordinator")
    flagged(world, asha)
    world.settle()
    cole.hears("an item needs you now", "TAKE", "PASS")
    cole.rings_not()
    world.advance(minutes=2)  # the first is called
    cole.rings()
    dunne.hears_nothing()
    world.advance(minutes=3)  # the second, by text and call; the first is kept
    dunne.hears("an item needs you now")
    dunne.rings()
    cole.hears_nothing()
    erskine.hears_nothing()
    world.advance(minutes=5)  # the lead, and both again
    for talker in (cole, dunne, erskine):
        talker.hears("an item needs you now")
        talker.rings()
    asha.hears_nothing()
    world.advance(minutes=5)  # the truth
    asha.hears("No facilitator has picked this up yet", "999")
    frances.hears_nothing()
    world.advance(minutes=5)
    for talker in (cole, dunne, erskine):
        talker.hears("an item needs you now")
        talker.rings()
    world.advance(minutes=10)  # half an hour: the coordinator, by text and another way
    frances.hears("an item has waited for 30 minutes")
    letters = [letter.get_content() for letter in postbox.to(mailbox("Frances"))]
    assert any("waited for 30 minutes and nobody has taken it" in letter for letter in letters)
    world.staff_ignores()
    cole.texts("got it")  # the first, kept all along, may still take it
    cole.hears("You have")
    world.settle()
    asha.hears("Dr Cole")
    world.staff_ignores()
    assert "episode_not_taken" not in open_alarms(world)


@pytest.fixture
def sqlite_world(sqlite_databases: NewDatabase, postbox: Postbox) -> Iterator[World]:
    """The small programme on SQLite, for what takes days."""
    world = World(sqlite_databases(), smtp_url=postbox.url, mail_from="companion@example.org").seeded()
    try:
        yield world
        world.finish()
    finally:
        world.close()


def test_r12_the_chain_never_ends(sqlite_world: World, postbox: Postbox) -> None:
    """72 hours with nobody answering. Phones are carried in the first and the last 40 minutes; between them the clock
    runs alone, for an hour out of every twelve (with COMPANION_WHOLE set, for all of them: two minutes).
    """
    world = sqlite_world
    give_logins(world)
    asha = world.member()
    flagged(world, asha)
    began = world.clock.now()
    world.advance(minutes=40)
    assert any("No facilitator has picked this up" in text for text in asha.ignores())
    assert postbox.to(mailbox("Frances"))
    while (now := world.clock.now()) < began + timedelta(hours=71, minutes=20):
        due = episode(world).next_action_at or now
        if not WHOLE and (due - began) // timedelta(hours=1) % 12:
            due = began + (due - began) // timedelta(hours=12) * timedelta(hours=12) + timedelta(hours=12)
            due = min(due, began + timedelta(hours=71, minutes=20))
        world.clock.move_to(due)
        with world.database.write() as session:
            tick(session, due, world.services.voice)
        _carried(world)
    world.staff_ignores()
    world.advance(minutes=40)
    for role, which in (("facilitator", 0), ("facilitator", 1), ("lead", 0)):
        heard = world.staff(role, which).ignores()
        assert sum("an item needs you now" in text for text in heard) >= 3
    world.staff_ignores()
    asha.ignores()
    assert episode(world).state == "open"
    by_person: dict[object, list[Page]] = {}
    for page in pages(world, "sms"):
        by_person.setdefault(page.person_id, []).append(page)
    assert len(by_person) == 3
    for theirs in by_person.values():
        gaps = [(b.at - a.at).total_seconds() / 60 for a, b in pairwise(theirs)]
        awake = [gap for gap in gaps if gap < 60]
        assert max(awake) <= 10.1
        assert len(gaps) - len(awake) == (0 if WHOLE else 6)  # the hours that were left out
        assert len(theirs) >= (430 if WHOLE else 40)


def _carried(world: World) -> None:
    """Take what is queued as delivered, and calls as not answered."""
    with world.database.write() as session:
        now = world.clock.now()
        session.execute(
            update(OutboxMessage).where(OutboxMessage.status == "queued").values(status="delivered", settled_at=now)
        )
        session.execute(update(Call).where(Call.status == "queued").values(status="no-answer", settled_at=now))


def test_r12_an_empty_step_is_skipped_at_once_and_the_coordinator_told(make_world: Callable[..., World]) -> None:
    world = make_world().seeded()
    asha = world.member()
    cole, dunne, erskine = world.staff("facilitator"), world.staff("facilitator", 1), world.staff("lead")
    with world.database.write() as session:  # no way at all leads to the first
        staff = session.scalars(select(Person).where(Person.state == "staff")).all()
        first = next(person.id for person in staff if person.name == "Dr Cole")
        session.execute(update(Address).where(Address.person_id == first).values(person_id=None))
        session.execute(update(Way).where(Way.person_id == first).values(removed_at=world.clock.now()))
    flagged(world, asha)
    world.settle()
    dunne.hears("an item needs you now")
    world.staff("coordinator").hears("can't be reached")
    cole.hears_nothing()
    world.advance(minutes=6)
    erskine.hears("an item needs you now")
    world.staff_ignores()


def test_r12_one_page_to_a_person_by_one_way_in_two_minutes_about_all_that_waits(world: World) -> None:
    cole, dunne = world.staff("facilitator"), world.staff("facilitator", 1)
    asha, bilal, cem, dora = (world.member(f"+4477009001{n:02}") for n in range(1, 5))
    flagged(world, asha)
    world.settle()
    first = reference(cole.hears("an item needs you now"))
    for talker in (bilal, cem, dora):
        world.clock.advance(timedelta(seconds=1))
        flagged(world, talker)
    world.settle()
    cole.hears_nothing()
    world.advance(seconds=116)
    cole.hears_nothing()
    world.advance(seconds=2)  # put off for two minutes at most, and never left out: all of them in one text
    told = cole.hears("3 items need you now")
    named = re.findall(r"\b(?=[A-Z]*[34679])[A-Z0-9]{4}\b(?=[,.])", told)
    assert len(named) == 3
    assert first not in named
    cole.texts("take")
    cole.hears("More than one item is open", first)
    cole.texts(f"{named[1]} TAKE")
    cole.hears(f"You have {named[1]}")
    world.settle()
    cem.hears("Dr Cole")
    # Calls likewise: a key is about the one that has waited longest, and the voice says that others wait.
    cole.rings()
    cole.answers_call()
    cole.hears_spoken("An item needs you now")
    cole.presses("2")
    cole.hears_spoken("passing it on")
    world.settle()
    dunne.hears("an item needs you now")
    world.advance(minutes=2)
    cole.rings()
    cole.answers_call()
    cole.hears_spoken("2 items need you now", "waited longest")
    cole.presses("1")
    cole.hears_spoken("You have it now", "1 item needs you as well", "Goodbye")
    call = [c for c in calls(world) if c.digit][-1]
    again = {"CallSid": call.provider_sid or "", "Digits": "1"}
    assert "You have it now" in world.post(f"/twilio/voice/{call.id}/key", again).text  # the key comes twice: no other
    world.settle()
    bilal.hears("Dr Cole")
    cole.hears(f"You have {named[0]}")
    assert [e.state for e in episodes(world)] == ["open", "owned", "owned", "open"]
    world.staff_ignores()
    for talker in (asha, bilal, cem, dora):
        talker.ignores()


def test_r12_what_is_closed_before_its_text_has_left_is_in_it_no_longer(world: World) -> None:
    cole = world.staff("facilitator")
    ed, flo, gus = (world.member(f"+4477009001{n:02}") for n in range(5, 8))
    for talker in (ed, flo, gus):
        world.clock.advance(timedelta(seconds=1))
        flagged(world, talker)
        world.settle()
    world.staff_ignores()
    lead = person(world, "Dr Erskine")
    with world.database.write() as session:
        closing = session.merge(episodes(world)[-2])
        close(session, closing, session.merge(lead), "spoke", world.clock.now(), world.services.voice)
    world.advance(minutes=2)
    cole.hears("an item needs you now")
    world.staff_ignores()
    for talker in (ed, flo, gus):
        talker.ignores()
