"""`companion signpost`: answers and explanations from the command line. Needs no database."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from companion.signposting.directory import Directory

_AT: Callable[[Callable[..., Any]], Callable[..., Any]] = click.option(
    "--at", type=click.DateTime(["%Y-%m-%dT%H:%M"]), help="Moment in UTC, for opening hours. Default: now."
)


@click.group(invoke_without_command=True)
@_AT
@click.pass_context
def signpost(context: click.Context, at: datetime | None) -> None:
    """Answer JSON lines {"text", "nation"?} on stdin with {"topics", "resources"}, one line each."""
    if context.invoked_subcommand is not None:
        return
    directory = own_directory()
    moment, nation = _moment(at), own_nation()
    for line in sys.stdin.buffer:
        answer = _answer(directory, line.decode("utf-8", "replace"), moment, nation)
        click.echo(json.dumps(answer, ensure_ascii=False))
        sys.stdout.flush()


@signpost.command()
@click.argument("text")
@click.option("--nation", type=click.Choice(["england", "wales", "scotland", "ni"]))
@_AT
def explain(text: str, nation: str | None, at: datetime | None) -> None:
    """Say how TEXT is understood, which words gave which points, and the lines that could be sent."""
    from companion.signposting.resources import uk_day

    directory, moment = own_directory(), _moment(at)
    reading = directory.read(text)
    answer = directory.find(text, nation, moment, own_nation())
    click.echo(f"words: {' '.join(reading.words)}")
    for reason in reading.reasons:
        click.echo(f"  {reason}")
    for topic, points in sorted(reading.points.items(), key=lambda item: -item[1]):
        click.echo(f"points: {points:6.2f}  {topic}")
    click.echo(f"topics: {', '.join(answer.topics) or 'nothing to offer'}")
    click.echo(f"nation: {answer.nation or 'not known'}")
    if answer.warning:
        click.echo(f"first: the text {answer.warning}")
    for resource in answer.resources:
        click.echo(f"  {resource.id}: {resource.line(uk_day(moment))}")


@signpost.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--misses", is_flag=True, help="List every miss by its text.")
@_AT
def measure(files: tuple[Path, ...], misses: bool, at: datetime | None) -> None:
    """Measure the answers on FILES of JSON lines {"text", "topics", "nation"?}."""
    from companion.signposting import measure as measuring

    directory = own_directory()
    for file in files:
        try:
            rows = list(measuring.read_rows(file))
        except ValueError as error:
            raise click.ClickException(str(error)) from None
        found = measuring.measure(directory, rows, _moment(at), own_nation())
        click.echo(f"{file.name}: {len(rows)} rows")
        for line in (*measuring.report(found), *(measuring.report_misses(found) if misses else ())):
            click.echo(line)


@signpost.command()
def check() -> None:
    """Check every resource: numbers, lines, review dates, and that nothing forbidden is shown."""
    from companion.signposting.checks import check_resources

    problems = check_resources()
    for problem in problems:
        click.echo(problem)
    if problems:
        raise SystemExit(1)
    click.echo("Every resource is in order.")


@signpost.command()
@click.argument("value")
def forbid(value: str) -> None:
    """Print the lines for do_not_publish.yaml that keep VALUE out of every message."""
    from companion.signposting.checks import forbidden_entry

    click.echo(forbidden_entry(value))


def _answer(directory: Directory, line: str, at: datetime, default_nation: str) -> dict[str, Any]:
    nothing: dict[str, Any] = {"topics": [], "resources": []}
    try:
        data = json.loads(line)
    except ValueError:
        return nothing | {"error": "the line is not JSON"}
    if not isinstance(data, dict) or not isinstance(data.get("text"), str):
        return nothing | {"error": 'the line needs a "text" that is a string'}
    try:
        answer = directory.find(data["text"], data.get("nation"), at, default_nation)
    except ValueError as error:
        return nothing | {"error": str(error)}
    return {"topics": list(answer.topics), "resources": [resource.id for resource in answer.resources]}


def own_directory() -> Directory:
    """Return the directory of this deployment. Raises ClickException that says what to mend."""
    from companion.signposting.directory import load_directory
    from companion.signposting.errors import DirectoryError

    own = os.environ.get("COMPANION_CONTENT_DIR")
    try:
        return load_directory(Path(own) if own else None)
    except DirectoryError as error:
        raise click.ClickException(str(error)) from None


def _moment(at: datetime | None) -> datetime:
    from datetime import UTC

    from companion.clock import SystemClock

    return at.replace(tzinfo=UTC) if at else SystemClock().now()


def own_nation() -> str:
    """Return the programme's nation. Raises ClickException for one that does not exist."""
    from companion.signposting.nations import NATIONS

    nation = os.environ.get("COMPANION_NATION", "").strip().lower() or NATIONS[0]
    if nation not in NATIONS:
        raise click.ClickException(f"COMPANION_NATION is {nation!r}; it has to be one of {', '.join(NATIONS)}")
    return nation
