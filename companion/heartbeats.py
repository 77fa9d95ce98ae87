"""When each of the worker's jobs last came to its end."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from companion.db import Database
from companion.models import Heartbeat

STALE = timedelta(seconds=60)  # a tick older than this: the worker is not running
_RAN = update(Heartbeat).where(Heartbeat.job == bindparam("name")).values(at=bindparam("now"))  # made once


def last_run(database: Database, job: str) -> datetime | None:
    """Return when `job` last came to its end (UTC), or None."""
    with database.read() as session:
        return session.scalar(select(Heartbeat.at).where(Heartbeat.job == job))


def ran(session: Session, job: str, now: datetime) -> None:
    """Record that `job` came to its end."""
    if not session.connection().execute(_RAN, {"name": job, "now": now}).rowcount:
        session.merge(Heartbeat(job=job, at=now))
