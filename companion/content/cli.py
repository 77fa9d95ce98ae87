"""Commands on texts: ``companion content check`` reads them all, ``companion content list`` shows them."""

from __future__ import annotations

import textwrap
from datetime import UTC, date, datetime, timedelta
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
@click.option(
    "--content",
    "ours",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A copy of our own content (companion/content), checked in its place.",
)
@click.option(
    "--on", type=click.DateTime(["%Y-%m-%d"]), help="Check review dates as of this day; without it, of today."
)
def check(overlay: Path | None, ours: Path | None, on: datetime | None) -> None:
    """Check every text and place; list what is wrong, with file and line, and leave with status 1.

    Without a folder of a deployment's own, all that stands around our content, in a checkout docs and tests too, is
    read for contacts that must not be shown.
    """
    from companion.content.catalogue import HERE, load_catalogue
    from companion.content.checks import check_content
    from companion.content.files import forbidden_contacts, project_files
    from companion.signposting.checks import shipped_forbidden
    from companion.signposting.resources import uk_day

    folder = ours.resolve() if ours else HERE
    problems = check_content(overlay, on.date() if on else uk_day(datetime.now(UTC)), folder)
    if overlay is None:
        problems += forbidden_contacts(project_files(folder.parent), shipped_forbidden(folder))
    for problem in problems:
        click.echo(str(problem))
    if problems:
        click.echo(f"{len(problems)} thing{'s' if len(problems) > 1 else ''} to mend.", err=True)
        raise SystemExit(1)
    click.echo(f"{len(load_catalogue(overlay, folder).wordings)} texts checked, nothing to mend.")


@content.command()
@_OVERLAY
@click.option("--days", default=30, show_default=True, type=click.IntRange(0), help="How far to look ahead.")
@click.option("--all", "everything", is_flag=True, help="Whatever is due when.")
@click.option("--done", metavar="ID", help="Record that ID was looked up, or agreed to, by the person named by --by.")
@click.option("--by", help="Who did it.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Until when it holds.")
def review(
    overlay: Path | None, days: int, everything: bool, done: str | None, by: str | None, until: datetime | None
) -> None:
    """List what a person has to look up again, before which date, and the page to open; or record that it was done."""
    from companion.content.catalogue import load_catalogue
    from companion.content.reader import ContentError
    from companion.content.review import to_review
    from companion.signposting import DirectoryError, load_directory
    from companion.signposting.resources import uk_day
    from companion.signposting.reviews import Review, add_review, read_reviews

    today = uk_day(datetime.now(UTC))
    try:
        directory = load_directory(overlay)
        items = to_review(directory, load_catalogue(overlay), read_reviews(overlay))
        if done is not None:
            item = next((each for each in items if done in (each.id, each.id.rpartition(":")[0])), None)
            if item is None:
                raise click.ClickException(f"there is nothing to review that is called {done!r}")
            if overlay is None or not by:
                raise click.ClickException(
                    "say who did it with --by, and name your own folder in COMPANION_CONTENT_DIR"
                )
            resource = directory.get(item.id)
            months = 3 if resource is None or resource.crisis_service else 6
            holds = until.date() if until else today + timedelta(days=months * 30)
            path = add_review(overlay, Review(id=item.id, day=today, by=by, until=holds))
            click.echo(f"{item.id}: recorded in {path}, holds until {holds}.")
            return
    except (ContentError, DirectoryError, ValueError) as error:
        raise click.ClickException(str(error)) from None
    due = [item for item in items if everything or item.is_due(today + timedelta(days=days))]
    for item in due:
        when = "never done" if item.due is None else f"by {item.due}"
        last = f"; last by {item.last.by} on {item.last.day}" if item.last else ""
        click.echo(f"{when}: {item.id}: {item.what}{last}{f' {item.page}' if item.page else ''}")
    click.echo(f"{len(due)} of {len(items)} to do{'' if everything else f' within {days} days'}.")


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
