"""The rota as it stands in the tables: who is on duty, and putting someone on or taking them off."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, bindparam, or_, select
from sqlalchemy.orm import Session

from companion.db import new_id
from companion.models import Cover, Duty, Person, ReadinessCheck, record
from companion.models.base import ask
from companion.rota.schedule import Turn, at, turns_of, with_covers
from companion.rota.ways import ENOUGH, live_ways

EVERY_GROUP = object()  # turns of whichever group
# Made once: asked for every flagged text.
_DUTIES = select(Duty.__table__).where(
    Duty.starts_on <= bindparam("last_day"),
    or_(Duty.ended_at.is_(None), Duty.ended_at > bindparam("start")),
    or_(Duty.last_on.is_(None), Duty.last_on >= bindparam("first_day")),
)
_DUTIES_OF_GROUP = _DUTIES.where(or_(Duty.group_id.is_(None), Duty.group_id == bindparam("group")))
_COVERS = (
    select(Cover)
    .where(Cover.state == "accepted", Cover.starts_at < bindparam("end"), Cover.ends_at > bindparam("start"))
    .order_by(Cover.answered_at, Cover.id)
)
_MISSED = select(ReadinessCheck.person_id).where(
    ReadinessCheck.state == "missed",
    ReadinessCheck.duty_starts_at <= bindparam("now"),
    ReadinessCheck.duty_ends_at > bindparam("now"),
)


class RotaError(Exception):
    """The rota cannot be changed like this; the message says why and what to do, `field` what of the duty is wrong."""

    def __init__(self, message: str, field: str = "person") -> None:
        super().__init__(message)
        self.field = field


class TwiceError(RotaError):
    """Somebody would be first and second for the same people at the same hours; `role` is what they are already."""

    def __init__(self, name: str, role: str) -> None:
        super().__init__(
            f"{name} is on duty as {role} for some of these hours already, and one phone cannot be both first and "
            "second. Choose somebody else, or let the two of you swap places."
        )
        self.role = role


def turns_between(session: Session, start: datetime, end: datetime, group_id: object = EVERY_GROUP) -> list[Turn]:
    """Return the turns that overlap `start` to `end` (UTC), with what was handed over; two queries.

    `group_id` leaves out what is for other groups.
    """
    first_day = date.fromordinal(start.date().toordinal() - 15)
    last_day = end.date() + timedelta(days=1)  # in summer a day of ours begins an hour before that of UTC
    asked = {"start": start, "first_day": first_day, "last_day": last_day}
    if group_id is EVERY_GROUP:
        duties: Iterable[Any] = ask(session, _DUTIES, **asked)
    else:
        duties = ask(session, _DUTIES_OF_GROUP, **asked, group=group_id)
    found = [turn for duty in duties for turn in turns_of(duty, start, end)]
    if not found:
        return []
    covers = session.scalars(_COVERS, {"start": start, "end": end})
    return [turn for turn in with_covers(found, covers) if turn.starts_at < end and turn.ends_at > start]


def still_on_the_rota(now: datetime) -> ColumnElement[bool]:
    """Return the condition that a duty holds now or will: it was not taken off, and its last day is not over."""
    one = Duty.weekly.is_(False) & (Duty.starts_on < now.date() - timedelta(days=15))
    over = or_(one, Duty.last_on < now.date() - timedelta(days=15))
    return or_(Duty.ended_at.is_(None), Duty.ended_at > now) & over.is_not(True)


def on_duty(session: Session, group_id: uuid.UUID | None, now: datetime) -> list[Turn]:
    """Return who is on duty for a group at `now`, in the order in which they are paged.

    Within a role, someone who did not answer their test page stands behind those who did.
    """
    found = at(turns_between(session, now, now + _INSTANT, group_id), now)
    if not found:
        return []
    missed = set(ask(session, _MISSED, now=now).scalars())
    return sorted(found, key=lambda turn: (turn.role == "lead", turn.person_id in missed))


def is_there(
    session: Session,
    person: Person,
    role: str,
    *,
    starts_on: date,
    from_time: time,
    days: int,
    until_time: time,
    weekly: bool,
    group_id: uuid.UUID | None,
) -> bool:
    """Whether the very same duty stands on the rota already: it was sent twice, or is in two files."""
    same = select(Duty.id).where(
        Duty.ended_at.is_(None),
        Duty.person_id == person.id,
        Duty.role == role,
        Duty.group_id == group_id,
        Duty.starts_on == starts_on,
        Duty.from_time == from_time,
        Duty.days == days,
        Duty.until_time == until_time,
        Duty.weekly == weekly,
    )
    return session.scalar(same.limit(1)) is not None


def add_duty(
    session: Session,
    person: Person,
    role: str,
    *,
    starts_on: date,
    from_time: time,
    days: int,
    until_time: time,
    weekly: bool,
    last_on: date | None,
    group_id: uuid.UUID | None,
    time_zone: str,
    now: datetime,
    by: uuid.UUID | None,
) -> Duty:
    """Put someone on the rota. Raises RotaError unless a code has shown that they can be reached in two ways."""
    check_may_be_rostered(session, person, role)
    if days == 0 and until_time <= from_time:
        raise RotaError("It ends before it begins. If it ends on the next day, say so.", "until_time")
    duty = Duty(
        person_id=person.id,
        group_id=group_id,
        role=role,
        time_zone=time_zone,
        starts_on=starts_on,
        from_time=from_time,
        days=days,
        until_time=until_time,
        weekly=weekly,
        last_on=last_on,
        created_at=now,
    )
    duty.id = new_id()
    begins = max(now, datetime.combine(starts_on, time(), ZoneInfo(time_zone)).astimezone(UTC))
    check_not_twice(session, person, list(turns_of(duty, begins, begins + _LOOKED_AHEAD)))
    session.add(duty)
    session.flush()
    record(session, now, "duty added", duty, actor=by, person=str(person.id), role=role)
    return duty


def end_duty(session: Session, duty: Duty, now: datetime, by: uuid.UUID) -> None:
    """Take a duty off the rota from now on; what has been stays on record."""
    if duty.ended_at is None:
        duty.ended_at = now
        record(session, now, "duty ended", duty, actor=by, person=str(duty.person_id), role=duty.role)


def check_not_twice(session: Session, person: Person, gets: Sequence[Turn], gives: Collection[Turn] = ()) -> None:
    """Raise TwiceError if a turn that `person` gets makes them first and second at once, what they give left out.

    A lead who takes a facilitator's place is the lead as well: that brings them in sooner, and takes no place away.
    """
    places = [turn for turn in gets if turn.role != "lead"]
    if not places:
        return
    around = turns_between(session, min(turn.starts_at for turn in places), max(turn.ends_at for turn in places))
    theirs = [other for other in around if other.person_id == person.id and other.role != "lead"]
    for turn, other in product(places, theirs):
        same_people = None in (other.group_id, turn.group_id) or other.group_id == turn.group_id
        given = any(other.duty_id == each.duty_id and _overlap(other, each) for each in gives)
        if same_people and _overlap(turn, other) and not given:
            raise TwiceError(person.label, other.role)


def _overlap(one: Turn, other: Turn) -> bool:
    return one.starts_at < other.ends_at and one.ends_at > other.starts_at


def check_may_be_rostered(session: Session, person: Person, role: str) -> None:
    """Raise RotaError unless `person` may have a duty as `role`."""
    name = person.label
    if person.state != "staff" or person.role == "coordinator":
        raise RotaError(f"{name} is neither a facilitator nor a lead, so nobody would be paged.")
    if role == "lead" and person.role != "lead":
        raise RotaError(f"{name} is not a lead.", "role")
    ways = {way.kind for way in live_ways(session, person)}
    if len(ways) < ENOUGH:
        raise RotaError(
            f"{name} can be reached in {len(ways)} way{'' if len(ways) == 1 else 's'} that a code has shown to work, "
            "and it takes two. They add another on their page “Ways to reach me”."
        )


_INSTANT = datetime.resolution
_LOOKED_AHEAD = timedelta(weeks=8)  # of a duty each week, how far ahead others are looked for at the same hours
