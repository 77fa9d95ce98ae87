"""Commands on texts: ``companion content check`` reads them all, ``companion content list`` shows them."""

from __future__ import annotations

import textwrap
from datetime import date
from pathlib import Path

import click

_OVERLAY = click.option(
    "--overlay",
    envvar="COMPANION_CONTENT_DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A deployment's own texts, laid over ours. Also COMPANION_CONTENT_DIR.",
)


@click.group()
def content() -> None:
    """Check and show the texts that people receive."""


@content.command()
@_OVERLAY
def check(overlay: Path | None) -> None:
    """Check every text; list what is wrong and leave with status 1."""
    from companion.content.catalogue import load_catalogue
    from companion.content.checks import check_content

    problems = check_content(overlay)
    for problem in problems:
        click.echo(str(problem))
    if problems:
        click.echo(f"{len(problems)} thing{'s' if len(problems) > 1 else ''} to mend.", err=True)
        raise SystemExit(1)
    click.echo(f"{len(load_catalogue(overlay).wordings)} texts checked, nothing to mend.")


@content.command("list")
@_OVERLAY
@click.option("--kind", help="Only this kind: reply, started, crisis, page, notice or fragment.")
@click.argument("ids", nargs=-1)
def list_(overlay: Path | None, kind: str | None, ids: tuple[str, ...]) -> None:
    """Show each text (or only IDS) as a phone would, at its longest values, with its parts and characters."""
    from companion.content.catalogue import load_catalogue
    from companion.content.crisis import crisis_values
    from companion.content.reader import ContentError
    from companion.messaging.parts import count
    from companion.signposting import DirectoryError, load_directory

    try:
        catalogue = load_catalogue(overlay)
        chosen = [catalogue.wording(text_id) for text_id in ids] or list(catalogue.wordings.values())
        numbers = crisis_values(load_directory(overlay), date.min)
    except (ContentError, DirectoryError) as error:
        raise click.ClickException(str(error)) from None
    for wording in chosen:
        if kind and wording.kind != kind:
            continue
        body = wording.filled({**wording.values, **{k: v for k, v in numbers.items() if k in wording.values}})
        cost = count(body)
        unit = "part" if cost.parts == 1 else "parts"
        click.echo(
            f"{wording.id} ({wording.kind}, {cost.parts} {unit}, {cost.units} characters, version {wording.version})"
        )
        for line in body.split("\n"):
            click.echo(textwrap.fill(line, 44, initial_indent="  | ", subsequent_indent="  | ", break_long_words=False))
        click.echo()
