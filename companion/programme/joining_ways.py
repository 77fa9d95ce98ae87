"""A group's join link or number to call changes: who holds the old one for a session not yet over hears the new one.

Trainees on video have a page of their own that leads to the present link; they need no new one.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager

from companion.content.catalogue import Text
from companion.messaging.addresses import usable
from companion.messaging.outbox import enqueue
from companion.models import Booking, Group, GroupSession, OutboxMessage, Person
from companion.models.base import put
from companion.programme.links import place_url
from companion.programme.reminders import call_line, trainee_text
from companion.programme.sessions import runners
from companion.speaker import Speaker

Ways = tuple[str, str | None, str | None]  # the link, the number to call, and its code


def ways_of(group: Group) -> Ways:
    """Return how a group is joined."""
    return group.join_link, group.dial_in, group.dial_code


def tell_new_ways(
    session: Session, group: Group, old: Ways, now: datetime, voice: Speaker, by: uuid.UUID | None
) -> int:
    """Put reminders that wait right, and tell who holds the `old` ways but `by`, once each; return how many hear."""
    if old == ways_of(group):
        return 0
    told: set[uuid.UUID] = set()
    for meeting in session.scalars(
        select(GroupSession)
        .where(GroupSession.group_id == group.id, GroupSession.status == "planned", GroupSession.ends_at > now)
        .order_by(GroupSession.starts_at)
    ).all():
        mine = list(_readers(session, meeting, old, voice))
        _put_right(session, meeting, old, now, voice)
        holders = set(
            session.scalars(
                select(OutboxMessage.person_id).where(
                    OutboxMessage.key.startswith(f"reminder:{meeting.id}:"),
                    OutboxMessage.status.not_in(("queued", "dropped")),
                )
            )
        )
        for person, text in mine:
            _drop_earlier(session, meeting, person, now)
            if person.id in holders and person.id not in told and person.id != by:
                told |= _send(session, meeting, person, text, now)
    return len(told)


def _readers(session: Session, meeting: GroupSession, old: Ways, voice: Speaker) -> Iterable[tuple[Person, Text]]:
    """Yield whose way into a session changes, and what they read if they hold the old one."""
    group, say = meeting.group, voice.words.render
    if group.join_link != old[0]:
        text = say("facilitator_link_changed", group=group.name, link=group.join_link)
        yield from ((person, text) for person in runners(session, meeting))
    if old[1] is None or (group.dial_in, group.dial_code) == old[1:]:
        return
    for booking in _by_phone(session, meeting):
        if group.dial_in:
            text = say("call_changed", group=group.name, call=call_line(voice, group.dial_in, group.dial_code))
        else:
            text = say("call_ended", group=group.name, link=place_url(voice.settings, booking.id))
        yield booking.person, text


def _by_phone(session: Session, meeting: GroupSession) -> Iterable[Booking]:
    return session.scalars(
        select(Booking)
        .join(Booking.person)
        .where(Booking.session_id == meeting.id, Booking.status.in_(("yes", "attended")))
        .where(Person.state == "joined", Person.joins_by == "phone")
        .options(contains_eager(Booking.person))
    ).all()


def _put_right(session: Session, meeting: GroupSession, old: Ways, now: datetime, voice: Speaker) -> None:
    """Make the words of the reminders that wait anew; one that a worker takes meanwhile has gone out as it was."""
    by_phone = {booking.person_id: booking for booking in _by_phone(session, meeting)}
    for row in session.scalars(
        select(OutboxMessage)
        .where(OutboxMessage.status == "queued", OutboxMessage.key.startswith(f"reminder:{meeting.id}:"))
        .with_for_update()
    ).all():
        if row.purpose.startswith("facilitator_"):
            new = meeting.group.join_link
            body = (row.body or "").replace(old[0], new)
            values = {name: new if said == old[0] else said for name, said in json.loads(row.values or "{}").items()}
            purpose = row.purpose
        elif row.person_id in by_phone:
            booking, kind = by_phone[row.person_id], "day" if "_day" in row.purpose else "hour"
            text = trainee_text(voice, kind, booking, meeting).said_in(booking.person.language)
            body, values, purpose = text.body, dict(text.values), text.id
        else:
            continue
        kept = json.dumps(values) if row.values else None
        put(session, row, body=body, values=kept, purpose=purpose, updated_at=now)


def _drop_earlier(session: Session, meeting: GroupSession, person: Person, now: datetime) -> None:
    """Drop what waits of an earlier change, which is no longer true."""
    for row in session.scalars(
        select(OutboxMessage)
        .where(OutboxMessage.status == "queued", OutboxMessage.person_id == person.id)
        .where(OutboxMessage.key.startswith(f"joins:{meeting.id}:"))
        .with_for_update()
    ).all():
        put(session, row, status="dropped", reason="changed", settled_at=now, updated_at=now)


def _send(session: Session, meeting: GroupSession, person: Person, text: Text, now: datetime) -> set[uuid.UUID]:
    to = usable(session, person)
    if to is None:
        return set()
    enqueue(
        session,
        key=f"joins:{meeting.id}:{meeting.group.version}:{person.id}",
        lane="reminder",
        to=to,
        text=text,
        now=now,
        expires_at=meeting.ends_at,
    )
    return {person.id}
