"""What is counted of a month that is over, with how many people are behind each count. Worked out once."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from statistics import median, quantiles
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from companion.models import Address, Booking, CheckIn, Episode, FrozenFigure, GroupSession, Person

MONTHS = 12
SETTLED = timedelta(days=7)  # after the end of a month, until nothing of it changes any more
NAME = "month"


def freeze(session: Session, now: datetime) -> int:
    """Work out the months that are over and not kept yet, as far as MONTHS back; return how many. Idempotent."""
    first = session.scalar(select(func.min(Person.created_at)).where(Person.role == "trainee"))
    if first is None:
        return 0
    kept = set(session.scalars(select(FrozenFigure.month).where(FrozenFigure.name == NAME)))
    made = 0
    for month in _months_before(now):
        if month in kept or _after(month) <= first:
            continue
        session.add(FrozenFigure(name=NAME, month=month, made_at=now, data=_count(session, month)))
        made += 1
    return made


def _months_before(now: datetime) -> list[date]:
    """Return the first days of the last MONTHS months that are over and settled (in UTC), newest first."""
    month = (now - SETTLED).astimezone(UTC).date().replace(day=1)
    found = []
    for _ in range(MONTHS):
        month = (month - timedelta(days=1)).replace(day=1)
        found.append(month)
    return found


def _start(month: date) -> datetime:
    return datetime.combine(month, time(), UTC)


def _after(month: date) -> datetime:
    return _start((month + timedelta(days=31)).replace(day=1))


def _count(session: Session, month: date) -> dict[str, Any]:
    start, end = _start(month), _after(month)

    def within(column: Any) -> Any:
        return (column >= start) & (column < end)

    def number(statement: Any) -> int:
        return session.scalar(statement) or 0

    def both(of: Any, *when: Any) -> Any:
        return session.execute(select(func.count(), func.count(of.distinct())).where(*when)).one()

    trainees = select(func.count()).where(Person.role == "trainee")
    held = (GroupSession.status == "planned") & within(GroupSession.starts_at)
    booked, asked = (Booking.session_id == GroupSession.id) & held, within(CheckIn.asked_at)
    counted = {
        "places": both(Booking.person_id, booked, Booking.status.in_(("yes", "attended"))),
        "attended": both(Booking.person_id, booked, Booking.status == "attended"),
        "asked": both(CheckIn.person_id, asked),
        "answered": both(CheckIn.person_id, asked, CheckIn.answered_at.is_not(None)),
    }
    whose = func.coalesce(Episode.person_id, Address.person_id, Address.id)  # a number nobody is known by is somebody
    taken = session.execute(
        select(Episode.opened_at, Episode.owned_at, whose)
        .join(Address, Address.id == Episode.address_id)
        .where(within(Episode.opened_at), Episode.owned_at.is_not(None), Episode.is_drill.is_(False))
    ).all()
    minutes = sorted((owned - opened).total_seconds() / 60 for opened, owned, _ in taken if owned is not None)
    return {
        "joined": number(trainees.where(within(Person.joined_at))),
        "left": number(trainees.where(within(Person.left_at))),
        "sessions": number(select(func.count()).select_from(GroupSession).where(held)),
        **{name: count for name, (count, _) in counted.items()},
        "episodes": len(minutes),
        "median": round(median(minutes)) if minutes else 0,
        "ninety": round(quantiles(minutes, n=10)[-1]) if len(minutes) > 1 else 0,
        "people": {name: people for name, (_, people) in counted.items()}
        | {"episodes": len({who for *_, who in taken})},
    }
