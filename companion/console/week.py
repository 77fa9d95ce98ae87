"""A week of the rota, day by day, with the hours of each turn in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from companion.models import Person
from companion.rota.duties import turns_between
from companion.rota.schedule import Turn, at
from companion.when import clock_time

WEEK = timedelta(days=7)
ROLES = ("first", "second", "lead")  # in the order in which they are paged
WEEKS = 8  # how far one may look ahead or back
AHEAD = 4  # weeks on one sheet


@dataclass(frozen=True)
class Day:
    """One local day with who is on duty on it, and when in words."""

    on: date
    turns: Sequence[tuple[Turn, str]]


def on_now(session: Session, now: datetime) -> Sequence[tuple[Turn, str]]:
    """Return who is on duty at `now` (UTC), for whichever group, with their names: first, second, then leads."""
    turns = at(turns_between(session, now, now + timedelta(seconds=1)), now)
    people = session.scalars(select(Person).where(Person.id.in_([turn.person_id for turn in turns])))
    names = {person.id: person.label for person in people}
    return [(turn, names.get(turn.person_id, "Someone")) for turn in turns]


def days_of(monday: date, turns: Sequence[Turn], zone: ZoneInfo, weeks: int = 1) -> Sequence[Day]:
    """Return the days of `weeks` weeks from `monday` on; a turn stands on each that it touches."""
    days = []
    for on in (monday + timedelta(days=n) for n in range(7 * weeks)):
        begins, ends = (datetime.combine(day, time(), zone) for day in (on, on + timedelta(days=1)))
        here = [turn for turn in turns if turn.starts_at < ends and turn.ends_at > begins]
        here.sort(key=lambda turn: (ROLES.index(turn.role), turn.starts_at))
        days.append(Day(on, [(turn, hours_of_day(turn, on, zone)) for turn in here]))
    return days


def begun(days: Sequence[Day], zone: ZoneInfo) -> Sequence[Day]:
    """Return the days without the mornings on which a turn of the day before ends, but for the first: for a sheet."""

    def stays(turn: Turn, on: date) -> bool:
        last = (turn.ends_at.astimezone(zone) - timedelta(microseconds=1)).date()
        return turn.starts_at.astimezone(zone).date() == on or last > on

    return [*days[:1], *(Day(day.on, [each for each in day.turns if stays(each[0], day.on)]) for day in days[1:])]


def together(days: Sequence[Day]) -> Sequence[tuple[Day, Day]]:
    """Return the days as (first, last): those next to each other on which nobody is on duty are one."""
    found: list[tuple[Day, Day]] = []
    for day in days:
        if found and not day.turns and not found[-1][1].turns:
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found


def hours_of_day(turn: Turn, on: date, zone: ZoneInfo) -> str:
    """Return when a turn begins and ends, as seen from the local day `on`: the same night reads otherwise on each.

    "8pm until 8am the next day" stands on the day it begins, "until 8am, since 8pm the day before" on the next.
    """
    starts, ends = turn.starts_at.astimezone(zone), turn.ends_at.astimezone(zone)
    last = (ends - timedelta(microseconds=1)).date()  # what ends at midnight ends on the day before
    from_, until = _clock(starts) + _away(starts.date(), on), _clock(ends) + _away(last, on)
    if starts.date() == on:
        return f"{from_} until {until}"
    return f"until {until}, since {from_}" if last == on else f"all day, since {from_}, until {until}"


def monday_of(given: str | None, today: date) -> date:
    """Return the Monday of the day that was asked for, at most WEEKS away, or of today."""
    try:
        wanted = date.fromisoformat(given or "")
    except ValueError:
        wanted = today
    wanted = min(max(wanted, today - WEEKS * WEEK), today + WEEKS * WEEK)
    return wanted - timedelta(days=wanted.weekday())


def _clock(moment: datetime) -> str:
    return "midnight" if (moment.hour, moment.minute) == (0, 0) else clock_time(moment)


def _away(day: date, on: date) -> str:
    """Return which day it is beside `on`: "" for `on` itself, " the next day", " on Friday 4 December"."""
    near = {0: "", 1: " the next day", -1: " the day before"}.get((day - on).days)
    return f" on {day:%A} {day.day} {day:%B}" if near is None else near
