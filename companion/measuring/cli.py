"""`companion measure`: every table of accuracy, for files of labelled texts of any of the three kinds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import click

from companion.measuring import read_lines


@click.command("measure")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--misses", is_flag=True, help="List every text that was not answered well. Not for the watch list.")
def measure(files: tuple[Path, ...], misses: bool) -> None:
    """Measure FILES of JSON lines, each by itself: the watch list, signposting, what texts mean.

    What a file measures is told by its fields: "label" the watch list, "topics" signposting, "intent" what texts mean.
    Shares stand with their counts and their Wilson 95 % intervals.
    """
    faulty = False
    for file in files:
        try:
            kind = _kind(file)
            lines = list(_REPORTS[kind](file, misses))
        except (OSError, ValueError) as error:
            click.echo(f"{file}: cannot be measured: {error}\n")
            faulty = True
            continue
        click.echo(f"{file}: {kind}")
        for line in lines:
            click.echo(f"  {line}")
        click.echo()
    if faulty:
        raise SystemExit(1)


def _kind(file: Path) -> str:
    """What a file measures, by the fields of its first row. Raises ValueError when it is none of the three."""
    for _, row in read_lines(file):
        for field, kind in _FIELDS.items():
            if field in row:
                return kind
        break
    raise ValueError(f"its first row has none of the fields {', '.join(_FIELDS)}")


_FIELDS = {"label": "watch list", "topics": "signposting", "intent": "what texts mean"}


def _watch_list(file: Path, _misses: bool) -> Iterator[str]:
    from companion.escalation.measure import read_rows, report
    from companion.escalation.watchlist import load_watchlist

    watch_list = load_watchlist()
    rows = read_rows(file, watch_list)
    yield f"{len(rows)} rows, version {watch_list.version}"
    yield from report(rows)


def _signposting(file: Path, misses: bool) -> Iterator[str]:
    from companion.clock import SystemClock
    from companion.signposting import measure as measuring
    from companion.signposting.cli import own_directory, own_nation

    rows = list(measuring.read_rows(file))
    directory = own_directory()
    found = measuring.measure(directory, rows, SystemClock().now(), own_nation())
    yield f"{len(rows)} rows, version {directory.version}"
    yield from measuring.report(found)
    if misses:
        yield from measuring.report_misses(found)


def _meaning(file: Path, misses: bool) -> Iterator[str]:
    from companion.conversation.measure import load, report

    rows = load(file)
    yield f"{len(rows)} rows"
    yield from report(rows, misses=misses)


_REPORTS: dict[str, Callable[[Path, bool], Iterator[str]]] = {
    "watch list": _watch_list,
    "signposting": _signposting,
    "what texts mean": _meaning,
}
