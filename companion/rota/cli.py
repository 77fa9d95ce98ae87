"""`companion rota`: bringing a rota in, and looking at it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import click

from companion.commands import open_current


@click.group()
def rota() -> None:
    """Bring the rota in, and look at it."""


@rota.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def bring_in(file: Path) -> None:
    """Add the duties in FILE (CSV or YAML; docs/rota.md says how it is written). What is there already stays."""
    from companion.rota.importing import ImportFailedError, import_rota, read_rota

    services = open_current()
    try:
        rows = read_rota(file.read_text(encoding="utf-8"))
        with services.database.write() as session:
            added = import_rota(session, rows, services.settings.companion_time_zone, services.clock.now(), None)
    except ImportFailedError as error:
        raise click.ClickException(f"{file}: nothing was changed.\n{error}") from None
    except UnicodeDecodeError:
        raise click.ClickException(f"{file}: is not UTF-8 text") from None
    click.echo(f"{added} duties added, {len(rows) - added} were there already.")


@rota.command()
@click.option("--days", default=14, show_default=True, type=click.IntRange(1, 90), help="How far ahead.")
def show(days: int) -> None:
    """List who is on duty, and the gaps."""
    from companion.models import Person
    from companion.rota.cover import every_gap
    from companion.rota.duties import turns_between
    from companion.when import day_and_time

    services = open_current()
    now, zone = services.clock.now(), services.settings.zone
    with services.database.read() as session:
        for turn in turns_between(session, now, now + timedelta(days=days)):
            who = session.get_one(Person, turn.person_id).label
            click.echo(
                f"{day_and_time(turn.starts_at, zone)} to {day_and_time(turn.ends_at, zone)}  {turn.role:<7} {who}"
            )
        found = every_gap(session, now, timedelta(days=days))
        for gap in found:
            click.echo(
                f"GAP {day_and_time(gap.starts_at, zone)} to {day_and_time(gap.ends_at, zone)}  nobody is {gap.role}"
            )
    if not found:
        click.echo("No gaps.")
