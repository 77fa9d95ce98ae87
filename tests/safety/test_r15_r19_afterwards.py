"""Texts of danger that come again, floods of them, and what is left: an episode for a day, a stranger for three."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from companion import jobs
from companion.escalation.closings import close
from companion.escalation.episodes import record_contact, take
from companion.models import Address, Episode, InboundMessage, Person
from tests.safety.stage import DANGER, episodes, flagged, reference
from tests.world import World


def settle_all(world: World) -> None:
    """Let the lead take, reach and close whatever is open."""
    with world.database.write() as session:
        lead = session.scalars(select(Person).where(Person.role == "lead")).one()
        for open_ in session.scalars(select(Episode).where(Episode.state != "closed")):
            now = world.clock.now()
            take(session, open_, lead, now, world.services.voice)
            record_contact(session, open_, lead, now)
            close(session, open_, lead, "spoke", now, world.services.voice)
    world.settle()
    world.staff_ignores()


def test_r15_words_of_danger_within_a_day_of_closing_open_a_linked_episode(world: World) -> None:
    asha = world.member()
    flagged(world, asha)
    settle_all(world)
    world.advance(hours=23)
    asha.ignores()
    flagged(world, asha)
    settle_all(world)
    world.advance(hours=24, minutes=1)
    asha.ignores()
    flagged(world, asha)
    settle_all(world)
    asha.ignores()
    first, second, third = episodes(world)
    assert (first.follows, second.follows, third.follows) == (None, first.id, None)


@pytest.mark.one_database("postgresql")
def test_r15_the_whole_crisis_reply_comes_again_after_half_an_hour(world: World) -> None:
    asha = world.member()
    asha.texts(DANGER)
    assert len(asha.ignores()) == 2
    for minutes, texts in ((29, 1), (2, 2), (29, 1)):
        world.advance(minutes=minutes)
        asha.ignores()
        world.staff_ignores()
        asha.texts(DANGER)
        assert len(asha.ignores()) == texts
    world.settle()
    world.staff_ignores()
    asha.ignores()


def test_r19_of_a_stranger_nothing_is_kept_after_three_days_but_what_proves_the_answer(world: World) -> None:
    stranger = world.talker("+447700900777")
    flagged(world, stranger, f"{DANGER}, my name is Isolde Fernsby")
    settle_all(world)
    stranger.ignores()
    for hours, there in ((71, True), (2, False)):
        world.clock.advance(timedelta(hours=hours))
        jobs.purge(world.services)
        with world.database.read() as session:
            text = session.scalars(select(InboundMessage).where(InboundMessage.route == "page")).one()
            address = session.get_one(Address, text.address_id)
            assert (text.body is not None) == there
            assert (address.address == "+447700900777") == there
            assert session.scalars(select(Episode.outcome)).one() == "spoke"
    world.settle()
    stranger.ignores()
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_r15_the_third_flag_in_ten_minutes_pages_the_next_step(world: World) -> None:
    asha, dunne = world.member(), world.staff("facilitator", 1)
    flagged(world, asha)
    flagged(world, asha, "I really want to kill myself")
    world.settle()
    dunne.hears_nothing()
    flagged(world, asha, "I am going to end my life")
    world.settle()
    dunne.hears("an item needs you now")
    world.staff_ignores()


def test_r19_a_flood_of_unknown_numbers_pages_once_with_a_count(world: World) -> None:
    lead = world.staff("lead")
    for n in range(50):
        stranger = world.talker(f"+447700900{400 + n}")
        stranger.texts(DANGER)
        stranger.hears("we don't know your number", "999", "116 123")
    world.settle()
    ref = reference(lead.hears("50 items from unknown senders"))
    lead.hears_nothing()
    lead.texts(f"{ref} take")
    lead.hears("You have")
    world.settle()
    assert {each.state for each in episodes(world)} == {"owned"}
    for n in range(50):
        world.talker(f"+447700900{400 + n}").hears("Dr Erskine")
    world.staff_ignores()
