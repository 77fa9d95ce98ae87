"""What cannot be read counts as a flag."""

from __future__ import annotations

import time

from companion.escalation.watchlist import Verdict
from tests.safety.stage import episodes
from tests.world import World


def test_r04_a_picture_or_voice_note_cannot_be_read_and_says_so(world: World) -> None:
    asha = world.member(channel="whatsapp")
    asha.texts(
        "", NumMedia="1", MediaContentType0="audio/ogg", MediaUrl0="https://api.twilio.com/x", MessageType="audio"
    )
    asha.hears("could not read your message", "Pictures and voice notes are not read automatically", "999")
    world.settle()
    world.staff("facilitator").hears("an item needs you now")


def test_r04_a_watch_list_that_fails_or_is_slow_counts_as_a_flag(world: World) -> None:
    asha, bilal = world.member(), world.member("+447700900102")

    class Broken:
        version = "broken"

        def read(self, _text: str) -> None:
            raise RuntimeError("no list")

    class Slow:
        version = "slow"

        def read(self, _text: str) -> Verdict:
            until = time.thread_time() + 0.21
            while time.thread_time() < until:
                pass
            return Verdict(())

    world.services.inbox._desk._watchlist = Broken()  # type: ignore[attr-defined]
    asha.texts("hello")
    asha.hears("could not read", "999")
    world.settle()
    world.staff("facilitator").hears("an item needs you now")
    world.services.inbox._desk._watchlist = Slow()  # type: ignore[attr-defined]
    bilal.texts("hello")
    bilal.hears("could not read", "999")
    assert len(episodes(world)) == 2
    assert len(world.expects_errors()) == 2
    world.advance(minutes=2)
    world.staff_ignores()
