"""Days and lengths of time as people write them in forms: "24 December 2026", "1 day, 1 hour"."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime

_DAYS = ("%d %B %Y", "%d %b %Y", "%d/%m/%Y", "%d.%m.%Y", "%Y-%m-%d")
_WEEKDAY = re.compile(r"^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? ", re.IGNORECASE)
_UNITS = {"m": 1, "h": 60, "d": 24 * 60, "w": 7 * 24 * 60}
_LENGTH = re.compile(r"(\d{1,5}) ?(m|min|mins|minutes?|h|hours?|d|days?|w|weeks?)?", re.IGNORECASE)
_SHORTEST, _LONGEST = 5, 7 * 24 * 60  # minutes before a session


def day_in(words: str) -> date:
    """Return the day that `words` say. Raises ValueError in words for people."""
    given = " ".join(_WEEKDAY.sub("", words.strip()).split())
    for shape in _DAYS:
        try:
            return datetime.strptime(given, shape).date()  # noqa: DTZ007 - a day has no time zone
        except ValueError:
            continue
    raise ValueError(f"“{words.strip()[:30]}” is no day. Write days like 24 December 2026, each on its own line.")


def day_said(day: date) -> str:
    """Return "24 December 2026"."""
    return f"{day.day} {day:%B %Y}"


def before_in(words: str) -> list[int]:
    """Return the minutes before a session that `words` say ("1 day, 1 hour"), the longest first. Raises ValueError."""
    found = set()
    for part in (part.strip() for part in re.split(r",|;| and ", words) if part.strip()):
        match = _LENGTH.fullmatch(part)
        minutes = int(match[1]) * _UNITS[(match[2] or "m")[0].lower()] if match else 0
        if not _SHORTEST <= minutes <= _LONGEST:
            raise ValueError(f"“{part[:30]}” cannot be read. Write 1 day, 1 hour: from 5 minutes to a week before.")
        found.add(minutes)
    if not found:
        raise ValueError("Write how long before people are reminded, such as 1 day, 1 hour.")
    return sorted(found, reverse=True)


def before_said(minutes: Iterable[int]) -> str:
    """Return "1 day, 1 hour" for 1440 and 60."""
    return ", ".join(_length(each) for each in minutes)


def _length(minutes: int) -> str:
    for unit, name in ((24 * 60, "day"), (60, "hour"), (1, "minute")):
        if minutes % unit == 0:
            many = minutes // unit
            return f"{many} {name}{'' if many == 1 else 's'}"
    raise AssertionError(minutes)
