"""What of a resource may be shown, on which day; the loader; the checks of the directory."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from companion.content.files import forbidden_contacts
from companion.signposting import DirectoryError, Resource, Shown, load_directory
from companion.signposting.checks import (
    Forbidden,
    ForbiddenFile,
    check_line,
    check_resources,
    find_forbidden,
    forbidden_entry,
    shipped_forbidden,
)
from companion.signposting.hours import parse_hours

DIRECTORY = load_directory()
BEFORE = date(2026, 12, 1)
AFTER = date(2027, 6, 1)
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
ROOT = Path(__file__).parent.parent
STAY = {"emergency-999", "samaritans", "shout"}


def expected(resource: Resource, day: date) -> set[Shown]:
    """The publish rules, said again in another way."""
    by_name = Shown.NAME if resource.find_it else Shown.NOTHING
    table = {
        "hold": Shown.NOTHING,
        "web_only": Shown.WEB,
        "check": by_name,
        "local": by_name,
        "full": Shown.CONTACT,
    }
    wanted = table[resource.publish]
    if wanted is Shown.CONTACT and day == AFTER and resource.id not in STAY:
        wanted = Shown.WEB if resource.contact.web else by_name
    return {wanted}


@pytest.mark.parametrize("day", [BEFORE, AFTER])
@pytest.mark.parametrize("resource", DIRECTORY.resources, ids=lambda r: r.id)
def test_only_what_the_publish_state_allows_is_shown(resource: Resource, day: date) -> None:
    shown = resource.shown(day)
    line = resource.line(day)
    assert {shown} == expected(resource, day)
    assert bool(line) == (shown is not Shown.NOTHING)
    contact = resource.contact
    if shown is not Shown.CONTACT:
        assert contact.phone is None or contact.phone not in line or contact.phone in ("111", "999")
        assert contact.text is None or contact.text.to not in line
    if shown is Shown.NAME and contact.web:
        assert contact.web not in line
    if shown is Shown.CONTACT and contact.phone:
        assert contact.phone in line
    assert list(check_line(line)) == []


def test_every_entry_has_a_review_date_and_crisis_entries_an_earlier_one() -> None:
    assert {r.review_by for r in DIRECTORY.resources if r.crisis_service} == {date(2027, 2, 22)}
    assert {r.review_by for r in DIRECTORY.resources} == {date(2027, 2, 22), date(2027, 5, 22)}


def test_the_line_for_shout_says_what_to_send_and_where() -> None:
    shout = DIRECTORY.get("shout")
    assert shout is not None
    assert "text SHOUT to 85258" in shout.line(BEFORE)


@pytest.mark.parametrize("name", ["dochealth", "mdu", "mddus-wellbeing", "bma-member-advice", "bma-counselling"])
def test_fees_and_membership_are_said(name: str) -> None:
    resource = DIRECTORY.get(name)
    assert resource is not None
    assert any(word in resource.line(BEFORE) for word in ("members", "Fees"))


def test_a_check_entry_shows_its_number_once_somebody_has_opened_the_page(tmp_path: Path) -> None:
    (tmp_path / "resources.yaml").write_text(
        "resources:\n  - id: protect\n    checked: 2026-12-01\n    review_by: 2027-12-01\n"
    )
    protect = load_directory(tmp_path).get("protect")
    assert protect is not None
    assert protect.shown(AFTER) is Shown.CONTACT
    assert protect.contact.phone is not None
    assert protect.contact.phone in protect.line(AFTER)


def test_a_local_entry_shows_its_contact_once_a_programme_has_filled_it_in(tmp_path: Path) -> None:
    (tmp_path / "resources.yaml").write_text(
        "resources:\n"
        "  - id: local-occupational-health\n"
        "    contact: {phone: 07700 900456}\n"
        "    hours_text: Mon-Fri 8am-4pm\n"
        "    checked: 2026-12-01\n"
        "    review_by: 2027-12-01\n"
    )
    filled = load_directory(tmp_path)
    health = filled.get("local-occupational-health")
    assert health is not None
    assert health.line(BEFORE) == "Occupational health: 07700 900456, Mon-Fri 8am-4pm."
    assert filled.by_topic("shielding", "wales", NOON)[0] == health
    assert health.shown(date(2027, 12, 2)) is Shown.NAME


def test_an_entry_of_the_programmes_own_can_be_added(tmp_path: Path) -> None:
    (tmp_path / "resources.yaml").write_text(
        """
resources:
  - id: our-hub
    name: Staff hub
    short_name: Staff hub
    group: training and work
    what: Counselling for staff.
    who: staff
    nations: [england]
    contact: {phone: 07700 900789}
    hours: office hours
    cost: free
    confidentiality: confidential
    crisis_service: false
    topics: [low mood]
    best_for: [low mood]
    publish: local
    confidence: high
    provider_page_seen: true
    review_by: 2027-12-01
    sources: [{url: staff intranet, saw: the number, dated: "2026-12-01"}]
"""
    )
    hub = load_directory(tmp_path).get("our-hub")
    assert hub is not None
    assert hub.line(BEFORE) == "Staff hub: 07700 900789."


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("resources:\n  - id: cruse\n    publish: maybe\n", "cruse: publish"),
        ("resources:\n  - id: cruse\n    open: mon 9-5\n", "cruse: open"),
        ("resources:\n  - id: cruse\n    best_for: [sleep]\n", "best_for has topics that are not in topics: sleep"),
        ("resources:\n  - id: cruse\n    phone: 1\n", "cruse: phone"),
        ("resources:\n  - id: brand-new\n", "brand-new: name"),
        ("resources:\n  - name: no id\n", "entry 1 has no id"),
        ("resources: none\n", "a list named resources is expected"),
        ("resources: [\n", "cannot be read"),
    ],
)
def test_a_mistake_in_a_file_is_named(tmp_path: Path, written: str, said: str) -> None:
    file = tmp_path / "resources.yaml"
    file.write_text(written)
    with pytest.raises(DirectoryError) as raised:
        load_directory(tmp_path)
    assert str(file) in str(raised.value)
    assert said in str(raised.value)


@pytest.mark.parametrize("phrase", ["{nobody} died", "* sleep", "(a|) sleep"])
def test_a_mistake_in_a_phrase_is_named(tmp_path: Path, phrase: str) -> None:
    ours = (ROOT / "companion/content/topics.yaml").read_text(encoding="utf-8")
    (tmp_path / "topics.yaml").write_text(ours.replace("    sure: >-\n", f"    sure: >-\n      {phrase},\n", 1))
    with pytest.raises(DirectoryError, match=r"topics\.yaml"):
        load_directory(tmp_path)


def test_the_directory_we_ship_has_no_problems() -> None:
    assert check_resources() == []


def test_a_problem_is_said(tmp_path: Path) -> None:
    (tmp_path / "resources.yaml").write_text(
        "resources:\n"
        "  - id: cruse\n    contact: {phone: '0808 12'}\n    checked: 2030-01-01\n"
        "  - id: mind\n    short_name: Mind \u2013 the charity\n"
        "  - id: protect\n    publish: hold\n"
    )
    problems = "\n".join(check_resources(load_directory(tmp_path)))
    assert "cruse: the number 0808 12 is not a number" in problems
    assert "cruse: was checked on 2030-01-01, after its review date" in problems
    assert "mind: characters that are not in the basic alphabet" in problems
    assert "speaking up has no offer in wales" in problems


def test_nothing_forbidden_stands_anywhere_in_the_project() -> None:
    files = [ROOT / "pyproject.toml", *ROOT.glob("*.md")]
    for folder in ("companion", "docs", "migrations", "tests"):
        files += [file for file in (ROOT / folder).rglob("*") if file.is_file() and file.suffix != ".pyc"]
    assert list(forbidden_contacts(files, shipped_forbidden())) == []


@pytest.mark.parametrize(
    "written", ["07700 900321", "07700900321", "+44 7700 900 321", "0770-0900-321", "x07700.900321y"]
)
def test_a_forbidden_number_is_found_however_it_is_written(written: str) -> None:
    entry = yaml.safe_load(forbidden_entry("07700 900321"))[0]
    forbidden = ForbiddenFile(salt=shipped_forbidden().salt, values=(Forbidden(**entry),))
    assert len(find_forbidden(f"ring {written} today", forbidden)) == 1
    assert find_forbidden("ring 07700 900322 today", forbidden) == []


@pytest.mark.parametrize("value", ["SOMETHING to 85258", "someone@example.org", "old.example.org"])
def test_forbidden_words_and_addresses_are_kept_as_hashes(value: str) -> None:
    entry = forbidden_entry(value)
    assert value.lower() not in entry.lower()
    assert "sha256: " in entry


def test_hours_follow_the_clock_on_the_wall_and_run_past_midnight() -> None:
    hours = parse_hours("mon-fri 08:00-20:00; thu 18:00-26:00")
    assert hours.open_at(datetime(2026, 7, 6, 7, 30, tzinfo=UTC))  # 8:30 in British Summer Time
    assert not hours.open_at(datetime(2026, 12, 7, 7, 30, tzinfo=UTC))
    assert hours.open_at(datetime(2026, 12, 4, 1, 30, tzinfo=UTC))  # Friday, 1:30, from Thursday's evening
    assert not hours.open_at(datetime(2026, 12, 5, 12, tzinfo=UTC))


@pytest.mark.parametrize("written", ["", "mon", "mon 9-5", "xxx 09:00-10:00", "fri-mon 09:00-10:00", "mon 10:00-09:00"])
def test_hours_that_cannot_be_read_are_refused(written: str) -> None:
    with pytest.raises(ValueError, match="opening hours"):
        parse_hours(written)


@given(st.dates(min_value=date(2026, 11, 23), max_value=date(2035, 1, 1)))
def test_on_any_day_the_three_that_stay_are_shown_with_their_number(day: date) -> None:
    for name in STAY:
        resource = DIRECTORY.get(name)
        assert resource is not None
        assert resource.shown(day) is Shown.CONTACT
        assert resource.shown(day + timedelta(days=1)) is Shown.CONTACT
