"""What WhatsApp templates say, what fills them, and what WhatsApp would refuse."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from companion.content.templates import Definition, Variable, definitions, problems, without
from companion.conversation.intents import understand
from companion.messaging.templates import TemplateError, variables
from tests.template_office import DEFINITIONS, STANDING, WORDS, reworded

EVERY = pytest.mark.parametrize("definition", DEFINITIONS.values(), ids=DEFINITIONS)


@EVERY
def test_whatsapp_has_nothing_against_a_template(definition: Definition) -> None:
    assert problems(definition) == []
    assert (definition.category, definition.language) == ("UTILITY", "en_GB")
    assert list(definition.samples) == [str(n + 1) for n in range(len(definition.variables))]


@EVERY
def test_a_template_says_word_for_word_what_the_text_says(definition: Definition) -> None:
    wording = WORDS.wording(definition.text_id)
    given = {name: longest for name, longest in wording.values.items() if name not in STANDING}
    text = WORDS.render(definition.text_id, **given)
    assert definition.filled(variables(definition.variables, text.values)) == text.body
    assert text.version == definition.wording_version


def test_every_text_that_the_service_starts_has_a_template_or_a_reason() -> None:
    started = {text_id for text_id, wording in WORDS.wordings.items() if wording.kind in ("started", "page")}
    notices = {"contact_request", "facilitator_reminder_day", "facilitator_reminder_hour"}
    crisis = {"crisis_taken", "crisis_nobody_yet"}
    assert DEFINITIONS.keys() | without().keys() == started | notices | crisis
    assert not DEFINITIONS.keys() & without().keys()


@EVERY
def test_a_button_says_what_could_be_typed_and_means_what_is_understood(definition: Definition) -> None:
    for title, payload in definition.buttons:
        assert understand(title, "none", payload=payload).intent == payload
        if title.isupper():  # a word that the text tells people to reply with
            assert title in definition.body


def test_staff_get_no_buttons() -> None:
    staff = [d for d in DEFINITIONS.values() if WORDS.wording(d.text_id).kind in ("page", "notice")]
    assert staff
    assert all(not definition.buttons for definition in staff)


def test_another_wording_or_another_name_is_another_template() -> None:
    before = DEFINITIONS["reminder_day"]
    changed = definitions(reworded("reminder_day", "Your group {group} meets on {when}. Join here: {link} See you."))
    assert changed["reminder_day"].name != before.name
    assert changed["reminder_hour"].name == DEFINITIONS["reminder_hour"].name
    renamed = definitions(WORDS.with_standing(name="Companion Leeds"))
    assert renamed["checkin_week"].name != DEFINITIONS["checkin_week"].name
    assert renamed["checkin_week"].body.startswith("Companion Leeds:")
    assert renamed["offer_session"].name == DEFINITIONS["offer_session"].name
    assert before.name.startswith("companion_reminder_day_")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{group} meets again soon, as we said.", "begins with a value"),
        ("Your group meets here again soon: {link}.", "ends with a value"),
        ("Your group meets soon at {group} {when} as we said.", "side by side"),
        ("At {group}: {when}, {link} then.", "too few words"),
        ("Your group {group} meets. " + "Nothing else is known. " * 20, "own words are longer"),
    ],
)
def test_what_whatsapp_would_refuse_is_seen_before(text: str, problem: str) -> None:
    (found,) = problems(definitions(reworded("session_cancelled", text))["session_cancelled"])
    assert problem in found


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"name": "Not This"}, "lower-case"),
        ({"buttons": tuple((str(n), "book_yes") for n in range(4))}, "more than 3 buttons"),
        ({"buttons": (("A title that is far too long", "book_yes"),)}, "too long"),
        ({"variables": (Variable("group", "a\nb"), Variable("when", "x"))}, "line breaks"),
        ({"variables": (Variable("group", "x" * 600), Variable("when", "x"))}, "longest values"),
    ],
)
def test_other_things_that_whatsapp_would_refuse(change: dict[str, Any], problem: str) -> None:
    (found,) = problems(replace(DEFINITIONS["offer_session"], **change))
    assert problem in found


HOLES = [["group", "ICU North Tuesday"], ["link", "https://example.org/00000"]]


def test_values_are_cleaned_as_whatsapp_wants_them() -> None:
    given = {"group": " ICU\nNorth\t\t      Wed’s ", "link": "https://example.org/" + "9" * 40, "other": "x"}
    assert json.loads(variables(HOLES, given)) == {"1": "ICU North Wed's", "2": given["link"]}


def test_an_overlong_name_is_cut_as_in_the_text_by_sms() -> None:
    name = "The group of all those who are new to intensive care"
    text = WORDS.render("offer_session", group=name, when="Thu 26 Nov, 6:30pm")
    definition = DEFINITIONS["offer_session"]
    assert definition.filled(variables(definition.variables, text.values)) == text.body


@pytest.mark.parametrize(
    "given",
    [{"group": "ICU"}, {"group": "ICU", "link": " \n "}, {"group": "ICU", "link": "https://example.org/" + "9" * 600}],
)
def test_what_would_send_a_sample_or_fail_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(TemplateError):
        variables(HOLES, given)
