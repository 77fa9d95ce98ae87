"""Whether the service may say that it is well: for `/healthz`, and before the heartbeat goes out."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from companion.escalation.auditor import BROKEN
from companion.heartbeats import STALE
from companion.models import Alarm, Heartbeat

AUDIT_STALE = timedelta(minutes=5)


def wrong(session: Session, now: datetime) -> str | None:
    """Return what is wrong in a few words, or None: the worker's tick is fresh, and the auditor found nothing."""
    runs = {row.job: row.at for row in session.scalars(select(Heartbeat).where(Heartbeat.job.in_(("tick", "audit"))))}
    ticked = runs.get("tick")
    if ticked is None or now - ticked > STALE:
        return "the worker has not run for a minute"
    audited = runs.get("audit")
    if audited is not None and now - audited > AUDIT_STALE:
        return "the auditor has not run for five minutes"
    broken = session.scalars(select(Alarm.kind).where(Alarm.kind.in_(BROKEN), Alarm.settled_at.is_(None))).all()
    return "the auditor found something wrong" if broken else None
