"""What cannot be read counts as a flag."""

from __future__ import annotations

import time

import pytest
from sqlalchemy import select

from companion.escalation.watchlist import Verdict
from companion.models import InboundMessage
from tests.safety.stage import episodes, flagged, taken
from tests.world import World

PICTURE = "https://api.twilio.com/x"
VOICE = {"NumMedia": "1", "MediaContentType0": "audio/ogg", "MediaUrl0": PICTURE, "MessageType": "audio"}


def test_r04_a_picture_or_voice_note_cannot_be_read_and_says_so(world: World) -> None:
    asha = world.member(channel="whatsapp")
    asha.texts(
        "", NumMedia="1", MediaContentType0="audio/ogg", MediaUrl0="https://api.twilio.com/x", MessageType="audio"
    )
    asha.hears("could not read your message", "Pictures and voice notes are not read automatically", "999")
    world.settle()
    world.staff("facilitator").hears("an item needs you now")


def test_r04_each_voice_note_is_said_to_be_unread_however_soon_it_comes(world: World) -> None:
    asha = world.member(channel="whatsapp")
    flagged(world, asha)
    asha.texts("", **VOICE)  # within the half hour, in which words hear that they are passed on
    asha.hears("could not read your message", "telling a facilitator that it came")
    world.settle()
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_r04_a_location_pages_and_whoever_has_it_can_read_where(world: World) -> None:
    asha, cole = world.member(channel="whatsapp"), world.staff("facilitator")
    asha.texts("", MessageType="location", Latitude="53.8008", Longitude="-1.5491", Label="Leeds station")
    asha.hears("could not read your message", "999")
    world.settle()
    cole.hears("an item needs you now")
    with world.database.read() as session:
        kept = session.scalars(select(InboundMessage.body).where(InboundMessage.route == "page")).one()
    assert kept == "Location: 53.8008, -1.5491, Leeds station"
    asha.texts("", Latitude="north", Longitude="1")  # no location
    asha.ignores()
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_r04_nobody_believes_that_a_picture_was_seen(world: World) -> None:
    asha, cole = world.member(channel="whatsapp"), world.staff("facilitator")
    flagged(world, asha)
    ref = taken(world, cole, asha)
    asha.texts("this is where I am", NumMedia="1", MediaContentType0="image/jpeg", MediaUrl0=PICTURE)
    asha.hears("Pictures and voice notes are not read", "send it in words")
    world.settle()
    cole.hears("new text about")
    cole.texts(f"{ref} Like this one?", NumMedia="1", MediaContentType0="image/jpeg", MediaUrl0=PICTURE)
    cole.hears("Sent to")
    cole.hears("Only your words were taken")
    world.settle()
    asha.hears("Dr Cole: Like this one?")
    cole.texts("", **VOICE)  # meant for anybody: their own danger is not ruled out
    cole.hears("no person has read", "alerting your lead")
    cole.hears("Pictures and voice notes are not read")
    world.settle()
    world.staff_ignores()


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
