"""Checks a real set-up and says what to mend. `companion doctor` and the console's set-up page say the same things.

Each check is a function that returns one or more findings and changes nothing. What cannot be known from here is said
to be unsure, never good.
"""

from __future__ import annotations

import shutil
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from companion.clock import SystemClock
from companion.content.checks import check_content
from companion.content.reader import ContentError
from companion.crypto import CannotDecryptError
from companion.db import DatabaseError
from companion.doctor import twilio
from companion.doctor.finding import Finding, State
from companion.heartbeats import STALE, last_run
from companion.messaging.addresses import usable_of
from companion.messaging.mail_server import MailServerError, examine_server
from companion.models import Alarm, Person
from companion.rota.cover import not_live
from companion.schema import require_current
from companion.services import Services

LEAST_SPACE = 1_000_000_000  # bytes
OLDEST_BACKUP = timedelta(hours=26)
OLDEST_COPY = timedelta(minutes=5)  # of STOPs and erasures


def examine(services: Services) -> list[Finding]:
    """Look at everything and return what was found, in the order in which a set-up is done."""
    found = list(_database(services))
    checks: list[Callable[[Services], Iterator[Finding]]] = [
        twilio.sign_in,
        twilio.sender,
        _mail,
        _address,
        _worker,
        twilio.clock,
    ]
    if all(finding.state == "good" for finding in found):
        checks += [twilio.templates, _people, _journal, _put_back]
    for check in (*checks, _content, _disk, _backups):
        found += check(services)
    return found


def _database(services: Services) -> Iterator[Finding]:
    try:
        require_current(services.database)
    except DatabaseError as error:
        yield Finding("Database", "bad", f"{error}.", "Run `companion db upgrade`, and look at DATABASE_URL.")
    except CannotDecryptError as error:
        yield Finding("Keys", "bad", f"{error}.", "Put the keys it was made with into ENCRYPTION_KEYS.")
    else:
        kind = "SQLite, one file" if services.database.is_sqlite else "PostgreSQL"
        yield Finding("Database", "good", f"It has the shape this version needs, and the keys open it ({kind}).")


def _mail(services: Services) -> Iterator[Finding]:
    """Sign in at the mail server and ask whether our address may send; no e-mail goes."""
    if services.settings.smtp_url is None:
        yield Finding(
            "E-mail",
            "unsure",
            "There is no mail server, so there is no second way while texts fail.",
            'Set SMTP_URL and MAIL_FROM; then all who are paged add their e-mail address under "Ways to reach me".',
        )
        return
    try:
        says = examine_server(services.settings, twilio.PATIENCE)
    except MailServerError as error:
        yield Finding("E-mail", "bad", error.says, error.mend)
    else:
        yield Finding("E-mail", "good", says)


def _address(services: Services) -> Iterator[Finding]:
    """Ask our own door from outside: an unsigned text must be refused by us, with 403."""
    url = services.settings.public_url
    try:
        status = _status(f"{url}/twilio/inbound", b"From=%2B447700900123")
    except (OSError, HTTPException, ValueError):
        yield Finding(
            "Web address",
            "bad",
            f"{url} does not answer from here.",
            "Start `companion serve`, and the proxy that speaks https for it; look at PUBLIC_URL.",
        )
        return
    if status == 403:
        yield Finding("Web address", "good", f"{url} answers, and refuses texts that Twilio did not sign.")
    else:
        yield Finding(
            "Web address",
            "bad",
            f"{url} answered {status} where this service answers 403.",
            "Let the proxy pass /twilio/ on to this service, unchanged.",
        )


def _worker(services: Services) -> Iterator[Finding]:
    try:
        ticked = last_run(services.database, "tick")
    except SQLAlchemyError:
        return  # the database is named already
    if ticked is not None and services.clock.now() - ticked <= STALE:
        yield Finding("Worker", "good", "It has run in the last minute.")
    else:
        yield Finding(
            "Worker",
            "bad",
            "It has not run for a minute, so nothing is sent and nobody is paged.",
            "Start `companion worker`, and see that the machine starts it again by itself.",
        )


def _people(services: Services) -> Iterator[Finding]:
    """Whether somebody can be paged, and told when the service needs help."""
    with services.database.read() as session:
        staff = session.scalars(select(Person).where(Person.state == "staff")).all()
        reached = usable_of(session, staff)
        waiting = not_live(session, services.clock.now())
    for role, mend in (
        ("lead", "A lead is paged when no facilitator answers. Add one with a mobile number."),
        ("coordinator", "A coordinator is told when the service needs help. Add one with a mobile number."),
    ):
        there = [person for person in staff if person.role == role and person.id in reached]
        says = f"{len(there)} can be reached by text." if there else "None can be reached by text."
        yield Finding(f"{role.capitalize()}s", "good" if there else "bad", says, "" if there else mend)
    for name, lacks in waiting:
        yield Finding(
            f"Group {name}",
            "bad",
            f"It is not open to trainees. {' '.join(lacks)}",
            "See the page Rota, What groups promise.",
        )


def _content(services: Services) -> Iterator[Finding]:
    try:
        problems = check_content(services.settings.companion_content_dir)
    except ContentError as error:
        yield Finding("Words", "bad", f"{error}.", "Mend the file and run `companion content check`.")
        return
    if problems:
        yield Finding(
            "Words",
            "bad",
            f"{len(problems)} thing{'s' if len(problems) > 1 else ''} to mend in the texts.",
            "Run `companion content check`.",
        )
    else:
        yield Finding("Words", "good", "Every text is in order.")


def _disk(services: Services) -> Iterator[Finding]:
    file = services.database.engine.url.database if services.database.is_sqlite else None
    free = shutil.disk_usage(Path(file).resolve().parent if file else Path()).free
    says = f"{free / 1e9:.1f} GB are free."
    if free >= LEAST_SPACE:
        yield Finding("Disk", "good", says)
    else:
        yield Finding("Disk", "bad", says, "Make room: when the disk is full no text can be taken.")


def _backups(services: Services) -> Iterator[Finding]:
    folder = services.settings.companion_backup_dir
    if folder is None:
        yield Finding(
            "Backups",
            "unsure",
            "Nobody has said where they are.",
            "Set COMPANION_BACKUP_DIR to the folder they are put in: their age is watched here, and STOPs and erasures "
            "are kept there, lest a backup that is put back undo them.",
        )
        return
    journal = services.journal.file if services.journal else None
    files = [each.stat().st_mtime for each in folder.glob("*") if each.is_file() and each != journal]
    if not files:
        yield Finding("Backups", "bad", f"There is none in {folder}.", "See docs/going-live.md, step 4.")
        return
    age = SystemClock().now() - datetime.fromtimestamp(max(files), UTC)
    hours = f"{age.total_seconds() / 3600:.0f} hours old."
    if age <= OLDEST_BACKUP:
        yield Finding("Backups", "good", f"The newest is {hours}")
    else:
        yield Finding("Backups", "bad", f"The newest is {hours}", "See why none was made last night.")


def _journal(services: Services) -> Iterator[Finding]:
    """Whether STOPs and erasures are copied beside the backups, so that one that is put back does not undo them."""
    name, mend = "STOPs and erasures", "Start `companion worker`, and see that it may write there."
    if services.journal is None:
        return  # what is to be set is said under Backups
    try:
        found = services.journal.read()
    except OSError as error:
        yield Finding(name, "bad", f"{services.journal.file} cannot be read: {error.strerror}.", mend)
        return
    if found is None:
        yield Finding(name, "bad", f"No copy of them is in {services.journal.file}.", mend)
    elif found.damaged:
        yield Finding(
            name,
            "bad",
            f"{found.damaged} lines of {services.journal.file} are damaged, or of another database.",
            "Move it away: a new one with all that is known is made at once.",
        )
    elif found.up_to is None or services.clock.now() - found.up_to > OLDEST_COPY:
        yield Finding(name, "bad", f"They have not been copied to {services.journal.file} for minutes.", mend)
    else:
        yield Finding(name, "good", "They are copied beside the backups, and done again when one is put back.")


def _put_back(services: Services) -> Iterator[Finding]:
    """What is still to do about a backup that was put back."""
    with services.database.read() as session:
        kinds = set(session.scalars(select(Alarm.kind).where(Alarm.settled_at.is_(None))))
    if "texts_since_backup" in kinds:
        yield Finding(
            "Backup put back",
            "bad",
            "Twilio has not told what was texted since; reminders wait until it does.",
            "Start `companion worker`, and see what is said of Twilio here.",
        )
    if "erasures_unknown" in kinds:
        yield Finding(
            "Backup put back",
            "bad",
            "Who was erased since the backup is not known.",
            "Erase again whoever asked for it, under People, then say on the page Today that it is looked after.",
        )


def _status(url: str, form: bytes) -> int:
    request = urllib.request.Request(url, data=form)  # noqa: S310 (the address of the settings: http or https)
    try:
        with urllib.request.urlopen(request, timeout=twilio.PATIENCE) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


__all__ = ["Finding", "State", "examine"]
