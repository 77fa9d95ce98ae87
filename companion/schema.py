"""Bringing the database to the shape this version needs."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import DBAPIError

from companion.db import Database, DatabaseError

_MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


def upgrade(database: Database) -> None:
    """Apply the migrations that are missing. Raises DatabaseError when the database cannot be opened."""
    if database.is_sqlite and database.engine.url.database:
        Path(database.engine.url.database).parent.mkdir(parents=True, exist_ok=True)
    try:
        with database.engine.execution_options(companion_writes=True).begin() as connection:
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except DBAPIError as error:
        raise DatabaseError(_cause(database, error)) from error
    database.unlock()


def require_current(database: Database) -> None:
    """Raise DatabaseError unless the database has the shape this version needs; then make it readable."""
    try:
        with database.engine.connect() as connection:
            found = MigrationContext.configure(connection).get_current_revision()
    except DBAPIError as error:
        raise DatabaseError(_cause(database, error)) from error
    wanted = ScriptDirectory.from_config(_config()).get_current_head()
    if found != wanted:
        raise DatabaseError("the database is of another version; run `companion db upgrade`")
    database.unlock()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config


def _cause(database: Database, error: DBAPIError) -> str:
    where = database.engine.url.database if database.is_sqlite else database.engine.url.host
    return f"the database at {where} cannot be used: {str(error.orig).strip().splitlines()[0]}"
