"""How phrases that code listens for are written, and that each file of them says where it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from companion.content.reader import ContentError
from companion.content.spoken import Language

HERE = Path("said.yaml")
GROUPS = "day: |\n  monday/tuesday\n  the next day\n"


def node(text: str) -> yaml.Node:
    """Return what a piece of a file holds."""
    found = yaml.compose(text)
    assert found is not None
    return found


def heard(phrases: str, text: str, place: str = "has") -> bool:
    """Whether lists with these phrases find a text."""
    lists = node(f"{place}: |\n  " + phrases.replace("\n", "\n  ") + "\n")
    return Language(HERE, node(GROUPS)).pattern(lists).search(text) is not None


@pytest.mark.parametrize(
    ("phrase", "finds", "passes_over"),
    [
        ("cover/swap me", ["can you swap me", "COVER ME"], ["cover", "swap home", "discover me"]),
        ("call [it] off", ["call off", "call it off"], ["call this off"]),
        ("{so/hi} [what] now", ["now", "so hi now", "hi, so, what now"], ["so"]),
        ("on <day>", ["on monday please", "on the next day"], ["on friday"]),
        ("any * week", ["any old week"], ["any week", "any very old week"]),
        ("resched* *day", ["rescheduling monday", "resched day"], ["scheduling monday"]),
        ("it .. *nt/*n't work", ["it just doesnt work", "it won't work"], ["it does not work"]),
        ("who .. coming", ["who, if any, is coming", "who coming"], ["whose coming"]),
        ("link ..5 works", ["link: works", "link now works"], ["link at last works"]),
        ("how ... works", ["how it works", "how works"], ["how's it works"]),
        ("check~in", ["checkin", "check-in", "check in"], ["check me in"]),
        ("all !<day>", ["all days"], ["all monday", "all the next day"]),
        ("what?", ["what?", "so what? nothing"], ["what"]),
    ],
)
def test_a_phrase_is_found_as_it_is_written(phrase: str, finds: list[str], passes_over: list[str]) -> None:
    assert [text for text in finds if not heard(phrase, text)] == []
    assert [text for text in passes_over if heard(phrase, text)] == []


def test_lists_say_where_a_phrase_must_stand() -> None:
    said = ["undo", "undo it", "please undo"]
    assert [text for text in said if heard("undo", text, "whole")] == ["undo"]
    assert [text for text in said if heard("undo", text, "starts")] == ["undo", "undo it"]
    assert [text for text in said if heard("undo", text)] == said
    assert heard("- yes/no -", "(yes!)", "whole")


@pytest.mark.parametrize(
    ("lists", "groups", "wrong"),
    [
        ("has: |\n  one\n  two/\n", GROUPS, r"said\.yaml:3: a word is missing"),
        ("has: |\n  one\n  <night>\n", GROUPS, r"said\.yaml:3: there is no group 'night'"),
        ("has: one\n", GROUPS, r"said\.yaml:1: lines of phrases"),
        ("has: |\n  one\nanywhere: |\n  two\n", GROUPS, r"said\.yaml:3: 'anywhere' is none of whole, starts, has"),
        ("has: |\n  <round>\n", "round: |\n  and <round>\n", r"said\.yaml:2: the group 'round' stands within itself"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(lists: str, groups: str, wrong: str) -> None:
    language = Language(HERE, node(groups))
    with pytest.raises(ContentError, match=wrong):
        language.pattern(node(lists))
