"""What time brings to the rota. Called by the worker; safe to call twice, or by two workers."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from companion.models import Alarm, ReadinessCheck, raise_alarm, settle_alarm
from companion.rota import readiness, swaps
from companion.rota.cover import SOON, every_gap
from companion.rota.duties import turns_between
from companion.speaker import Speaker

GAP = "rota_gap"
AGAIN = timedelta(hours=12)  # how often the coordinator hears of the same gap
_AHEAD = timedelta(days=2)


def tick(session: Session, now: datetime, voice: Speaker) -> None:
    """Send test pages that are due, look after those not answered, and close offers that came to nothing."""
    readiness.tick(session, now, voice)
    swaps.lapse(session, now, voice)


def watch(session: Session, now: datetime) -> None:
    """Raise the alarm while there is a gap within 48 hours, and settle it once there is none."""
    near = every_gap(session, now, SOON)
    if not near:
        settle_alarm(session, now, GAP)
        return
    last = session.scalar(select(Alarm.last_at).where(Alarm.kind == GAP, Alarm.settled_at.is_(None)))
    if last is None or now - last >= AGAIN:
        raise_alarm(session, now, GAP)


def next_due(session: Session, now: datetime) -> datetime | None:
    """Return the next moment (UTC) at which the rota does something by itself, within two days."""
    moments = [turn.starts_at for turn in turns_between(session, now, now + _AHEAD)]
    oldest = session.scalar(select(func.min(ReadinessCheck.sent_at)).where(ReadinessCheck.state == "sent"))
    if oldest is not None:
        moments.append(oldest + readiness.ANSWER_WITHIN)
    return min((moment for moment in moments if moment > now), default=None)
