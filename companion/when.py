"""Days and times in words, as people read them in texts ("Tue 24 Nov, 6:30pm"), in a local time zone."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo


def clock_time(moment: datetime | time) -> str:
    """Return "6pm" or "6:30pm" for a local time."""
    hour = moment.hour % 12 or 12
    minutes = f":{moment.minute:02d}" if moment.minute else ""
    return f"{hour}{minutes}{'am' if moment.hour < 12 else 'pm'}"


def day(moment: datetime, zone: ZoneInfo) -> str:
    """Return "Tue 24 Nov" for a UTC moment."""
    local = moment.astimezone(zone)
    return f"{local:%a} {local.day} {local:%b}"


def day_and_time(moment: datetime, zone: ZoneInfo) -> str:
    """Return "Tue 24 Nov, 6:30pm" for a UTC moment."""
    return f"{day(moment, zone)}, {clock_time(moment.astimezone(zone))}"


def time_by(moment: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Return "6:30pm", with "tomorrow" or the day where that is needed to be understood at `now`."""
    local, today = moment.astimezone(zone), now.astimezone(zone)
    if local.date() == today.date():
        return clock_time(local)
    if (local.date() - today.date()).days == 1:
        return f"{clock_time(local)} tomorrow"
    return f"{clock_time(local)} {day(moment, zone)}"
