"""`companion doctor`, `companion poster` and `companion export`."""

from __future__ import annotations

from pathlib import Path

import click

from companion.commands import open_current

MARKS = {"good": "ok", "bad": "MEND", "unsure": "?"}


@click.command()
def doctor() -> None:
    """Check the whole set-up and say what to mend; leave with status 1 if there is anything."""
    from companion.content.reader import ContentError
    from companion.db import DatabaseError
    from companion.doctor import examine
    from companion.services import open_services
    from companion.settings import SettingsError

    try:
        services = open_services()
    except (SettingsError, ContentError, DatabaseError) as error:
        for line in str(error).splitlines():
            click.echo(f"MEND  Settings: {line}")
        raise SystemExit(1) from None
    click.echo("ok    Settings: every one is there and can be read.")
    findings = examine(services)
    for finding in findings:
        click.echo(f"{MARKS[finding.state]:<5} {finding.name}: {finding.says}")
        if finding.mend:
            click.echo(f"      {finding.mend}")
    bad = sum(finding.state == "bad" for finding in findings)
    click.echo(f"{bad} thing{'s' if bad > 1 else ''} to mend." if bad else "Nothing to mend.")
    raise SystemExit(1 if bad else 0)


@click.command()
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write into this file instead.")
def export(out: Path | None) -> None:
    """Print the programme's figures as CSV: ten people or more behind each count (of the survey, ten replies)."""
    from companion.programme.figures import as_csv, tables
    from companion.programme.monthly import freeze
    from companion.spreadsheet import ENCODING

    services = open_current()
    now = services.clock.now()
    with services.database.write() as session:
        freeze(session, now)
        session.flush()
        found = as_csv(tables(session, "outside", now), now)
    if out is None:
        click.echo(found, nl=False)
    else:
        out.write_text(found, encoding=ENCODING, newline="")
        click.echo(f"{out} is written.")


@click.command()
@click.argument("code")
@click.option("--source", help="The word of the place where it will hang; see Cohorts and posters in the console.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), default="poster.html", show_default=True)
def poster(code: str, source: str | None, out: Path) -> None:
    """Write a poster for the cohort CODE as a page to print, or to make a PDF of, with any browser."""
    from sqlalchemy import select

    from companion.models import Cohort, JoinSource
    from companion.programme.poster import page, poster_for

    services = open_current()
    with services.database.read() as session:
        cohort = session.scalar(select(Cohort).where(Cohort.code == code.upper()))
        where = session.scalar(select(JoinSource).where(JoinSource.code == (source or "").upper()))
    if cohort is None:
        raise click.ClickException(f"There is no cohort {code}.")
    if source and where is None:
        raise click.ClickException(f"There is no source {source}. Add it in the console, under Cohorts and posters.")
    out.write_text(page(poster_for(services.settings, services.words.standing, cohort, where)), encoding="utf-8")
    click.echo(f"{out} is written. Open it in a browser and print it on A4.")
