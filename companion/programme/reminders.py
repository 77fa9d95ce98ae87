"""Invitations to sessions, and reminders of them: once each, and never when they have lost their sense."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from companion import when
from companion.content.catalogue import Catalogue, Text
from companion.messaging.addresses import usable
from companion.messaging.outbox import drop, enqueue
from companion.models import Booking, GroupSession, OutboxMessage, Person, facilitators_of

INVITE_BEFORE = timedelta(days=7)
INVITE_UNTIL = timedelta(hours=2)  # before the start: later a place could not be made use of
LONG_BEFORE = 6 * 60  # minutes: a reminder further ahead than this names the day
LOOK_BACK = timedelta(hours=6)  # how long after a start a reminder that never went is still recorded as dropped
BATCH = 200


def invite(session: Session, now: datetime, words: Catalogue) -> int:
    """Offer a place in the next session to members who have not been asked; return how many (at most BATCH)."""
    invited = 0
    for meeting in _coming(session, now + INVITE_UNTIL, now + INVITE_BEFORE):
        zone = ZoneInfo(meeting.group.time_zone)
        when_ = when.day_and_time(meeting.starts_at, zone)
        for person in _not_asked(session, meeting, now, BATCH - invited):
            session.add(Booking(session=meeting, person=person, status="offered", offered_at=now))
            invited += 1
            to = usable(session, person)
            if to is None:
                continue
            text = words.render("offer_session", group=meeting.group.name, when=when_)
            enqueue(
                session,
                key=f"offer:{meeting.id}:{person.id}",
                lane="reminder",
                to=to,
                text=text,
                now=now,
                expires_at=meeting.starts_at - INVITE_UNTIL,
            )
            person.dialogue, person.dialogue_until, person.dialogue_data = "booking_offer", meeting.starts_at, {}
    return invited


def remind(session: Session, now: datetime, words: Catalogue) -> None:
    """Remind those who are booked, and the facilitators, at each of the group's times before a session."""
    for meeting in _coming(session, now - LOOK_BACK, now + timedelta(days=8)):
        offsets = sorted(set(meeting.group.reminder_minutes), reverse=True)
        for position, minutes in enumerate(offsets):
            due = meeting.starts_at - timedelta(minutes=minutes)
            if due > now:
                break
            last = position == len(offsets) - 1
            ends = meeting.starts_at if last else meeting.starts_at - timedelta(minutes=offsets[position + 1])
            _remind_all(session, meeting, minutes, due, ends, now, words, last=last)


def _remind_all(
    session: Session,
    meeting: GroupSession,
    minutes: int,
    due: datetime,
    ends: datetime,
    now: datetime,
    words: Catalogue,
    *,
    last: bool,
) -> None:
    kind = "day" if minutes >= LONG_BEFORE else "hour"
    for booking in _booked(session, meeting, minutes):
        person = booking.person
        if not last and (booking.answered_at or due) > due:
            continue  # booked since: the answer to that said when it is
        text = _text(words, f"reminder_{kind}", meeting)
        paused = person.paused_until is not None and person.paused_until > now
        _once(session, meeting, person, minutes, text, now, ends, "paused" if paused else None)
        if now < ends and not paused:
            person.dialogue, person.dialogue_until, person.dialogue_data = "reminder", meeting.ends_at, {}
    count = _count(session, meeting)
    for facilitator in facilitators_of(session, meeting.group_id):
        text = _text(words, f"facilitator_reminder_{kind}", meeting, count=count)
        _once(session, meeting, facilitator, minutes, text, now, ends, None)


def _once(
    session: Session,
    meeting: GroupSession,
    person: Person,
    minutes: int,
    text: Text,
    now: datetime,
    ends: datetime,
    reason: str | None,
) -> None:
    to = usable(session, person)
    if to is None:
        return
    key = reminder_key(meeting, person, minutes)
    if reason is None and now >= ends:
        reason = "too late"
    if reason is not None:
        drop(session, key=key, lane="reminder", to=to, text=text, now=now, reason=reason)
    else:
        enqueue(session, key=key, lane="reminder", to=to, text=text, now=now, expires_at=ends)


def reminder_key(meeting: GroupSession, person: Person, minutes: int) -> str:
    """Return the key that makes a reminder the only one of its kind."""
    return f"reminder:{meeting.id}:{person.id}:{minutes}"


def _text(words: Catalogue, text_id: str, meeting: GroupSession, **more: object) -> Text:
    zone = ZoneInfo(meeting.group.time_zone)
    values: dict[str, object] = {"group": meeting.group.name, "link": meeting.group.join_link, **more}
    if text_id.endswith("_day"):
        values["when"] = when.day_and_time(meeting.starts_at, zone)
    else:
        values["time"] = when.clock_time(meeting.starts_at.astimezone(zone))
    return words.render(text_id, **values)


def _coming(session: Session, after: datetime, until: datetime) -> list[GroupSession]:
    return list(
        session.scalars(
            select(GroupSession)
            .where(GroupSession.status == "planned", GroupSession.starts_at > after, GroupSession.starts_at <= until)
            .order_by(GroupSession.starts_at)
        )
    )


def _not_asked(session: Session, meeting: GroupSession, now: datetime, limit: int) -> list[Person]:
    asked = exists().where(Booking.session_id == meeting.id, Booking.person_id == Person.id)
    return list(
        session.scalars(
            select(Person)
            .where(
                Person.group_id == meeting.group_id,
                Person.state == "joined",
                ~asked,
                (Person.paused_until.is_(None)) | (Person.paused_until <= now),
            )
            .limit(max(limit, 0))
        )
    )


def _booked(session: Session, meeting: GroupSession, minutes: int) -> list[Booking]:
    """Return the bookings whose reminder is not settled yet."""
    settled = select(OutboxMessage.person_id).where(
        OutboxMessage.key.like(f"reminder:{meeting.id}:%:{minutes}"), OutboxMessage.person_id.is_not(None)
    )
    return list(
        session.scalars(
            select(Booking).where(
                Booking.session_id == meeting.id, Booking.status == "yes", Booking.person_id.not_in(settled)
            )
        )
    )


def _count(session: Session, meeting: GroupSession) -> int:
    booked = select(func.count()).where(Booking.session_id == meeting.id, Booking.status == "yes")
    return session.scalar(booked) or 0
