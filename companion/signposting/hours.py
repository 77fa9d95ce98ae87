"""Opening hours, as they are written in resources.yaml: "always", or "mon-fri 08:00-20:00; sat 08:00-14:00".

Times are the clock on the wall in the United Kingdom. A day may run past midnight ("mon-thu 18:00-26:00").
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_PART = re.compile(r"(?P<first>[a-z]{3})(?:-(?P<last>[a-z]{3}))? (?P<from>\d\d:\d\d)-(?P<to>\d\d:\d\d)")


@dataclass(frozen=True)
class Hours:
    """When a service answers: (day with Monday 0, from minute, to minute), or `always`."""

    always: bool
    spans: tuple[tuple[int, int, int], ...] = ()

    def open_at(self, at: datetime) -> bool:
        """Return whether the service answers at `at`, an aware moment. Bank holidays are not known here."""
        if self.always:
            return True
        local = at.astimezone(LONDON)
        minute = local.hour * 60 + local.minute
        yesterday = (local - timedelta(days=1)).weekday()
        return any(
            (day == local.weekday() and start <= minute < end) or (day == yesterday and start <= minute + 24 * 60 < end)
            for day, start, end in self.spans
        )


def parse_hours(text: str) -> Hours:
    """Read opening hours. Raises ValueError that shows the part which cannot be read."""
    if text == "always":
        return Hours(always=True)
    spans: list[tuple[int, int, int]] = []
    for part in text.split(";"):
        found = _PART.fullmatch(part.strip())
        if not found or found["first"] not in _DAYS or (found["last"] or "mon") not in _DAYS:
            raise ValueError(f"opening hours cannot be read: {part.strip()!r}")
        first = _DAYS.index(found["first"])
        last = _DAYS.index(found["last"]) if found["last"] else first
        start, end = _minutes(found["from"]), _minutes(found["to"])
        if last < first or end <= start:
            raise ValueError(f"opening hours run backwards: {part.strip()!r}")
        spans += [(day, start, end) for day in range(first, last + 1)]
    return Hours(always=False, spans=tuple(spans))


def _minutes(clock: str) -> int:
    hour, minute = clock.split(":")
    return int(hour) * 60 + int(minute)
