"""The sessions of groups: made ahead from each group's rule, and found again for whoever asks."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, case, exists, func, select
from sqlalchemy.orm import Session, joinedload

from companion.bank_holidays import bank_holidays
from companion.models import Group, GroupCover, GroupSession, Person, SessionLeave, facilitators_of
from companion.models.base import found
from companion.programme import recurrence

HORIZON = timedelta(weeks=8)  # how far ahead sessions are made
_NEXT = (  # made once: it is asked for every text about a session
    select(GroupSession)
    .where(GroupSession.group_id == bindparam("group"), GroupSession.status == "planned")
    .where(GroupSession.ends_at > bindparam("now"))
    .order_by(case((GroupSession.id == bindparam("wanted"), 0), else_=1), GroupSession.starts_at)
    .limit(1)
    .options(joinedload(GroupSession.group, innerjoin=True))
)
_NEXT_LOCKED = _NEXT.with_for_update(of=GroupSession)
_WAITS = exists().where(GroupCover.group_id == Group.id, GroupCover.live_at.is_(None))
_MEMBERS = select(func.count()).where(Person.group_id == Group.id, Person.state == "joined").scalar_subquery()
TAKES_PEOPLE = (
    Group.ended_at.is_(None) & ~_WAITS
)  # a group that is not live, as nobody is there for some hours, takes no one
_SMALLEST = (
    select(Group)
    .where(Group.cohort_id == bindparam("cohort"), TAKES_PEOPLE)
    .order_by(_MEMBERS, Group.created_at)
    .limit(1)
)
_SLACK = timedelta(days=1)  # how much of the horizon may be missing before more are made
_LACKING = select(Group).where(
    Group.ended_at.is_(None), (Group.made_until.is_(None)) | (Group.made_until < bindparam("until"))
)


def days_of(group: Group, after: date, until: date) -> list[date]:
    """Return the local days on which `group` meets, from `after` to `until`, without those it skips."""
    skip = {date.fromisoformat(day) for day in group.skip_on or ()}
    if group.skips_bank_holidays:
        skip |= bank_holidays(group.cohort.nation, after, until).keys()
    return list(recurrence.days(group.rule, group.first_on, after, until, skip))


def meetings(group: Group, after: datetime, until: datetime) -> Iterator[datetime]:
    """Yield when `group` meets after `after` and until `until`, in UTC."""
    zone = ZoneInfo(group.time_zone)
    for day in days_of(group, recurrence.local_day(after, zone), recurrence.local_day(until, zone)):
        starts_at = recurrence.at_local(day, group.local_time, zone)
        if after < starts_at <= until:
            yield starts_at


def make_sessions(session: Session, now: datetime) -> int:
    """Make the sessions of the coming weeks that do not exist yet; return how many."""
    return sum(make_for(session, group, now) for group in found(session, _LACKING, until=now + HORIZON - _SLACK))


def make_for(session: Session, group: Group, now: datetime) -> int:
    """Make what one group lacks until the horizon; return how many. What exists, cancelled too, is left alone."""
    known = session.execute(
        select(GroupSession.occurrence, GroupSession.starts_at, GroupSession.status).where(
            GroupSession.group_id == group.id, GroupSession.ends_at > now - HORIZON
        )
    ).all()
    days = {occurrence for occurrence, _, _ in known}
    taken = {starts_at for _, starts_at, status in known if status == "planned"}
    zone, made = ZoneInfo(group.time_zone), 0
    for starts_at in meetings(group, now, now + HORIZON):
        day = recurrence.local_day(starts_at, zone)
        if day in days or starts_at in taken:
            continue
        session.add(
            GroupSession(
                group=group,
                occurrence=day,
                starts_at=starts_at,
                ends_at=starts_at + timedelta(minutes=group.minutes),
            )
        )
        days.add(day)
        made += 1
    group.made_until = now + HORIZON
    session.flush()
    return made


def has_sessions(session: Session, group: Group) -> bool:
    """Whether any session of a group was ever made."""
    return session.scalar(select(GroupSession.id).where(GroupSession.group_id == group.id).limit(1)) is not None


def timing(group: Group) -> tuple[object, ...]:
    """Return all of a group that its dates and times follow from, to be compared."""
    return (
        group.rule, group.first_on, group.local_time, group.time_zone, group.minutes,
        tuple(group.skip_on or ()), bool(group.skips_bank_holidays), group.cohort_id,
    )  # fmt: skip


def group_for(session: Session, cohort_id: object) -> Group | None:
    """Return the running group of a cohort with the fewest people in it, or None when there is none.

    A group that is not live, because nobody is there for some of its hours, takes no one.
    """
    return session.scalar(_SMALLEST, {"cohort": cohort_id})


def next_session_for(
    session: Session, person: Person, now: datetime, *, lock: bool = False, wanted: uuid.UUID | None = None
) -> GroupSession | None:
    """Return the next session of the trainee's group (or of the group they would join) that has not ended.

    `wanted` is the one they were asked about: it comes first while it is still to come. With `lock` no other
    transaction can book into it until this one ends.
    """
    group_id = person.group_id
    if (group_id is None or person.state == "asked") and person.cohort_id is not None:  # they may come back to another
        group = group_for(session, person.cohort_id)
        group_id = group.id if group else None
    if group_id is None:
        return None
    statement = _NEXT_LOCKED if lock else _NEXT
    return session.scalar(statement, {"group": group_id, "now": now, "wanted": wanted})


def locked(session: Session, meeting: GroupSession) -> GroupSession:
    """Return `meeting` as it is now, with nobody else able to book into it or change it until this transaction ends."""
    session.refresh(meeting, with_for_update={"of": GroupSession})
    return meeting


def runners(session: Session, meeting: GroupSession) -> list[Person]:
    """Return who runs a session: the facilitators of its group without those who handed it over."""
    out = session.scalars(
        select(SessionLeave.person_id).where(SessionLeave.session_id == meeting.id, SessionLeave.state == "out")
    ).all()
    return [person for person in facilitators_of(session, meeting.group_id) if person.id not in out]
