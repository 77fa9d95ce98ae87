"""Who did and saw what. The database refuses to change or delete a row (see the first migration)."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, insert, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from companion.db import new_id
from companion.models.base import Base, Id, Moment


class AuditEntry(Base):
    """One thing done or seen. `details` holds codes, ids and counts: never a text, a number or a name."""

    __tablename__ = "audit"
    __table_args__ = (
        Index("ix_audit_subject", "subject_kind", "subject_id"),
        Index("ix_audit_at", "at"),
        Index("ix_audit_actor_id_at", "actor_id", "at"),
        Index("ix_audit_action_at", "action", "at"),
    )
    id: Mapped[Id]
    at: Mapped[Moment]
    actor_id: Mapped[uuid.UUID | None]  # a person; None is the service itself
    action: Mapped[str]
    subject_kind: Mapped[str]
    subject_id: Mapped[uuid.UUID | None]
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


_ENTRY = insert(AuditEntry)


class AuditSeal(Base):
    """One link of the chain over the audit: `hash` covers an entry and the hash before it (`companion.sealing`)."""

    __tablename__ = "audit_seals"
    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    audit_id: Mapped[uuid.UUID] = mapped_column(unique=True)
    at: Mapped[Moment]
    hash: Mapped[bytes]


class Heartbeat(Base):
    """When each of the worker's jobs last came to its end."""

    __tablename__ = "heartbeats"
    job: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[Moment]


class Alarm(Base):
    """Something the service itself is worried about. One open row a kind; `details` holds codes and counts only."""

    __tablename__ = "alarms"
    __table_args__ = (
        Index(
            "uq_alarms_one_open",
            "kind",
            unique=True,
            postgresql_where=text("settled_at IS NULL"),
            sqlite_where=text("settled_at IS NULL"),
        ),
    )
    id: Mapped[Id]
    kind: Mapped[str]
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    count: Mapped[int] = mapped_column(default=1)
    raised_at: Mapped[Moment]
    last_at: Mapped[Moment]
    told_at: Mapped[Moment | None]
    settled_at: Mapped[Moment | None]


def raise_alarm(session: Session, now: datetime, kind: str, **details: Any) -> None:
    """Open an alarm, or count one more if it is open. The coordinator is told by the next tick.

    One statement: where several processes find the same at one moment, none of them fails at it and undoes its work.
    """
    session.flush()
    given = {"id": new_id(), "kind": kind, "details": details, "count": 1, "raised_at": now, "last_at": now}
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    alarm = dialect.insert(Alarm.__table__).values(given)
    again = {"count": Alarm.__table__.c.count + 1, "last_at": now}
    one_open = {"index_elements": ["kind"], "index_where": text("settled_at IS NULL")}
    session.connection().execute(alarm.on_conflict_do_update(**one_open, set_=again))


def settle_alarm(session: Session, now: datetime, kind: str) -> None:
    """Close the alarm of this kind if one is open."""
    session.execute(update(Alarm).where(Alarm.kind == kind, Alarm.settled_at.is_(None)).values(settled_at=now))


def record(
    session: Session,
    now: datetime,
    action: str,
    subject: Base,
    *,
    actor: uuid.UUID | None = None,
    **details: Any,
) -> None:
    """Add an audit row to the open transaction, at once."""
    entry = {
        "id": new_id(),
        "at": now,
        "actor_id": actor,
        "action": action,
        "subject_kind": subject.__tablename__,
        "subject_id": getattr(subject, "id", None),
        "details": details,
    }
    session.connection().execute(_ENTRY, entry)
