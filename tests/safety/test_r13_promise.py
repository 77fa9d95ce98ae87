"""Taking an item is a promise: to reach the person in time, and to say so."""

from __future__ import annotations

from companion.escalation.reopening import ask_for_help
from companion.models import Episode
from tests.safety.stage import DANGER, episode, episodes, flagged, reference
from tests.world import World


def test_r13_a_promise_and_r20_change_and_r15_repeats(world: World) -> None:
    asha = world.member()
    cole, dunne, erskine = world.staff("facilitator"), world.staff("facilitator", 1), world.staff("lead")
    flagged(world, asha)
    world.settle()
    cole.ignores()
    cole.texts("take")
    world.settle()
    cole.ignores()
    asha.ignores()
    asha.texts("CHANGE")
    asha.hears("asking someone else instead of Dr Cole", "999")
    world.settle()
    cole.hears("asked for someone else")
    dunne.hears("an item needs you now")  # the first of those who are left
    cole.texts(f"{reference(cole.phone.inbox[0].body)} take")
    cole.hears("someone else was asked for")
    dunne.texts("on it")
    dunne.hears("You have")
    world.settle()
    asha.hears("Dr Dunne")
    world.advance(minutes=10)
    dunne.hears("no contact is recorded")
    world.advance(minutes=10)
    dunne.hears("is open again")
    asha.hears("no note that Dr Dunne has reached you")
    erskine.hears("an item needs you now")  # one step up; the owner is kept
    dunne.texts("take")
    world.settle()
    world.staff_ignores()
    asha.ignores()
    assert episode(world).owner_id is not None
    for _ in range(3):
        asha.texts(DANGER)
        assert len(asha.ignores()) == 1  # the short reply, never none
    world.advance(seconds=60)
    assert 1 <= sum("needs you again now" in text for text in dunne.ignores()) <= 2
    assert len(episodes(world)) == 1
    world.staff_ignores()


def test_r13_who_was_talking_to_them_when_it_opened_again_records_it_by_saying_so(world: World) -> None:
    asha = world.member()
    cole, dunne = world.staff("facilitator"), world.staff("facilitator", 1)
    flagged(world, asha)
    world.settle()
    cole.ignores()
    cole.texts("on it")
    world.settle()
    asha.hears("Dr Cole", "has your text now")
    world.advance(minutes=21)  # a long call
    cole.ignores()
    asha.hears("no note that Dr Cole has reached you")
    dunne.hears("an item needs you now")
    cole.texts("sorry, spoke to her, she's ok")
    cole.hears("Recorded: you reached")
    assert episode(world).state == "contacted"
    world.settle()
    dunne.hears("Dr Cole has", "need do nothing")
    asha.hears_nothing()  # she knows
    world.advance(minutes=30)
    dunne.hears_nothing()
    cole.hears_nothing()


def test_r13_nothing_that_an_owner_says_takes_back_their_wish_for_help(world: World) -> None:
    asha, cole = world.member(), world.staff("facilitator")
    flagged(world, asha)
    world.settle()
    ref = reference(cole.hears("an item"))
    cole.texts("on it")
    cole.texts("reached her")
    with world.database.write() as session:
        theirs = session.get_one(Episode, episode(world).id)
        assert theirs.owner is not None
        ask_for_help(session, theirs, theirs.owner, world.clock.now(), world.services.voice)
    cole.ignores()
    cole.texts(f"{ref} REACHED")
    cole.hears("Nothing has changed")
    assert episode(world).state == "open"
    world.settle()
    world.staff_ignores()
    asha.ignores()
