"""What every table has in common."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Annotated, Any, TypeVar

from sqlalchemy import (
    CursorResult,
    ForeignKey,
    Insert,
    MetaData,
    Select,
    Table,
    Update,
    bindparam,
    inspect,
    literal_column,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, MappedColumn, Session, mapped_column
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.sql.dml import ReturningInsert

from companion.db import BlindIndex, EncryptedText, UtcDateTime, new_id

Id = Annotated[uuid.UUID, mapped_column(primary_key=True, default=new_id)]
Moment = Annotated[datetime, mapped_column(UtcDateTime)]
Secret = Annotated[str, mapped_column(EncryptedText)]
Index = Annotated[bytes, mapped_column(BlindIndex)]
Row = TypeVar("Row", bound=tuple[Any, ...])
Model = TypeVar("Model", bound="Base")


def one_of(column: str, *values: str) -> str:
    """Return the condition of a CHECK that `column` holds one of `values`."""
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


def link(target: str, *, ondelete: str = "RESTRICT", index: bool = True) -> MappedColumn[Any]:
    """Return a foreign key column to `target` ("people.id")."""
    return mapped_column(ForeignKey(target, ondelete=ondelete), index=index)


class Base(DeclarativeBase):
    """The root of all tables; constraints are named so that migrations can speak of them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def ask(session: Session, question: Select[Row], **asked: Any) -> CursorResult[Row]:
    """Ask for columns, not for whole rows of a model: a fifth of the time, for what every text or every page asks.

    Make the question once: putting it together takes longer than asking it.
    """
    if session.autoflush:
        session.flush()
    return session.connection().execute(question, asked)


def found(session: Session, question: Select[tuple[Model]], **asked: Any) -> Sequence[Model]:
    """Return the rows of a model that `question` finds, asking first whether there are any.

    For what the worker asks every few seconds and mostly in vain: no row is a fifth of the time, and any cost a little
    more. Make the question once, with `bindparam` for what changes.
    """
    if ask(session, _any_of(question), **asked).first() is None:
        return ()
    return session.scalars(question, asked).all()


def store(session: Session, rows: Sequence[Base]) -> None:
    """Insert new rows of one table at once, without the unit of work: a third of its time, for what every text does.

    All rows have the same attributes set, and what they point to is stored. They do not become part of the session.
    """
    table = rows[0].__table__
    names = table.columns.keys()
    values = [{name: row.__dict__[name] for name in names if name in row.__dict__} for row in rows]
    session.connection().execute(_insert(table), values)


def store_once(session: Session, row: Base, unique: str) -> bool:
    """Insert a new row unless another has its value of the column `unique`; return whether it was inserted.

    One statement, so that two workers may try at the same moment. The row does not become part of the session.
    """
    table = row.__table__
    values = {name: row.__dict__[name] for name in table.columns.keys() if name in row.__dict__}  # noqa: SIM118
    connection = session.connection()
    return connection.execute(_insert_once(table, unique, connection.dialect.name), values).first() is not None


def put(session: Session, row: Base, **values: Any) -> None:
    """Change columns of a stored row at once, by one plain UPDATE; nothing is sent when nothing changes."""
    changed = {name: value for name, value in values.items() if getattr(row, name) != value}
    if not changed:
        return
    for name, value in changed.items():
        set_committed_value(row, name, value)
    identity = inspect(row).identity
    if identity is None:
        raise LookupError("only a stored row can be changed like this")
    session.connection().execute(_update(row.__table__, tuple(changed)), {**changed, "row_id": identity[0]})


@cache
def _any_of(question: Select[Any]) -> Select[Any]:
    return question.with_only_columns(literal_column("1"), maintain_column_froms=True).order_by(None).limit(1)


@cache
def _insert(table: Table) -> Insert:
    return table.insert()


@cache
def _insert_once(table: Table, unique: str, dialect: str) -> ReturningInsert[Any]:
    if dialect == "sqlite":
        return (
            sqlite.insert(table).on_conflict_do_nothing(index_elements=[unique]).returning(*table.primary_key.columns)
        )
    return (
        postgresql.insert(table).on_conflict_do_nothing(index_elements=[unique]).returning(*table.primary_key.columns)
    )


@cache
def _update(table: Table, names: tuple[str, ...]) -> Update:
    return table.update().where(table.c.id == bindparam("row_id")).values({name: bindparam(name) for name in names})
