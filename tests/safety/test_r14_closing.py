"""Closing needs an outcome, by the owner or a lead, signed in; no text closes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from companion.escalation.episodes import CannotCloseError, close
from companion.models import Episode, Person
from tests.console_stage import Stage, press, stage
from tests.databases import NewDatabase
from tests.safety.stage import episode, flagged, reference
from tests.test_console_pages import EPISODE
from tests.test_console_pages import episode as shown
from tests.world import World


@pytest.fixture
def on(sqlite_databases: NewDatabase) -> Iterator[Stage]:
    """The console's stage."""
    here = stage(sqlite_databases())
    yield here
    here.database.close()


def test_r14_closing_needs_an_outcome_and_the_right_person(on: Stage) -> None:
    browser = on.browser("ada")
    page = on.path(EPISODE + "/close")
    assert '<a href="#outcome">Choose what came of it.</a>' in press(browser, page, page).text
    assert "Only the person who has this, or a lead" in press(browser, page, page, outcome="spoke").text
    assert "could not reach" not in browser.get(page).text.lower()
    assert shown(on).state == "open"


def test_r14_a_lead_closes_one_nobody_could_reach_with_a_second_person(on: Stage) -> None:
    browser = on.browser("lee")
    page = on.path(EPISODE + "/close")
    alone = press(browser, page, page, outcome="could not reach")
    assert "a second person agrees" in alone.text
    press(browser, page, page, outcome="could not reach", second=str(on.ids["ada"]))
    assert shown(on).outcome == "could not reach"


def test_r14_no_text_closes_and_the_database_asks_for_an_outcome(world: World) -> None:
    asha, cole = world.member(), world.staff("facilitator")
    flagged(world, asha)
    world.settle()
    code = reference(cole.hears("an item needs you now"))
    cole.texts(f"{code} TAKE")
    cole.hears("You have")
    world.settle()
    asha.ignores()
    for words in (f"{code} CLOSE", f"{code} DONE", "close it", "closed, spoke to them"):
        cole.texts(words)
        assert episode(world).state == "owned", words
    world.settle()
    world.staff_ignores()
    asha.ignores()
    with world.database.write() as session:  # who could not reach somebody is not their own second person
        lead = session.scalars(select(Person).where(Person.role == "lead")).one()
        mine, now, voice = session.scalars(select(Episode)).one(), world.clock.now(), world.services.voice
        for second in (None, lead):
            with pytest.raises(CannotCloseError, match="a second person agrees"):
                close(session, mine, lead, "could not reach", now, voice, second)
    with pytest.raises(IntegrityError), world.database.write() as session:
        session.execute(update(Episode).values(state="closed"))
