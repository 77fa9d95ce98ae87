"""From duties in local time to turns in UTC: pure, through both clock changes.

A local time that the clocks skip in March counts as the moment they skip to; one that comes twice in October counts as
the first. So where one duty ends and the next begins at the same local time, there is never a gap between them.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

WEEK = timedelta(weeks=1)
_ORDER = {"first": 0, "second": 1, "lead": 2}


class Rostered(Protocol):
    """What a duty has to say about itself: see `companion.models.Duty`."""

    id: uuid.UUID
    person_id: uuid.UUID
    group_id: uuid.UUID | None
    role: str
    time_zone: str
    starts_on: date
    from_time: time
    days: int
    until_time: time
    weekly: bool
    last_on: date | None
    ended_at: datetime | None


class Handed(Protocol):
    """What was handed over: see `companion.models.Cover`."""

    duty_id: uuid.UUID
    from_id: uuid.UUID
    to_id: uuid.UUID
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Turn:
    """One stretch of time (UTC) in which one person is first, second or lead; without `group_id`, for every group."""

    starts_at: datetime
    ends_at: datetime
    role: str
    person_id: uuid.UUID
    duty_id: uuid.UUID
    group_id: uuid.UUID | None

    def holds_at(self, moment: datetime) -> bool:
        """Whether the turn includes `moment`."""
        return self.starts_at <= moment < self.ends_at


@dataclass(frozen=True)
class Span:
    """From one moment to another (UTC)."""

    starts_at: datetime
    ends_at: datetime


def turns_of(duty: Rostered, start: datetime, end: datetime) -> Iterator[Turn]:
    """Yield the turns of one duty that overlap `start` to `end` (UTC), the earliest first."""
    zone = ZoneInfo(duty.time_zone)
    on = duty.starts_on
    if duty.weekly:
        earliest = start.astimezone(zone).date() - timedelta(days=duty.days + 1)
        on += WEEK * max(0, -(-(earliest - on) // WEEK))
    while True:
        begins = datetime.combine(on, duty.from_time, zone).astimezone(UTC)
        ends = datetime.combine(on + timedelta(days=duty.days), duty.until_time, zone).astimezone(UTC)
        if duty.ended_at is not None:
            ends = min(ends, duty.ended_at)
        if begins >= end or (duty.last_on is not None and on > duty.last_on):
            return
        if begins < ends and ends > start:
            yield Turn(begins, ends, duty.role, duty.person_id, duty.id, duty.group_id)
        if not duty.weekly:
            return
        on += WEEK


def with_covers(turns: Iterable[Turn], covers: Iterable[Handed]) -> list[Turn]:
    """Return the turns, what was handed over given to who took it. `covers` stand in the order of agreement."""
    current = list(turns)
    for cover in covers:
        changed: list[Turn] = []
        for turn in current:
            begins, ends = max(turn.starts_at, cover.starts_at), min(turn.ends_at, cover.ends_at)
            if turn.duty_id != cover.duty_id or turn.person_id != cover.from_id or begins >= ends:
                changed.append(turn)
                continue
            if turn.starts_at < begins:
                changed.append(replace(turn, ends_at=begins))
            changed.append(replace(turn, starts_at=begins, ends_at=ends, person_id=cover.to_id))
            if ends < turn.ends_at:
                changed.append(replace(turn, starts_at=ends))
        current = changed
    return in_order(current)


def in_order(turns: Iterable[Turn]) -> list[Turn]:
    """Return the turns by time; at one time first before second before lead, a group's own before everyone's."""
    return sorted(turns, key=lambda t: (t.starts_at, _ORDER[t.role], t.group_id is None, t.ends_at, str(t.person_id)))


def at(turns: Iterable[Turn], moment: datetime) -> list[Turn]:
    """Return who is on duty at `moment`, in the order in which they are paged."""
    now = [turn for turn in turns if turn.holds_at(moment)]
    return sorted(now, key=lambda t: (_ORDER[t.role], t.group_id is None, t.starts_at, str(t.person_id)))


def uncovered(turns: Iterable[Turn], start: datetime, end: datetime) -> list[Span]:
    """Return the stretches between `start` and `end` in which none of the turns holds."""
    gaps: list[Span] = []
    reached = start
    for turn in sorted(turns, key=lambda t: t.starts_at):
        if turn.starts_at >= end:
            break
        if turn.starts_at > reached:
            gaps.append(Span(reached, turn.starts_at))
        reached = max(reached, turn.ends_at)
    if reached < end:
        gaps.append(Span(reached, end))
    return gaps


def stretches(turns: Sequence[Turn]) -> list[Turn]:
    """Return the turns with those of one person joined where one follows the other at once."""
    joined: list[Turn] = []
    for turn in sorted(turns, key=lambda t: (str(t.person_id), t.starts_at, t.ends_at)):
        last = joined[-1] if joined else None
        if last is not None and last.person_id == turn.person_id and turn.starts_at <= last.ends_at:
            joined[-1] = replace(last, ends_at=max(last.ends_at, turn.ends_at))
        else:
            joined.append(turn)
    return in_order(joined)
