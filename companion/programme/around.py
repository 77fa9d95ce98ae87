"""What time brings around sessions. Called by the worker every few seconds, like the programme's own tick."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from companion.programme import aftercare, buddies, silence, supervision
from companion.speaker import Speaker


def tick(session: Session, now: datetime, voice: Speaker) -> None:
    """Do what is due at `now` (UTC)."""
    aftercare.look_after(session, now, voice)
    supervision.digest(session, now, voice)
    buddies.end_broken(session, now, voice)
    buddies.match(session, now, voice)
    silence.nudge(session, now, voice)
    silence.pause_failing(session, now)
    silence.ask_at_changeover(session, now, voice)


def next_due(session: Session, now: datetime, zone: ZoneInfo) -> tuple[datetime, str] | None:
    """Return the next moment (UTC) at which something is said, and what; `zone` is the programme's."""
    moments: list[tuple[datetime, str]] = []
    after = aftercare.next_due(session, now)
    if after is not None:
        moments.append((after, "after a session"))
    if (digest := supervision.next_digest(session, now, zone)) is not None:
        moments.append((digest, "supervision"))
    if (changeover := silence.next_changeover(session, now)) is not None:
        moments.append((changeover, "changeover"))
    return min((moment for moment in moments if moment[0] > now), default=None)
