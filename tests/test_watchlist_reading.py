"""Reading texts as people type them: disguises, odd characters, places, and time."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.escalation.watchlist import load_watchlist

PIECES = [*"iwdtu2a.!", "want", "to", "die", "kill", "myself", "my friend is", "suicidal", "don't", "can", "\u2019"]
LONGEST = 1600  # characters in one inbound text (Twilio's limit)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Ok. Honestly I want to die, sorry", "I want to die"),
        ("caf\u00e9 \U0001f600 then: I w\u00e1nt to die!", "I w\u00e1nt to die"),
        ("ok iWantToDie. thanks", "iWantToDie"),
        ("NoMore of this killMyself", "killMyself"),
        ("ok \u200bi want to d\u200bie ok", "i want to d\u200bie"),
    ],
)
def test_places_are_those_of_the_original(text: str, words: str) -> None:
    found = [text[match.start : match.end] for match in load_watchlist().find(text)]
    assert words in found


@pytest.mark.parametrize(
    "text",
    [
        "thinkin of endin my life",
        "i keep thinkign about killign myself",
        "tonite im hangin mysefl",
        "i want to kill my self. sorry",
        "keep plannng to kill myslef",
        "wannadie",
        "feelin sucidial",
        "been cuttn my arms agian",
        "i went to htrow myself off the brigde",
    ],
)
def test_hasty_typing_hides_no_phrase(text: str) -> None:
    assert load_watchlist().read(text).route == "page"


@pytest.mark.parametrize(
    "text",
    [
        "the raisin bread trial, and brian in the satin coat",
        "hanging my self assessment form on the wall",
        "kill my self esteem why dont you, epic",
        "robin, martin and colin are in the cabin",
    ],
)
def test_real_words_that_look_like_haste_are_left_alone(text: str) -> None:
    assert load_watchlist().read(text).route is None


def test_verdict_gives_route_families_and_phrases() -> None:
    verdict = load_watchlist().read("i cant cope. i want to die")
    assert verdict.route == "page"
    assert verdict.families == ("wants_to_die", "not_coping")
    assert verdict.phrases[0] == "want-to-die"
    assert load_watchlist().read("hello").route is None


@settings(max_examples=300)
@given(st.text(alphabet=st.characters(), max_size=300))
def test_any_string_can_be_read(text: str) -> None:
    for match in load_watchlist().find(text):
        assert 0 <= match.start < match.end <= len(text)


@settings(max_examples=200)
@given(st.lists(st.sampled_from(PIECES), max_size=30))
def test_the_quick_way_and_the_close_way_agree(words: list[str]) -> None:
    watch_list = load_watchlist()
    text = " ".join(words)
    padded = text + " z" * (LONGEST // 2)  # long texts are always read closely
    if not text.endswith((".", "!")):
        padded = text + " ." + " zzz" * (LONGEST // 4)
    assert set(watch_list.read(text).phrases) <= set(watch_list.read(padded).phrases)
