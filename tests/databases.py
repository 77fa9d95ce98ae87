"""Databases for tests: each as the migrations made it, and filled with the small programme in a moment.

The programme is written once, into a second SQLite file or a schema beside the tables, and copied from there.
"""

from __future__ import annotations

import itertools
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet

from companion.db import Database
from companion.schema import upgrade
from companion.seed import seed
from companion.settings import Settings
from tests import postgres

KEY = Fernet.generate_key().decode()
START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # a Monday; the group first meets on Thursday 26th, 6:30pm
SEED_SETTINGS = ("companion_time_zone", "companion_nation", "companion_countries")  # what the programme depends on
MUST_RUN = "COMPANION_NO_SKIPS"  # set where everything is installed: a skip is a failure there

NewDatabase = Callable[..., str]  # makes one, of this name if given, and returns its URL


# What PostgreSQL needs to put a database back, which is far cheaper than a new one with its new connections.
# `keep` copies the rows that no other copy has, `put` writes a copy's rows, `restore` leaves only those of the
# migrations and says what the tables look like now, and where so much was deleted that it should be swept.
_RESTORING = """
CREATE SCHEMA tests;
CREATE FUNCTION tests.keep(copy text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  t name;
  kept bool;
BEGIN
  EXECUTE format('CREATE SCHEMA %I', copy);
  FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', t) INTO kept;
    IF kept AND to_regclass(format('migrated.%I', t)) IS NULL THEN
      EXECUTE format('CREATE TABLE %I.%I AS TABLE public.%I', copy, t, t);
    END IF;
  END LOOP;
END $$;
CREATE FUNCTION tests.put(copy text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  t name;
BEGIN
  SET LOCAL session_replication_role = replica;
  FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = copy LOOP
    EXECUTE format('INSERT INTO public.%I SELECT * FROM %I.%I', t, copy, t);
  END LOOP;
END $$;
CREATE FUNCTION tests.shape() RETURNS text LANGUAGE sql AS $$
  SELECT md5(string_agg(line, ' ' ORDER BY line)) FROM (
    SELECT concat_ws(',', oid, relname, relnatts, relchecks) FROM pg_class WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT concat_ws(',', attrelid, attname, atttypid, attnotnull, atthasdef)
      FROM pg_attribute JOIN pg_class c ON c.oid = attrelid WHERE c.relnamespace = 'public'::regnamespace
    UNION ALL SELECT concat_ws(',', oid, conname) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT concat_ws(',', oid, tgname, tgenabled) FROM pg_trigger
  ) AS lines (line)
$$;
CREATE FUNCTION tests.restore(OUT shape text, OUT sweep text[]) LANGUAGE plpgsql AS $$
DECLARE
  t record;
BEGIN
  SET LOCAL session_replication_role = replica;
  FOR t IN SELECT relname, relkind, oid FROM pg_class
      WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S') LOOP
    IF t.relkind = 'S' THEN
      PERFORM setval(t.oid, 1, false);
    ELSE
      EXECUTE format('DELETE FROM public.%I', t.relname);
      IF pg_relation_size(t.oid) > 262144 THEN
        sweep := sweep || t.relname::text;
      END IF;
    END IF;
  END LOOP;
  PERFORM tests.put('migrated');
  shape := tests.shape();
END $$;
"""


def in_slots(new: NewDatabase) -> NewDatabase:
    """Make databases that are called as those of the last test, so that what was opened for them can be used again."""
    number = itertools.count()
    return lambda: new(f"slot{next(number)}")


def filled(database: Database, settings: Settings, now: datetime) -> None:
    """Write the small programme into a database that has none: copied where it would be the same, as is usual."""
    usual = now == START and all(getattr(settings, name) == value for name, value in vars(_usual()).items())
    file = Path(database.engine.url.database or "").with_name(_PROGRAMME)
    if not usual or (database.is_sqlite and not file.exists()):
        _seed(database, settings, now)
    elif database.is_sqlite:
        _copy_file(database, file)
    else:
        with database.engine.begin() as connection:
            connection.exec_driver_sql("SELECT tests.put('programme')")


_PROGRAMME = "programme.sqlite3"


def _usual() -> SimpleNamespace:
    return SimpleNamespace(**{name: Settings.model_fields[name].default for name in SEED_SETTINGS})


def _seed(database: Database, settings: Settings | SimpleNamespace, now: datetime) -> None:
    with database.write() as session:
        seed(session, now, settings)  # type: ignore[arg-type]


def _copy_file(database: Database, file: Path) -> None:
    with closing(database.engine.raw_connection()) as raw:
        cursor = raw.cursor()
        cursor.execute("ATTACH ? AS programme", (str(file),))
        cursor.execute("BEGIN IMMEDIATE")
        cursor.execute("PRAGMA defer_foreign_keys = ON")
        for (table,) in cursor.execute("SELECT name FROM programme.sqlite_master WHERE type = 'table'").fetchall():
            if not cursor.execute(f'SELECT EXISTS (SELECT 1 FROM main."{table}")').fetchone()[0]:
                cursor.execute(f'INSERT INTO main."{table}" SELECT * FROM programme."{table}"')
        cursor.execute("COMMIT")
        cursor.execute("DETACH programme")


@contextmanager
def sqlite(directory: Path) -> Iterator[NewDatabase]:
    """Yield a function that makes a database file and returns its URL."""
    template, programme = directory / "template.sqlite3", directory / _PROGRAMME
    _made(f"sqlite:///{template}")
    shutil.copy(template, programme)
    database = Database(f"sqlite:///{programme}", (KEY,))
    database.unlock()
    _seed(database, _usual(), START)
    _close(database)

    def new(name: str = "") -> str:
        copy = directory / f"{name or uuid.uuid4().hex}.sqlite3"
        for old in (copy, directory / f"{copy.name}-wal", directory / f"{copy.name}-shm"):
            old.unlink(missing_ok=True)
        shutil.copy(template, copy)
        return f"sqlite:///{copy}"

    yield new


def _made(url: str) -> None:
    database = Database(url, (KEY,))
    upgrade(database)
    _close(database)


def _close(database: Database) -> None:
    if database.is_sqlite:
        with database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


@contextmanager
def postgresql() -> Iterator[NewDatabase]:
    """Yield a function that makes a database on a real server and returns its URL. Skips where there is no server."""
    with _server() as server_url:
        admin = _opened(_driver(server_url))
        with admin.connect() as connection:  # nobody needs these databases after a power cut
            for setting in ("fsync", "synchronous_commit", "full_page_writes", "autovacuum"):
                connection.exec_driver_sql(f"ALTER SYSTEM SET {setting} = off")
            connection.exec_driver_sql("SELECT pg_reload_conf()")

        def create(name: str, template: str) -> sa.URL:
            with admin.connect() as connection:
                connection.exec_driver_sql(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
            return _driver(server_url).set(database=name)

        template = f"template_{uuid.uuid4().hex}"
        shape = _prepare(create(template, "template0"))
        kept: dict[str, sa.Engine] = {}

        def new(name: str = "") -> str:
            name = f"{name}_{template}" if name else f"test_{uuid.uuid4().hex}"
            if name in kept and not _restored(kept[name], shape):
                kept.pop(name).dispose()
                with admin.connect() as connection:  # moved out of the way: to drop one would wait for a checkpoint
                    connection.exec_driver_sql(_END + f" WHERE datname = '{name}'")
                    connection.exec_driver_sql(f'ALTER DATABASE "{name}" RENAME TO "old_{uuid.uuid4().hex}"')
            if name not in kept:
                url = create(name, template)
                if not name.startswith("slot"):
                    return _text(url)
                kept[name] = _opened(url)
            return _text(kept[name].url)

        try:
            yield new
        finally:
            for engine in (admin, *kept.values()):
                engine.dispose()


_END = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"


def _prepare(url: sa.URL) -> str:
    """Make the tables and the copies of rows in the database that is copied; return what its tables look like."""
    _made(_text(url))
    database = Database(_text(url), (KEY,))
    with database.engine.begin() as connection:
        connection.exec_driver_sql(_RESTORING.replace("%", "%%"))  # psycopg reads % as a place
        connection.exec_driver_sql("SELECT tests.keep('migrated')")
    database.unlock()
    _seed(database, _usual(), START)
    with database.engine.begin() as connection:
        connection.exec_driver_sql("SELECT tests.keep('programme')")
        shape = connection.exec_driver_sql("SELECT shape FROM tests.restore()").scalar_one()
    database.close()
    return str(shape)


def _restored(engine: sa.Engine, shape: str) -> bool:
    """Put back what the last test left; False if it changed the tables themselves."""
    with engine.connect() as connection:
        mine = "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        open_now = connection.exec_driver_sql(f"SELECT count(*) FROM pg_stat_activity {mine}").scalar_one()
        few = open_now < _MANY_CONNECTIONS
        connection.exec_driver_sql(f"{_END} {mine}" + (" AND state <> 'idle'" if few else ""))
        now, sweep = connection.exec_driver_sql("SELECT * FROM tests.restore()").one()
        for table in sweep or ():
            connection.exec_driver_sql(f'VACUUM "{table}"')
        return bool(now == shape)


_MANY_CONNECTIONS = 20  # more than these are left over from databases that a test opened and did not close


def _opened(url: sa.URL) -> sa.Engine:
    return sa.create_engine(url, isolation_level="AUTOCOMMIT", pool_pre_ping=True, pool_size=1)


def _text(url: sa.URL) -> str:
    return url.render_as_string(hide_password=False)


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
