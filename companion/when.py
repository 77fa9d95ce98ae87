"""Days and times in words, as people read and write them in texts ("Tue 24 Nov, 6:30pm"), in a local time zone.

What is returned is English that knows its Welsh (`Bilingual`), for people who asked for it.
"""

from __future__ import annotations

import re
from datetime import datetime, time
from zoneinfo import ZoneInfo

from companion.content.catalogue import Bilingual

_DAYS_CY = ("Llun", "Maw", "Mer", "Iau", "Gwe", "Sad", "Sul")
_MONTHS_CY = ("Ion", "Chw", "Maw", "Ebr", "Mai", "Meh", "Gor", "Awst", "Medi", "Hyd", "Tach", "Rhag")

# What `time_in` reads, to be found in a text.
A_TIME = r"\b(?:\d{1,2}(?:[:.]\d{2})?\s*(?:am|pm)?|noon|midday|midnight)\b"
_A_TIME = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?\s*(am|pm)?")
_NAMED = {"noon": time(12), "midday": time(12), "midnight": time(0)}


def time_in(words: str, *, afternoon: bool = False) -> time | None:
    """Return the local time of day that "7pm", "19:30", "24" or "noon" says; None for what says none.

    `afternoon`: without am or pm, 1 to 7 is after noon, as of what nobody means for the small hours.
    """
    words = words.strip().lower()
    found = _A_TIME.fullmatch(words)
    if found is None:
        return _NAMED.get(words)
    hour, minute, half = int(found[1]), int(found[2] or 0), found[3]
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0) if 1 <= hour <= 12 else 24
    elif afternoon and 1 <= hour <= 7:
        hour += 12
    elif hour == 24:
        hour = 0
    return time(hour, minute) if hour < 24 and minute < 60 else None


def clock_time(moment: datetime | time) -> str:
    """Return "6pm" or "6:30pm" for a local time."""
    hour = moment.hour % 12 or 12
    minutes = f":{moment.minute:02d}" if moment.minute else ""
    return f"{hour}{minutes}{'am' if moment.hour < 12 else 'pm'}"


def day(moment: datetime, zone: ZoneInfo, *, year: bool = False) -> Bilingual:
    """Return "Tue 24 Nov" for a UTC moment, or "Tue 24 Nov 2026" with its year."""
    local = moment.astimezone(zone)
    of = f" {local.year}" if year else ""
    return Bilingual(
        f"{local:%a} {local.day} {local:%b}{of}",
        f"{_DAYS_CY[local.weekday()]} {local.day} {_MONTHS_CY[local.month - 1]}{of}",
    )


def day_and_time(moment: datetime, zone: ZoneInfo) -> Bilingual:
    """Return "Tue 24 Nov, 6:30pm" for a UTC moment."""
    on, at = day(moment, zone), clock_time(moment.astimezone(zone))
    return Bilingual(f"{on}, {at}", f"{on.cy}, {at}")


def time_by(moment: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Return "6:30pm", with "tomorrow" or the day where that is needed to be understood at `now`."""
    local, today = moment.astimezone(zone), now.astimezone(zone)
    if local.date() == today.date():
        return clock_time(local)
    if (local.date() - today.date()).days == 1:
        return Bilingual(f"{clock_time(local)} tomorrow", f"{clock_time(local)} yfory")
    on = day(moment, zone)
    return Bilingual(f"{clock_time(local)} {on}", f"{clock_time(local)} {on.cy}")
