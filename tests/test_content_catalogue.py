"""The catalogue fills texts in, refuses what does not fit, and lets a deployment lay its own words over ours."""

import re
from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from companion.content.catalogue import HERE, Text, clean, load_catalogue, placeholders
from companion.content.crisis import crisis_values
from companion.content.reader import ContentError, read_entries
from companion.escalation.references import find_reference
from companion.messaging.parts import count, is_gsm7
from companion.signposting import load_directory

CATALOGUE = load_catalogue()
BEFORE_REVIEW = date(2026, 11, 23)


def overlay(tmp_path: Path, text: str, name: str = "texts.yaml") -> Path:
    (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_a_text_is_filled_in() -> None:
    text = CATALOGUE.render("booked", when="Tue 24 Nov, 6pm")
    assert text.id == "booked"
    assert text.body.startswith("Thanks, you have a place on Tue 24 Nov, 6pm.")
    assert text.version == CATALOGUE.wording("booked").version


def test_the_references_in_examples_are_such_as_are_made() -> None:
    values = {value for each in CATALOGUE.wordings.values() for value in each.values.values()}
    codes = {code for value in values for code in re.findall(r"\b[A-Z]+\d[A-Z0-9]*\b", value) if len(code) == 4}
    assert "K7Q9" in codes
    assert {code for code in codes if find_reference(code) != code} == set()


def test_a_missing_value_is_named() -> None:
    with pytest.raises(ContentError, match=r"sessions\.yaml:\d+: booked needs the value 'when'"):
        CATALOGUE.render("booked")


def test_an_extra_value_is_named() -> None:
    with pytest.raises(ContentError, match="booked does not take the value 'where'"):
        CATALOGUE.render("booked", when="Tue 24 Nov", where="Zoom")


@pytest.mark.parametrize("empty", ["", "  ", "\n"])
def test_an_empty_value_is_refused_unless_it_may_be(empty: str) -> None:
    with pytest.raises(ContentError, match="'when', which is empty"):
        CATALOGUE.render("booked", when=empty)
    assert CATALOGUE.render("crisis_2", nhs_line=empty, cover="We are alerting X.").body.startswith("We are alerting")


def test_an_unknown_id_is_named() -> None:
    with pytest.raises(ContentError, match="there is no text 'bookd'"):
        CATALOGUE.render("bookd")


def test_standing_values_fill_every_text_that_asks_for_them() -> None:
    ready = CATALOGUE.with_standing(name="Companion", samaritans="116 123")
    assert "Samaritans: 116 123" in ready.render("help").body
    assert ready.render("thanks").body == CATALOGUE.render("thanks").body


def test_a_name_that_the_deployment_chose_is_never_cut() -> None:
    long = "The Companion of the Northern Doctors"
    assert CATALOGUE.with_standing(name=long).render("join_back").body.startswith(f"Welcome back to {long}.")


def test_the_version_changes_with_the_wording_and_only_then(tmp_path: Path) -> None:
    changed = load_catalogue(overlay(tmp_path, "texts:\n  thanks:\n    text: Thank you.\n"))
    assert changed.wording("thanks").version != CATALOGUE.wording("thanks").version
    assert changed.wording("help").version == CATALOGUE.wording("help").version
    assert len(CATALOGUE.wording("thanks").version) == 12


@pytest.mark.parametrize(
    ("value", "longest", "cleaned"),
    [
        ("Sam\n\tPatel", "Dr Alexandra", "Sam Patel"),
        ("Sam\x00\x07\u2028x", "Dr Alexandra", "Sam x"),
        ("  Sam  ", "Dr Alexandra", "Sam"),
        ("{name} {0}", "Dr Alexandra", "{name} {0}"),
        ("Bartholomew Fotheringay", "Dr Alexandra", "Bartholome.."),
        ("9" * 1500, "FOUNDATION", "99999999.."),
        # a cut name is a name; a cut number, time or link is a wrong one
        ("Tuesday 24 November, 12:30pm", "Tue 24 Nov", "Tuesday 24 November, 12:30pm"),
        ("https://example.org/a-very-long-link", "https://x.y", "https://example.org/a-very-long-link"),
        ("\ud800Sam", "Dr Alexandra", "Sam"),
    ],
)
def test_values_are_cleaned(value: str, longest: str, cleaned: str) -> None:
    assert clean(value, longest) == cleaned


def test_line_breaks_stay_only_where_a_text_says_so() -> None:
    assert "one\ntwo" in CATALOGUE.render("signpost_intro", lines="one\ntwo").body
    assert "one two" in CATALOGUE.render("next_session", group="one\ntwo", when="x", end="z", place_state="y").body


def test_braces_in_a_value_are_not_filled_in() -> None:
    assert "{when}" in CATALOGUE.render("declined", when="{when}").body


@given(st.sampled_from(sorted(CATALOGUE.wordings)), st.text(max_size=2000))
def test_no_value_whatever_breaks_a_text(text_id: str, value: str) -> None:
    wording = CATALOGUE.wording(text_id)
    body = wording.filled(dict.fromkeys(wording.values, value))
    assert body or text_id == "call"  # which is one value alone
    if text_id not in ("signpost_intro", "signpost_more") and "\n" not in wording.text:
        assert "\n" not in body
    assert not any(mark < " " for mark in body.replace("\n", ""))


@given(st.text(alphabet="abcdefgh 123-:/'", max_size=300))
def test_a_name_of_any_length_keeps_a_text_within_its_parts(name: str) -> None:
    for wording in CATALOGUE.wordings.values():
        named = dict.fromkeys({"name", "programme", "cohort", "group", "facilitator", "who", "code"}, name or "x")
        body = wording.filled({**wording.values, **{key: named[key] for key in named.keys() & wording.values.keys()}})
        assert count(body).parts <= wording.parts or wording.kind == "crisis"


@pytest.mark.parametrize("text", ["{0}", "{}", "{a.b}", "{a[0]}", "{a!r}", "{a:>9}", "{a", "a}"])
def test_only_plain_placeholders_count(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        placeholders(text)


def test_placeholders_in_order_each_once() -> None:
    assert placeholders("{b} {a} {b} {{c}}") == ("b", "a")


def test_the_check_in_questions_come_round_in_order() -> None:
    asked = [CATALOGUE.prompt(turn).id for turn in range(6)]
    assert asked == [*CATALOGUE.rotation, CATALOGUE.rotation[0]]
    assert len(set(asked)) == 5
    assert [CATALOGUE.wording(prompt).answer for prompt in CATALOGUE.rotation] == ["number"] * 4 + ["words"]


# --- a deployment's own words --------------------------------------------------------------------------------------


def test_an_overlay_changes_only_what_it_names(tmp_path: Path) -> None:
    ours = load_catalogue(overlay(tmp_path, "texts:\n  declined:\n    text: No place on {when} then.\n"))
    assert ours.render("declined", when="Tue 24 Nov").body == "No place on Tue 24 Nov then."
    assert ours.render("booked", when="Tue 24 Nov") == CATALOGUE.render("booked", when="Tue 24 Nov")


def test_a_file_that_nothing_reads_is_refused(tmp_path: Path) -> None:
    for name in ("thanks.yaml", "texts.yml", "watchlist/own.yaml"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("texts:\n  thanks:\n    text: Thank you.\n")
        with pytest.raises(ContentError, match="nothing reads this file"):
            load_catalogue(tmp_path)
        path.unlink()


def test_what_is_said_of_a_place_is_never_cut() -> None:
    words = load_catalogue()
    longest = len(words.wording("next_session").values["place_state"])
    for name in ("booked", "waiting", "held", "offered", "declined", "kept", "asked"):
        said = words.wording(f"place_{name}")
        assert max(len(said.text), len(said.cy or "")) <= longest


def test_an_overlay_may_leave_a_value_out_and_code_need_not_know(tmp_path: Path) -> None:
    ours = load_catalogue(overlay(tmp_path, "texts:\n  declined:\n    text: Thanks for telling us.\n"))
    assert ours.render("declined", when="Tue 24 Nov").body == "Thanks for telling us."


def test_an_overlay_may_reorder_the_questions(tmp_path: Path) -> None:
    ours = load_catalogue(overlay(tmp_path, "rotation: [checkin_load]\n", "prompts.yaml"))
    assert ours.prompt(3).id == "checkin_load"


def test_an_empty_directory_changes_nothing(tmp_path: Path) -> None:
    assert load_catalogue(tmp_path).wordings == CATALOGUE.wordings


def test_the_catalogue_is_read_once() -> None:
    assert load_catalogue().wordings is load_catalogue().wordings


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("texts:\n  nope:\n    text: x\n", r"texts\.yaml:2: nope: there is no text with this id to change"),
        ("texts:\n  thanks:\n    text: Hi {who}\n", r"texts\.yaml:2: thanks: \{who\} is not a value of this text"),
        ("texts:\n  thanks:\n    text: Hi {who\n", r"texts\.yaml:2: thanks: "),
        ("texts:\n  thanks:\n    kind: page\n    text: Hi\n", r"texts\.yaml:2: thanks: there is no field 'kind' here"),
        ("texts:\n  thanks:\n    text: ''\n", r"texts\.yaml:2: thanks: the field 'text' must hold words"),
        ("texts:\n  thanks:\n    text: 5\n", r"texts\.yaml:2: thanks: the field 'text' must hold words"),
        ("texts:\n  thanks: {}\n", r"texts\.yaml:2: thanks: the field 'text' is missing"),
        ("texts:\n  thanks: Hi\n", r"texts\.yaml:2: names and values are expected"),
        ("texts:\n  thanks:\n    text: Hi\n  thanks:\n    text: Ho\n", r"texts\.yaml:4: thanks: this id exists twice"),
        ("texts:\n  - thanks\n", r"texts\.yaml:2: names and values are expected"),
        ("words:\n  a: b\n", r"texts\.yaml:2: there is no section 'words'"),
        ("texts:\n  thanks: [\n", r"texts\.yaml:\d: is not YAML"),
        ("texts:\n  thanks:\n    text: a\tb: c\n", r"texts\.yaml:3: is not YAML"),
        ("", r"texts\.yaml: is empty"),
        ("rotation: 5\n", r"texts\.yaml:1: rotation must be a list of ids"),
        ("rotation: [nope]\n", "rotation names 'nope', which does not exist"),
    ],
)
def test_an_error_names_file_and_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ContentError, match=said):
        load_catalogue(overlay(tmp_path, text))


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "texts.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ContentError, match="is not UTF-8 text"):
        read_entries(tmp_path / "texts.yaml")
    with pytest.raises(ContentError, match="cannot be read"):
        read_entries(tmp_path / "missing.yaml")


# --- the crisis reply ----------------------------------------------------------------------------------------------


def crisis_reply(nation: str | None, today: date) -> tuple[Text, Text]:
    ready = CATALOGUE.with_standing(**crisis_values(load_directory(), today))
    line = ready.nhs_line(nation, ready.standing.get(f"nhs_{nation}", ""))
    return ready.render("crisis_1"), ready.render("crisis_2", nhs_line=line, cover=ready.render("cover_always").body)


@pytest.mark.parametrize(
    ("nation", "line"),
    [
        ("england", "call 111 and choose the mental health option"),
        ("wales", "call 111 and press 2"),
        ("scotland", "call 111 and choose mental health"),
        ("ni", "Lifeline on 0808 808 8000"),
        (None, None),
        ("elsewhere", None),
    ],
)
def test_the_crisis_reply_has_the_lines_of_the_nation(nation: str | None, line: str | None) -> None:
    first, second = crisis_reply(nation, BEFORE_REVIEW)
    assert first.body.index("999") < first.body.index("Samaritans 116 123") < first.body.index("SHOUT to 85258")
    assert "no person has read your text yet" in first.body
    assert "not an emergency service" in second.body
    assert (line in second.body) if line else second.body.startswith("We are alerting a facilitator")
    assert count(first.body).parts + count(second.body).parts <= 4
    assert is_gsm7(first.body + second.body)


def test_an_nhs_number_past_its_date_is_left_out_and_the_others_stay() -> None:
    first, second = crisis_reply("ni", date(2100, 1, 1))
    assert "116 123" in first.body
    assert "85258" in first.body
    assert "Lifeline" not in second.body


@pytest.mark.parametrize("missing", ["emergency-999", "samaritans", "shout"])
def test_a_missing_crisis_number_is_an_error_and_never_a_gap(tmp_path: Path, missing: str) -> None:
    own = overlay(tmp_path, f"resources:\n  - id: {missing}\n    publish: hold\n", "resources.yaml")
    with pytest.raises(ContentError, match=f"{missing} has no number"):
        crisis_values(load_directory(own), BEFORE_REVIEW)


def test_the_longest_alias_is_named_in_full() -> None:
    words = yaml.safe_load((HERE / "aliases.yaml").read_text(encoding="utf-8"))
    alias = f"{max(words['first'], key=len)} {max(words['second'], key=len)} 1234"
    assert alias in CATALOGUE.render("facilitator_late", alias=alias, group="ICU", time="6pm").body


def test_what_a_file_says_of_a_value_holds_in_that_file() -> None:
    rows = "GROUP 1: ICU North Tuesday, Wednesday 12:30pm"
    assert CATALOGUE.wording("group_list").values["groups"].startswith(rows)
    assert CATALOGUE.wording("message_which_group").values["groups"].startswith("1 ICU North")
