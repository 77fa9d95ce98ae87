"""`companion users`: who may sign in to the console."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from datetime import datetime

    from companion.db import Database


@click.group()
def users() -> None:
    """Add and look after those who sign in to the console."""


@users.command()
@click.option("--email", required=True, help="What they sign in with.")
@click.option("--name", required=True, help="As others in the console, and the people they help, will see it.")
@click.option("--role", required=True, type=click.Choice(["facilitator", "lead", "coordinator", "auditor"]))
@click.option("--ask", is_flag=True, help="Type the first password instead of having one made.")
def add(email: str, name: str, role: str, ask: bool) -> None:
    """Add someone, or a login for someone who is known by that name and role already."""
    from companion.console.users import UserError, add_login, new_password

    database, now = _open()
    password = _typed() if ask else new_password()
    try:
        with database.write() as session:
            add_login(session, name, email, role, password, now)
    except UserError as error:
        raise click.ClickException(str(error)) from None
    _say(f"{name} can sign in as {email.strip().lower()}.", None if ask else password)


@users.command("list")
def list_users() -> None:
    """List who can sign in."""
    from sqlalchemy import select

    from companion.models.console import Passkey, User

    database, _ = _open()
    with database.read() as session:
        found = session.scalars(select(User).order_by(User.email)).unique().all()
        with_passkey = set(session.scalars(select(Passkey.user_id)))
    for user in found:
        more = "" if user.active else ", switched off"
        more += ", second factor" if user.tf_primary_method or user.id in with_passkey else ""
        click.echo(f"{user.email}\t{user.person.label}\t{user.person.role}{more}")
    if not found:
        click.echo("Nobody can sign in yet. Add the first with `companion users add`.")


@users.command("reset-password")
@click.argument("email")
@click.option("--ask", is_flag=True, help="Type the password instead of having one made.")
def reset(email: str, ask: bool) -> None:
    """Set a new first password, end every sign-in, lift a lock, and switch the second factor off."""
    from sqlalchemy import select

    from companion.console.users import UserError, new_password, reset_password
    from companion.models.console import User

    database, now = _open()
    password = _typed() if ask else new_password()
    try:
        with database.write() as session:
            user = session.scalar(select(User).where(User.email == email.strip().lower()))
            if user is None:
                raise UserError("nobody signs in with that address; see `companion users list`")
            reset_password(session, user, password, now)
    except UserError as error:
        raise click.ClickException(str(error)) from None
    _say("The password is set.", None if ask else password)


def _open() -> tuple[Database, datetime]:
    """Return the database and the time, without the rest of the service: this starts faster."""
    from companion.clock import MovableClock, SystemClock
    from companion.crypto import CannotDecryptError
    from companion.db import Database, DatabaseError
    from companion.schema import require_current
    from companion.settings import SettingsError, load_settings

    try:
        settings = load_settings()
        database = Database(settings.database_url, settings.encryption_keys)
        require_current(database)
    except (SettingsError, DatabaseError, CannotDecryptError) as error:
        raise click.ClickException(str(error)) from None
    clock = MovableClock(settings.companion_clock_file) if settings.companion_clock_file else SystemClock()
    return database, clock.now()


def _typed() -> str:
    password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return password


def _say(what: str, password: str | None) -> None:
    click.echo(what)
    if password:
        click.echo(f"First password: {password}")
        click.echo(
            "It is shown once. Give it to them yourself, not by e-mail; they choose their own when they sign in."
        )
