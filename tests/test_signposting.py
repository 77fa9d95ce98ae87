"""From a text to what is offered: needs, nations, order, silence."""

from __future__ import annotations

import random
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.content.catalogue import load_catalogue
from companion.content.examples import topic_examples
from companion.signposting import Directory, load_directory
from companion.signposting.directory import CONTENT
from companion.signposting.nations import NATIONS
from companion.signposting.words import split, stem

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)  # a Tuesday
NIGHT = datetime(2026, 11, 24, 3, tzinfo=UTC)
DIRECTORY = load_directory()
TOPICS = DIRECTORY.topics


def first(text: str, nation: str | None = "england", at: datetime = NOON) -> list[str]:
    return [resource.id for resource in DIRECTORY.find(text, nation, at).resources]


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("I can't sleep after lates", "sleep"),
        ("cant slepe after nigths", "sleep"),
        ("ARCP is in 3 wks and my TPD won't answer", "supervision"),
        ("exeption report went missing", "rota and rest facilities"),
        ("got a needlestick in ITU, who do I see", "physical health"),
        ("the coroner wants a report from me", "after a death"),
        ("someone put in a datix about me", "complaints and GMC"),
        ("they've opened MHPS on me", "complaints and GMC"),
        ("what is SuppoRTT", "return to training"),
        ("how do I go LTFT", "supervision"),
        ("reg keeps shouting at me in front of patients", "bullying and discrimination"),
        ("he goes through my phone and won't let me see friends", "domestic abuse"),
        ("a bottle of wine most evenings now", "addiction"),
        ("my payslip is wrong and rent is due", "money"),
        ("on methotrexate, can I work on the covid ward", "shielding"),
        ("my gran died on Sunday", "bereavement"),
        ("I lost a patient today", "after a death"),
        ("nobody to talk to in this town", "isolation"),
        ("just moved here from Egypt, need a flat", "new to the area"),
        ("who is the freedom to speak up guardian", "speaking up"),
        ("feel guilty about leaving people on trolleys", "moral injury"),
        ("panic every time the bleep goes", "anxiety"),
        ("so low I cry in the car", "low mood"),
        ("need urgent help now", "crisis"),
        ("failed the osce again", "exam stress"),
    ],
)
def test_a_need_is_understood(text: str, topic: str) -> None:
    answer = DIRECTORY.find(text, "england", NOON)
    assert answer.topics[0] == topic
    assert any(topic in resource.topics for resource in answer.resources[:2])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "?",
        "👍👍",
        "thanks, that was really useful",
        "running 10 mins late, start without me",
        "PASSED MY OSCE!!!",
        "can you resend the zoom link",
        "who ate my sandwich",
        "what is the dose of gentamicin",
        "bed 9 needs a cannula",
        "kettle is broken in the mess",
        "muchas gracias",
        "asdfgh",
        "my new number is 07700 900123",
        "happy birthday Sam",
        "slept like a log",
    ],
)
def test_nothing_is_offered_when_nothing_was_asked(text: str) -> None:
    assert DIRECTORY.find(text, "england", NOON).resources == ()


def test_news_before_a_but_does_not_hide_the_need() -> None:
    assert DIRECTORY.find("passed the exam but I feel numb and low", "england", NOON).topics[0] == "low mood"


@pytest.mark.parametrize("topic", TOPICS)
def test_the_name_of_a_topic_is_a_keyword(topic: str) -> None:
    assert DIRECTORY.find(topic.upper(), None, NOON).topics == (topic,)


@pytest.mark.parametrize("nation", NATIONS)
@pytest.mark.parametrize("topic", TOPICS)
def test_every_topic_has_an_offer_in_every_nation_and_only_there(topic: str, nation: str) -> None:
    for at in (NOON, NIGHT):
        offered = DIRECTORY.by_topic(topic, nation, at)
        assert offered
        assert all(topic in resource.topics and nation in resource.nations for resource in offered)
        assert all(resource.publish != "hold" and resource.line(at.date()) for resource in offered)


@pytest.mark.parametrize("topic", TOPICS)
def test_without_a_nation_only_what_covers_all_four_is_offered(topic: str) -> None:
    offered = DIRECTORY.by_topic(topic, None, NOON)
    assert offered
    assert all(set(resource.nations) == set(NATIONS) for resource in offered)


def test_in_a_crisis_without_a_nation_there_are_three_places_only() -> None:
    assert first("need help now", nation=None) == ["emergency-999", "samaritans", "shout"]


@pytest.mark.parametrize(
    ("nation", "line"),
    [
        ("england", "nhs-111-england"),
        ("wales", "nhs-111-wales"),
        ("scotland", "nhs24-111-scotland"),
        ("ni", "lifeline-ni"),
    ],
)
def test_in_a_crisis_999_stands_first_and_the_nations_own_line_next(nation: str, line: str) -> None:
    assert first("this is a crisis, need help now", nation)[:2] == ["emergency-999", line]


def test_someone_who_would_rather_text_is_shown_the_text_line_early() -> None:
    assert first("need help now but I cant speak out loud", "england")[:2] == ["emergency-999", "shout"]


@pytest.mark.parametrize(
    ("nation", "line"),
    [
        ("england", "ndah-england"),
        ("wales", "live-fear-free-wales"),
        ("scotland", "sdafmh-scotland"),
        ("ni", "dsah-ni"),
    ],
)
def test_domestic_abuse_has_the_nations_own_line(nation: str, line: str) -> None:
    assert first("my husband hit me", nation)[:2] == [line, "emergency-999"]


def test_a_man_is_shown_the_line_for_men() -> None:
    assert first("my wife hits me, do men get help", "scotland")[:2] == ["mens-advice-line", "sdafmh-scotland"]


def test_the_alcohol_warning_comes_with_every_alcohol_line_and_only_then() -> None:
    assert DIRECTORY.find("drinking every night, cant stop", "england", NOON).warning == "alcohol_warning"
    gambling = DIRECTORY.find("lost everything on betting apps", "england", NOON)
    assert gambling.resources[0].id == "gamcare"
    assert gambling.warning is None
    assert not any(resource.warning for resource in gambling.resources)


def test_the_warning_is_a_text_that_exists() -> None:
    warnings = {resource.warning for resource in DIRECTORY.resources if resource.warning}
    assert warnings == {"alcohol_warning"}
    assert load_catalogue().render("alcohol_warning")


@pytest.mark.parametrize(
    ("text", "known", "used"),
    [
        ("any counselling up in Aberdeen, feel low", None, "scotland"),
        ("feel low, cardiff", None, "wales"),
        ("crisis number for northern ireland?", "england", "ni"),
        ("any help in cardiff for low mood", "england", "wales"),
        ("feel low, did my degree in cardiff", "england", "england"),
        ("moved here from Glasgow and feel so lonely", "wales", "wales"),
        ("moved here from Glasgow and feel so lonely", None, "england"),
        ("feel low, mum is in Belfast", "scotland", "scotland"),
        ("feel low", None, "england"),
    ],
)
def test_the_nation_comes_from_the_record_the_text_or_the_programme(text: str, known: str | None, used: str) -> None:
    answer = DIRECTORY.find(text, known, NOON, default_nation="england")
    assert answer.nation == used
    assert all(used in resource.nations for resource in answer.resources)


def test_a_second_need_has_a_place_among_the_first_three() -> None:
    answer = DIRECTORY.find("failed the exam again and cant pay the rent", "england", NOON)
    assert set(answer.topics) == {"exam stress", "money"}
    assert any(answer.topics[1] in resource.topics for resource in answer.resources[:3])


def test_a_line_that_is_shut_stands_behind_one_that_answers() -> None:
    assert first("feeling low", "england", NOON)[0] == "practitioner-health"
    assert first("feeling low", "england", NIGHT)[0] == "bma-counselling"


def test_the_menu_names_every_topic_once() -> None:
    menu = DIRECTORY.menu()
    assert [number for number, _, _ in menu] == list(range(1, len(TOPICS) + 1))
    assert all(DIRECTORY.topic_of_menu(number) == topic for number, _, topic in menu)
    assert DIRECTORY.topic_of_menu(0) is None
    assert DIRECTORY.topic_of_menu(len(TOPICS) + 1) is None


def test_a_nation_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="no such nation: 'mars'"):
        DIRECTORY.find("sleep", "mars", NOON)


def test_a_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        DIRECTORY.find("sleep", None, NOON.replace(tzinfo=None))


WORDS = st.sampled_from(
    "cant sleep after nights in wales drinking help died exam rota but passed she he".split()  # noqa: SIM905
)


@settings(max_examples=300)
@given(st.one_of(st.text(max_size=200), st.lists(WORDS, max_size=12).map(" ".join)), st.sampled_from([None, *NATIONS]))
def test_any_text_has_an_answer_that_keeps_the_rules(text: str, nation: str | None) -> None:
    answer = DIRECTORY.find(text, nation, NOON)
    assert DIRECTORY.find(text, nation, NOON) == answer
    assert bool(answer.topics) == bool(answer.resources)
    assert len({resource.id for resource in answer.resources}) == len(answer.resources)
    assert all(resource.publish != "hold" and resource.line(NOON.date()) for resource in answer.resources)
    assert all(set(resource.topics) & set(answer.topics) for resource in answer.resources)
    if answer.nation is not None:
        assert all(answer.nation in resource.nations for resource in answer.resources)


def test_one_directory_is_enough_for_every_caller() -> None:
    assert isinstance(DIRECTORY, Directory)
    assert DIRECTORY.version
    resource = DIRECTORY.get("samaritans")
    assert resource is not None
    assert "116 123" in resource.line(NOON.date())
    assert DIRECTORY.get("nobody") is None


def test_threads_find_the_same_endings_as_one_alone() -> None:
    words = sorted({word for text, _ in topic_examples(CONTENT / "topic_examples.yaml") for word in split(text)})
    alone = [stem(word) for word in words]
    stem.cache_clear()
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # the threads of a server take turns as often as they can
    try:
        with ThreadPoolExecutor(8) as pool:
            orders = [random.Random(seed).sample(words, len(words)) for seed in range(8)]
            found = list(pool.map(lambda order: [(word, stem(word)) for word in order], orders))
    finally:
        sys.setswitchinterval(interval)
    assert [set(each) for each in found] == [set(zip(words, alone, strict=True))] * 8
