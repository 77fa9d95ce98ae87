"""Looking contacts up again: what is due, what is recorded, and what a record changes."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from companion.content.catalogue import load_catalogue
from companion.content.cli import content
from companion.content.review import to_review
from companion.signposting import DirectoryError, Shown, load_directory
from companion.signposting.checks import check_resources
from companion.signposting.reviews import Review, add_review, read_reviews

DAY, UNTIL = date(2026, 12, 1), date(2027, 6, 1)


def test_a_contact_is_shown_once_somebody_has_looked_it_up(tmp_path: Path) -> None:
    before = load_directory().get("protect")
    assert before is not None
    assert before.shown(DAY) is Shown.NAME
    add_review(tmp_path, Review(id="protect", day=DAY, by="Dr Example", until=UNTIL))
    after = load_directory(tmp_path).get("protect")
    assert after is not None
    assert (after.shown(DAY), after.checked, after.review_by) == (Shown.CONTACT, DAY, UNTIL)


def test_the_newest_look_counts_and_a_damaged_file_is_named(tmp_path: Path) -> None:
    for day in (date(2027, 1, 1), DAY):
        add_review(tmp_path, Review(id="samaritans", day=day, by="Dr Example", until=UNTIL))
    assert read_reviews(tmp_path)["samaritans"].day == date(2027, 1, 1)
    with pytest.raises(ValueError, match="after `day`"):
        Review(id="samaritans", day=UNTIL, by="Dr Example", until=DAY)
    (tmp_path / "reviews.yaml").write_text("reviews: [{id: samaritans}]")
    with pytest.raises(DirectoryError, match=r"reviews.yaml: .*Field required"):
        read_reviews(tmp_path)


def test_what_was_never_done_comes_first_and_a_changed_crisis_text_asks_again() -> None:
    items = to_review(load_directory(), load_catalogue(), {})
    assert [item.due is None for item in items] == sorted((item.due is None for item in items), reverse=True)
    wording = load_catalogue().wording("crisis_1")
    key = f"text:crisis_1:{wording.version}"
    agreed = Review(id=key, day=DAY, by="Dr Example", until=UNTIL)
    again = {item.id: item for item in to_review(load_directory(), load_catalogue(), {key: agreed})}
    assert again[key].due == UNTIL
    assert not again[key].is_due(DAY)


def test_the_command_lists_and_records(tmp_path: Path) -> None:
    run = CliRunner().invoke
    listed = run(content, ["review", "--all"])
    assert "samaritans: look up number, hours and cost: Samaritans https://samaritans.org" in listed.output
    refused = run(content, ["review", "--done", "samaritans", "--by", "Dr Example"])
    assert refused.exit_code == 1
    assert "COMPANION_CONTENT_DIR" in refused.output
    done = ["review", "--overlay", str(tmp_path), "--done", "text:crisis_1", "--by", "Dr Example"]
    assert run(content, done).exit_code == 0
    assert "last by Dr Example" in run(content, ["review", "--all", "--overlay", str(tmp_path)]).output
    assert "nothing to review" in run(content, ["review", "--done", "nowhere"]).output


def test_a_number_in_the_words_must_be_the_entry_s_own(tmp_path: Path) -> None:
    (tmp_path / "resources.yaml").write_text(
        "resources:\n  - {id: samaritans, say: 'Samaritans: 0300 303 0300, any time, free.'}\n"
    )
    problems = check_resources(load_directory(tmp_path))
    assert "samaritans: say holds the number 0300 303 0300, which is not this entry's" in problems
