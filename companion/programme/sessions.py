"""When groups meet: the same local time every so many weeks, through both clock changes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from companion.models import Group, GroupCover, GroupSession, Person

HORIZON = timedelta(weeks=8)  # how far ahead sessions are made


def meetings(group: Group, after: datetime, until: datetime) -> Iterator[datetime]:
    """Yield when `group` meets after `after` and until `until`, in UTC."""
    zone = ZoneInfo(group.time_zone)
    step = timedelta(weeks=group.every_weeks)
    gone = max(0, (after.astimezone(zone).date() - group.first_on) // step)
    on = group.first_on + gone * step
    while (starts_at := datetime.combine(on, group.local_time, zone).astimezone(UTC)) <= until:
        if starts_at > after:
            yield starts_at
        on += step


def make_sessions(session: Session, now: datetime) -> int:
    """Make the sessions of the coming weeks that do not exist yet; return how many."""
    made = 0
    for group in session.scalars(select(Group).where(Group.ended_at.is_(None))):
        latest = session.scalar(select(func.max(GroupSession.starts_at)).where(GroupSession.group_id == group.id))
        after = max(now, latest) if latest else now
        for starts_at in meetings(group, after, now + HORIZON):
            session.add(
                GroupSession(group=group, starts_at=starts_at, ends_at=starts_at + timedelta(minutes=group.minutes))
            )
            made += 1
    return made


def group_for(session: Session, cohort_id: object) -> Group | None:
    """Return the running group of a cohort with the fewest people in it, or None when there is none.

    A group that is not live, because nobody is there for some of its hours, takes no one.
    """
    waits = exists().where(GroupCover.group_id == Group.id, GroupCover.live_at.is_(None))
    members = select(func.count()).where(Person.group_id == Group.id, Person.state == "joined").scalar_subquery()
    return session.scalar(
        select(Group)
        .where(Group.cohort_id == cohort_id, Group.ended_at.is_(None), ~waits)
        .order_by(members, Group.created_at)
        .limit(1)
    )


def next_session_for(session: Session, person: Person, now: datetime, *, lock: bool = False) -> GroupSession | None:
    """Return the next session of the trainee's group (or of the group they would join) that has not ended.

    With `lock` no other transaction can book into it until this one ends.
    """
    group_id = person.group_id
    if group_id is None and person.cohort_id is not None:
        group = group_for(session, person.cohort_id)
        group_id = group.id if group else None
    if group_id is None:
        return None
    wanted = (
        select(GroupSession)
        .where(GroupSession.group_id == group_id, GroupSession.status == "planned", GroupSession.ends_at > now)
        .order_by(GroupSession.starts_at)
        .limit(1)
    )
    return session.scalar(wanted.with_for_update() if lock else wanted)
