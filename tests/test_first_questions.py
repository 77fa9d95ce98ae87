"""A YES belongs to the question that matters most, whatever the clock brings in between."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from companion.models import ContactRequest, InboundMessage, Person, SurveyTally
from tests.safety.stage import DANGER, reference
from tests.world import World


@pytest.mark.one_database("sqlite")
def test_a_yes_to_being_called_books_no_place(world: World) -> None:
    asha = world.member()
    asha.texts("no")
    asha.texts("CHECKIN THU 6PM")
    asha.ignores()
    world.move_to(datetime(2026, 11, 26, 18, 5, tzinfo=UTC))
    asha.hears("Companion: how has")
    asha.texts("2")
    asha.hears("That sounds hard")
    world.move_to(datetime(2026, 12, 3, 18, 5, tzinfo=UTC))
    asha.hears("Companion: how has")
    asha.texts("1")
    asha.hears("still hard", "get in touch", "YES or NO")
    world.move_to(datetime(2026, 12, 3, 18, 40, tzinfo=UTC))  # past the hour of the invitation to 10 December
    asha.texts("yes")
    asha.hears("on the list for a facilitator")
    world.settle()
    asha.hears("meets Thu 10 Dec", "YES or NO")
    asha.texts("yes")
    asha.hears("you have a place")
    with world.database.read() as session:
        assert len(session.scalars(select(ContactRequest)).all()) == 1
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_an_answer_about_ones_data_is_counted_as_nothing_else(world: World) -> None:
    asha = world.member()
    asha.texts("yes")
    asha.ignores()
    world.move_to(datetime(2026, 11, 25, 18, 25, tzinfo=UTC))
    asha.ignores()
    asha.texts("delete my data")
    asha.hears("Reply YES to delete")
    world.move_to(datetime(2026, 11, 25, 18, 31, tzinfo=UTC))
    asha.hears("Join here")  # a reminder comes all the same
    asha.texts("no")
    asha.hears("We have deleted nothing")
    world.move_to(datetime(2026, 11, 26, 19, 44, tzinfo=UTC))
    asha.ignores()
    asha.texts("delete my data")
    asha.hears("Reply YES to delete")
    world.move_to(datetime(2026, 11, 26, 19, 50, tzinfo=UTC))  # half an hour after the session
    asha.texts("yes")
    asha.hears("We have deleted what we held about you")
    with world.database.read() as session:
        assert session.scalars(select(Person).where(Person.role == "trainee")).all() == []
        assert [(tally.helpful, tally.not_helpful) for tally in session.scalars(select(SurveyTally))] == [(0, 0)]
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_who_has_an_open_episode_is_read_and_not_counted(world: World) -> None:
    asha, cole = world.member(), world.staff("facilitator")
    asha.texts("yes")
    world.move_to(datetime(2026, 11, 26, 19, 43, tzinfo=UTC))
    world.staff_ignores()
    asha.texts(DANGER)
    world.settle()
    cole.texts(f"{reference(cole.hears('an item'))} TAKE")
    world.move_to(datetime(2026, 11, 26, 19, 47, tzinfo=UTC))  # half an hour after the session
    assert not any("helpful" in text for text in asha.ignores())
    cole.ignores()
    asha.texts("no, it was awful")
    world.settle()
    cole.hears("new text", "sign in to read it")
    with world.database.read() as session:
        assert "no, it was awful" in session.scalars(select(InboundMessage.body)).all()
    world.staff_ignores()
