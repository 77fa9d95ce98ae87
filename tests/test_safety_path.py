"""Words that suggest danger: the reply in the webhook, the facilitators' phones, and who takes it."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from companion.models import Episode
from tests.safety.stage import DANGER, hears_crisis_lines, reference
from tests.world import World


def test_the_reply_comes_in_the_webhook_and_the_first_facilitator_is_paged(world: World) -> None:
    asha, cole = world.member(), world.staff("facilitator")
    asha.texts(DANGER)
    hears_crisis_lines(asha)  # before any worker ran
    cole.hears_nothing()
    world.settle()
    page = cole.hears("an item needs you now", "TAKE", "PASS")
    cole.texts(f"{reference(page)} TAKE")
    cole.hears("You have", reference(page))
    world.settle()
    asha.hears("Dr Cole", "has your text", "9:20am")


def test_plain_words_take_it_when_one_is_open(world: World) -> None:
    asha, cole = world.member(), world.staff("facilitator")
    asha.texts(DANGER)
    hears_crisis_lines(asha)
    world.settle()
    cole.ignores()
    cole.texts("got it")
    cole.hears("You have")
    world.settle()
    asha.hears("Dr Cole")


def test_pass_pages_the_next_at_once(world: World) -> None:
    asha, cole, dunne = world.member(), world.staff("facilitator"), world.staff("facilitator", 1)
    asha.texts(DANGER)
    asha.ignores()
    world.settle()
    page = cole.hears("an item")
    cole.texts(f"{reference(page)} PASS")
    cole.hears("passing it on")
    world.settle()
    dunne.hears("an item needs you now")


def test_a_promise_not_kept_opens_it_again(world: World) -> None:
    asha, cole = world.member(), world.staff("facilitator")
    asha.texts(DANGER)
    world.settle()
    page = cole.hears("an item")
    cole.texts(f"{reference(page)} TAKE")
    world.settle()
    asha.ignores()
    cole.ignores()
    world.advance(minutes=11)
    cole.hears("no contact is recorded")
    world.advance(minutes=10)
    assert any("open again" in text for text in cole.ignores())
    asha.hears("no note that Dr Cole has reached you", "999")
    world.staff("facilitator", 1).hears("an item needs you now")  # one step up; the lead five minutes later
    world.advance(minutes=5)
    world.staff("lead").hears("an item needs you now")
    world.staff_ignores()


def test_a_number_never_seen_gets_the_lines_and_the_lead_is_paged(world: World) -> None:
    stranger = world.talker("+447700900150")
    stranger.texts(DANGER)
    stranger.hears("we don't know your number", "999", "116 123", "85258")
    world.settle()
    world.staff("lead").hears("1 item from unknown senders", "TAKE", "PASS")


def test_a_second_text_soon_after_gets_a_shorter_reply_and_no_second_episode(world: World) -> None:
    asha = world.member()
    asha.texts(DANGER)
    hears_crisis_lines(asha)
    asha.texts("I really want to kill myself")
    asha.hears("We have this text too", "999")
    world.settle()
    world.staff("facilitator").ignores()
    with world.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Episode)) == 1


def test_an_order_with_a_wrong_reference_changes_nothing(world: World) -> None:
    asha, cole = world.member(), world.staff("facilitator")
    asha.texts(DANGER)
    asha.ignores()
    world.settle()
    cole.ignores()
    cole.texts("X9X9 TAKE")
    cole.hears("no open item")
    with world.database.read() as session:
        assert session.scalars(select(Episode.state)).all() == ["open"]


@pytest.mark.one_database("sqlite")
def test_pages_hold_no_word_number_or_name_of_the_trainee(world: World) -> None:
    asha = world.member()
    asha.texts(DANGER)
    asha.ignores()
    world.advance(minutes=45)
    asha.ignores()
    words = DANGER.lower().split()
    triples = [" ".join(words[i : i + 3]) for i in range(len(words) - 2)]
    for role, which in (("facilitator", 0), ("facilitator", 1), ("lead", 0), ("coordinator", 0)):
        for heard in world.staff(role, which).ignores():
            assert not any(triple in heard.lower() for triple in triples)
            assert asha.number[-6:] not in heard
