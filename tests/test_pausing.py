"""A pause lasts until the day that somebody names."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.conversation.until import day_meant
from tests.world import World

TODAY = date(2026, 11, 23)  # a Monday


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("Monday", date(2026, 11, 30)),
        ("tues", date(2026, 11, 24)),
        ("weds please", date(2026, 11, 25)),
        ("thursday", date(2026, 11, 26)),
        ("the 9th", date(2026, 12, 9)),
        ("the 31st", date(2026, 12, 31)),
        ("1 june", date(2027, 6, 1)),
        ("june", date(2027, 6, 1)),
        ("jan 4th", date(2027, 1, 4)),
        ("4th of January", date(2027, 1, 4)),
        ("5/12", date(2026, 12, 5)),
        ("29 feb", date(2028, 2, 29)),
        ("after christmas", date(2026, 12, 27)),
        ("the new year", date(2027, 1, 2)),
        ("next week", date(2026, 11, 30)),
        ("the end of the month", date(2026, 12, 1)),
        ("tomorrow", date(2026, 11, 24)),
        ("next year", date(2027, 1, 2)),
        ("2028", date(2028, 1, 2)),
        ("march 2028", date(2028, 3, 1)),
        ("3 march 2027", date(2027, 3, 3)),
        ("2019", None),
        ("the end of march", date(2027, 4, 1)),
        ("after december", date(2027, 1, 1)),
        ("my exams are over", None),
        ("31/2", None),
        ("", None),
    ],
)
def test_the_day_that_is_meant(words: str, day: date | None) -> None:
    assert day_meant(words, TODAY) == day


@given(st.text(max_size=40), st.dates(date(2020, 1, 1), date(2090, 1, 1)))
def test_whatever_is_said_the_day_lies_ahead(words: str, today: date) -> None:
    meant = day_meant(words, today)
    assert meant is None or meant > today


@pytest.mark.one_database("sqlite")
def test_a_pause_ends_on_the_day_that_was_named(world: World) -> None:
    asha = world.member()
    for said, until in (
        ("pause until the 9th please", "Wed 9 Dec"),
        ("pause til monday", "Mon 30 Nov"),
        ("pause until march", "Mon 1 Mar"),
        ("pause til august", "Sun 1 Aug"),
        ("pause for a year", "Mon 22 Nov 2027"),
        ("no texts for half a year", "Mon 24 May"),
        ("pause for 3 months", "Mon 22 Feb"),
        ("pause 12 months", "Mon 22 Nov 2027"),
        ("no texts till the new year", "Sat 2 Jan"),
        ("pause for the rest of the year", "Sat 2 Jan"),
        ("pause until after my exams in june", "Thu 1 Jul"),
        ("stop the texts for a year please", "Mon 22 Nov 2027"),
        ("pause", "Mon 7 Dec"),
    ):
        asha.texts(said)
        asha.hears(f"paused until {until}")


@pytest.mark.one_database("sqlite")
def test_a_pause_that_is_not_as_long_as_was_asked_for_says_so(world: World) -> None:
    asha = world.member()
    for said, heard in (
        ("pause for 18 months", "A year is the longest we can pause, so your texts are paused until Wed 24 Nov 2027"),
        ("pause until september 2028", "A year is the longest"),
        ("pause until after my exams", "We could not tell until when, so your texts are paused until Mon 7 Dec"),
        ("pause until further notice", "We could not tell until when"),
    ):
        asha.texts(said)
        asha.hears(heard, "RESUME")
    asha.texts("actually a year")
    asha.hears("paused until Mon 22 Nov 2027")
    asha.texts("am i paused")
    asha.hears("paused until Mon 22 Nov 2027")
    world.advance(days=300)
    asha.hears_nothing()
    asha.texts("NEXT")  # after so long the number may be another's
    asha.hears("we show nothing from before")
    asha.texts("resume")  # but this is the word that they were given
    asha.hears("on again")
    asha.texts("MY DATA")
    asha.hears("copy of what we hold")
    world.settle()
    asha.ignores()
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_an_end_of_one_thing_that_keeps_everything_else_ends_no_texts(world: World) -> None:
    asha = world.member()
    asha.texts("can you stop the surveys but keep everything else")
    asha.hears("Your texts still come")
