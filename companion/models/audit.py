"""Who did and saw what. The database refuses to change or delete a row (see the first migration)."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index
from sqlalchemy.orm import Mapped, Session, mapped_column

from companion.models.base import Base, Id, Moment


class AuditEntry(Base):
    """One thing done or seen. `details` holds codes, ids and counts: never a text, a number or a name."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_subject", "subject_kind", "subject_id"), Index("ix_audit_at", "at"))
    id: Mapped[Id]
    at: Mapped[Moment]
    actor_id: Mapped[uuid.UUID | None]  # a person; None is the service itself
    action: Mapped[str]
    subject_kind: Mapped[str]
    subject_id: Mapped[uuid.UUID | None]
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class Heartbeat(Base):
    """When each of the worker's jobs last came to its end."""

    __tablename__ = "heartbeats"
    job: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[Moment]


def record(
    session: Session,
    now: datetime,
    action: str,
    subject: Base,
    *,
    actor: uuid.UUID | None = None,
    **details: Any,
) -> None:
    """Add an audit row to the open transaction."""
    session.add(
        AuditEntry(
            at=now,
            actor_id=actor,
            action=action,
            subject_kind=subject.__tablename__,
            subject_id=getattr(subject, "id", None),
            details=details,
        )
    )
