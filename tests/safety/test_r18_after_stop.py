"""After STOP words of danger still page; STOP is a whole message."""

from __future__ import annotations

import pytest

from companion.conversation.optout_words import is_stop_word
from tests.safety.stage import DANGER, outbox
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


@pytest.mark.parametrize(
    ("text", "stops"),
    [
        *((word, True) for word in ("STOP", "end", "Quit.", "cancel")),
        *((words, False) for words in ("I can't stop crying", "when does it end", "I want to quit", "cancel Thursday")),
    ],
)
def test_r18_only_a_whole_message_stops(text: str, stops: bool) -> None:
    assert is_stop_word(text) is stops
