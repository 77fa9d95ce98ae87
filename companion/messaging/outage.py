"""When Twilio counts as down: three failures in a minute. What then happens is for others; this keeps the count."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, delete, func, or_, select, update
from sqlalchemy import text as sql
from sqlalchemy.orm import Session

from companion.models import Alarm, OutboxMessage, ProviderFailure, raise_alarm, settle_alarm
from companion.models.base import ask
from companion.models.texts import QUEUED_NOW

DOWN = "twilio_down"  # the alarm that is open as long as it lasts
HELD = "twilio_held"  # Twilio refuses our credentials: as good as down
NOT_REACHED = "twilio_not_reached"
# A backup was put back, and Twilio has not told yet what was texted since: nothing but pages and answers goes.
SINCE_BACKUP = "texts_since_backup"
WITHIN = timedelta(seconds=60)
THREE = 3
_WAITING = (sql(QUEUED_NOW), OutboxMessage.attempts > 0, OutboxMessage.error_code.is_(None))
_DOWN_NOW = select(Alarm.id).where(Alarm.kind.in_((DOWN, HELD)), Alarm.settled_at.is_(None)).limit(1)  # made once
GRID = 5  # seconds: what failed is tried again at the same moments, so that the oldest goes first


def failed(session: Session, now: datetime) -> None:
    """Count one time at which Twilio could not be reached, did not answer, or answered with an error of its own."""
    session.execute(delete(ProviderFailure).where(ProviderFailure.at < now - WITHIN))
    session.add(ProviderFailure(at=now))
    session.flush()
    if (session.scalar(select(func.count()).select_from(ProviderFailure)) or 0) >= THREE:
        raise_alarm(session, now, DOWN)


def worked(session: Session, now: datetime) -> None:
    """Twilio took something: what waits because it did not goes out now, the oldest first."""
    settle_alarm(session, now, HELD)
    settle_alarm(session, now, NOT_REACHED)
    session.execute(
        update(OutboxMessage)
        .where(*_WAITING, OutboxMessage.not_before > now)
        .values(not_before=now)
        .execution_options(synchronize_session=False)
    )


def worked_if_in_trouble(session: Session, now: datetime) -> None:
    """The same, for those who do not know whether there was any trouble."""
    trouble = select(Alarm.id).where(Alarm.kind.in_((HELD, NOT_REACHED)), Alarm.settled_at.is_(None)).limit(1)
    if session.scalar(trouble):
        worked(session, now)


def settle_if_over(session: Session, alarms: Sequence[Alarm], now: datetime) -> None:
    """End the outage among `alarms` once nothing failed for a minute and nothing waits because of it.

    What Twilio did not answer about waits as well, until it is known.
    """
    down = next((alarm for alarm in alarms if alarm.kind == DOWN), None)
    if down is None or now - down.last_at < WITHIN:
        return
    waits = or_(and_(*_WAITING), OutboxMessage.status == "unknown")
    if session.scalar(select(OutboxMessage.id).where(waits).limit(1)) is None:
        settle_alarm(session, now, DOWN)


def is_down(session: Session) -> bool:
    """Whether Twilio counts as down."""
    return ask(session, _DOWN_NOW).first() is not None


def try_again_at(now: datetime, seconds: float) -> datetime:
    """Return the moment on the grid at which what failed now is tried again, `seconds` or a little more from now."""
    wanted = now.timestamp() + seconds
    return now + timedelta(seconds=-(-wanted // GRID) * GRID - now.timestamp())
