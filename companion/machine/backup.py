"""Backups of a database that is one file, made while it is in use, and put back after a bad day.

A PostgreSQL server has tools of its own for both; here it is refused.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy.exc import DBAPIError, IntegrityError

from companion.crypto import CannotDecryptError
from companion.db import Database, DatabaseError
from companion.heartbeats import last_run
from companion.machine.journal import NAME
from companion.machine.making_good import MadeGood, make_good
from companion.messaging.provider import NoAnswerError, NotReachedError, RefusedError
from companion.schema import upgrade
from companion.services import Services

KEPT = timedelta(days=14)  # how long a backup is kept; a person who was erased is in it for so long
_NAME = "companion-%Y%m%d-%H%M%S.sqlite3"
_OURS = "companion-????????-??????.sqlite3"
_PARTS = ("", "-wal", "-shm")  # of a database in one file: what was written last stands beside it


class BackupError(Exception):
    """A backup cannot be made or put back; the message says why and what to do."""


@dataclass(frozen=True)
class Restored:
    """What came of it.

    `made_at`: when a worker last ran on it (UTC). `made_good`: what was done again. `fetched`: texts that came since,
    from Twilio; None when Twilio did not answer. `aside`: the database that was there.
    """

    made_at: datetime | None
    made_good: MadeGood
    fetched: int | None
    aside: Path | None


def back_up(database: Database, folder: Path, now: datetime) -> Path:
    """Write a copy of the database into `folder`, readable by its owner alone; return it. Older ones go after KEPT.

    The copy is looked through before it counts, and before any other goes. Raises BackupError.
    """
    source = _file_of(database)
    target = folder / now.astimezone(UTC).strftime(_NAME)
    growing = target.with_suffix(".growing")
    try:
        found = _copy(source, growing)
        if found != "ok":
            raise BackupError(f"the copy is damaged ({found}); look at the disk, and at {source}")
        os.replace(growing, target)
        oldest = (now - KEPT).astimezone(UTC).strftime(_NAME)
        for old in folder.glob(_OURS):
            if old.name <= oldest:
                old.unlink(missing_ok=True)
    except (OSError, sqlite3.Error) as error:
        raise BackupError(f"no backup was made: {getattr(error, 'strerror', None) or error}") from None
    finally:
        growing.unlink(missing_ok=True)
    return target


def restore(services: Services, backup: Path) -> Restored:
    """Put a backup in the place of the database, which is moved aside; then ask Twilio for the texts since.

    What waited in it and was due is not sent again, but for pages; erasures and STOPs since are done again before it is
    in place. Raises BackupError; then all is as it was.
    """
    here = services.database
    place, now = _file_of(here), services.clock.now()
    coming = place.with_name(place.name + ".coming")
    here.close()
    _require_stopped(place)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        if (found := _copy(backup, coming)) != "ok":
            raise BackupError(f"{backup} is damaged ({found}): try the one before it")
        done = _prepare(coming, place, backup, services, now)
        aside = _put_in_place(coming, place, now)
    except (OSError, sqlite3.Error) as error:
        raise BackupError(f"{backup} was not put back: {getattr(error, 'strerror', None) or error}") from None
    finally:
        for part in _PARTS:
            Path(f"{coming}{part}").unlink(missing_ok=True)
    here.unlock()
    return Restored(last_run(here, "tick"), done, _fetched(services), aside)


def after_restore(services: Services) -> Restored:
    """Do what `restore` does once a backup is in place, where other tools have put it there. Raises BackupError."""
    here, now = services.database, services.clock.now()
    if here.is_sqlite:
        here.close()
        _require_stopped(_file_of(here))
    try:
        upgrade(here)
        done = make_good(here, _journals(services), None, now)
    except (DatabaseError, CannotDecryptError) as error:
        raise BackupError(str(error)) from None
    except IntegrityError:
        raise BackupError("a worker is running and does the same: stop both services first") from None
    return Restored(last_run(here, "tick"), done, _fetched(services), None)


def _file_of(database: Database) -> Path:
    name = database.engine.url.database
    if not database.is_sqlite or name is None:
        raise BackupError(
            "this database is a PostgreSQL server: back it up with pg_dump, and put it back with pg_restore;"
            " then run `companion restore` without a file"
        )
    return Path(name).resolve()


def _require_stopped(place: Path) -> None:
    """Refuse while any process has the database open: a server would go on writing into the one that is moved aside.

    SQLite leaves its write-ahead log for nobody but the last that is there. It is then one file, as it is moved.
    """
    if not place.exists():
        return
    try:
        with closing(sqlite3.connect(place, timeout=0)) as there:
            there.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.OperationalError as error:
        raise BackupError(
            f"something has the database open ({error}): stop companion-serve and companion-worker first"
        ) from None
    except sqlite3.DatabaseError:
        return  # there may be anything in its place: that is why it is put back


def _copy(source: Path, target: Path) -> str:
    """Copy a database that may be in use into one file for its owner alone; return what a check of it says."""
    os.close(os.open(target, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600))
    with (
        closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as there,
        closing(sqlite3.connect(target)) as copy,
    ):
        there.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # nothing stands beside it
        [(found,)] = copy.execute("PRAGMA quick_check(1)").fetchall()
    return str(found)


def _prepare(coming: Path, place: Path, backup: Path, services: Services, now: datetime) -> MadeGood:
    """See that our keys open it, bring it to the shape of this version, and make it good."""
    database = Database(f"sqlite:///{coming}", services.settings.encryption_keys)
    try:
        with database.engine.connect() as connection:
            if not connection.dialect.has_table(connection, "keyring"):
                raise BackupError("this file is no backup of Companion")
        upgrade(database)
        there = Database(f"sqlite:///{place}", services.settings.encryption_keys) if place.exists() else None
        done = make_good(database, _journals(services, backup), there, now)
    except (DatabaseError, CannotDecryptError, DBAPIError) as error:
        raise BackupError(f"the backup cannot be used: {getattr(error, 'orig', error)}") from None
    finally:
        database.close()
    with closing(sqlite3.connect(coming)) as copy:
        copy.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        copy.execute("PRAGMA journal_mode=DELETE")
    return done


def _journals(services: Services, backup: Path | None = None) -> list[Path]:
    """Return where a journal may be: in the folder of backups, and beside the backup."""
    folders = [services.settings.companion_backup_dir, backup.resolve().parent if backup else None]
    return list(dict.fromkeys(folder.resolve() / NAME for folder in folders if folder is not None))


def _put_in_place(coming: Path, place: Path, now: datetime) -> Path | None:
    """Put what is there aside, and return where; then put `coming` there. Raises OSError with all as it was.

    Whoever is killed meanwhile leaves the one or the other in its place: what is there gets a second name first.
    """
    aside = place.with_name(f"{place.name}.before-{now.astimezone(UTC):%Y%m%d-%H%M%S}")
    moved: list[str] = []
    try:
        for part in reversed(_PARTS):
            if Path(f"{place}{part}").exists():
                _name_anew(Path(f"{place}{part}"), Path(f"{aside}{part}"), keep=not part)
                moved.append(part)
        os.replace(coming, place)
    except OSError:
        for part in moved:
            os.replace(f"{aside}{part}", f"{place}{part}")
            Path(f"{aside}{part}").unlink(missing_ok=True)  # a second name of the same file is left as it is above
        raise
    return aside if "" in moved else None


def _name_anew(path: Path, name: Path, *, keep: bool) -> None:
    """Give a file a new name. `keep`: let it have the old one as well, where the disk can do that."""
    if keep:
        try:
            os.link(path, name)
        except OSError:
            pass  # some disks cannot
        else:
            return
    os.replace(path, name)


def _fetched(services: Services) -> int | None:
    """Take in what was texted since, a STOP above all, before anything is sent; None when Twilio did not answer."""
    try:
        return services.reconciliation.texts()
    except (RefusedError, NotReachedError, NoAnswerError):
        return None
