"""Matching: as people type, in linear time, with the list's version kept. Phrases: tests/test_watchlist_phrases.py."""

from __future__ import annotations

import time

import pytest
from sqlalchemy import select

from companion.escalation.watchlist import load_watchlist
from companion.models import Flag, InboundMessage
from tests.safety.stage import DANGER
from tests.world import World

LONGEST = 1600  # characters in one inbound text (Twilio's limit)


@pytest.mark.parametrize(
    "text",
    [
        "I WANT TO DIE",
        "i w\u00e1nt t\u00f6 d\u00efe",
        "i want\u00a0to die",
        "i w a n t t o d i e",
        "i  w-a-n-t  t-o  d-i-e",
        "iwanttodie",
        "i wanttt to dieeeee",
        "i w4nt t0 d1e",
        "i w@nt to d!e",
        "i wanna die",
        "i want 2 die",
        "i wnat to die",
        "i want\u200b to di\u200be",
        "i want to d\x00ie",
        "i want to d\ud800ie",
        "\uff49 \uff57\uff41\uff4e\uff54 \uff54\uff4f \uff44\uff49\uff45",
        "\U0001d422 \U0001d430\U0001d41a\U0001d427\U0001d42d \U0001d42d\U0001d428 \U0001d41d\U0001d422\U0001d41e",
        "i want to \U0001f480",
        "\u0456 want to di\u0435",
        "i want \U0001f62d to \U0001f62d die",
        "i just honestly really want to fucking die",
        "i don t want to live anymore",
        "i don\u2019t want to live anymore",
        "i dont want 2 live anymore",
    ],
)
def test_r06_disguises_and_typing_do_not_hide_a_phrase(text: str) -> None:
    assert load_watchlist().read(text).route == "page"


@pytest.mark.parametrize(
    "piece",
    [
        *("i want to ", "do not ", "a", "a ", ".", "\x00", "iwanttodi", "myself ", "\U0001f62d", "\ud800", "a!", "'"),
        *("k i l l ", "if i my mum would be ", "wanttodie", "i i i i ", "((((", "\u0301", "1"),
    ],
)
def test_r06_no_text_takes_long(piece: str) -> None:
    watch_list = load_watchlist()
    text = (piece * LONGEST)[:LONGEST]
    watch_list.read(text)
    best = min(_seconds(text) for _ in range(5))
    assert best < 0.02  # aim: 5 ms on one core; the margin is for slow and busy machines


def _seconds(text: str) -> float:
    start = time.process_time()
    load_watchlist().read(text)
    return time.process_time() - start


def test_r06_the_text_is_stored_with_what_matched_and_which_list(world: World) -> None:
    asha = world.member()
    asha.texts(DANGER)
    asha.ignores()
    with world.database.read() as session:
        flag = session.scalars(select(Flag)).one()
        assert session.get_one(InboundMessage, flag.inbound_id).body == DANGER
    assert flag.route == "page"
    assert flag.families
    assert flag.list_version
    world.settle()
    world.staff_ignores()
