"""A no where a call was asked for and something else is in question: which of them it is about."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from companion.models import Booking, ContactRequest
from tests.safety.stage import DANGER
from tests.world import World


def _call_waits(world: World) -> bool:
    with world.database.read() as session:
        waiting = select(func.count()).select_from(ContactRequest).where(ContactRequest.settled_at.is_(None))
        return bool(session.scalar(waiting))


def _place(world: World) -> str:
    with world.database.read() as session:
        return session.scalars(select(Booking.status)).one()


def test_a_no_after_call_me_and_a_place_asks_which_and_changes_nothing(world: World) -> None:
    asha = world.member()
    asha.texts("yes")
    asha.hears("you have a place")
    asha.texts("CALL ME")
    asha.hears("on the list for a facilitator")
    for no in ("no", "No thanks"):
        asha.texts(no)
        asha.hears("which did you mean?", "NO CALL", "NO PLACE", "Thu 26 Nov, 6:30pm")
    assert (_call_waits(world), _place(world)) == (True, "yes")
    asha.texts("NO CALL")
    asha.hears("You are off the list for a call")
    assert (_call_waits(world), _place(world)) == (False, "yes")
    asha.texts("no")  # there is no call left that it could be about
    asha.hears("You have no place on Thu 26 Nov")


@pytest.mark.one_database("sqlite")
def test_the_place_that_was_meant_is_given_up_and_the_call_stands(world: World) -> None:
    asha = world.member()  # and offered a place
    asha.texts("call me please")
    asha.hears("on the list for a facilitator")
    asha.texts("no")
    asha.hears("which did you mean?")
    asha.texts("no place")
    asha.hears("You have no place on Thu 26 Nov")
    assert (_call_waits(world), _place(world)) == (True, "no")
    asha.texts("call me")
    asha.hears("on the list for a facilitator")
    asha.texts("no")  # their place is given up already
    asha.hears("You are off the list for a call")


@pytest.mark.one_database("sqlite")
def test_a_no_to_a_reminder_that_came_after_call_me_is_about_the_place(world: World) -> None:
    asha = world.member()
    asha.texts("yes")
    asha.texts("CALL ME")
    world.advance(days=2, hours=10)
    assert "Can't come? Reply NO" in asha.ignores()[-1]
    asha.texts("no")
    asha.hears("You have no place")
    assert (_call_waits(world), _place(world)) == (True, "no")
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_after_a_weekly_question_too_a_no_to_what_was_just_asked_for_takes_nobodys_place(world: World) -> None:
    asha, ben = world.member(), world.member("+447700900102")
    asha.texts("yes")
    ben.texts("no")
    world.advance(days=1, hours=12)
    for phone, answer in ((asha, "which did you mean?"), (ben, "You are off the list for a call")):
        phone.ignores()
        phone.texts("CALL ME")
        phone.hears("on the list for a facilitator")
        phone.texts("no")
        phone.hears(answer)
    world.settle()
    world.staff_ignores()


def test_a_no_to_an_offered_person_leaves_an_earlier_wish_for_one_as_it_is(world: World) -> None:
    asha = world.member()
    asha.texts("CALL ME")
    asha.hears("on the list for a facilitator")
    asha.texts("my week was a 1")
    asha.hears("Would you like a person?")
    asha.texts("no")
    asha.hears("You had asked for a facilitator before this", "NO CALL")
    assert _call_waits(world)
    asha.texts("no call")
    asha.hears("You are off the list for a call")
    assert not _call_waits(world)
    asha.texts("my week was a 1")
    asha.hears("Would you like a person?")
    asha.texts("no")  # nothing waits
    asha.hears("we will not ask a facilitator to call")
    asha.texts("no call")
    asha.hears("we will not ask a facilitator to call")
    world.settle()
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_who_wants_no_call_at_all_and_says_so_to_an_offer_is_off_the_list(world: World) -> None:
    asha = world.member()
    asha.texts("CALL ME")
    asha.texts("my week was a 1")
    asha.ignores()
    asha.texts("no, please don't call me")
    asha.hears("not ask a facilitator to call")
    assert not _call_waits(world)
    world.settle()
    world.staff_ignores()


@pytest.mark.parametrize("said", ["no call", "don't call me", "please dont ring me", "who's there", "who is there?"])
@pytest.mark.one_database("sqlite")
def test_who_waits_for_a_person_hears_nothing_but_the_truth(world: World, said: str) -> None:
    asha = world.member()
    asha.texts(DANGER)
    asha.ignores()
    asha.texts(said)
    asha.hears("No facilitator has picked this up yet")
    world.settle()
    world.staff_ignores()
    asha.ignores()
