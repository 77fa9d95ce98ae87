"""The day that somebody means by "until Monday", "til June", "until the 9th" or "until Christmas"."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAMED = {"christmas": (12, 27), "xmas": (12, 27), "boxing day": (12, 27), "new year": (1, 2)}
_NUMBERS = re.compile(r"\b(\d{1,2})\s*[/.-]\s*(\d{1,2})\b")
_DAY_AND_MONTH = re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th)?(?: of)? ({'|'.join(_MONTHS)})[a-z]*\b")
_MONTH_AND_DAY = re.compile(rf"\b({'|'.join(_MONTHS)})[a-z]* (?:the )?(\d{{1,2}})(?:st|nd|rd|th)?\b")
_MONTH = re.compile(
    rf"\b(?:{'|'.join(_MONTHS)})\b|\b(?:january|february|march|april|june|july|august|september|sept|october"
    r"|november|december)\b"
)
_OF_MONTH = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th)\b")
_YEAR = re.compile(r"\b20\d\d\b")
_AFTER = re.compile(r"\b(?:after|end of|over)\b")
_WEEKDAY = re.compile(rf"\b({'|'.join(_DAYS)})(?:s|nes|rs|urs|ur)?(?:day)?\b")


def day_meant(words: str, today: date) -> date | None:
    """Return the next day after `today` that `words` name, or None when they name none. Never raises.

    A month alone is its first day, and "after March" the one after; "next week" is the Monday after. A year alone, and
    "next year", is its 2 January.
    """
    said = words.lower().strip()
    if named := _YEAR.search(said):
        year = int(named[0])
        within = date(year - 1, 12, 31)
        found = _day_meant(said.replace(named[0], " ").strip(), within) or date(year, 1, 2)
        return found if found > today else None
    return _day_meant(said, today)


def _day_meant(said: str, today: date) -> date | None:
    if "next year" in said or "rest of the year" in said or "end of the year" in said:
        return date(today.year + 1, 1, 2)
    for name, (month, day) in _NAMED.items():
        if name in said:
            return _next(today, month, day)
    if found := _NUMBERS.search(said):
        return _next(today, int(found[2]), int(found[1]))
    if found := _DAY_AND_MONTH.search(said):
        return _next(today, _MONTHS.index(found[2]) + 1, int(found[1]))
    if found := _MONTH_AND_DAY.search(said):
        return _next(today, _MONTHS.index(found[1]) + 1, int(found[2]))
    if "next month" in said or "end of the month" in said:
        return _next_of_month(today, 1)
    if found := _OF_MONTH.search(said):
        return _next_of_month(today, int(found[1]))
    if found := _MONTH.search(said):
        month = _MONTHS.index(found[0][:3]) + (2 if _AFTER.search(said) else 1)
        return _next(today, month if month <= 12 else 1, 1)
    if "tomorrow" in said:
        return today + timedelta(days=1)
    if "next week" in said or "weekend" in said:
        return today + timedelta(days=7 - today.weekday())
    if (weekday := weekday_meant(said)) is not None:
        return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)
    return None


def weekday_meant(words: str) -> int | None:
    """Return the first day of the week that `words` name, 0 for Monday, or None when they name none."""
    found = _WEEKDAY.search(words.lower())
    return _DAYS.index(found[1]) if found else None


def _next(today: date, month: int, day: int) -> date | None:
    for year in range(today.year, today.year + 9):  # the 29th of February may be eight years away
        try:
            found = date(year, month, day)
        except ValueError:
            continue
        if found > today:
            return found
    return None


def _next_of_month(today: date, day: int) -> date | None:
    first = today.replace(day=1)
    for _ in range(12):
        if 1 <= day <= monthrange(first.year, first.month)[1] and first.replace(day=day) > today:
            return first.replace(day=day)
        first = (first + timedelta(days=31)).replace(day=1)
    return None
