"""Hours in which someone is left in peace, in their local time, through both clock changes."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from companion.models import Person


def over_at(person: Person, now: datetime) -> datetime | None:
    """Return when the person's present quiet hours end (UTC), or None when it is not quiet at `now`."""
    if person.quiet_from is None or person.quiet_until is None:
        return None
    return end_of_quiet(person.quiet_from, person.quiet_until, ZoneInfo(person.time_zone), now)


def end_of_quiet(quiet_from: time, quiet_until: time, zone: ZoneInfo, now: datetime) -> datetime | None:
    """Return when quiet hours (local, may span midnight, equal times mean none) that hold at `now` end, in UTC."""
    if quiet_from == quiet_until:
        return None
    local = now.astimezone(zone)
    at = local.time().replace(tzinfo=None)
    over_midnight = quiet_from > quiet_until
    quiet = (at >= quiet_from or at < quiet_until) if over_midnight else (quiet_from <= at < quiet_until)
    if not quiet:
        return None
    ends_on = local.date() + timedelta(days=1 if over_midnight and at >= quiet_from else 0)
    return datetime.combine(ends_on, quiet_until, zone).astimezone(UTC)
