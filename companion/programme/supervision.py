"""Supervision of facilitators: when it is next, who had a group and none since, and asking for it sooner."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from companion.content.catalogue import Text
from companion.escalation.words import Voice
from companion.messaging.addresses import usable
from companion.messaging.outbox import enqueue
from companion.models import Group, GroupFacilitator, GroupSession, Person, SupervisionDate, SupervisionDue, record

DIGEST_ON = 0  # Monday
DIGEST_AT = time(9)  # in the programme's time zone
DIGEST_FOR = timedelta(hours=10)
NAMED = 3  # in one text


@dataclass(frozen=True)
class Waiting:
    """A facilitator who has had no supervision since `since` (UTC), the end of the first such session."""

    person: Person
    groups: tuple[str, ...]
    since: datetime
    asked: bool  # for it to be sooner


def next_for(session: Session, facilitator: Person, now: datetime) -> datetime | None:
    """Return when the facilitator's next supervision is (UTC), for one of their groups or for all; None if unknown."""
    mine = select(GroupFacilitator.group_id).where(GroupFacilitator.person_id == facilitator.id)
    return session.scalar(
        select(SupervisionDate.at)
        .where(SupervisionDate.at > now, or_(SupervisionDate.group_id.is_(None), SupervisionDate.group_id.in_(mine)))
        .order_by(SupervisionDate.at)
        .limit(1)
    )


def coming(session: Session, now: datetime) -> Sequence[tuple[SupervisionDate, str | None]]:
    """Return the dates ahead, soonest first, each with the group it is for (None: all)."""
    found = session.execute(
        select(SupervisionDate, Group.name)
        .outerjoin(Group, Group.id == SupervisionDate.group_id)
        .where(SupervisionDate.at > now)
        .order_by(SupervisionDate.at)
    )
    return [(date, name) for date, name in found]


def plan(
    session: Session, at: datetime, group_id: uuid.UUID | None, lead: Person | None, now: datetime
) -> SupervisionDate:
    """Set a date, once: the same moment for the same group is the same date."""
    found = session.scalar(
        select(SupervisionDate).where(SupervisionDate.at == at, SupervisionDate.group_id.is_not_distinct_from(group_id))
    )
    if found is None:
        found = SupervisionDate(at=at, group_id=group_id, created_at=now)
        session.add(found)
        session.flush()
        record(session, now, "supervision planned", found, actor=lead.id if lead else None)
    found.lead_id = lead.id if lead else None
    return found


def waiting(session: Session) -> list[Waiting]:
    """Return who has had no supervision after a group, longest first."""
    rows = session.execute(
        select(SupervisionDue, Person, Group.name)
        .join(Person, Person.id == SupervisionDue.person_id)
        .join(GroupSession, GroupSession.id == SupervisionDue.session_id)
        .join(Group, Group.id == GroupSession.group_id)
        .where(SupervisionDue.done_at.is_(None), Person.state == "staff")
        .order_by(SupervisionDue.since, Person.alias)
    ).all()
    found: dict[uuid.UUID, Waiting] = {}
    for due, person, group in rows:
        before = found.get(person.id)
        found[person.id] = Waiting(
            person,
            tuple(dict.fromkeys((*(before.groups if before else ()), group))),
            before.since if before else due.since,
            bool(due.asked_at) or bool(before and before.asked),
        )
    return list(found.values())


def had(session: Session, facilitator: Person, by: Person, now: datetime) -> int:
    """Record that the facilitator has had supervision; return after how many sessions it was due."""
    dues = session.scalars(
        select(SupervisionDue).where(SupervisionDue.person_id == facilitator.id, SupervisionDue.done_at.is_(None))
    ).all()
    for due in dues:
        due.done_at, due.done_by = now, by.id
    if dues:
        record(session, now, "supervision had", facilitator, actor=by.id, sessions=len(dues))
    return len(dues)


def ask_sooner(session: Session, facilitator: Person, now: datetime, voice: Voice) -> int:
    """Tell the leads that the facilitator would like supervision sooner; return how many could be told."""
    session.execute(
        update(SupervisionDue)
        .where(SupervisionDue.person_id == facilitator.id, SupervisionDue.done_at.is_(None))
        .values(asked_at=now)
        .execution_options(synchronize_session=False)
    )
    record(session, now, "supervision asked for", facilitator, actor=facilitator.id)
    text = voice.words.render("supervision_asked", who=facilitator.name or facilitator.alias)
    return _tell_leads(session, f"supervision-asked:{facilitator.id}:{now.date()}", text, now, timedelta(hours=24))


def digest(session: Session, now: datetime, voice: Voice) -> None:
    """Tell the leads once a week who has had no supervision after a group; nothing when there is nobody."""
    zone = voice.settings.zone
    due = last_digest(now, zone)
    if now - due >= DIGEST_FOR:
        return
    people = [each for each in waiting(session) if each.since < due]
    if not people:
        return
    names = ", ".join(each.person.name or each.person.alias for each in people[:NAMED])
    if len(people) > NAMED:
        names = f"{names} and {len(people) - NAMED} more"
    text = voice.words.render("supervision_digest", names=names, url=voice.console_url)
    _tell_leads(session, f"supervision-digest:{due.astimezone(zone).date()}", text, now, DIGEST_FOR)


def last_digest(now: datetime, zone: ZoneInfo) -> datetime:
    """Return when the weekly digest was last due at `now`, in UTC."""
    local = now.astimezone(zone)
    on = local.date() - timedelta(days=(local.weekday() - DIGEST_ON) % 7)
    due = datetime.combine(on, DIGEST_AT, zone).astimezone(UTC)
    return due if due <= now else datetime.combine(on - timedelta(days=7), DIGEST_AT, zone).astimezone(UTC)


def next_digest(session: Session, now: datetime) -> datetime | None:
    """Return when the next weekly digest is due (UTC); None when nobody waits for supervision."""
    zone = session.scalar(
        select(Group.time_zone)
        .join(GroupSession, GroupSession.group_id == Group.id)
        .join(SupervisionDue, SupervisionDue.session_id == GroupSession.id)
        .where(SupervisionDue.done_at.is_(None))
        .limit(1)
    )
    if zone is None:
        return None
    local = last_digest(now, ZoneInfo(zone)).astimezone(ZoneInfo(zone))
    return datetime.combine(local.date() + timedelta(days=7), DIGEST_AT, ZoneInfo(zone)).astimezone(UTC)


def _tell_leads(session: Session, key: str, text: Text, now: datetime, good_for: timedelta) -> int:
    told = 0
    for lead in session.scalars(select(Person).where(Person.role == "lead", Person.state == "staff")):
        to = usable(session, lead)
        if to is not None:
            enqueue(
                session, key=f"{key}:{lead.id}", lane="reminder", to=to, text=text, now=now, expires_at=now + good_for
            )
            told += 1
    return told
