"""Supervision of facilitators: when it is next, who had a group and none since, and asking for it sooner."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select, true, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from companion import when
from companion.content.catalogue import Text
from companion.messaging.addresses import usable
from companion.messaging.outbox import enqueue
from companion.models import (
    Group,
    GroupFacilitator,
    GroupSession,
    Person,
    SupervisionDate,
    SupervisionDue,
    facilitators_of,
    record,
)
from companion.speaker import Speaker

DIGEST_ON = 0  # Monday
DIGEST_AT = time(9)  # in the programme's time zone
DIGEST_FOR = timedelta(hours=10)
NAMED = 3  # in one text
TAKEN = "Supervision is set for this time already. Choose another time, or cancel one of the two."


class CannotPlanError(Exception):
    """A date cannot be set or moved; the message says why, in words for whoever wants it."""


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


def coming(session: Session, now: datetime) -> Sequence[tuple[SupervisionDate, str | None, Person | None]]:
    """Return the dates ahead, soonest first, each with the group it is for (None: all) and who leads it."""
    found = session.execute(
        select(SupervisionDate, Group.name, Person)
        .outerjoin(Group, Group.id == SupervisionDate.group_id)
        .outerjoin(Person, Person.id == SupervisionDate.lead_id)
        .where(SupervisionDate.at > now)
        .order_by(SupervisionDate.at)
    )
    return [(date, name, lead) for date, name, lead in found]


def plan(
    session: Session, at: datetime, group_id: uuid.UUID | None, lead: Person | None, now: datetime, by: uuid.UUID | None
) -> bool:
    """Set a date (UTC); return False, and change nothing, when the same moment is set for the same group already."""
    if _set_at(session, at, group_id) is not None:
        return False
    date = SupervisionDate(at=at, group_id=group_id, lead_id=lead.id if lead else None, created_at=now)
    try:
        with session.begin_nested():
            session.add(date)
    except IntegrityError:  # set by somebody else in this very moment
        return False
    record(session, now, "supervision planned", date, actor=by, at=at.isoformat(), lead=lead.alias if lead else None)
    return True


def change(
    session: Session,
    date: SupervisionDate,
    at: datetime,
    lead: Person | None,
    now: datetime,
    voice: Speaker,
    by: uuid.UUID | None,
) -> int:
    """Move a date to `at` (UTC), or let another lead do it; return how many are told.

    Raises CannotPlanError when another date of the same group is at that time.
    """
    other = _set_at(session, at, date.group_id)
    was, led = date.at, session.get(Person, date.lead_id) if date.lead_id else None
    if other is not None and other.id != date.id:
        raise CannotPlanError(TAKEN)
    if (at, lead) == (was, led):
        return 0
    changed: dict[str, list[str | None]] = {}
    if at != was:
        changed["at"] = [was.isoformat(), at.isoformat()]
    if lead != led:
        changed["lead"] = [led.alias if led else None, lead.alias if lead else None]
    try:
        with session.begin_nested():
            date.at, date.lead_id = at, lead.id if lead else None
    except IntegrityError as error:
        raise CannotPlanError(TAKEN) from error
    record(session, now, "supervision changed", date, actor=by, **changed)
    zone, words = voice.settings.zone, voice.words
    before, after = when.day_and_time(was, zone), when.day_and_time(at, zone)
    texts: dict[Person, Text] = {}
    if at != was:
        texts = dict.fromkeys(concerned(session, date, by), words.render("supervision_moved", was=before, when=after))
    if led is not None and lead != led:
        texts[led] = words.render("supervision_not_lead", when=before)
    if lead is not None and lead != led:
        texts[lead] = words.render("supervision_lead", when=after)
    texts = {each: text for each, text in texts.items() if each.id != by}
    return sum(_tell(session, "changed", date, each, text, now, max(was, at)) for each, text in texts.items())


def cancel(session: Session, date: SupervisionDate, now: datetime, voice: Speaker, by: uuid.UUID | None) -> int:
    """Remove a date that is still to come; return how many are told that it is off, and when the next one is."""
    people = concerned(session, date, by)
    record(session, now, "supervision cancelled", date, actor=by, at=date.at.isoformat())
    session.delete(date)
    session.flush()
    off = when.day_and_time(date.at, voice.settings.zone)
    told = 0
    for each in people:
        text = voice.words.render("supervision_off", was=off, supervision=next_words(session, each, now, voice).body)
        told += _tell(session, "off", date, each, text, now, date.at)
    return told


def concerned(session: Session, date: SupervisionDate, but: uuid.UUID | None) -> list[Person]:
    """Return who hears of a change: the facilitators of the group (all without one) and who leads it, not `but`."""
    if date.group_id is not None:
        people = facilitators_of(session, date.group_id)
    else:
        staff = select(Person).where(Person.role == "facilitator", Person.state == "staff").order_by(Person.alias)
        people = list(session.scalars(staff))
    lead = session.get(Person, date.lead_id) if date.lead_id else None
    people += [lead] if lead is not None and lead not in people else []
    return [each for each in people if each.id != but]


def next_words(session: Session, facilitator: Person, now: datetime, voice: Speaker) -> Text:
    """Return the sentence that says when the facilitator's next supervision is, or that no date is set."""
    at = next_for(session, facilitator, now)
    if at is None:
        return voice.words.render("supervision_none")
    return voice.words.render("supervision_next", when=when.day_and_time(at, voice.settings.zone))


def waiting(session: Session, only: uuid.UUID | None = None) -> list[Waiting]:
    """Return who has had no supervision after a group, longest first; `only` asks about one of them."""
    rows = session.execute(
        select(SupervisionDue, Person, Group.name)
        .join(Person, Person.id == SupervisionDue.person_id)
        .join(GroupSession, GroupSession.id == SupervisionDue.session_id)
        .join(Group, Group.id == GroupSession.group_id)
        .where(SupervisionDue.done_at.is_(None), Person.state == "staff")
        .where(SupervisionDue.person_id == only if only is not None else true())
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


def ask_sooner(session: Session, facilitator: Person, now: datetime, voice: Speaker) -> int:
    """Tell the leads that the facilitator would like supervision sooner; return how many could be told."""
    session.execute(
        update(SupervisionDue)
        .where(SupervisionDue.person_id == facilitator.id, SupervisionDue.done_at.is_(None))
        .values(asked_at=now)
        .execution_options(synchronize_session=False)
    )
    record(session, now, "supervision asked for", facilitator, actor=facilitator.id)
    text = voice.words.render("supervision_asked", who=facilitator.label)
    return _tell_leads(session, f"supervision-asked:{facilitator.id}:{now.date()}", text, now, timedelta(hours=24))


def digest(session: Session, now: datetime, voice: Speaker) -> None:
    """Tell the leads once a week who has had no supervision after a group; nothing when there is nobody."""
    zone = voice.settings.zone
    due = last_digest(now, zone)
    if now - due >= DIGEST_FOR:
        return
    people = [each for each in waiting(session) if each.since < due]
    if not people:
        return
    names = ", ".join(each.person.label for each in people[:NAMED])
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


def next_digest(session: Session, now: datetime, zone: ZoneInfo) -> datetime | None:
    """Return when the next weekly digest is due (UTC) in the programme's `zone`; None when nobody waits for one."""
    if session.scalar(select(SupervisionDue.session_id).where(SupervisionDue.done_at.is_(None)).limit(1)) is None:
        return None
    local = last_digest(now, zone).astimezone(zone)
    return datetime.combine(local.date() + timedelta(days=7), DIGEST_AT, zone).astimezone(UTC)


def _set_at(session: Session, at: datetime, group_id: uuid.UUID | None) -> SupervisionDate | None:
    return session.scalar(
        select(SupervisionDate).where(SupervisionDate.at == at, SupervisionDate.group_id.is_not_distinct_from(group_id))
    )


def _tell(
    session: Session, what: str, date: SupervisionDate, person: Person, text: Text, now: datetime, until: datetime
) -> bool:
    """Queue a text about a date; return whether the person can be texted."""
    to = usable(session, person)
    if to is not None:
        key = f"supervision-{what}:{date.id}:{now.isoformat()}:{person.id}"
        enqueue(session, key=key, lane="reminder", to=to, text=text, now=now, expires_at=until)
    return to is not None


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
