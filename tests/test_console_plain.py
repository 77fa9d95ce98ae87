"""Days and lengths of time, as people write them in the console's forms."""

from __future__ import annotations

from datetime import date

import pytest

from companion.console.plain import before_in, before_said, day_in, day_said


@pytest.mark.parametrize(
    "words",
    [
        "24 December 2026",
        "24 Dec 2026",
        "Thu 24 December 2026",
        "Thursday, 24 december  2026",
        "24/12/2026",
        "2026-12-24",
    ],
)
def test_a_day_is_read_as_it_is_written_here(words: str) -> None:
    assert day_in(words) == date(2026, 12, 24)
    assert day_in(day_said(day_in(words))) == date(2026, 12, 24)


@pytest.mark.parametrize("words", ["soon", "31 November 2026", "12/24/2026", "24 December"])
def test_what_is_no_day_is_named(words: str) -> None:
    with pytest.raises(ValueError, match="Write days like 24 December 2026"):
        day_in(words)


@pytest.mark.parametrize(
    ("words", "minutes", "said"),
    [
        ("1 day, 1 hour", [1440, 60], "1 day, 1 hour"),
        ("2 hours and 1 day", [1440, 120], "1 day, 2 hours"),
        ("1440, 60", [1440, 60], "1 day, 1 hour"),
        ("90 min; 2d", [2880, 90], "2 days, 90 minutes"),
        ("1 week, 7 days", [10080], "7 days"),
    ],
)
def test_reminders_are_read_in_words(words: str, minutes: list[int], said: str) -> None:
    assert before_in(words) == minutes
    assert before_said(minutes) == said
    assert before_in(said) == minutes


@pytest.mark.parametrize("words", ["", " , ", "often", "1 minute", "8 days", "1.5 hours", "-1 hour"])
def test_what_is_no_reminder_is_refused_with_what_to_write(words: str) -> None:
    with pytest.raises(ValueError, match="1 day, 1 hour"):
        before_in(words)
