"""`companion setup`, which asks what a deployment must say; `companion backup` and `companion restore`."""

from __future__ import annotations

import getpass
import secrets
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from companion.db import Database
    from companion.escalation.words import Voice
    from companion.machine.questions import Chapter, Question
    from companion.settings import Settings

_MOMENT = "%A %d %B %Y, %H:%M"
ENV_FILE = Path(".env")
FOLDER = Path("var/setup")


@click.command()
def setup() -> None:
    """Ask what a new deployment must know, write it into .env, and make all that is needed to start."""
    from companion.machine.env_file import read
    from companion.machine.questions import CHAPTERS, still_open

    click.echo(
        "This asks what Companion must know, and writes it to .env. Enter alone keeps what is shown in [brackets], or\n"
        "leaves a question open. Ctrl-C ends it; what was answered before the chapter is kept, so you can go on later."
    )
    try:
        values = read(ENV_FILE)
        _make_keys(values)
        for number, chapter in enumerate(CHAPTERS, 1):
            click.echo(f"\n{number} of {len(CHAPTERS)}: {chapter.title}\n{chapter.tells}")
            _ask(chapter, values)
    except OSError as error:
        raise click.ClickException(f"{ENV_FILE} cannot be read or written: {error.strerror}") from None
    except UnicodeDecodeError:
        raise click.ClickException(
            f"{ENV_FILE} holds something that is no text (UTF-8): look at it, or move it away."
        ) from None
    if missing := still_open(values):
        raise click.ClickException(
            f"Still open: {', '.join(missing)}. Run `companion setup` again when you know them; the rest is kept."
        )
    _make_the_rest()


def _make_keys(values: dict[str, str]) -> None:
    """Make the keys of a new deployment. Those that are there are never changed: they open what is stored."""
    from cryptography.fernet import Fernet

    from companion.machine.env_file import write

    made = {"SECRET_KEY": secrets.token_urlsafe(48), "ENCRYPTION_KEYS": Fernet.generate_key().decode()}
    new = {name: value for name, value in made.items() if name not in values}
    if not new:
        return
    write(ENV_FILE, new)
    values |= new
    click.echo(
        f"\n{' and '.join(new)} made. Keep a copy of ENCRYPTION_KEYS (in .env) away from this machine:\n"
        "without it nobody can read the database or a backup, you included."
    )


def _ask(chapter: Chapter, values: dict[str, str]) -> None:
    """Ask the questions of a chapter until its answers can be used, and write them down."""
    from companion.machine.env_file import write

    while True:
        answers = {question.name: _answer(question, values) for question in chapter.questions}
        given = {name: value for name, value in answers.items() if value}
        values |= given
        if chapter.title != "Twilio" or not _refused(values):
            write(ENV_FILE, given)
            return
        click.echo("Please look at them again.")


def _answer(question: Question, values: dict[str, str]) -> str:
    from companion.machine.questions import problem, standard

    there = values.get(question.name, "")
    shown = "kept as it is" if there and question.secret else there or standard(question.name)
    while True:
        said: str = click.prompt(
            f"{question.asks}{f' [{shown}]' if shown else ''}",
            default="",
            show_default=False,
            hide_input=question.secret,
        )
        value = said.strip() or there
        if not value:
            return ""
        if question.name == "COMPANION_BACKUP_DIR":
            _make_folder(Path(value))
        wrong = problem(question.name, {**values, question.name: value})
        if wrong is None:
            return value
        click.echo(f"  That does not do: it {wrong}.")


def _make_folder(folder: Path) -> None:
    if not folder.is_dir() and click.confirm(f"  There is no folder {folder}. Make it?", default=True):
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            click.echo(f"  It cannot be made: {error.strerror}.")


def _refused(values: dict[str, str]) -> bool:
    """Whether Twilio refuses the sign-in; say what it says."""
    from companion.clock import SystemClock
    from companion.db import Database
    from companion.doctor.twilio import at_twilio
    from companion.machine.questions import settings_so_far, still_open
    from companion.services import Services

    if still_open(values):
        return False
    settings = settings_so_far(values)
    database = Database(settings.database_url, settings.encryption_keys)
    refused = False
    for finding in at_twilio(Services(settings, SystemClock(), database)):
        click.echo(f"  {finding.name}: {finding.says}{f' {finding.mend}' if finding.state != 'good' else ''}")
        refused = refused or finding.says.startswith("It refuses")
    return refused


def _make_the_rest() -> None:
    from companion.commands import open_current
    from companion.content.reader import ContentError
    from companion.crypto import CannotDecryptError
    from companion.db import Database, DatabaseError
    from companion.escalation.watchlist import load_watchlist
    from companion.schema import upgrade
    from companion.settings import SettingsError, load_settings

    click.echo("\nMaking the database ...")
    try:
        settings = load_settings()
        database = Database(settings.database_url, settings.encryption_keys)
        upgrade(database)
        load_watchlist()  # keeps its plan, so that server and worker start quickly
    except (SettingsError, DatabaseError, CannotDecryptError, ContentError) as error:
        raise click.ClickException(str(error)) from None
    services = open_current()
    _first_login(database)
    _write_files(settings, services.voice)


def _first_login(database: Database) -> None:
    """Ask for the first one who signs in, unless there is one: the coordinator, who invites the others."""
    from sqlalchemy import exists, select

    from companion.clock import SystemClock
    from companion.console.users import UserError, add_login, new_password
    from companion.models.console import User

    with database.read() as session:
        if session.scalar(select(exists(select(User.id)))):
            return
    click.echo("\nThe first login is the coordinator's: you, most likely. The others are invited in the console.")
    while True:
        name, email = click.prompt("Your name, as the others will see it"), click.prompt("Your e-mail address")
        password = new_password()
        try:
            with database.write() as session:
                add_login(session, name.strip(), email, "coordinator", password, SystemClock().now())
        except UserError as error:
            click.echo(f"  That does not do: {error}.")
            continue
        click.echo(f"You sign in as {email.strip().lower()} with this first password, which is shown once: {password}")
        return


def _write_files(settings: Settings, voice: Voice) -> None:
    from companion.machine.units import Place, files

    backed_up = settings.companion_backup_dir is not None and settings.database_url.startswith("sqlite")
    place = Place(getpass.getuser(), Path.cwd(), Path(sysconfig.get_path("scripts")) / "companion")
    made = files(place, settings.public_url, voice, backups=backed_up)
    try:
        FOLDER.mkdir(parents=True, exist_ok=True)
        for name, text in made.items():
            (FOLDER / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{FOLDER} cannot be written: {error.strerror}") from None
    start = ["companion-serve", "companion-worker", *(["companion-backup.timer"] if backed_up else [])]
    click.echo(
        f"""
Made in {FOLDER}: {", ".join(sorted(made))}. What is left:

1. Keep the two processes running, as someone who may use sudo:
     sudo cp {FOLDER}/companion-* /etc/systemd/system/
     sudo systemctl daemon-reload
     sudo systemctl enable --now {" ".join(start)}
2. Speak https. With Caddy: sudo cp {FOLDER}/Caddyfile /etc/caddy/Caddyfile, then sudo systemctl reload caddy
3. At Twilio, under the number: "A message comes in" is {settings.public_url}/twilio/inbound, HTTP POST;
   "Primary handler fails" is a TwiML Bin that holds {FOLDER}/fallback.xml;
   "A call comes in" is {settings.public_url}/twilio/rung, HTTP POST, and where that fails {FOLDER}/fallback-call.xml
4. Run `companion doctor`, which says what is still to mend.
5. Sign in at {settings.public_url}/console/ and go on with the page Set-up."""
    )


@click.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path, file_okay=False, exists=True))
def backup(folder: Path | None) -> None:
    """Write a copy of the database into FOLDER (or COMPANION_BACKUP_DIR), while the service runs."""
    from companion.commands import open_current
    from companion.machine.backup import BackupError, back_up

    services = open_current()
    folder = folder or services.settings.companion_backup_dir
    if folder is None:
        raise click.ClickException("Name a folder, or set COMPANION_BACKUP_DIR.")
    try:
        made = back_up(services.database, folder, services.clock.now())
    except BackupError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{made} ({made.stat().st_size / 1e6:.1f} MB)")


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--yes", is_flag=True, help="Do not ask.")
def restore(file: Path | None, yes: bool) -> None:
    """Put the backup FILE in the place of the database, with both services stopped; do again what was wanted since.

    Erasures and STOPs since the backup are done again, and the texts since are fetched. Without FILE only this is done,
    for a database that other tools have put back (pg_restore).
    """
    from companion.machine.backup import BackupError, after_restore
    from companion.machine.backup import restore as put_back
    from companion.services import open_services
    from companion.settings import SettingsError

    if file is None and not yes:
        click.confirm("Was a backup put back by other means, and are both services stopped?", abort=True)
    try:
        services = open_services()
        done = put_back(services, file) if file else after_restore(services)
    except (SettingsError, BackupError) as error:
        raise click.ClickException(str(error)) from None
    zone = services.settings.zone
    good = done.made_good
    if file:
        click.echo(f"{file} is in place." + (f" What was there is {done.aside}." if done.aside else ""))
    if done.made_at:
        click.echo(f"It stands at {done.made_at.astimezone(zone):{_MOMENT}}.")
    click.echo(f"{good.dropped} texts that waited in it are not sent: they may have gone out since.")
    again = good.redone
    click.echo(f"Done again: {again.erased} erased, {again.stops} left by STOP, {again.starts} back by START.")
    if again.numbers:
        click.echo(f"{again.numbers} numbers were taken from those who run the programme, or given back: see Today.")
    if again.moved:
        click.echo(f"{again.moved} trainees have another number since: it is texted once a text from it is here.")
    if again.waiting:
        click.echo(f"{again.waiting} erasures are done when the episode is closed that is open in the backup.")
    if good.up_to:
        click.echo(
            f"They are known up to {good.up_to.astimezone(zone):{_MOMENT}}: do erasures again that came after that."
        )
    if good.damaged:
        click.echo(
            f"The journal of STOPs and erasures cannot be read, or not all of it ({good.damaged} lines): it is "
            "damaged, or of another database."
        )
    if not good.whole:
        click.echo(
            "The journal is missing, damaged or older than the backup: do erasures since the backup again. The page "
            "Today says so until somebody says there that it is looked after."
        )
    if done.fetched is None:
        click.echo(
            "Twilio did not answer. The worker asks it for the texts since, STOP among them, as soon as it runs; until "
            "then nothing goes out but pages and answers."
        )
    else:
        click.echo(f"{done.fetched} texts that came since were fetched from Twilio.")
    click.echo(
        "What else was done in the console since is not in it: the rota, what was closed, an erasure that waits for an "
        "episode. See Today first."
    )
