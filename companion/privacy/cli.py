"""Commands on one person's data: `companion erase ALIAS`, `companion copy ALIAS`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from companion.commands import open_current

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from companion.models import Person
    from companion.services import Services


@click.command()
@click.argument("alias")
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase(alias: str, yes: bool) -> None:
    """Remove what is held about the trainee known as ALIAS, as when they text DELETE MY DATA."""
    from companion.privacy.erasure import CannotEraseError, ask

    if not yes:
        click.confirm(f"Remove all that is held about {alias}? This cannot be undone.", abort=True)
    with _opened(alias) as (services, session, person):
        try:
            done = ask(session, person, services.clock.now())
        except CannotEraseError as error:
            raise click.ClickException(str(error)) from None
    waits = "An episode about them is open: it is done when that is closed. No reminders or questions go out any more."
    click.echo("Removed. A code made from each number stays, so that it is not texted again." if done else waits)


@click.command()
@click.argument("alias")
def copy(alias: str) -> None:
    """Print what is held about the trainee known as ALIAS, as JSON. The look is audited."""
    from companion.models import record
    from companion.privacy.copy import copy_of

    with _opened(alias) as (services, session, person):
        now = services.clock.now()
        record(session, now, "copy made", person)
        click.echo(json.dumps(copy_of(session, person, now).as_data(), indent=2, ensure_ascii=False))


@contextmanager
def _opened(alias: str) -> Iterator[tuple[Services, Session, Person]]:
    from sqlalchemy import select

    from companion.models import Person

    services = open_current()
    with services.database.write() as session:
        person = session.scalar(select(Person).where(Person.alias == alias, Person.role == "trainee"))
        if person is None:
            raise click.ClickException(f"There is no trainee known as {alias}.")
        yield services, session, person
