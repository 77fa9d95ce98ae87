"""Databases for tests, each a fresh copy of one that the migrations made."""

from __future__ import annotations

import itertools
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet

from companion.db import Database
from companion.schema import upgrade
from tests import postgres

KEY = Fernet.generate_key().decode()
MUST_RUN = "COMPANION_NO_SKIPS"  # set where everything is installed: a skip is a failure there

NewDatabase = Callable[..., str]  # makes one, of this name if given, and returns its URL


def in_slots(new: NewDatabase) -> NewDatabase:
    """Make databases that are called as those of the last test, so that what was opened for them can be used again."""
    number = itertools.count()
    return lambda: new(f"slot{next(number)}")


@contextmanager
def sqlite(directory: Path) -> Iterator[NewDatabase]:
    """Yield a function that makes a database file and returns its URL."""
    template = directory / "template.sqlite3"
    database = Database(f"sqlite:///{template}", (KEY,))
    upgrade(database)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()

    def new(name: str = "") -> str:
        copy = directory / f"{name or uuid.uuid4().hex}.sqlite3"
        for old in (copy, directory / f"{copy.name}-wal", directory / f"{copy.name}-shm"):
            old.unlink(missing_ok=True)
        shutil.copy(template, copy)
        return f"sqlite:///{copy}"

    yield new


@contextmanager
def postgresql() -> Iterator[NewDatabase]:
    """Yield a function that makes a database on a real server and returns its URL. Skips where there is no server."""
    with _server() as server_url:
        admin = sa.create_engine(_driver(server_url), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)

        with admin.connect() as connection:  # nobody needs these databases after a power cut
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                connection.exec_driver_sql(f"ALTER SYSTEM SET {setting} = off")
            connection.exec_driver_sql("SELECT pg_reload_conf()")

        def create(name: str, template: str) -> str:
            with admin.connect() as connection:
                connection.exec_driver_sql(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
            return _driver(server_url).set(database=name).render_as_string(hide_password=False)

        template = f"template_{uuid.uuid4().hex}"
        database = Database(create(template, "template0"), (KEY,))
        upgrade(database)
        database.close()

        def new(name: str = "") -> str:
            name = f"{name}_{template}" if name else f"test_{uuid.uuid4().hex}"
            with admin.connect() as connection:  # moved out of the way: to drop one would wait for a checkpoint
                old = connection.execute(sa.text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name})
                if old.scalar():
                    gone = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
                    connection.exec_driver_sql(gone)
                    connection.exec_driver_sql(f'ALTER DATABASE "{name}" RENAME TO "old_{uuid.uuid4().hex}"')
            return create(name, template)

        yield new


@contextmanager
def _server() -> Iterator[str]:
    try:
        context = postgres.running()
        url = context.__enter__()
    except postgres.NoPostgresError as error:
        if os.environ.get(MUST_RUN):
            raise
        pytest.skip(str(error))
    try:
        yield url
    finally:
        context.__exit__(None, None, None)


def _driver(url: str) -> sa.URL:
    return sa.make_url(url).set(drivername="postgresql+psycopg")
