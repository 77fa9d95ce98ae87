"""`companion audit verify`, `companion report escalations`, `companion drill`."""

from __future__ import annotations

import sys
import time
from datetime import timedelta

import click

from companion.commands import open_current
from companion.models import Drill


@click.group()
def audit() -> None:
    """Look at the audit."""


@audit.command()
@click.option("--expect", metavar="POSITION:HASH", help="What an earlier look printed: it must still be there.")
def verify(expect: str | None) -> None:
    """Check that no entry of the audit was changed, removed or slipped in since it was written."""
    from companion.proof.sealing import verify as walk

    kept = _kept(expect)
    services = open_current()
    with services.database.read() as session:
        verdict = walk(session, kept)
    for line in verdict.wrong:
        click.echo(f"WRONG {line}")
    click.echo(f"{verdict.entries} entries. The chain ends at {verdict.position}:{verdict.hash}")
    if verdict.wrong:
        sys.exit(1)
    click.echo("Nothing was changed, removed or slipped in. Note the end of the chain elsewhere, for --expect.")


def _kept(expect: str | None) -> tuple[int, str] | None:
    if expect is None:
        return None
    position, _, digest = expect.partition(":")
    if not position.isdecimal() or not digest:
        raise click.BadParameter("write it as it was printed, such as 1042:9f3c...", param_hint="--expect")
    return int(position), digest.lower()


@click.group()
def report() -> None:
    """Print figures about the service itself."""


@report.command()
@click.option("--days", default=90, show_default=True, type=click.IntRange(1), help="How far back.")
def escalations(days: int) -> None:
    """Print how long it took from a flagged text to the reply, the first page, a person, and contact; drills apart."""
    from companion.proof.times import last_drills
    from companion.proof.times import report as times_of

    services = open_current()
    now = services.clock.now()
    with services.database.read() as session:
        found = times_of(session, now - timedelta(days=days), now)
        drills = last_drills(session)
    click.echo(f"{'seconds from the text to':<26}{'episodes':>9}{'not yet':>9}{'median':>9}{'p95':>9}{'max':>9}")
    for step, words in _STEPS.items():
        each = found[step]
        figures = "".join(
            f"{'-' if value is None else f'{value:.1f}':>9}" for value in (each.median, each.p95, each.max)
        )
        click.echo(f"{words:<26}{each.count:>9}{each.open:>9}{figures}")
    for each_drill in drills:
        click.echo(f"drill of {each_drill.due_at:%Y-%m-%d %H:%M} UTC: {_drill_line(each_drill)}")


@click.command()
def drill() -> None:
    """Send a flagged text the whole way, as a drill, and print the seconds. Server and worker must be running."""
    from companion.proof import drill as drills
    from companion.proof.before_a_drill import DrillError

    services = open_current()
    try:
        drill_id = drills.start(services, services.clock.now())
    except DrillError as error:
        raise click.ClickException(str(error)) from None
    if drill_id is None:
        raise click.ClickException("Another drill began at this very moment.")
    while drills.go_on(services, drill_id) == "started":
        time.sleep(0.5)
    with services.database.read() as session:
        done = session.get_one(Drill, drill_id)
    click.echo(_drill_line(done))
    if done.state != "done":
        sys.exit(1)


_STEPS = {
    "reply": "the crisis reply",
    "paged": "the first page",
    "owned": "a person who has it",
    "contacted": "contact",
}


def _drill_line(one: Drill) -> str:
    steps = ", ".join(f"{step} {seconds:.1f} s" for step, seconds in one.times.items())
    return f"{one.state}{f' ({one.failure})' if one.failure else ''}. {steps}"


@report.command()
def words() -> None:
    """Print the sheet on which a clinician signs off the crisis texts (docs/safety/words.md)."""
    from companion.content.catalogue import load_catalogue
    from companion.proof.words_sheet import sheet

    click.echo(sheet(load_catalogue()), nl=False)
