"""Commands of the watch list: ``companion watchlist`` reads texts, ``explain`` shows one, ``measure`` counts.

``routes`` shows what finding a family does here, and ``page`` moves one up.
"""

import json
import sys
from pathlib import Path
from typing import Any

import click


@click.group(invoke_without_command=True)
@click.pass_context
def watchlist(context: click.Context) -> None:
    """Match texts against the watch list: JSON lines {"text": ...} in, one JSON line each out."""
    if context.invoked_subcommand is None:
        for line in sys.stdin.buffer:
            click.echo(json.dumps(_answer(line), ensure_ascii=True))
            sys.stdout.flush()


def _answer(line: bytes) -> dict[str, Any]:
    """What is written for one line read: a verdict, or what is wrong with the line."""
    from companion.escalation.watchlist import load_watchlist

    try:
        text = json.loads(line)["text"]
        if not isinstance(text, str):
            raise TypeError
    except (ValueError, KeyError, TypeError, RecursionError):
        return {"error": 'not a JSON line of the form {"text": "..."}'}
    watch_list = load_watchlist()
    verdict = watch_list.read(text)
    return {
        "route": verdict.route,
        "families": list(verdict.families),
        "phrases": list(verdict.phrases),
        "matches": [
            {
                "phrase": match.phrase,
                "family": match.family,
                "start": match.start,
                "end": match.end,
                "words": text[match.start : match.end],
            }
            for match in watch_list.find(text)
        ],
    }


@watchlist.command()
@click.argument("text")
def explain(text: str) -> None:
    """Say which phrases a text contains, and what finding them does."""
    from companion.escalation.watchlist import load_watchlist

    watch_list = load_watchlist()
    click.echo(f"Watch list {watch_list.version} of {watch_list.date:%d %B %Y}")
    matches = watch_list.find(text)
    if not matches:
        click.echo("No phrase of the list is in this text. That does not mean that the person is safe.")
        return
    titles = {family.name: family.title for family in watch_list.families}
    for match in matches:
        click.echo(f'{match.route}: "{text[match.start : match.end]}"')
        click.echo(f"    family {match.family} ({titles[match.family]}), phrase {match.phrase}")
        if match.phrase in watch_list.whys:
            click.echo(f"    {watch_list.whys[match.phrase]}")
    action = {
        "page": "A facilitator is alerted now.",
        "notice": "A facilitator reads it by the next working day.",
    }
    click.echo(action[matches[0].route])


@watchlist.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
def measure(files: tuple[Path, ...]) -> None:
    """Count what the list finds in labelled texts, with Wilson 95% intervals. Texts are not printed."""
    from companion.escalation.measure import read_rows, report
    from companion.escalation.watchlist import load_watchlist

    watch_list = load_watchlist()
    click.echo(f"Watch list {watch_list.version} of {watch_list.date:%d %B %Y}")
    for path in files:
        if not path.is_file():
            click.echo(f"\n{path}: no such file, skipped")
            continue
        try:
            rows = read_rows(path, watch_list)
        except (OSError, ValueError) as error:
            click.echo(f"\n{path}: cannot be measured: {error}")
            continue
        click.echo(f"\n{path} ({len(rows)} rows)")
        for line in report(rows):
            click.echo(line)


@watchlist.command()
def routes() -> None:
    """Show what finding each family does here, and who set it."""
    from companion.commands import open_current
    from companion.escalation.routes import lines
    from companion.escalation.watchlist import load_watchlist
    from companion.when import day_and_time

    services = open_current()
    with services.database.read() as session:
        found = lines(session, load_watchlist())
    for line in found:
        said = f"{line.family:<22} {line.stands:<7} {line.title}"
        if line.at is not None:
            agreed = f", agreed by {line.agreed_by}" if line.agreed_by else ""
            said += f" (set by {line.set_by}{agreed}, {day_and_time(line.at, services.settings.zone)}; "
            said += f"the list says {line.written})"
        click.echo(said)


@watchlist.command("page")
@click.argument("family")
@click.option("--by", required=True, metavar="NAME", help="Who sets it: a facilitator, lead or coordinator.")
def let_page(family: str, by: str) -> None:
    """Let finding FAMILY page facilitators at once here.

    Moving one down takes two people who sign in themselves: in the console, under Content, What found words do.
    """
    from companion.commands import open_current
    from companion.escalation.routes import RouteError, set_route, who_may_set
    from companion.escalation.watchlist import load_watchlist
    from companion.rota.names import named

    services = open_current()
    with services.database.write() as session:
        people = who_may_set(session)
        person = named(by, people)
        if person is None:
            names = ", ".join(each.label for each in people)
            raise click.ClickException(f"{by!r} is nobody, or more than one, of: {names}")
        try:
            set_route(session, load_watchlist(), family, "page", person, None, services.clock.now())
        except RouteError as error:
            raise click.ClickException(str(error)) from None
