"""No text whatever leads to an exception, silence where an answer is due, more than two parts, or a wrong resource."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.conversation.flows.routing import decide
from companion.conversation.intents import STATES
from companion.conversation.known import Decision
from companion.conversation.likeness import examples
from companion.signposting.nations import NATIONS
from companion.signposting.resources import Shown, uk_day
from tests.flow_facts import DIRECTORY, NOW, known, parts

NEVER = [r.contact.phone for r in DIRECTORY.resources if r.contact.phone and r.shown(uk_day(NOW)) is Shown.NOTHING]
LINES = {r.line(NOW.date()): r.nations for r in DIRECTORY.resources if r.shown(uk_day(NOW)) is not Shown.NOTHING}
# What they are shown when they join takes three texts, by intention; so does a group's list.
_LONG = re.compile(r"^(join|move|group|about)")
_SAID = [example.text for example in examples()]
_PIECES = st.sampled_from(sorted({word for text in _SAID for word in text.split()}))
TEXTS = st.one_of(
    st.text(max_size=300),
    st.sampled_from(_SAID),
    st.lists(_PIECES, max_size=14).map(" ".join),
    st.tuples(
        st.sampled_from(_SAID), st.sampled_from([". ", " and ", " but ", "\n", "? "]), st.sampled_from(_SAID)
    ).map("".join),
)


def may_be_shown(decision: Decision, nation: str) -> bool:
    """Whether every place in an answer covers the nation and may be shown today."""
    said = "\n".join(text.body for text in decision.replies)
    return not any(number in said for number in NEVER) and not any(
        line in said for line, nations in LINES.items() if nation not in nations
    )


@settings(max_examples=80)
@given(TEXTS, st.sampled_from(STATES), st.sampled_from(NATIONS))
def test_any_text_of_a_member_is_answered_in_two_parts(text: str, state: str, nation: str) -> None:
    asked = known(text, state, nation=nation)
    decision = decide(asked)
    bare_stop = "stop" in asked.meant.intents and not decision.replies  # the carrier has answered it
    assert decision.replies or asked.stopped or bare_stop, asked.meant
    assert all(reply.body.strip() for reply in decision.replies)
    if not asked.stopped and not _LONG.match(decision.replies[0].id if decision.replies else ""):
        assert parts(decision) <= 2, (asked.meant.intents, [reply.id for reply in decision.replies])
    assert may_be_shown(decision, nation)


@settings(max_examples=40)
@given(TEXTS, st.sampled_from(("none", "confirm_consent")))
def test_any_text_of_a_stranger_is_answered(text: str, state: str) -> None:
    asked = known(text, state, joined=False)
    decision = decide(asked)
    assert decision.replies or "stop" in asked.meant.intents
    if not _LONG.match(decision.replies[0].id if decision.replies else ""):
        assert parts(decision) <= 2, [reply.id for reply in decision.replies]


@pytest.mark.parametrize("nation", NATIONS)
@pytest.mark.parametrize("number", [number for number, _, _ in DIRECTORY.menu()])
def test_every_topic_of_the_menu_is_answered_in_two_parts_to_its_end(number: int, nation: str) -> None:
    decision = decide(known(str(number), "none", nation=nation, menu=True))
    for _ in range(12):
        assert parts(decision) <= 2
        assert may_be_shown(decision, nation)
        if decision.asks is None or not decision.asks.keep.get("more"):
            break
        decision = decide(known("MORE", "none", nation=nation, **decision.asks.keep))
    else:
        pytest.fail("MORE never comes to an end")


@pytest.mark.parametrize("state", [state for state in STATES if state != "after_stop"])
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("MENU", "menu"),
        ("HELP", "help"),
        ("WHO SEES THIS", "who_sees_this"),
        ("HOW DOES THIS WORK", "how_it_works"),
        ("COMMANDS", "commands"),
        ("SCOTLAND", "nation_set"),
        ("CALL ME", "contact_noted_plain"),
        ("MY WEEKS", "weeks_none"),
        ("CHECKIN TUE 7PM", "checkin_set"),
        ("SLEEP", "signpost_intro"),
        ("PAUSE", "paused"),
        ("DELETE MY DATA", "delete_confirm"),
    ],
)
def test_every_command_works_from_anywhere(text: str, said: str, state: str) -> None:
    assert said in [reply.id for reply in decide(known(text, state)).replies]


OUTSIDE = {"WHO SEES THIS": "who_sees_this_outside", "HOW DOES THIS WORK": "how_it_works_outside"}
STOPPED = dict.fromkeys(("HELP", *OUTSIDE), "help_stopped")


@pytest.mark.parametrize(
    ("state", "pages"),
    [
        ("none", {**OUTSIDE, "HELP": "help_not_member", "MENU": "menu_not_member", "3": "unknown_sender"}),
        ("confirm_consent", {**OUTSIDE, "HELP": "help_asked", "MENU": "menu_not_member", "elephant": "help_asked"}),
        ("after_stop", {**STOPPED, "MENU": None, "elephant": None}),
    ],
)
def test_help_says_what_is_true_for_whoever_is_not_a_member(state: str, pages: dict[str, str | None]) -> None:
    for text, said in pages.items():
        assert [reply.id for reply in decide(known(text, state, joined=False)).replies] == ([said] if said else [])
