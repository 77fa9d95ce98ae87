"""Figures about the programme: counts of many people, never of few, worked out once for a month that is over.

- A month is frozen a week after its end: late answers change nothing, so two looks cannot be subtracted.
- In the console a count of 1 to 4 people is "suppressed"; what leaves the programme needs 10. If a
  suppressed count of a column stands alone, or all of them make fewer people than that, the next lowest is suppressed
  too, or they could be worked out from a total known elsewhere. How people came is counted twice, by source and by
  channel: each is the other's total.
- Numbers that people gave in check-ins are not here at all: whether somebody answered is counted, not what.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from statistics import median, quantiles
from typing import Any, Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from companion import spreadsheet
from companion.models import (
    Booking,
    CheckIn,
    Episode,
    FrozenFigure,
    GroupSession,
    JoinSource,
    Person,
)
from companion.programme import former, survey

View = Literal["inside", "outside"]
LEAST: dict[View, int] = {"inside": 5, "outside": 10}
MONTHS = 12
SETTLED = timedelta(days=7)  # after the end of a month, until nothing of it changes any more
QUARTERS = 4
NAME = "month"
SUPPRESSED = "suppressed"
UNKNOWN = "Not known"
STEPS = ("Asked to join", "Said yes", "Still in")
CHANNELS = {"sms": "Text message (SMS)", "whatsapp": "WhatsApp"}

Cell = int | str


@dataclass(frozen=True)
class Table:
    """One table, and what its chart shows. `charted` are the columns (from 1) that are drawn; none draws nothing."""

    id: str
    title: str
    about: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    charted: tuple[int, ...] = ()


def tables(session: Session, view: View, now: datetime) -> list[Table]:
    """Return every table, fit for `view`. It needs a writing session: what is shown of the survey is frozen then."""
    months = session.scalars(
        select(FrozenFigure).where(FrozenFigure.name == NAME).order_by(FrozenFigure.month.desc()).limit(MONTHS)
    ).all()[::-1]
    return [
        *_uptake(session, view),
        _monthly(months, view, "joining", "Joining and leaving", "By month.", ("Joined", "Left"), ("joined", "left")),
        _monthly(
            months,
            view,
            "attendance",
            "Attendance",
            "Places taken in sessions that were held. Who was there is counted where the facilitator said so.",
            ("Sessions", "Places taken", "Was there"),
            ("sessions", "places", "attended"),
            free=("sessions",),
        ),
        _monthly(
            months,
            view,
            "checkins",
            "Weekly questions",
            "How many were asked and answered. What was answered is not counted: a number is theirs.",
            ("Asked", "Answered"),
            ("asked", "answered"),
        ),
        _responses(months, view),
        _survey(session, now),
        _needs(session, view),
    ]


def as_csv(found: Sequence[Table], now: datetime) -> str:
    """Return tables as one file: a line for each count."""
    lines = (
        (table.title, str(row[0]), column, value, f"{now:%Y-%m-%d}")
        for table in found
        for row in table.rows
        for column, value in zip(table.columns[1:], row[1:], strict=True)
    )
    return spreadsheet.as_csv([("table", "row", "figure", "value", "made on"), *lines])


def freeze(session: Session, now: datetime) -> int:
    """Work out the months that are over and not kept yet, as far as MONTHS back; return how many. Idempotent."""
    first = session.scalar(select(func.min(Person.created_at)).where(Person.role == "trainee"))
    if first is None:
        return 0
    kept = set(session.scalars(select(FrozenFigure.month).where(FrozenFigure.name == NAME)))
    made = 0
    for month in _months_before(now):
        if month in kept or _after(month) <= first:
            continue
        session.add(FrozenFigure(name=NAME, month=month, made_at=now, data=_count(session, month)))
        made += 1
    return made


def suppress(counts: Sequence[int], least: int) -> list[Cell]:
    """Return counts with those of few people suppressed. Nobody is nobody.

    One alone takes the next lowest with it, and so do several that make fewer than `least` together: of three that are
    known to make three people, each is one.
    """
    hidden = {at for at, count in enumerate(counts) if 0 < count < least}
    if hidden and (len(hidden) == 1 or sum(counts[at] for at in hidden) < least):
        others = [at for at, count in enumerate(counts) if count >= least]
        if others:
            hidden.add(min(others, key=lambda at: counts[at]))
    return [SUPPRESSED if at in hidden else count for at, count in enumerate(counts)]


def _months_before(now: datetime) -> list[date]:
    """Return the first days of the last MONTHS months that are over and settled (in UTC), newest first."""
    month = (now - SETTLED).astimezone(UTC).date().replace(day=1)
    found = []
    for _ in range(MONTHS):
        month = (month - timedelta(days=1)).replace(day=1)
        found.append(month)
    return found


def _start(month: date) -> datetime:
    return datetime.combine(month, time(), UTC)


def _after(month: date) -> datetime:
    return _start((month + timedelta(days=31)).replace(day=1))


def _count(session: Session, month: date) -> dict[str, Any]:
    start, end = _start(month), _after(month)

    def within(column: Any) -> Any:
        return (column >= start) & (column < end)

    def number(statement: Any) -> int:
        return session.scalar(statement) or 0

    trainees = select(func.count()).where(Person.role == "trainee")
    held = (GroupSession.status == "planned") & within(GroupSession.starts_at)
    booked = select(func.count()).select_from(Booking).join(GroupSession).where(held)
    asked = select(func.count()).select_from(CheckIn).where(within(CheckIn.asked_at))
    taken = session.execute(
        select(Episode.opened_at, Episode.owned_at).where(
            within(Episode.opened_at), Episode.owned_at.is_not(None), Episode.is_drill.is_(False)
        )
    ).all()
    minutes = sorted((owned - opened).total_seconds() / 60 for opened, owned in taken if owned is not None)
    return {
        "joined": number(trainees.where(within(Person.joined_at))),
        "left": number(trainees.where(within(Person.left_at))),
        "sessions": number(select(func.count()).select_from(GroupSession).where(held)),
        "places": number(booked.where(Booking.status.in_(("yes", "attended")))),
        "attended": number(booked.where(Booking.status == "attended")),
        "asked": number(asked),
        "answered": number(asked.where(CheckIn.answered_at.is_not(None))),
        "episodes": len(minutes),
        "median": round(median(minutes)) if minutes else 0,
        "ninety": round(quantiles(minutes, n=10)[-1]) if len(minutes) > 1 else 0,
    }


def _uptake(session: Session, view: View) -> tuple[Table, Table]:
    """Return the steps of all who ever asked, by source and by the channel on which they first asked."""
    found = former.came(session) + former.came_before(session)
    sources = dict(session.execute(select(JoinSource.id, JoinSource.name)).tuples().all())
    return (
        Table(
            "uptake",
            "How people came",
            "By the word behind JOIN, since the beginning: who asked, who said yes, and who is still in.",
            ("Where they heard of it", *STEPS),
            _steps([(sources.get(source) if source else None, counts) for source, _, *counts in found], view),
            charted=(1, 2, 3),
        ),
        Table(
            "channels",
            "How people came by channel",
            "By where they first asked to join, since the beginning. They may have changed to the other one later.",
            ("Where they asked", *STEPS),
            _steps([(CHANNELS.get(channel or ""), counts) for _, channel, *counts in found], view),
            charted=(1, 2, 3),
        ),
    )


def _steps(found: Sequence[tuple[str | None, Sequence[int]]], view: View) -> tuple[tuple[Cell, ...], ...]:
    """Return a row a name, the largest first: how many asked to join, said yes, and are still in."""
    added: dict[str, tuple[int, ...]] = {}
    for name, counts in found:
        before = added.get(name or UNKNOWN, (0, 0, 0))
        added[name or UNKNOWN] = tuple(map(sum, zip(before, counts, strict=True)))
    rows = sorted(added.items(), key=lambda row: (-row[1][0], row[0]))
    columns = [suppress([counts[at] for _, counts in rows], LEAST[view]) for at in range(len(STEPS))]
    return tuple((name, *cells) for (name, _), *cells in zip(rows, *columns, strict=True))


def _monthly(
    months: Sequence[FrozenFigure],
    view: View,
    id_: str,
    title: str,
    about: str,
    columns: tuple[str, ...],
    names: tuple[str, ...],
    free: tuple[str, ...] = (),
) -> Table:
    """Return a table by month; `free` counts are no counts of people and never suppressed."""
    cells = [
        [month.data[name] for month in months]
        if name in free
        else suppress([month.data[name] for month in months], LEAST[view])
        for name in names
    ]
    rows = tuple((f"{month.month:%B %Y}", *row) for month, *row in zip(months, *cells, strict=True))
    return Table(id_, title, about, ("Month", *columns), rows, tuple(range(1, len(columns) + 1)))


def _responses(months: Sequence[FrozenFigure], view: View) -> Table:
    least = LEAST[view]
    rows: list[tuple[Cell, ...]] = []
    for month in months:
        enough = month.data["episodes"] >= least
        figures = (month.data["episodes"], month.data["median"], month.data["ninety"])
        none = month.data["episodes"] == 0
        shown: tuple[Cell, ...] = figures if enough else (0, "none", "none") if none else (SUPPRESSED,) * 3
        rows.append((f"{month.month:%B %Y}", *shown))
    return Table(
        "responses",
        "Response to episodes",
        "Minutes from the text until somebody took it: half within the first figure, nine in ten within the second.",
        ("Month", "Episodes taken", "Half within (minutes)", "Nine in ten within (minutes)"),
        tuple(rows),
        charted=(2, 3),
    )


def _survey(session: Session, now: datetime) -> Table:
    """Return the survey over all groups, for the last quarters that are over: the rules of showing are its own."""
    quarter = survey.quarter_of(now.date())
    rows: list[tuple[Cell, ...]] = []
    for _ in range(QUARTERS):
        quarter = survey.quarter_of(quarter - timedelta(days=1))
        result = survey.outside(session, quarter)
        replies: Cell = SUPPRESSED if result.replies is None else result.replies
        rows.insert(0, (f"Quarter from {quarter:%B %Y}", replies, result.helpful))
    about = (
        "Was it helpful? Asked after a session, answered without a name, over all groups; shown from ten replies on."
    )
    return Table("survey", "Survey", about, ("Quarter", "Replies", "What they said"), tuple(rows))


def _needs(session: Session, view: View) -> Table:
    needed = former.needed(session) + former.needed_before(session)
    found = sorted(needed.items(), key=lambda each: (-each[1], each[0]))
    cells = suppress([count for _, count in found], LEAST[view])
    rows = tuple((kind.replace("_", " ").capitalize(), cell) for (kind, _), cell in zip(found, cells, strict=True))
    return Table(
        "needs", "Practical needs", "What people asked for, since the beginning.", ("Need", "People"), rows, (1,)
    )
