"""Who cannot get into a session that is on is told of to those who run it, and keeps their place."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from companion.models import Group
from tests.first_session import SESSION
from tests.world import World


@pytest.mark.one_database("postgresql")
def test_who_cannot_get_in_is_told_of_and_keeps_their_place(world: World) -> None:
    asha, cole, dunne = world.member(), world.staff("facilitator", 0), world.staff("facilitator", 1)
    asha.texts("yes")
    asha.ignores()
    asha.texts("link doesnt work")  # days before: they are given it again
    asha.hears("Your group, Thu 26 Nov, 6:30pm: ")
    world.move_to(SESSION + timedelta(minutes=2))
    world.staff_ignores()
    asha.ignores()
    for said in ("zoom isn't letting me in", "the code isnt working", "cant join, wifi down"):
        asha.texts(said)
        asha.hears("told those who run it. To join by phone, call 020 7946 0018")
    world.settle()
    for each in (cole, dunne):
        each.hears("can't get into ICU North at 6:30pm. Please look at the waiting room")
        each.hears_nothing()  # once is enough
    cole.texts("who")
    assert "nobody" not in cole.hears("Coming: ")
    world.advance(hours=1)
    asha.ignores()
    cole.ignores()
    cole.texts("nobody turned up")
    cole.hears("Noted, for ICU North. Came: nobody")
    asha.texts("nobody is here")
    world.settle()
    assert not any("can't get into" in text for each in (cole, dunne) for text in each.ignores())
    asha.ignores()
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_without_a_number_to_call_they_are_given_their_page_again(world: World) -> None:
    with world.database.write() as session:
        for group in session.scalars(select(Group)):
            group.dial_in = group.dial_code = None
    asha = world.member()
    asha.texts("yes")
    world.move_to(SESSION - timedelta(minutes=10))
    asha.ignores()
    asha.texts("in the waiting room, nobody's here")
    asha.hears("Please try your page once more: ")
    world.settle()
    world.staff_ignores()
