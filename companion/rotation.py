"""Encrypting what is stored anew, so that an old key can be taken out of use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import Column, LargeBinary, Table, bindparam, select, type_coerce, update
from sqlalchemy.orm import Session

from companion.db import Database, EncryptedText
from companion.models import Base, Keyring

BATCH = 500


def rotate(database: Database, keys: Sequence[str]) -> int:
    """Write every encrypted value that the first of `keys` cannot read anew with it; return how many.

    Works in batches, each a transaction of its own, and changes a row only if it still holds what was read.
    """
    first, every = Fernet(keys[0]), MultiFernet([Fernet(key) for key in keys])
    with database.write() as session:
        for ring in session.query(Keyring):
            ring.wrapped = every.rotate(ring.wrapped)
    return sum(_rotate_column(database, column, first, every) for column in _encrypted_columns())


def _encrypted_columns() -> Iterator[Column[Any]]:
    for table in Base.metadata.sorted_tables:
        yield from (column for column in table.columns if isinstance(column.type, EncryptedText))


def _rotate_column(database: Database, column: Column[Any], first: Fernet, every: MultiFernet) -> int:
    table: Table = column.table
    key = next(iter(table.primary_key.columns))
    raw = type_coerce(column, LargeBinary)
    done, after = 0, None
    while True:
        with database.write() as session:
            wanted = select(key, raw).where(column.is_not(None)).order_by(key).limit(BATCH)
            rows = session.execute(wanted.where(key > after) if after is not None else wanted).all()
            if not rows:
                return done
            after = rows[-1][0]
            done += _write(session, column, key, [(id_, bytes(token)) for id_, token in rows], first, every)


def _write(
    session: Session,
    column: Column[Any],
    key: Column[Any],
    rows: Sequence[tuple[Any, bytes]],
    first: Fernet,
    every: MultiFernet,
) -> int:
    old = [(id_, token) for id_, token in rows if not _reads(first, token)]
    if old:
        statement = (
            update(column.table)
            .where(key == bindparam("row"), type_coerce(column, LargeBinary) == bindparam("old", type_=LargeBinary))
            .values({column.name: type_coerce(bindparam("new", type_=LargeBinary), LargeBinary)})
        )
        session.connection().execute(
            statement, [{"row": id_, "old": token, "new": every.rotate(token)} for id_, token in old]
        )
    return len(old)


def _reads(fernet: Fernet, token: bytes) -> bool:
    try:
        fernet.decrypt(token)
    except InvalidToken:
        return False
    return True
