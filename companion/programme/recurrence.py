"""On which days a group meets: an iCalendar rule without the days it skips, at one wall-clock time all year."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

FORTNIGHTLY = "FREQ=WEEKLY;INTERVAL=2"
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_PARTS = frozenset({"FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS", "COUNT", "UNTIL", "WKST"})
_PLACES: Mapping[str, str] = {"1": "first", "2": "second", "3": "third", "4": "fourth", "-1": "last"}
_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class RuleError(ValueError):
    """The rule cannot be used; the message says why, for whoever wrote it."""


def check_rule(rule: str) -> str:
    """Return a recurrence rule (RFC 5545, 3.3.10) as it is stored. Raises RuleError.

    At most one meeting a day: the time of day is the group's, so rules by the hour or minute are refused.
    """
    parts = [part for part in rule.upper().removeprefix("RRULE:").replace(" ", "").split(";") if part]
    names = [part.partition("=")[0] for part in parts]
    unknown = sorted(set(names) - _PARTS)
    if unknown:
        raise RuleError(f"{', '.join(unknown)} cannot be used here: a group meets at one time of day")
    if len(set(names)) < len(names):
        raise RuleError("says the same thing twice")
    if not {"FREQ=WEEKLY", "FREQ=MONTHLY"} & set(parts):
        raise RuleError("needs FREQ=WEEKLY or FREQ=MONTHLY, as in FREQ=WEEKLY;INTERVAL=2")
    if any(part.startswith("UNTIL=") and len(part) != len("UNTIL=20270101") for part in parts):
        raise RuleError("UNTIL takes a date such as UNTIL=20270101")
    stored = ";".join(parts)
    try:
        first = next(days(stored, date(2026, 1, 1), date(2026, 1, 1), date(2046, 1, 1)), None)
    except (ValueError, TypeError, AttributeError, IndexError, ZeroDivisionError) as error:
        raise RuleError("is no iCalendar rule such as FREQ=WEEKLY;INTERVAL=2") from error
    if first is None and not any(name in ("UNTIL", "COUNT") for name in names):
        raise RuleError("never comes to a day")
    return stored


def weekly(weeks: int) -> str:
    """Return the rule for every so many weeks, on the weekday of the first meeting."""
    return f"FREQ=WEEKLY;INTERVAL={weeks}"


def monthly(first_on: date) -> str:
    """Return the rule for every month on the weekday of `first_on`: the first to fourth of a month, or its last."""
    place = (first_on.day - 1) // 7 + 1
    return f"FREQ=MONTHLY;BYDAY={place if place < len(_PLACES) else -1}{WEEKDAYS[first_on.weekday()]}"


def days(rule: str, first_on: date, after: date, until: date, skip: Collection[date] = ()) -> Iterator[date]:
    """Yield the days of `rule`, counted from `first_on`, from `after` to `until` (both included) without `skip`."""
    if after > until:
        return
    found = rrulestr(rule, dtstart=datetime.combine(first_on, time()))
    for moment in found.between(datetime.combine(after, time()), datetime.combine(until, time()), inc=True):
        if moment.date() not in skip:
            yield moment.date()


def at_local(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return when it is `at` on `day` in `zone`, in UTC.

    As RFC 5545 (3.3.5) says: a time that does not exist, because the clocks go forward over it, is read by the clock
    before the change; of a time that comes twice the first is meant.
    """
    return datetime.combine(day, at, zone).astimezone(UTC)


def shifted(rule: str, first_on: date, old: date, new: date) -> tuple[str, date]:
    """Return the rule and its first day when the meeting of `old`, and all after it, move by as much as it does.

    A rule by the week moves all its weekdays; one by the month meets on the new day of the month, or on the new weekday
    of the same kind ("the second Tuesday"). Raises RuleError for a rule that has no such place for every date.
    """
    by = (new - old).days
    if not by:
        return rule, first_on
    parts = dict(part.partition("=")[::2] for part in rule.split(";"))
    if "BYMONTH" in parts or "BYSETPOS" in parts:
        raise RuleError("names months or positions: only its time can move from here on")
    if "COUNT" in parts:
        over = sum(1 for _ in days(rule, first_on, first_on, old - timedelta(days=1)))
        parts["COUNT"] = str(int(parts["COUNT"]) - over)
    if "UNTIL" in parts:
        parts["UNTIL"] = f"{_last(parts['UNTIL']) + timedelta(days=by):%Y%m%d}"
    if parts["FREQ"] == "WEEKLY":
        if "BYDAY" in parts:
            parts["BYDAY"] = ",".join(_weekday(day, by) for day in parts["BYDAY"].split(","))
            parts["WKST"] = _weekday(parts.get("WKST", "MO"), by)
    elif "BYDAY" in parts and "BYMONTHDAY" not in parts:
        parts["BYDAY"] = _nth(parts["BYDAY"], new)
    elif parts.get("BYMONTHDAY", "1").lstrip("-").isdecimal() and "BYDAY" not in parts:
        parts.pop("BYMONTHDAY", None)
    else:
        raise RuleError("meets on several days of a month: only its time can move from here on")
    return ";".join(f"{name}={value}" for name, value in parts.items()), new


def _weekday(day: str, by: int) -> str:
    return WEEKDAYS[(WEEKDAYS.index(day) + by) % 7]


def _nth(given: str, new: date) -> str:
    """Return which weekday of its month `new` is, counted from the same end as `given` ("1TU", "-1FR")."""
    if "," in given or not given[:-2].lstrip("+-").isdecimal():
        raise RuleError("meets on several days of a month: only its time can move from here on")
    after = (new.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    place = -((after.day - new.day) // 7 + 1) if given.startswith("-") else (new.day - 1) // 7 + 1
    return f"{place}{WEEKDAYS[new.weekday()]}"


def in_words(rule: str, first_on: date) -> str:
    """Return a rule in words: "every 2 weeks on Thursday". One that is not plain is shown as it is."""
    parts = dict(part.partition("=")[::2] for part in rule.split(";"))
    every = int(parts.get("INTERVAL", "1"))
    until = _until(parts)
    plain = parts.keys() <= {"FREQ", "INTERVAL", "BYDAY", "UNTIL", "WKST"}
    given = parts.get("BYDAY", WEEKDAYS[first_on.weekday()]).split(",")
    if parts["FREQ"] == "WEEKLY" and plain and all(day in WEEKDAYS for day in given):
        names = " and ".join(_NAMES[WEEKDAYS.index(day)] for day in given)
        return f"every {'week' if every == 1 else f'{every} weeks'} on {names}{until}"
    if parts["FREQ"] == "MONTHLY" and plain and "BYDAY" not in parts:
        return f"every {'month' if every == 1 else f'{every} months'} on day {first_on.day}{until}"
    place, day = given[0][:-2], given[0][-2:]
    if parts["FREQ"] == "MONTHLY" and plain and len(given) == 1 and place in _PLACES:
        which = f"{_PLACES[place]} {_NAMES[WEEKDAYS.index(day)]}"
        return f"every {'month' if every == 1 else f'{every} months'} on the {which}{until}"
    return rule


def _last(given: str) -> date:
    return datetime.strptime(given, "%Y%m%d").date()  # noqa: DTZ007 (a day, not a moment)


def _until(parts: Mapping[str, str]) -> str:
    given = parts.get("UNTIL")
    if given is None:
        return ""
    last = _last(given)
    return f" until {last.day} {last:%B %Y}"


def local_day(moment: datetime, zone: ZoneInfo) -> date:
    """Return the day that it is in `zone` at `moment`."""
    return moment.astimezone(zone).date()


def a_year_on(day: date) -> date:
    """Return the day 53 weeks later: far enough to see every date of a year's rule."""
    return day + timedelta(weeks=53)
