"""Measures the watch list on files of labelled texts: counts over totals with Wilson 95% intervals.

Rows are JSON Lines with ``text``, ``label`` (risk or none), ``kind`` and, for some, ``severity``. Flagged means that
any phrase was found; ``page`` is counted as well. Texts are never printed.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from companion.escalation.watchlist import Route, WatchList
from companion.measuring import read_lines, said


@dataclass(frozen=True)
class Row:
    """One labelled text as the list read it; ``number`` counts from 1 in its file."""

    number: int
    label: str
    kind: str
    severity: str
    route: Route | None


@dataclass(frozen=True)
class Count:
    """``flagged`` and ``paged`` of ``total`` rows."""

    total: int
    flagged: int
    paged: int


def read_rows(path: Path, watch_list: WatchList) -> list[Row]:
    """Read and match every row. Raises OSError, or ValueError naming the line that is not a labelled text."""
    rows: list[Row] = []
    for number, entry in read_lines(path):
        try:
            text, label, kind = entry["text"], entry["label"], entry["kind"]
        except KeyError as error:
            raise ValueError(f"{path}, line {number}: not a labelled text ({error!r})") from error
        row_number = entry.get("row", number)
        rows.append(Row(row_number, label, kind, entry.get("severity", ""), watch_list.read(text).route))
    return rows


def count(rows: Iterable[Row]) -> Count:
    """Count rows, flagged rows and paged rows."""
    routes = [row.route for row in rows]
    return Count(len(routes), sum(route is not None for route in routes), routes.count("page"))


def report(rows: Sequence[Row]) -> Iterator[str]:
    """Lines of the report on one file."""
    risk = [row for row in rows if row.label == "risk"]
    none = [row for row in rows if row.label == "none"]
    yield _line("recall (label risk)", risk)
    yield _line("false alarms (label none)", none)
    for title, part in (("recall by kind", risk), ("false alarms by kind", none)):
        yield f"  {title}"
        for kind in sorted({row.kind for row in part}):
            yield _line(f"    {kind}", [row for row in part if row.kind == kind])
    severities = [name for name in ("immediate", "high", "concern") if any(row.severity == name for row in risk)]
    if severities:
        yield "  recall by severity"
        for name in severities:
            yield _line(f"    {name}", [row for row in risk if row.severity == name])
        missed = [str(row.number) for row in risk if row.severity == "immediate" and row.route is None]
        yield f"  missed immediate rows: {', '.join(missed) or 'none'}"


def _line(title: str, rows: Sequence[Row]) -> str:
    counted = count(rows)
    return f"{title:<28} flagged {said(counted.flagged, counted.total)}   page {said(counted.paged, counted.total)}"
