"""Nothing of what a trainee wrote is in a page, an e-mail, a call, an address or a log."""

from __future__ import annotations

import logging
import re

import pytest
from sqlalchemy import select

from companion.models import AuditEntry
from companion.short_codes import PATTERN
from tests.safety.stage import Postbox, flagged, reference
from tests.world import World

CANARY = ("zebrafish", "quillwort", "lanternfly")


def test_r08_canary_words_are_found_nowhere_but_in_the_episode(
    mailed: World, postbox: Postbox, caplog: pytest.LogCaptureFixture
) -> None:
    world = mailed
    caplog.set_level(logging.DEBUG)
    asha, cole = world.member(), world.staff("facilitator")
    world.standin.fault("+447700900202", "refuse", code=21612)
    world.standin.fault("+447700900202", "call_busy")
    flagged(world, asha, f"I want to end my life, {' '.join(CANARY)}")
    world.advance(minutes=2)
    cole.answers_call()
    spoken = cole.hears_spoken("An item needs you now")
    world.advance(minutes=33)  # everyone, the truth, the alarm outside
    page = next(text.body for text in cole.phone.inbox if "an item needs you" in text.body)
    cole.texts(f"{reference(page)} TAKE")
    asha.texts(f"yes, {CANARY[0]} and {CANARY[1]}")
    world.settle()
    everything = [spoken, caplog.text, *(letter.as_string() for letter in postbox.letters)]
    everything += [attempt.url for attempt in world.standin.attempts]
    everything += [line for call in world.standin.calls for line in call.heard]
    for role, which in (("facilitator", 0), ("facilitator", 1), ("lead", 0), ("coordinator", 0)):
        everything += world.staff(role, which).ignores()
    with world.database.read() as session:
        everything += [str(details) for details in session.scalars(select(AuditEntry.details))]
    assert len(postbox.letters) > 3
    links = re.findall(r"https?://\S+/console/(\S*)", " ".join(everything))
    assert {link for link in links if not re.fullmatch(f"r/{PATTERN.pattern}", link)} == {""}  # Today, or a reference
    assert any(links)
    for place in everything:
        assert not any(word in place for word in CANARY)
        assert asha.number[-6:] not in place
    asha.ignores()
