"""`companion templates`: the WhatsApp templates, from our words to WhatsApp's approval."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click

from companion.commands import open_current

if TYPE_CHECKING:
    from companion.content.templates import Definition
    from companion.messaging.templates import Step
    from companion.messaging.twilio import Twilio
    from companion.services import Services

_WIDTH = 44  # characters across on a phone


@click.group()
def templates() -> None:
    """Show, make and submit the WhatsApp templates, and ask how they stand."""


@templates.command()
@click.argument("ids", nargs=-1)
def show(ids: tuple[str, ...]) -> None:
    """Show each template (or only those of the texts IDS) as a phone does, with its approval."""
    from sqlalchemy import select

    from companion.content.templates import problems, without
    from companion.models.templates import WhatsAppTemplate

    services = open_current()
    wanted = _definitions(services)
    unknown = sorted(set(ids) - {definition.text_id for definition in wanted})
    if unknown:
        raise click.ClickException(f"no template is made of {', '.join(unknown)}; see `companion templates show`")
    with services.database.read() as session:
        rows = {row.name: row for row in session.scalars(select(WhatsAppTemplate))}
    for definition in wanted:
        if ids and definition.text_id not in ids:
            continue
        row = rows.get(definition.name)
        state = row.status if row is not None else "not made yet"
        reason = f" ({row.reason})" if row is not None and row.reason else ""
        category = row.category if row is not None else definition.category
        click.echo(f"{definition.text_id}: {state}{reason}")
        click.echo(f"  {definition.name}, {category}, {definition.language}")
        _bubble(definition)
        for problem in problems(definition):
            click.echo(f"  WhatsApp would refuse it: {problem}")
        click.echo()
    for text_id, reason in without().items() if not ids else ():
        click.echo(f"{text_id}: no template, by SMS after 24 hours: {reason}")


@templates.command()
def create() -> None:
    """Make at Twilio the templates that are not there yet. Nothing is submitted."""
    from companion.messaging.templates import create_missing

    services = open_current()
    wanted = _definitions(services)
    steps = _ask(services, lambda twilio: create_missing(services.database, twilio, services.clock, wanted))
    _report(steps, "All templates are there.", "Next: `companion templates submit`.")


@templates.command()
def submit() -> None:
    """Ask WhatsApp to approve the templates that were made and not submitted."""
    from companion.messaging.templates import submit_new

    services = open_current()
    wanted = _definitions(services)
    steps = _ask(services, lambda twilio: submit_new(services.database, twilio, wanted))
    _report(
        steps,
        "Nothing to submit. `companion templates create` makes what is missing.",
        "WhatsApp answers within minutes or a few days: `companion templates sync`.",
    )


@templates.command()
def sync() -> None:
    """Ask Twilio how each template stands, and note it."""
    from companion.messaging.templates import sync as ask_all

    services = open_current()
    steps = _ask(services, lambda twilio: ask_all(services.database, twilio, services.clock), sender_needed=False)
    for step in steps:
        why = f" ({step.problem})" if step.problem else ""
        click.echo(f"{step.name}: {step.before} -> {step.status}{why}")
    if not steps:
        click.echo("Nothing has changed.")


def _bubble(definition: Definition) -> None:
    import json

    for line in definition.filled(json.dumps(definition.samples)).split("\n"):
        click.echo(textwrap.fill(line, _WIDTH, initial_indent="  | ", subsequent_indent="  | ", break_long_words=False))
    if definition.buttons:
        click.echo("  " + " ".join(f"[ {title} ]" for title, _ in definition.buttons))


def _report(steps: Sequence[Step], nothing: str, after: str) -> None:
    for step in steps:
        click.echo(f"{step.name}: {step.problem or step.status}")
    if not steps:
        click.echo(nothing)
    elif any(step.status for step in steps):
        click.echo(after)
    if any(step.problem for step in steps):
        raise SystemExit(1)


def _ask(
    services: Services, question: Callable[[Twilio], Sequence[Step]], *, sender_needed: bool = True
) -> Sequence[Step]:
    from companion.messaging.provider import NoAnswerError, NotReachedError, RefusedError
    from companion.messaging.twilio import Twilio

    if sender_needed and services.settings.twilio_whatsapp_from is None:
        raise click.ClickException("TWILIO_WHATSAPP_FROM: is not set, so there is no WhatsApp to make templates for")
    try:
        return question(Twilio(services.settings))
    except RefusedError as error:
        if error.status == 401:
            raise click.ClickException(
                "Twilio refuses our sign-in: check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN"
            ) from None
        raise click.ClickException(f"{error}") from None
    except NotReachedError:
        raise click.ClickException("Twilio can't be reached; nothing was done") from None
    except NoAnswerError:
        raise click.ClickException("Twilio did not answer; run it again, what was made is found then") from None


def _definitions(services: Services) -> list[Definition]:
    from companion.content.reader import ContentError
    from companion.content.templates import definitions

    try:
        return list(definitions(services.words.with_standing(url=services.voice.console_url)).values())
    except ContentError as error:
        raise click.ClickException(str(error)) from None
