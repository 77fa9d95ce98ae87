"""Bringing the database to the shape this version needs."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from companion.db import Database, DatabaseError

_MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


def upgrade(database: Database) -> None:
    """Apply the migrations that are missing. Raises DatabaseError when the database cannot be opened."""
    if database.is_sqlite and database.engine.url.database:
        folder = Path(database.engine.url.database).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DatabaseError(f"the folder {folder} cannot be made: {error.strerror}") from None
    try:
        with database.writing_engine.connect() as connection:
            # SQLite changes a table by making it anew, which must not take the rows that point to it along.
            _sqlite(connection, "PRAGMA foreign_keys=OFF")
            with connection.begin():
                _migrate(connection)
                if _sqlite(connection, "PRAGMA foreign_key_check"):
                    raise DatabaseError("the migration would leave rows that point nowhere; nothing was changed")
            _sqlite(connection, "PRAGMA foreign_keys=ON")
    except DBAPIError as error:
        raise DatabaseError(_cause(database, error)) from error
    database.unlock()


def require_current(database: Database) -> None:
    """Raise DatabaseError unless the database has the shape this version needs; then make it readable.

    Reads Alembic's own table and the names of the migrations, so that a server starts without loading Alembic.
    """
    try:
        with database.engine.connect() as connection:
            found = None
            if inspect(connection).has_table("alembic_version"):
                found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    except DBAPIError as error:
        raise DatabaseError(_cause(database, error)) from error
    if found != newest_migration():
        raise DatabaseError("the database is of another version; run `companion db upgrade`")
    database.unlock()


def newest_migration() -> str:
    """Return the number of the newest migration: they are numbered in the order in which they are applied."""
    return max(path.name.split("_", 1)[0] for path in (_MIGRATIONS / "versions").glob("[0-9]*.py"))


def _migrate(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415  (half a second that only an upgrade needs)
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _sqlite(connection: Connection, pragma: str) -> list[object]:
    """Run a PRAGMA on SQLite, without beginning a transaction; return its rows, none on PostgreSQL."""
    raw = connection.connection.driver_connection
    return raw.execute(pragma).fetchall() if isinstance(raw, sqlite3.Connection) else []


def _cause(database: Database, error: DBAPIError) -> str:
    where = database.engine.url.database if database.is_sqlite else database.engine.url.host or "this machine"
    return f"the database at {where} cannot be used: {str(error.orig).strip().splitlines()[0]}"
