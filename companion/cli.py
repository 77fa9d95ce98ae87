"""The `companion` command. Commands import what they need when they run, so that each starts fast."""

from __future__ import annotations

import gc
import importlib
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from companion.services import Services

# Commands that live in the room they belong to.
ROOMS = {
    "watchlist": "companion.escalation.cli",
    "signpost": "companion.signposting.cli",
    "intent": "companion.conversation.cli",
    "content": "companion.content.cli",
    "simulate": "companion.simulator.cli",
    "export": "companion.programme.cli",
    "doctor": "companion.programme.cli",
    "poster": "companion.programme.cli",
    "users": "companion.console.cli",
    "templates": "companion.messaging.cli",
    "audit": "companion.proof.cli",
    "drill": "companion.proof.cli",
    "report": "companion.proof.cli",
    "rota": "companion.rota.cli",
    "erase": "companion.privacy.cli",
    "copy": "companion.privacy.cli",
    "measure": "companion.measuring.cli",
    "setup": "companion.machine.cli",
    "backup": "companion.machine.cli",
    "restore": "companion.machine.cli",
}


class _Rooms(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *ROOMS})

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name in ROOMS:
            command: click.Command = getattr(importlib.import_module(ROOMS[name]), name)
            return command
        return super().get_command(ctx, name)


@click.group(cls=_Rooms)
def main() -> None:
    """Peer support by text for resident doctors."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr)
    for noisy in ("twilio", "alembic", "urllib3"):  # they would log addresses, or too much
        logging.getLogger(noisy).setLevel(logging.WARNING)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a run that is still going on is no cause for a warning


def _services() -> Services:
    """Return the services, or end with one line for each thing that is wrong."""
    from companion.content.reader import ContentError
    from companion.db import DatabaseError
    from companion.services import open_services
    from companion.settings import SettingsError

    try:
        return open_services()
    except (SettingsError, ContentError, DatabaseError) as error:
        raise click.ClickException(f"Companion cannot start.\n{error}") from None


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=5000, show_default=True, type=click.IntRange(1, 65_535), help="Port to listen on.")
def serve(host: str, port: int) -> None:
    """Run the web server: webhooks and console."""
    gc.disable()  # until all is loaded: nothing of that is garbage, and looking for some takes a tenth of the start
    from companion.crypto import CannotDecryptError
    from companion.db import DatabaseError
    from companion.schema import require_current
    from companion.serve import require_free, run

    services = _services()
    try:
        require_free(host, port)
        require_current(services.database)
        services.database.close()  # each process of the server opens its own connections
    except (DatabaseError, CannotDecryptError, OSError) as error:
        raise click.ClickException(f"Companion cannot start: {error}") from None
    run(services, host, port)


@main.command()
def worker() -> None:
    """Run the worker: reminders, pages, sending."""
    from companion.crypto import CannotDecryptError
    from companion.db import DatabaseError
    from companion.worker import run

    try:
        run(_services())
    except (DatabaseError, CannotDecryptError) as error:
        raise click.ClickException(f"Companion cannot start: {error}") from None


@main.command()
@click.option("--port", default=5000, show_default=True, help="Port of the server; the phones take the next one.")
@click.option(
    "--data", default="var/demo", show_default=True, type=click.Path(path_type=Path), help="Where it is kept."
)
@click.option("--reset", is_flag=True, help="Begin anew.")
def demo(port: int, data: Path, reset: bool) -> None:
    """Run everything on this machine, with phones in the browser and no real texts."""
    from companion.demo import DemoError, run

    try:
        run(port, data, reset=reset)
    except DemoError as error:
        raise click.ClickException(str(error)) from None


@main.group()
def db() -> None:
    """Look after the database."""


@db.command()
def upgrade() -> None:
    """Bring the database to the shape this version needs, and work out the watch list's plan for server and worker."""
    from companion.crypto import CannotDecryptError
    from companion.db import DatabaseError
    from companion.escalation.phrases import PhraseError
    from companion.escalation.watchlist import load_watchlist
    from companion.schema import upgrade as bring_up

    try:
        bring_up(_services().database)
    except (DatabaseError, CannotDecryptError) as error:
        raise click.ClickException(str(error)) from None
    click.echo("The database is up to date.")
    try:
        load_watchlist()  # worked out in this process, it takes none of theirs: four seconds and 90 MB
    except (PhraseError, OSError) as error:
        raise click.ClickException(f"the watch list cannot be read: {error}") from None


@main.group()
def programme() -> None:
    """Set the programme up."""


@programme.command()
@click.argument("file", type=click.Path(path_type=Path))
def load(file: Path) -> None:
    """Bring cohorts, people and groups from FILE (docs/programme.example.yaml) into the database, or update them."""
    from companion.commands import open_current
    from companion.programme.plan import SetupError, read_programme
    from companion.programme.setup import load_programme
    from companion.rota.cover import not_live

    services = open_current()
    settings = services.settings
    try:
        plan = read_programme(file)
        with services.database.write() as session:
            load_programme(
                session,
                plan,
                services.clock.now(),
                zone_name=settings.companion_time_zone,
                nation=settings.companion_nation,
                countries=settings.companion_countries,
            )
            waiting = not_live(session, services.clock.now())
    except SetupError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"Loaded {len(plan.cohorts)} cohorts, {len(plan.people)} people and {len(plan.groups)} groups.")
    for group, lacks in waiting:
        click.echo(f"{group} takes no trainees yet. " + " ".join(lacks))


@main.command()
@click.argument("text")
@click.option("--people", default=1, show_default=True, type=click.IntRange(1), help="How many it goes to.")
@click.option("--pence", default=4.0, show_default=True, envvar="COMPANION_PART_PENCE", help="Price of one SMS part.")
def cost(text: str, people: int, pence: float) -> None:
    """Estimate what TEXT costs by SMS."""
    from companion.messaging.cost import estimate

    click.echo(estimate(text, people, pence).in_words())


@main.group(invoke_without_command=True)
@click.pass_context
def keys(context: click.Context) -> None:
    """Print a new SECRET_KEY and a new key for ENCRYPTION_KEYS; `keys rotate` takes an old key out of use."""
    import secrets

    from cryptography.fernet import Fernet

    if context.invoked_subcommand is None:
        click.echo(f"SECRET_KEY={secrets.token_urlsafe(48)}")
        click.echo(f"ENCRYPTION_KEYS={Fernet.generate_key().decode()}")


@keys.command()
def rotate() -> None:
    """Encrypt everything anew with the first of ENCRYPTION_KEYS. Safe to stop and to run again, also while in use."""
    from companion.commands import open_current
    from companion.rotation import rotate as encrypt_anew

    services = open_current()
    if len(services.settings.encryption_keys) < 2:
        raise click.ClickException(
            "ENCRYPTION_KEYS: holds one key. Put the new one in front, with a comma between, restart, then rotate."
        )
    done = encrypt_anew(services.database, services.settings.encryption_keys)
    click.echo(f"{done} values encrypted anew. The first key reads everything now; the others can be removed.")
