"""One of those who run the programme is in danger themselves: what the texts promise a trainee holds for them too."""

from __future__ import annotations

import pytest

from tests.safety.stage import DANGER, flagged, reference
from tests.world import World


def test_r20_a_facilitator_in_danger_asks_for_a_call_and_for_someone_else_as_their_text_says(world: World) -> None:
    cole, dunne, erskine = world.staff("facilitator"), world.staff("facilitator", 1), world.staff("lead")
    cole.texts(DANGER)
    cole.hears("We are alerting your lead")
    cole.texts("anyone there?")
    cole.hears("No facilitator has picked this up yet", "999")
    cole.texts("call me")
    cole.hears("No facilitator has your text yet", "would like a call")
    cole.texts("change")
    cole.hears("No facilitator has your text yet")
    world.settle()
    erskine.hears("an item needs you now")
    erskine.texts("take")
    erskine.hears("You have")
    world.settle()
    cole.hears("Dr Erskine", "For someone else, text CHANGE")
    cole.texts("CALL ME")
    cole.hears("told them that you would like a call")
    world.settle()
    erskine.hears("asks for a call")
    cole.texts("CHANGE")
    cole.hears("asking someone else instead of Dr Erskine")
    world.settle()
    erskine.hears("It is no longer yours")
    dunne.hears("an item needs you now")  # there is no other lead: somebody else all the same
    dunne.texts("on it")
    dunne.hears("You have")
    world.settle()
    cole.hears("Dr Dunne")
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_r20_a_facilitator_in_danger_writes_with_whoever_has_it_and_can_still_work(world: World) -> None:
    cole, dunne, erskine = world.staff("facilitator"), world.staff("facilitator", 1), world.staff("lead")
    cole.texts(DANGER)
    cole.ignores()
    world.settle()
    ref = reference(erskine.hears("an item needs you now"))
    erskine.texts(f"{ref} TAKE")
    erskine.texts(f"{ref} SAY Shall I ring you at ten?")
    erskine.ignores()
    world.settle()
    cole.hears("Dr Erskine", "has your text now")
    cole.hears("Dr Erskine: Shall I ring you at ten?")
    cole.texts("not before eleven, I am at home")
    cole.hears_nothing()  # no machine answers what is said to a person
    world.settle()
    assert "eleven" not in erskine.hears(f"new text about {ref}")
    asha = world.member()
    flagged(world, asha)
    world.settle()
    cole.hears("an item needs you now")
    cole.texts("what now")
    cole.hears("can't say more by text")  # it may be about either, and Dr Erskine hears of it as well
    world.settle()
    world.advance(minutes=1)
    erskine.hears(f"new text about {ref}")
    cole.texts("not me")
    cole.hears("passing it on")
    world.settle()
    dunne.hears("an item needs you now")
    dunne.texts("take")
    world.settle()
    cole.texts("STOP")
    world.settle()
    assert any(f"{ref} has stopped our texts" in text for text in erskine.ignores())
    world.staff_ignores()
    asha.ignores()
