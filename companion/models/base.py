"""What every table has in common."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any

from sqlalchemy import ForeignKey, MetaData
from sqlalchemy.orm import DeclarativeBase, MappedColumn, mapped_column

from companion.db import BlindIndex, EncryptedText, UtcDateTime, new_id

Id = Annotated[uuid.UUID, mapped_column(primary_key=True, default=new_id)]
Moment = Annotated[datetime, mapped_column(UtcDateTime)]
Secret = Annotated[str, mapped_column(EncryptedText)]
Index = Annotated[bytes, mapped_column(BlindIndex)]


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
