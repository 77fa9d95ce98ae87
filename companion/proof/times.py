"""How long it took from a flagged text to the reply, the first page, somebody who has it, and contact. No drills."""

from __future__ import annotations

import math
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from companion.models import AuditEntry, Drill, Episode, Flag, OutboxMessage, Page

STEPS = ("reply", "paged", "owned", "contacted")
_P95 = 0.95


@dataclass(frozen=True)
class Spread:
    """Seconds over `count` episodes; None when there were none. `open` is how many have not got there yet."""

    count: int
    open: int
    median: float | None
    p95: float | None
    max: float | None


def spread(seconds: Sequence[float], still_open: int = 0) -> Spread:
    """Return median, 95th percentile (nearest rank) and maximum."""
    if not seconds:
        return Spread(0, still_open, None, None, None)
    ordered = sorted(seconds)
    p95 = ordered[max(0, math.ceil(_P95 * len(ordered)) - 1)]
    return Spread(len(ordered), still_open, median(ordered), p95, ordered[-1])


def report(session: Session, since: datetime, until: datetime) -> Mapping[str, Spread]:
    """Return the spread of each of STEPS over the episodes opened from `since` to `until` (UTC), drills left out.

    A concern that somebody raised began without a text, so it waits for no reply to one.
    """
    wanted = (Episode.opened_at >= since, Episode.opened_at < until, Episode.is_drill.is_(False))
    rows = session.execute(select(Episode.id, Episode.opened_at, Episode.raised_by).where(*wanted)).tuples().all()
    opened = {id_: at for id_, at, _ in rows}
    written = {id_: at for id_, at, raised_by in rows if raised_by is None}
    steps = {
        "reply": _first_reply(session, list(written)),
        "paged": _first_page(session, list(opened)),
        "owned": _first_entry(session, list(opened), "episode taken"),
        "contacted": _first_entry(session, list(opened), "contact recorded"),
    }
    found = {}
    for step, moments in steps.items():
        counted = written if step == "reply" else opened
        seconds = [max(0.0, (moments[id_] - at).total_seconds()) for id_, at in counted.items() if id_ in moments]
        found[step] = spread(seconds, len(counted) - len(seconds))
    return found


def last_drills(session: Session, limit: int = 5) -> Sequence[Drill]:
    """Return the latest drills, newest first."""
    return session.scalars(select(Drill).order_by(Drill.due_at.desc()).limit(limit)).all()


def _first_reply(session: Session, ids: list[uuid.UUID]) -> dict[uuid.UUID, datetime]:
    rows = session.execute(
        select(Flag.episode_id, func.min(OutboxMessage.sent_at))
        .join(OutboxMessage, OutboxMessage.in_reply_to == Flag.inbound_id)
        .where(Flag.episode_id.in_(ids), OutboxMessage.sent_at.is_not(None))
        .group_by(Flag.episode_id)
    )
    return {id_: at for id_, at in rows if id_ is not None}


def _first_page(session: Session, ids: list[uuid.UUID]) -> dict[uuid.UUID, datetime]:
    rows = session.execute(
        select(Page.episode_id, func.min(OutboxMessage.sent_at))
        .join(OutboxMessage, OutboxMessage.id == Page.outbox_id)
        .where(Page.episode_id.in_(ids), OutboxMessage.sent_at.is_not(None))
        .group_by(Page.episode_id)
    )
    return {episode_id: sent_at for episode_id, sent_at in rows if sent_at is not None}


def _first_entry(session: Session, ids: list[uuid.UUID], action: str) -> dict[uuid.UUID, datetime]:
    rows = session.execute(
        select(AuditEntry.subject_id, func.min(AuditEntry.at))
        .where(
            AuditEntry.subject_kind == Episode.__tablename__,
            AuditEntry.subject_id.in_(ids),
            AuditEntry.action == action,
        )
        .group_by(AuditEntry.subject_id)
    )
    return {id_: at for id_, at in rows if id_ is not None}
