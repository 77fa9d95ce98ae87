"""What people text about the service, their week and the rota rings nobody's phone."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

import companion.content
from companion.content.examples import topic_examples
from companion.escalation.watchlist import load_watchlist
from tests.world import World

ORDINARY = Path(__file__).with_name("ordinary_texts.txt")
EXAMPLES = Path(companion.content.__file__).with_name("intent_examples.yaml")
MAY_PAGE = ("signpost", "unknown", "checkin_word", "talk_to_person")  # where somebody says how they are

# What is asked for under the other topics may itself tell of danger (asleep at the wheel, a hand on somebody).
NO_DANGER = (
    "bereavement",
    "after a death",
    "complaints and GMC",
    "moral injury",
    "money",
    "return to training",
    "shielding",
    "exam stress",
    "supervision",
    "new to the area",
    "none",
)


def examples() -> list[tuple[str, str]]:
    """Return every example of what is texted to the service itself, with its meaning."""
    states = yaml.safe_load(EXAMPLES.read_text(encoding="utf-8"))
    return [
        (intent, line.split("|")[0].strip())
        for intents in states.values()
        for intent, lines in intents.items()
        if intent not in MAY_PAGE
        for line in lines.splitlines()
    ]


def test_no_order_or_question_to_the_service_pages() -> None:
    read = load_watchlist().read
    assert [(intent, text) for intent, text in examples() if read(text).route == "page"] == []


def test_no_wish_for_a_place_that_helps_pages() -> None:
    read = load_watchlist().read
    asked = [(topic, text) for topic, text in topic_examples() if topic in NO_DANGER]
    assert len({topic for topic, _ in asked}) == len(NO_DANGER)
    assert [(topic, text) for topic, text in asked if read(text).route == "page"] == []


def test_no_ordinary_text_pages() -> None:
    read = load_watchlist().read
    texts = ORDINARY.read_text(encoding="utf-8").splitlines()
    assert [text for text in texts if read(text).route == "page"] == []


@pytest.mark.one_database("sqlite")
def test_to_unsubscribe_in_plain_words_is_an_end_and_no_crisis(world: World) -> None:
    asha = world.member()
    asha.texts("unsubscribe me please")
    asha.hears("have stopped your texts")
    world.settle()
    world.staff("facilitator").hears_nothing()
