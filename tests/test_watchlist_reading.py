"""Reading texts as people type them: disguises, odd characters, places, and time."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.escalation.watchlist import load_watchlist

PIECES = [*"iwdtu2a.!", "want", "to", "die", "kill", "myself", "my friend is", "suicidal", "don't", "can", "\u2019"]
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
def test_disguises_and_typing_do_not_hide_a_phrase(text: str) -> None:
    assert load_watchlist().read(text).route == "page"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Ok. Honestly I want to die, sorry", "I want to die"),
        ("caf\u00e9 \U0001f600 then: I w\u00e1nt to die!", "I w\u00e1nt to die"),
        ("ok \u200bi want to d\u200bie ok", "i want to d\u200bie"),
    ],
)
def test_places_are_those_of_the_original(text: str, words: str) -> None:
    found = [text[match.start : match.end] for match in load_watchlist().find(text)]
    assert words in found


def test_verdict_gives_route_families_and_phrases() -> None:
    verdict = load_watchlist().read("i cant cope. i want to die")
    assert verdict.route == "page"
    assert verdict.families == ("wants_to_die", "not_coping")
    assert verdict.phrases[0] == "want-to-die"
    assert load_watchlist().read("hello").route is None


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.characters(), max_size=300))
def test_any_string_can_be_read(text: str) -> None:
    for match in load_watchlist().find(text):
        assert 0 <= match.start < match.end <= len(text)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=30))
def test_the_quick_way_and_the_close_way_agree(words: list[str]) -> None:
    watch_list = load_watchlist()
    text = " ".join(words)
    padded = text + " z" * (LONGEST // 2)  # long texts are always read closely
    if not text.endswith((".", "!")):
        padded = text + " ." + " zzz" * (LONGEST // 4)
    assert set(watch_list.read(text).phrases) <= set(watch_list.read(padded).phrases)


@pytest.mark.parametrize(
    "piece",
    [
        *("i want to ", "do not ", "a", "a ", ".", "\x00", "iwanttodi", "myself ", "\U0001f62d", "\ud800", "a!", "'"),
        *("k i l l ", "if i my mum would be ", "wanttodie", "i i i i ", "((((", "\u0301", "1"),
    ],
)
def test_no_text_takes_long(piece: str) -> None:
    watch_list = load_watchlist()
    text = (piece * LONGEST)[:LONGEST]
    watch_list.read(text)
    best = min(_seconds(text) for _ in range(5))
    assert best < 0.02  # aim: 5 ms on one core; the margin is for slow and busy machines


def _seconds(text: str) -> float:
    start = time.process_time()
    load_watchlist().read(text)
    return time.process_time() - start
