"""Days and times in words, as people read them in texts ("Tue 24 Nov, 6:30pm"), in a local time zone.

What is returned is English that knows its Welsh (`Bilingual`), for people who asked for it.
"""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

from companion.content.catalogue import Bilingual

_DAYS_CY = ("Llun", "Maw", "Mer", "Iau", "Gwe", "Sad", "Sul")
_MONTHS_CY = ("Ion", "Chw", "Maw", "Ebr", "Mai", "Meh", "Gor", "Awst", "Medi", "Hyd", "Tach", "Rhag")


def clock_time(moment: datetime | time) -> str:
    """Return "6pm" or "6:30pm" for a local time."""
    hour = moment.hour % 12 or 12
    minutes = f":{moment.minute:02d}" if moment.minute else ""
    return f"{hour}{minutes}{'am' if moment.hour < 12 else 'pm'}"


def day(moment: datetime, zone: ZoneInfo) -> Bilingual:
    """Return "Tue 24 Nov" for a UTC moment."""
    local = moment.astimezone(zone)
    return Bilingual(
        f"{local:%a} {local.day} {local:%b}", f"{_DAYS_CY[local.weekday()]} {local.day} {_MONTHS_CY[local.month - 1]}"
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
