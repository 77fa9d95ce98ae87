"""Texts that nobody has read for longer than a working day: the coordinator is told."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from companion.bank_holidays import bank_holidays
from companion.models import Alarm, InboundMessage, raise_alarm, settle_alarm

KIND = "texts_unread"
AGAIN = timedelta(hours=24)  # how often the coordinator hears of it
_WEEKEND = 5


def watch(session: Session, now: datetime, zone: ZoneInfo, nation: str) -> None:
    """Raise the alarm while there is such a text, once a day; settle it once there is none."""
    oldest = session.scalar(
        select(InboundMessage.received_at)
        .where(InboundMessage.needs_reading, InboundMessage.read_at.is_(None))
        .order_by(InboundMessage.received_at)
        .limit(1)
    )
    if oldest is None or now < to_be_read_by(oldest, zone, nation):
        settle_alarm(session, now, KIND)
        return
    last = session.scalar(select(Alarm.last_at).where(Alarm.kind == KIND, Alarm.settled_at.is_(None)))
    if last is None or now - last >= AGAIN:
        raise_alarm(session, now, KIND)


def to_be_read_by(received_at: datetime, zone: ZoneInfo, nation: str) -> datetime:
    """Return the same local time on the next day that is neither a weekend nor a bank holiday of `nation` (UTC)."""
    local = received_at.astimezone(zone)
    on = local.date() + timedelta(days=1)
    while not is_working_day(on, nation):
        on += timedelta(days=1)
    return datetime.combine(on, local.time(), zone).astimezone(UTC)


def is_working_day(on: date, nation: str) -> bool:
    """Whether people work in `nation` on that day: Monday to Friday, and no bank holiday."""
    return on.weekday() < _WEEKEND and not bank_holidays(nation, on, on)
