"""The database: engine, sessions and the column types that everything stored goes through.

One file (SQLite) or one server (PostgreSQL): `DATABASE_URL` is the only difference.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Engine, LargeBinary, create_engine, event, text
from sqlalchemy.engine import Connection, Dialect, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeDecorator

from companion.crypto import Cipher, new_wrapped_index_key, unwrap_index_key

_CIPHER = "companion_cipher"


def new_id() -> uuid.UUID:
    """Return a UUID of version 7 (RFC 9562): random, yet new rows stand together in the index, in their order.

    The twelve bits after the milliseconds hold a fraction of one (method 3 of section 6.2): a quarter of a microsecond.
    """
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    value = (milliseconds & (1 << 48) - 1) << 80 | 0x7 << 76 | (rest * 4096 // 1_000_000) << 64
    return uuid.UUID(int=value | 0x2 << 62 | secrets.randbits(62))


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC. Refuses naive values (ValueError) and always returns aware ones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored moment needs a time zone")
        if value.tzinfo is not UTC:
            value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class EncryptedText(TypeDecorator[str]):
    """Text that is encrypted in the database and plain in the program."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else _cipher(dialect).encrypt(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        return None if value is None else _cipher(dialect).decrypt(bytes(value))


class BlindIndex(TypeDecorator[str]):
    """The keyed index of a text: `where(Address.number_index == "+447700900123")` finds it, nobody can read it."""

    impl = LargeBinary(32)
    cache_ok = True

    def process_bind_param(self, value: str | bytes | None, dialect: Dialect) -> bytes | None:
        return _cipher(dialect).index(value) if isinstance(value, str) else value

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> bytes | None:  # type: ignore[override]
        return None if value is None else bytes(value)


def _cipher(dialect: Dialect) -> Cipher:
    cipher = getattr(dialect, _CIPHER, None)
    if not isinstance(cipher, Cipher):
        raise RuntimeError("the database was opened without its keys")
    return cipher


class DatabaseError(Exception):
    """The database cannot be used; the message says why and what to do."""


class Database:
    """An engine and its sessions.

    `read()` never writes. `write()` commits when the block ends and rolls back when it raises; on SQLite it takes the
    write lock at once (BEGIN IMMEDIATE), so a transaction that has read can always write.
    """

    def __init__(self, url: str, keys: tuple[str, ...]) -> None:
        self.engine = _engine(url)
        self.writing_engine = _writing(self.engine)
        self._keys = keys
        self._writer: AbstractContextManager[Any] = (
            threading.Lock() if self.engine.dialect.name == "sqlite" else nullcontext()
        )

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the embedded database."""
        return self.engine.dialect.name == "sqlite"

    def unlock(self) -> None:
        """Read the index key (making it in a new database). Raises CannotDecryptError for the wrong keys."""
        with self.writing_engine.begin() as connection:
            wrapped = _wrapped_key(connection)
            if wrapped is None:
                wrapped = new_wrapped_index_key(self._keys)
                connection.execute(
                    text("INSERT INTO keyring (name, wrapped) VALUES ('index', :wrapped)"),
                    {"wrapped": wrapped},
                )
        cipher = Cipher(self._keys, unwrap_index_key(self._keys, wrapped))
        for engine in (self.engine, self.writing_engine):
            setattr(engine.dialect, _CIPHER, cipher)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a session that only reads."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Open a session that commits at the end of the block, or not at all."""
        # Threads of one process queue here instead of polling for SQLite's lock.
        with (
            self._writer,
            Session(self.writing_engine, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    def close(self) -> None:
        """Close every connection."""
        for engine in (self.engine, self.writing_engine):
            engine.dispose()


def alone(session: Session, job: str) -> bool:
    """Whether this transaction is the only one that does `job` now; if not, leave it to the other.

    On SQLite a writing transaction is alone anyway.
    """
    if session.get_bind().dialect.name == "sqlite":
        return True
    number = int.from_bytes(hashlib.sha256(job.encode()).digest()[:8], signed=True)
    return bool(session.scalar(text("SELECT pg_try_advisory_xact_lock(:number)"), {"number": number}))


def keyed_hash(session: Session, text: str) -> bytes:
    """Return the hash of `text` under the index key: 32 bytes that nobody can make without ENCRYPTION_KEYS."""
    return _cipher(session.get_bind().dialect).index(text)


def plain(session: Session, stored: bytes | None) -> str | None:
    """Return what an encrypted column holds, when it was asked for as it is stored: a search opens what it needs."""
    return None if stored is None else _cipher(session.get_bind().dialect).decrypt(bytes(stored))


def _wrapped_key(connection: Connection) -> bytes | None:
    found = connection.execute(text("SELECT wrapped FROM keyring WHERE name = 'index'")).scalar()
    return None if found is None else bytes(found)


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise DatabaseError("DATABASE_URL cannot be read; write sqlite:///path or postgresql://...") from error
    if parsed.drivername in ("postgresql", "postgres"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(parsed, connect_args={"timeout": 15, "check_same_thread": False}, hide_parameters=True)
        event.listen(engine, "connect", _prepare_sqlite)
        _begin_with(engine, "BEGIN")
        return engine
    if parsed.get_backend_name() == "postgresql":
        return create_engine(parsed, pool_pre_ping=True, pool_size=8, max_overflow=8, hide_parameters=True)
    raise DatabaseError("DATABASE_URL must begin with sqlite:/// or postgresql://")


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # this module says BEGIN itself
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")  # a committed text survives a power cut
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _writing(engine: Engine) -> Engine:
    """Return what opens writing transactions on the connections of `engine`."""
    if engine.dialect.name != "sqlite":
        return engine
    writing = create_engine(engine.url, pool=engine.pool, hide_parameters=True)
    _begin_with(writing, "BEGIN IMMEDIATE")
    return writing


def _begin_with(engine: Engine, statement: str) -> None:
    """Begin transactions with `statement`. Not by an event of the engine: that would slow down every statement."""

    def begin(connection: Any) -> None:
        connection.cursor().execute(statement)

    engine.dialect.do_begin = begin  # type: ignore[method-assign, assignment]
