"""Every phrase of the list matches its own examples and leaves its counter-examples alone."""

import pytest

from companion.escalation.phrases import PhraseError
from companion.escalation.watchlist import DEFAULT_DIRECTORY, load_watchlist
from companion.escalation.watchlist_data import Phrase, read_files

PHRASES = read_files(DEFAULT_DIRECTORY)[2]


@pytest.mark.parametrize("phrase", PHRASES, ids=[phrase.id for phrase in PHRASES])
def test_phrase_keeps_to_its_examples(phrase: Phrase) -> None:
    watch_list = load_watchlist()
    missed = [text for text in phrase.must_match if phrase.id not in watch_list.read(text).phrases]
    wrong = [text for text in phrase.must_not_match if phrase.id in watch_list.read(text).phrases]
    assert (missed, wrong) == ([], [])


@pytest.mark.parametrize("phrase", PHRASES, ids=[phrase.id for phrase in PHRASES])
def test_examples_survive_capitals_and_curly_quotes(phrase: Phrase) -> None:
    watch_list = load_watchlist()
    for text in phrase.must_match:
        for variant in (text.upper(), text.replace("'", "\u2019"), f"  {text}\n", f"\u200b{text}"):
            assert phrase.id in watch_list.read(variant).phrases, variant


def test_family_routes_are_those_agreed() -> None:
    routes = {family.name: family.route for family in load_watchlist().families}
    assert routes == {
        "wants_to_die": "page",
        "self_harm": "page",
        "harm_to_others": "page",
        "unsafe_at_work": "page",
        "abuse": "page",
        "worried_about_someone": "page",
        "substance_at_work": "page",
        "drinking_to_cope": "notice",
        "not_coping": "notice",
        "asks_for_a_person": "notice",
    }


@pytest.mark.parametrize(
    "text",
    [
        "overdose",
        "died",
        "this rota is killing me",
        "insulin",
        "potassium",
        "fentanyl 50 mcg",
        "dying for a coffee",
        "could murder a pint",
        "STOP",
        "yes",
        "ok thanks",
        "",
        "\U0001f600",
        "what time is group on weds",
    ],
)
def test_single_words_and_figures_of_speech_match_nothing(text: str) -> None:
    assert load_watchlist().read(text).found == ()


def test_a_gap_does_not_cross_the_end_of_a_sentence() -> None:
    watch_list = load_watchlist()
    assert watch_list.read("scared of the reg. my husband is lovely").found == ()
    assert watch_list.read("I. Want. To. Die.").route == "page"


def test_routes_can_be_overridden_for_a_deployment() -> None:
    watch_list = load_watchlist(routes={"not_coping": "page"})
    assert watch_list.read("i cant cope").route == "page"
    assert load_watchlist().read("i cant cope").route == "notice"
    with pytest.raises(PhraseError, match="no_such_family"):
        load_watchlist(routes={"no_such_family": "page"})
