"""The content check finds what a careful editor would, and finds nothing in our own texts."""

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from companion.content.catalogue import load_catalogue
from companion.content.checks import check_content, check_wording, forbidden_words
from companion.content.cli import content
from companion.content.readability import readability, syllables

CATALOGUE = load_catalogue()


@pytest.mark.parametrize("text_id", sorted(CATALOGUE.wordings))
def test_our_own_texts_keep_the_rules(text_id: str) -> None:
    assert [str(problem) for problem in check_wording(CATALOGUE.wording(text_id))] == []


def said(text_id: str, **changes: object) -> str:
    wording = replace(CATALOGUE.wording(text_id), **changes)  # type: ignore[arg-type]
    return "\n".join(problem.what for problem in check_wording(wording))


@pytest.mark.parametrize(
    ("text_id", "text", "found"),
    [
        ("thanks", "You're welcome. " * 25, "costs 3 parts"),
        ("page", "An item needs you now. " * 8, "costs 2 parts at its longest values"),
        ("thanks", "You’re welcome.", "has ’, which is not in the GSM-7 alphabet"),
        ("thanks", "Thank you ŵ.", "has ŵ, which is not in the GSM-7 alphabet"),
        ("thanks", "Welcome!", "exclamation mark"),
        ("thanks", "Organisational considerations necessitate additional documentation.", "is hard to read: grade"),
        ("thanks", "a b c d e f g h i j k l m n o p q r s t u.", "has a sentence of 21 words, at most 20"),
        ("thanks", "Your texts are monitored.", 'says "monitored"'),
        ("thanks", "We will call you IMMEDIATELY.", 'says "immediately"'),
        ("thanks", "Someone is on\nthe way.", 'says "on the way"'),
        ("thanks", "He committed suicide.", 'says "commit* suicide"'),
        ("thanks", "We are here 24/7.", 'says "24/7"'),
        ("reminder_day", "Your mental health group meets today.", 'says "mental": sensitive on a locked screen'),
        ("page", "A trainee may be suicidal.", 'says "suicid*": sensitive on a locked screen'),
        ("coordinator_alarm", "A flag is waiting.", 'says "flag*": sensitive on a locked screen'),
        ("checkin_week", "How is your mood?", 'says "mood*": sensitive on a locked screen'),
        ("thanks", "Call 116 123.", "holds the number 116 123"),
        ("thanks", "Text 85258.", "holds the number 85258"),
        ("thanks", "Call 07700 900123.", "holds the number 07700 900123"),
        ("thanks", "Reply CANCEL if you can't come.", "offers CANCEL as an answer"),
        ("thanks", "Text END to finish.", "offers END as an answer"),
        ("thanks", "Reply done or quit.", "offers QUIT as an answer"),
        ("thanks", "Reply GO or STOP.", "offers STOP as an answer"),
        ("crisis_again", "In danger, call {emergency}.", "is not the wording that was signed"),
        ("crisis_again", "In danger, call {emergency}.", "leaves out {samaritans}"),
    ],
)
def test_a_bad_text_is_found(text_id: str, text: str, found: str) -> None:
    assert found in said(text_id, text=text)


@pytest.mark.parametrize(
    "text",
    [
        "Text HELP for help, STOP to leave.",
        "In danger, call 999 or go to A&E.",
        "The weekend is near. We want to end on time.",
        "From 0 (very hard) to 10 (very good).",
        "You have a place at 6:30pm on Tue 24 Nov.",
    ],
)
def test_a_good_text_passes(text: str) -> None:
    assert said("thanks", text=text, cy=None) == ""


def test_a_crisis_text_without_a_signature_says_what_to_set() -> None:
    wording = CATALOGUE.wording("crisis_1")
    assert f"set signed: {wording.signature()}" in said("crisis_1", signed=None)


def test_a_page_can_have_no_slot_for_content() -> None:
    assert "has the slot {lines}" in said("page", values={"lines": "x"}, text="{lines}")


def test_everything_a_trainee_is_sent_has_its_welsh() -> None:
    seen_by_trainees = [w for w in CATALOGUE.wordings.values() if w.kind in ("reply", "started", "fragment", "crisis")]
    assert [wording.id for wording in seen_by_trainees if wording.cy is None] == []


def test_welsh_is_held_to_the_same_values_and_words() -> None:
    assert "has other values in Welsh" in said("booked", cy="Diolch.")
    assert "holds the number" in said("thanks", cy="Ffoniwch 116 123.")
    assert "parts in Welsh" in said("thanks", cy="Croeso. " * 60)
    assert "has changed since its Welsh was made" in said("thanks", text="You're very welcome.")


def test_every_forbidden_word_says_why() -> None:
    forbidden = forbidden_words()
    assert all(why for _, _, why in forbidden.everywhere + forbidden.started)
    assert {"monitored", "immediately", "commit* suicide"} <= {word for _, word, _ in forbidden.everywhere}


def test_an_overlay_is_checked_too(tmp_path: Path) -> None:
    (tmp_path / "texts.yaml").write_text("texts:\n  thanks:\n    text: Call 0300 000 0000 now!\n")
    found = [str(problem) for problem in check_content(tmp_path) if problem.file.parent == tmp_path]
    assert f"{tmp_path}/texts.yaml:2: thanks: has an exclamation mark" in found
    assert any("holds the number 0300 000 0000" in line for line in found)


def test_an_overlay_that_changes_a_crisis_text_needs_a_signature_of_its_own(tmp_path: Path) -> None:
    text = "In danger, call {emergency}. Samaritans {samaritans}, or text SHOUT to {shout}."
    (tmp_path / "texts.yaml").write_text(f"texts:\n  crisis_again:\n    text: '{text}'\n")
    assert any("is not signed" in str(problem) for problem in check_content(tmp_path))


def test_the_command_lists_each_problem_and_fails(tmp_path: Path) -> None:
    (tmp_path / "texts.yaml").write_text("texts:\n  thanks:\n    text: Your texts are monitored.\n")
    result = CliRunner().invoke(content, ["check", "--overlay", str(tmp_path)])
    assert result.exit_code == 1
    assert 'texts.yaml:2: thanks: says "monitored": nobody watches the texts' in result.output


def test_the_command_names_a_broken_file(tmp_path: Path) -> None:
    (tmp_path / "texts.yaml").write_text("texts:\n  nope:\n    text: Hi\n")
    result = CliRunner().invoke(content, ["check"], env={"COMPANION_CONTENT_DIR": str(tmp_path)})
    assert result.exit_code == 1
    assert "texts.yaml:2: nope: there is no text with this id to change" in result.output
    result = CliRunner().invoke(content, ["list"], env={"COMPANION_CONTENT_DIR": str(tmp_path)})
    assert result.exit_code == 1
    assert "Error: " in result.output


def test_the_list_shows_texts_as_a_phone_does() -> None:
    result = CliRunner().invoke(content, ["list", "crisis_1", "booked"])
    assert result.exit_code == 0
    assert "crisis_1 (crisis, 2 parts, " in result.output
    assert "Samaritans 116 123" in " ".join(result.output.replace("|", "").split())
    assert "booked (reply, 1 part, " in result.output


def test_the_list_can_show_one_kind() -> None:
    result = CliRunner().invoke(content, ["list", "--kind", "page"])
    assert "test_page (page" in result.output
    assert "(reply" not in result.output


@pytest.mark.parametrize(
    ("word", "beats"),
    [
        ("a", 1), ("the", 1), ("made", 1), ("table", 2), ("people", 2), ("asked", 1), ("noted", 2), ("places", 2),
        ("times", 1), ("anyone", 3), ("something", 2), ("area", 3), ("employer", 3), ("automatic", 4), ("session", 2),
        ("facilitator", 5), ("emergency", 4), ("resident", 3), ("can't", 1), ("GMC", 1), ("10", 1),
    ],
)  # fmt: skip
def test_syllables(word: str, beats: int) -> None:
    assert syllables(word) == beats


def test_a_hard_text_has_a_higher_grade_than_an_easy_one() -> None:
    easy = readability("That sounds hard. Would you like to talk?")
    hard = readability("Considerable psychological difficulties necessitate professional consultation.")
    assert easy.grade < 3
    assert hard.grade > 12
    assert (easy.longest, hard.longest) == (5, 6)


def test_links_and_empty_texts_do_not_count() -> None:
    assert readability("").grade == 0
    assert readability("Go to https://companion.example.org/privacy/and/more now.").longest == 3


def test_all_that_the_project_ships_passes_the_check() -> None:
    assert [str(problem) for problem in check_content()] == []


def test_an_alarm_longer_than_its_slot_is_found(tmp_path: Path) -> None:
    text = "a long tale of what may have gone wrong with one of the many parts of the service"
    (tmp_path / "texts.yaml").write_text(f"texts:\n  alarm_nobody_to_page:\n    text: {text}\n")
    found = [str(problem) for problem in check_content(tmp_path)]
    assert any("coordinator_alarm: the longest {what} in the table is too short" in line for line in found)


def test_a_broken_file_of_resources_is_one_of_the_problems(tmp_path: Path) -> None:
    (tmp_path / "resources.yaml").write_text("resources: 5\n")
    assert any("resources.yaml" in str(problem) for problem in check_content(tmp_path))
