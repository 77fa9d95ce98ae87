"""Figures about the programme: counts of many people, never of few, worked out once for a month that is over.

- A month is frozen a week after its end: late answers change nothing, so two looks cannot be subtracted.
- In the console a count with 1 to 4 people behind it is "suppressed"; what leaves the programme needs 10. Four people
  who answer five times each are four. If all that is suppressed in a column may be of fewer people than that, the next
  lowest is suppressed too, or it could be worked out from a total known elsewhere. How people came is counted twice, by
  source and by channel: each is the other's total.
- Whose the survey's replies are is not known, so there replies are counted, and the page says so.
- Numbers that people gave in check-ins are not here at all: whether somebody answered is counted, not what.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from companion import spreadsheet
from companion.models import FrozenFigure, JoinSource
from companion.programme import former, survey
from companion.programme.monthly import MONTHS, NAME

View = Literal["inside", "outside"]
LEAST: dict[View, int] = {"inside": 5, "outside": 10}
QUARTERS = 4
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
    older = _older(months)
    return [
        *_uptake(session, view),
        _monthly(months, view, "joining", "Joining and leaving", "By month.", ("Joined", "Left"), ("joined", "left")),
        _monthly(
            months,
            view,
            "attendance",
            "Attendance",
            "Places taken in sessions that were held, one a session for each person. Who was there is counted "
            "where the facilitator said so." + older,
            ("Sessions", "Places taken", "Was there"),
            ("sessions", "places", "attended"),
            free=("sessions",),
        ),
        _monthly(
            months,
            view,
            "checkins",
            "Weekly questions",
            "How many questions were asked, and how many answered: several a month for each person. "
            "What was answered is not counted: a number is theirs." + older,
            ("Questions asked", "Answers"),
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


def suppress(counts: Sequence[int], least: int, people: Sequence[int] | None = None) -> list[Cell]:
    """Return counts with those of few people suppressed. Nobody is nobody.

    Those that make fewer than `least` together take the next lowest with them: of three that are known to make three
    people, each is one. `people` are those behind each count if they are not the count itself; then the same few may be
    behind all that is suppressed.
    """
    behind = counts if people is None else people
    hidden = {at for at, count in enumerate(counts) if count and behind[at] < least}
    if hidden and (people is not None or sum(counts[at] for at in hidden) < least):
        others = [at for at, count in enumerate(counts) if count and at not in hidden]
        if others:
            hidden.add(min(others, key=lambda at: counts[at]))
    return [SUPPRESSED if at in hidden else count for at, count in enumerate(counts)]


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
    cells = [[month.data[name] for month in months] if name in free else _column(months, name, view) for name in names]
    rows = tuple((f"{month.month:%B %Y}", *row) for month, *row in zip(months, *cells, strict=True))
    return Table(id_, title, about, ("Month", *columns), rows, tuple(range(1, len(columns) + 1)))


def _column(months: Sequence[FrozenFigure], name: str, view: View) -> list[Cell]:
    """Return the counts of a name; months that were worked out before people were counted go by the count itself."""
    counts = [month.data[name] for month in months]
    people = [month.data.get("people", {}).get(name) for month in months]
    if not any(each is not None for each in people):
        return suppress(counts, LEAST[view])
    behind = [count if each is None else each for count, each in zip(counts, people, strict=True)]
    return suppress(counts, LEAST[view], behind)


def _older(months: Sequence[FrozenFigure]) -> str:
    """Return the words about months that were worked out before people were counted, if there are any."""
    old = [month.month for month in months if "people" not in month.data]
    return f" Up to {old[-1]:%B %Y} only the count itself is known: fewer people may be behind it." if old else ""


def _responses(months: Sequence[FrozenFigure], view: View) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for month, count in zip(months, _column(months, "episodes", view), strict=True):
        figures: tuple[Cell, ...] = (count, month.data["median"], month.data["ninety"])
        shown = (SUPPRESSED,) * 3 if count == SUPPRESSED else figures if count else (0, "none", "none")
        rows.append((f"{month.month:%B %Y}", *shown))
    return Table(
        "responses",
        "Response to episodes",
        "Minutes from the text until somebody took it: half within the first figure, nine in ten within the second. "
        "A number that is nobody's we know is taken for one person." + _older(months),
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
        "Was it helpful? Asked after sessions, over all groups; shown from ten replies on. These are replies, not "
        "people: they are kept without a name, so whoever replied after several sessions of a quarter is counted each "
        "time, and fewer than ten people may be behind them."
    )
    return Table("survey", "Survey", about, ("Quarter", "Replies", "What they said"), tuple(rows))


def _needs(session: Session, view: View) -> Table:
    needed = former.needed(session) + former.needed_before(session)
    found = sorted(needed.items(), key=lambda each: (-each[1], each[0]))
    cells = suppress([count for _, count in found], LEAST[view])
    rows = tuple((kind.replace("_", " ").capitalize(), cell) for (kind, _), cell in zip(found, cells, strict=True))
    return Table(
        "needs",
        "Practical needs",
        "How many people asked for what, since the beginning.",
        ("Need", "People"),
        rows,
        (1,),
    )
