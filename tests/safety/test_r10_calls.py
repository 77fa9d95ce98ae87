"""Calls: only a person who presses a key answers."""

from __future__ import annotations

import re

import pytest

from tests.safety.stage import DANGER, calls, episode, flagged, pages, reference
from tests.world import World


@pytest.mark.one_database("sqlite")
def test_r10_only_a_key_answers_a_call(world: World) -> None:
    asha = world.member()
    cole, dunne = world.staff("facilitator"), world.staff("facilitator", 1)
    flagged(world, asha)
    world.advance(minutes=2)
    cole.hears("an item needs you now")
    cole.answers_call(machine=True)  # a mailbox takes the first
    heard = cole.hears_spoken("Hello", "press 1", "We heard no key")
    assert heard.count("This is Companion, an automatic call. An item needs you now") == 2  # it records the second
    world.settle()
    assert episode(world).state == "open"
    world.advance(minutes=3)
    dunne.hears("an item needs you now")
    dunne.rings()
    dunne.answers_call()
    heard = dunne.hears_spoken("automatic call", "To take it, press 1", "To pass it on, press 2")
    words = DANGER.lower().split()
    assert not any(" ".join(words[i : i + 3]) in heard.lower() for i in range(len(words) - 2))
    dunne.presses("7")
    dunne.hears_spoken("You pressed 7, which means nothing here", "An item needs you now")
    dunne.presses("1")
    heard = dunne.hears_spoken("You pressed 1. You have it now", "9:25am", "Goodbye")
    assert episode(world).state == "owned"
    # Twilio asks again, and the key comes twice: nothing more happens, and the same is said.
    call = next(c for c in calls(world) if c.digit == "1")
    again = {"CallSid": call.provider_sid or "", "CallStatus": "in-progress", "Digits": "2"}
    assert "You have it now" in world.post(f"/twilio/voice/{call.id}", again).text
    assert "You have it now" in world.post(f"/twilio/voice/{call.id}/key", again).text
    assert world.post(f"/twilio/voice/{call.id}/key", again, sign=False).status_code == 403
    assert episode(world).state == "owned"
    world.settle()
    asha.hears("Dr Dunne", "has your text now")
    cole.hears("Dr Dunne has", "already")
    ref = reference(dunne.hears("You have", "9:25am", "/console/r/"))  # once, however often the key came
    spelt = re.findall(r"(?<![\w-])(\d|[A-Z])(?: for [A-Z][\w-]+)?(?=[,.])", heard.split("The reference is")[1])
    assert spelt == [*ref, *ref]  # heard twice, each letter with its word
    assert {page.answer for page in pages(world) if page.person_id == episode(world).owner_id} == {"take"}


@pytest.mark.one_database("sqlite")
def test_r10_a_call_that_was_made_before_they_took_it_gives_nothing_away(world: World) -> None:
    asha, cole = world.member(), world.staff("facilitator")
    flagged(world, asha)
    world.advance(minutes=2)
    code = reference(cole.hears("an item needs you now"))
    cole.rings()
    cole.texts(f"{code} TAKE")
    cole.hears("You have")
    cole.answers_call()
    cole.hears_spoken("You have this one already, and that stays so")
    world.settle()
    assert episode(world).state == "owned"
    asha.hears("Dr Cole", "has your text now")

    world.advance(minutes=1)
    world.standin.fault(cole.number, "failed", code=30008, channel="sms")
    flagged(world, asha)
    for _ in range(6):
        if cole.phone.ringing() is None:
            world.advance(seconds=15)
    cole.answers_call()
    cole.hears_spoken("Something new came about an item that you have", "To say that you know, press 1")
    cole.presses("1")
    cole.hears_spoken("You have it now")
    world.standin.lift()
    world.advance(minutes=3)
    cole.hears_nothing()
    assert episode(world).state == "owned"


@pytest.mark.one_database("postgresql")
def test_r10_passing_on_by_key_pages_the_next_once(world: World) -> None:
    asha = world.member()
    cole, dunne, erskine = world.staff("facilitator"), world.staff("facilitator", 1), world.staff("lead")
    flagged(world, asha)
    world.advance(minutes=2)
    cole.ignores()
    cole.answers_call()
    cole.presses("2")
    cole.hears_spoken("You pressed 2. We are passing it on")
    world.settle()
    dunne.hears("an item needs you now")
    dunne.rings()
    dunne.phone.declines_call()
    call = next(c for c in calls(world) if c.digit == "2")
    for _ in range(3):
        world.post(f"/twilio/voice/{call.id}/key", {"CallSid": call.provider_sid or "", "Digits": "2"})
    world.settle()
    erskine.hears_nothing()
    assert len(pages(world, "call")) == 2
    world.staff_ignores()
