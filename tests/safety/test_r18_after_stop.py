"""After STOP words of danger still page; STOP is a whole message."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from companion.conversation.optout_words import is_stop_word
from companion.models import OptOut, Person
from tests.safety.stage import DANGER, episodes, flagged, outbox, reference, taken
from tests.world import World


@pytest.mark.parametrize("channel", ["sms", "whatsapp"])
def test_r18_danger_after_stop_still_pages(world: World, channel: str) -> None:
    asha = world.member(channel=channel)
    asha.texts("STOP")
    asha.ignores()
    asha.texts(DANGER)
    world.settle()
    world.staff("facilitator").hears("an item needs you now")
    # On WhatsApp the lines arrive; on SMS the carrier lets nothing through, and that is on record.
    assert bool(asha.ignores()) == (channel == "whatsapp")
    if channel == "sms":
        world.advance(minutes=2)
        world.staff_ignores()
        assert {(text.status, text.reason) for text in outbox(world, "crisis_1")} == {("dropped", "stopped")}


def test_r18_stop_while_someone_has_it_is_told_to_them(world: World) -> None:
    asha, cole = world.member(), world.staff("facilitator")
    asha.texts(DANGER)
    world.settle()
    cole.ignores()
    cole.texts("take")
    world.settle()
    asha.ignores()
    cole.ignores()
    asha.texts("STOP")
    asha.ignores()
    world.settle()
    cole.hears("has stopped our texts")


def test_r18_a_stop_that_only_a_refused_text_told_of_is_told_as_well(world: World) -> None:
    asha, cole = world.member(), world.staff("facilitator")
    asha.texts(DANGER)
    world.settle()
    code = reference(cole.hears("an item"))
    cole.texts("take")
    world.settle()
    asha.ignores()
    cole.ignores()
    world.standin.fault(asha.number, "refuse", code=21610, channel="sms")
    cole.texts(f"{code} are you safe tonight?")
    world.advance(minutes=1)
    heard = [text for text in cole.ignores() if "has stopped our texts" in text]
    assert len(heard) == 1
    world.advance(minutes=12)
    assert [text for text in cole.ignores() if "has stopped our texts" in text] == [], "once"
    world.staff_ignores()


@pytest.mark.parametrize("learnt", [False, True], ids=["texted", "learnt"])
def test_r18_news_of_a_stop_that_does_not_arrive_goes_another_way(world: World, *, learnt: bool) -> None:
    asha, cole = world.member(), world.staff("facilitator")
    flagged(world, asha)
    code = taken(world, cole, asha)
    world.standin.fault(cole.number, "stays_sent", channel="sms")
    if learnt:
        world.standin.fault(asha.number, "refuse", code=21610, channel="sms")
        cole.texts(f"{code} are you safe tonight?")
    else:
        asha.texts("STOP")
    world.settle()
    cole.rings_not()
    world.advance(seconds=65)
    cole.answers_call()
    cole.hears_spoken("Something new came about an item that you have")
    cole.presses("1")
    asha.ignores()
    world.staff_ignores()


FLAGGED, UNSURE, ENDED = "no person has read", "We have not stopped your texts", "stopped"
SHAPES = (  # what somebody in distress texts, and what comes of it
    ("stop, I can't do this, I want to die", FLAGGED),
    ("STOP. I want to die", FLAGGED),
    ("I want to die. STOP", FLAGGED),
    ("STOP I cant go on", FLAGGED),
    ("please stop i want to kill myself", FLAGGED),
    ("End it. I want to end it all", FLAGGED),
    ("quit. im going to kill myself", FLAGGED),
    ("cancel me, i dont want to be alive", FLAGGED),
    ("Stop. Leave me alone. I've taken pills", FLAGGED),
    ("unsubscribe me from life", FLAGGED),
    ("stop texting me, i've written the note", FLAGGED),
    ("STOP!!! I can't do this anymore", UNSURE),
    ("i cant do this anymore, stop", UNSURE),
    ("please stop texting me", ENDED),
    ("Stop!", ENDED),
)


@pytest.mark.one_database("sqlite")
def test_r18_stop_in_words_of_distress_ends_nothing(world: World) -> None:
    for number, (words, comes) in enumerate(SHAPES):
        asha = world.member(f"+4477009004{number:02}")
        asha.texts(words)
        heard = " ".join(asha.ignores())
        assert FLAGGED in heard if comes == FLAGGED else comes in heard or comes == ENDED, (words, heard)
        with world.database.read() as session:
            left = len(session.scalars(select(Person).where(Person.state == "left")).all())
            assert left == len(session.scalars(select(OptOut)).all()), words
        assert left == sum(each == ENDED for _, each in SHAPES[: number + 1]), words
    world.settle()
    assert len(episodes(world)) == sum(comes == FLAGGED for _, comes in SHAPES)
    for number in range(len(SHAPES)):  # the danger is answered first, and only then that the texts go on
        assert all(
            "We have not stopped your texts" in text for text in world.talker(f"+4477009004{number:02}").ignores()
        )
    world.staff_ignores()


@pytest.mark.one_database("postgresql")
def test_r18_stop_within_a_sentence_goes_to_whoever_has_the_episode(world: World) -> None:
    asha, cole = world.member(), world.staff("facilitator")
    asha.texts(DANGER)
    world.settle()
    cole.ignores()
    cole.texts("take")
    world.settle()
    asha.ignores()
    cole.ignores()
    asha.texts("please stop, I can't talk with them here")
    asha.hears("We have not stopped your texts", "STOP ends them all")
    world.settle()
    cole.hears("new text about")
    asha.texts("STOP")
    asha.ignores()
    world.settle()
    cole.hears("has stopped our texts")


@pytest.mark.parametrize(
    ("text", "stops"),
    [
        *((word, True) for word in ("STOP", "end", "Quit.", "cancel")),
        *((words, False) for words in ("I can't stop crying", "when does it end", "I want to quit", "cancel Thursday")),
    ],
)
def test_r18_only_a_whole_message_stops(text: str, stops: bool) -> None:
    assert is_stop_word(text) is stops


def test_r18_a_wish_to_end_the_texts_beside_danger_is_answered_once_after_the_crisis_reply(world: World) -> None:
    asha = world.member()
    asha.texts("I want to die and please stop texting me")
    for fragment in ("no person has read your text yet", "We are alerting a facilitator"):
        asha.hears(fragment)
    asha.hears_nothing()  # the crisis reply is full, and goes first
    world.settle()
    asha.hears("We have not stopped your texts", "STOP ends them all")
    asha.texts("I want to kill myself. STOP")
    asha.hears("We have this text too")
    world.settle()
    asha.hears_nothing()
    asha.texts("STOP")
    asha.ignores()
    asha.texts("I want to kill myself, stop texting me")
    asha.ignores()
    world.settle()
    asha.hears_nothing()
    world.staff_ignores()
