"""Checks every minute what must always hold about episodes, mends it, and raises the alarm."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from companion.models import Episode, Page, raise_alarm, record

LATE = timedelta(minutes=2)
UNPAGED = timedelta(minutes=15)


def audit(session: Session, now: datetime) -> list[str]:
    """Mend open and owned episodes that nothing would act on any more; return what was wrong, for the log.

    1. every open or owned episode has something due, and not long ago
    2. an open one had a page tried in the last quarter of an hour
    """
    wrong: list[str] = []
    for episode in session.scalars(select(Episode).where(Episode.state.in_(("open", "owned")))):
        if episode.next_action_at is None or now - episode.next_action_at > LATE:
            _mend(session, episode, now, "nothing was due", wrong)
        elif episode.state == "open" and now - episode.opened_at > UNPAGED and not _paged(session, episode, now):
            _mend(session, episode, now, "not paged for a quarter of an hour", wrong)
    return wrong


def _mend(session: Session, episode: Episode, now: datetime, what: str, wrong: list[str]) -> None:
    episode.next_action_at = now
    raise_alarm(session, now, "episode_stuck")
    record(session, now, "auditor mended", episode, what=what)
    wrong.append(what)


def _paged(session: Session, episode: Episode, now: datetime) -> bool:
    tried = exists().where(Page.episode_id == episode.id, Page.at > now - UNPAGED)
    return bool(session.scalar(select(tried)))
