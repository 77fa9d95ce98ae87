"""The week of the rota in words: a night is one turn, not two."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from companion.console.week import begun, days_of, hours_of_day, together
from companion.rota.schedule import Turn

LONDON = ZoneInfo("Europe/London")


def turn(starts: str, ends: str) -> Turn:
    """A turn between two local times of November 2026, "24 20:00"."""
    begins, over = (
        datetime.strptime(f"2026 11 {at}", "%Y %m %d %H:%M").replace(tzinfo=LONDON) for at in (starts, ends)
    )
    return Turn(begins.astimezone(UTC), over.astimezone(UTC), "first", uuid.uuid4(), uuid.uuid4(), None)


@pytest.mark.parametrize(
    ("starts", "ends", "on", "said"),
    [
        ("24 09:00", "24 17:30", 24, "9am until 5:30pm"),
        ("24 20:00", "25 08:00", 24, "8pm until 8am the next day"),
        ("24 20:00", "25 08:00", 25, "until 8am, since 8pm the day before"),
        ("24 20:00", "25 00:00", 24, "8pm until midnight"),
        ("23 00:00", "24 00:00", 23, "midnight until midnight"),
        ("20 18:00", "23 08:00", 20, "6pm until 8am on Monday 23 November"),
        ("20 18:00", "23 08:00", 21, "all day, since 6pm the day before, until 8am on Monday 23 November"),
        ("20 18:00", "23 08:00", 22, "all day, since 6pm on Friday 20 November, until 8am the next day"),
        ("20 18:00", "23 08:00", 23, "until 8am, since 6pm on Friday 20 November"),
    ],
)
def test_hours_of_a_turn_as_seen_from_a_day(starts: str, ends: str, on: int, said: str) -> None:
    assert hours_of_day(turn(starts, ends), date(2026, 11, on), LONDON) == said


def test_a_turn_stands_on_each_day_that_it_touches_and_no_other() -> None:
    night, evening = turn("24 20:00", "25 08:00"), turn("25 18:00", "26 00:00")
    week = days_of(date(2026, 11, 23), [night, evening], LONDON)
    assert [[each for each, _ in day.turns] for day in week[:4]] == [[], [night], [night, evening], []]


def test_who_is_paged_first_stands_first_whoever_began_first() -> None:
    second = replace(turn("23 08:00", "30 08:00"), role="second")
    [day] = days_of(date(2026, 11, 24), [second, turn("24 20:00", "25 08:00")], LONDON)[:1]
    assert [each.role for each, _ in day.turns] == ["first", "second"]


def test_days_without_anybody_that_follow_each_other_are_one() -> None:
    week = days_of(date(2026, 11, 23), [turn("24 20:00", "25 08:00")], LONDON)
    assert [(first.on.day, last.on.day) for first, last in together(week)] == [(23, 23), (24, 24), (25, 25), (26, 29)]


def test_on_a_sheet_a_night_stands_on_the_day_it_begins_and_what_goes_on_on_each() -> None:
    before, night, days = turn("22 20:00", "23 08:00"), turn("24 20:00", "25 08:00"), turn("26 08:00", "28 08:00")
    four = days_of(date(2026, 11, 23), [before, night, days], LONDON, 4)
    assert len(four) == 28
    shown = {day.on.day: [each for each, _ in day.turns] for day in begun(four, LONDON) if day.turns}
    assert shown == {23: [before], 24: [night], 26: [days], 27: [days]}
