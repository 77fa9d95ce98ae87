"""Invitations to sessions, and reminders of them: once each, and never when they have lost their sense.

The key of a reminder holds the session's version: one that was moved is reminded of anew, at its new time.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, exists, select
from sqlalchemy.orm import Session, contains_eager

from companion import when
from companion.content.catalogue import Text
from companion.escalation.exclusions import hidden_from
from companion.messaging.addresses import usable
from companion.messaging.outbox import drop, enqueue
from companion.models import Booking, GroupFacilitator, GroupSession, OutboxMessage, Person, SessionLeave
from companion.models.base import ask
from companion.programme import places
from companion.programme.asking import may_be_asked, waits_for_answer
from companion.programme.links import place_url
from companion.speaker import Speaker

INVITE_BEFORE = timedelta(days=7)
INVITE_UNTIL = timedelta(hours=2)  # before the start: later a place could not be made use of
LONG_BEFORE = 6 * 60  # minutes: a reminder further ahead than this names the day
LOOK_BACK = timedelta(hours=6)  # how long after a start a reminder that never went is still recorded as dropped
BATCH = 200
NAMED = 6  # how many aliases fit into one text

# Made once: asked every few seconds.
_COMING = (
    select(GroupSession)
    .join(GroupSession.group)
    .where(GroupSession.status == "planned", GroupSession.cancel_at.is_(None))
    .where(GroupSession.starts_at > bindparam("after"), GroupSession.starts_at <= bindparam("until"))
    .options(contains_eager(GroupSession.group))
    .order_by(GroupSession.starts_at)
)
_MAY_BE_INVITED = (
    (Person.state == "joined")
    & Person.quiet_since.is_(None)
    & may_be_asked(bindparam("now"))
    & ((Person.paused_until.is_(None)) | (Person.paused_until <= bindparam("now")))
)
_ASKED = exists().where(Booking.session_id == GroupSession.id, Booking.person_id == Person.id)
_NOT_ASKED = (
    select(Person)
    .join(GroupSession, GroupSession.group_id == Person.group_id)
    .where(GroupSession.id == bindparam("meeting"), _MAY_BE_INVITED, ~_ASKED)
    .limit(bindparam("limit"))
)
_TO_INVITE_TO = (
    select(GroupSession.id)
    .join(Person, Person.group_id == GroupSession.group_id)
    .where(GroupSession.status == "planned", GroupSession.cancel_at.is_(None), _MAY_BE_INVITED, ~_ASKED)
    .where(GroupSession.starts_at > bindparam("after"), GroupSession.starts_at <= bindparam("until"))
    .distinct()
)


def invite(session: Session, now: datetime, voice: Speaker) -> int:
    """Offer a place in the next session to members who have not been asked; return how many (at most BATCH)."""
    after, until = now + INVITE_UNTIL, now + INVITE_BEFORE
    wanted = set(ask(session, _TO_INVITE_TO, after=after, until=until, now=now).scalars())
    invited = 0
    for meeting in _coming(session, after, until) if wanted else ():
        if meeting.id not in wanted:
            continue
        zone = ZoneInfo(meeting.group.time_zone)
        when_ = when.day_and_time(meeting.starts_at, zone)
        for person in _not_asked(session, meeting, now, BATCH - invited):
            session.add(Booking(session=meeting, person=person, status="offered", offered_at=now))
            invited += 1
            to = usable(session, person)
            if to is None:
                continue
            enqueue(
                session,
                key=f"offer:{meeting.id}:{person.id}",
                lane="reminder",
                to=to,
                text=voice.words.render("offer_session", group=meeting.group.name, when=when_),
                now=now,
                expires_at=meeting.starts_at - INVITE_UNTIL,
            )
            places.asked(person, "booking_offer", meeting)
    return invited


@dataclass(frozen=True)
class Due:
    """One of a session's times for reminders has come: `at`; what is not sent before `ends` is of no use (UTC)."""

    meeting: GroupSession
    minutes: int
    at: datetime
    ends: datetime
    last: bool

    @property
    def kind(self) -> str:
        """Whether the text names the day, or only the hour."""
        return "day" if self.minutes >= LONG_BEFORE else "hour"

    def key(self, person_id: uuid.UUID, answer: int = 0) -> str:
        """Return the key that makes a reminder the only one of its kind: for this session as it is, and this answer."""
        return f"reminder:{self.meeting.id}:{self.meeting.version}:{person_id}:{self.minutes}:{answer}"

    def key_of(self, booking: Booking) -> str:
        """Return the key of the reminder of someone's place: one given up and taken again is reminded of anew."""
        return self.key(booking.person_id, booking.version)


def remind(session: Session, now: datetime, voice: Speaker) -> None:
    """Remind those who are booked, and who runs it, at each of the group's times before a session."""
    due = [
        each for meeting in _coming(session, now - LOOK_BACK, now + timedelta(days=8)) for each in _due(meeting, now)
    ]
    if not due:
        return
    ids = {each.meeting.id for each in due}
    coming, staff = _booked(session, ids), _running(session, ids)
    settled = _settled(
        session,
        [
            *(each.key_of(booking) for each in due for booking in coming.get(each.meeting.id, ())),
            *(each.key(person.id) for each in due for person in staff.get(each.meeting.id, ())),
        ],
    )
    for each in due:
        bookings = coming.get(each.meeting.id, ())
        for booking in bookings:
            if each.key_of(booking) not in settled and not _knows(each, booking):
                _remind_trainee(session, each, booking, now, voice)
        for person in staff.get(each.meeting.id, ()):
            if each.key(person.id) not in settled and not _changed_since(each):
                hidden = hidden_from(session, person.id)
                seen = [booking for booking in bookings if booking.person_id not in hidden]
                text = staff_text(voice, each.kind, each.meeting, seen)
                _once(session, each, each.key(person.id), person, text, now, None)


def _due(meeting: GroupSession, now: datetime) -> Iterable[Due]:
    offsets = sorted(set(meeting.group.reminder_minutes), reverse=True)
    for position, minutes in enumerate(offsets):
        at = meeting.starts_at - timedelta(minutes=minutes)
        if at > now:
            return
        last = position == len(offsets) - 1
        ends = meeting.starts_at if last else meeting.starts_at - timedelta(minutes=offsets[position + 1])
        yield Due(meeting, minutes, at, ends, last)


def _knows(due: Due, booking: Booking) -> bool:
    """Whether they have booked, or heard of a change, since it was due: the answer to that said when it is."""
    return not due.last and ((booking.answered_at or due.at) > due.at or _changed_since(due))


def _changed_since(due: Due) -> bool:
    return not due.last and due.meeting.changed_at is not None and due.meeting.changed_at > due.at


def _remind_trainee(session: Session, due: Due, booking: Booking, now: datetime, voice: Speaker) -> None:
    person, meeting = booking.person, due.meeting
    paused = person.paused_until is not None and person.paused_until > now
    text = trainee_text(voice, due.kind, booking, meeting)
    _once(session, due, due.key_of(booking), person, text, now, "paused" if paused else None)
    if now < due.ends and not paused and not waits_for_answer(person, now):
        places.asked(person, "reminder", meeting)


def trainee_text(voice: Speaker, kind: str, booking: Booking, meeting: GroupSession) -> Text:
    """Return a reminder with the link of someone's own page, or with the number for those who come by phone."""
    group = meeting.group
    if booking.person.joins_by == "phone" and group.dial_in:
        call = call_line(voice, group.dial_in, group.dial_code)
        return _text(voice, f"reminder_{kind}_dial", meeting, call=call)
    return _text(voice, f"reminder_{kind}", meeting, link=place_url(voice.settings, booking.id))


def call_line(voice: Speaker, number: str, code: str | None) -> str:
    """Return the number to call, with the code to key in when there is one."""
    if code:
        return voice.words.render("call_with_code", number=number, dial_code=code).body
    return voice.words.render("call", number=number).body


def staff_text(voice: Speaker, kind: str, meeting: GroupSession, bookings: Sequence[Booking]) -> Text:
    """Return what those who run a session are reminded of: when, and who is coming, by alias."""
    return _text(
        voice,
        f"facilitator_reminder_{kind}",
        meeting,
        coming=who_line(voice, [booking.person.alias for booking in bookings]),
        link=meeting.group.join_link,
    )


def who_line(voice: Speaker, aliases: Sequence[str]) -> str:
    """Return aliases in a row, as many as a text has room for, with the count of the others."""
    if not aliases:
        return voice.words.render("nobody_coming").body
    shown = ", ".join(aliases[:NAMED])
    if len(aliases) <= NAMED:
        return shown
    return voice.words.render("and_more", coming=shown, count=len(aliases) - NAMED).body


def _once(session: Session, due: Due, key: str, person: Person, text: Text, now: datetime, reason: str | None) -> None:
    to = usable(session, person)
    if to is None:
        return
    if reason is None and now >= due.ends:
        reason = "too late"
    if reason is not None:
        drop(session, key=key, lane="reminder", to=to, text=text, now=now, reason=reason)
    else:
        enqueue(session, key=key, lane="reminder", to=to, text=text, now=now, expires_at=due.ends)


def _text(voice: Speaker, text_id: str, meeting: GroupSession, **values: object) -> Text:
    zone = ZoneInfo(meeting.group.time_zone)
    if "_day" in text_id:
        moment: dict[str, object] = {"when": when.day_and_time(meeting.starts_at, zone)}
    else:
        moment = {"time": when.clock_time(meeting.starts_at.astimezone(zone))}
    return voice.words.render(text_id, group=meeting.group.name, **moment, **values)


def _coming(session: Session, after: datetime, until: datetime) -> list[GroupSession]:
    return list(session.scalars(_COMING, {"after": after, "until": until}))


def _not_asked(session: Session, meeting: GroupSession, now: datetime, limit: int) -> list[Person]:
    if limit <= 0:
        return []
    return list(session.scalars(_NOT_ASKED, {"meeting": meeting.id, "now": now, "limit": limit}))


def _booked(session: Session, ids: Iterable[uuid.UUID]) -> Mapping[uuid.UUID, Sequence[Booking]]:
    """Return who has a place in each of these sessions, by alias."""
    found: dict[uuid.UUID, list[Booking]] = {}
    for booking in session.scalars(
        select(Booking)
        .join(Booking.person)
        .where(Booking.session_id.in_(list(ids)), Booking.status.in_(("yes", "attended")))
        .options(contains_eager(Booking.person))
        .order_by(Person.alias)
    ):
        found.setdefault(booking.session_id, []).append(booking)
    return found


def _running(session: Session, ids: Iterable[uuid.UUID]) -> Mapping[uuid.UUID, Sequence[Person]]:
    """Return who runs each of these sessions, in the order in which they are paged."""
    out = exists().where(
        SessionLeave.session_id == GroupSession.id,
        SessionLeave.person_id == Person.id,
        SessionLeave.state == "out",
    )
    found: dict[uuid.UUID, list[Person]] = {}
    for session_id, person in session.execute(
        select(GroupSession.id, Person)
        .join(GroupFacilitator, GroupFacilitator.group_id == GroupSession.group_id)
        .join(Person, Person.id == GroupFacilitator.person_id)
        .where(GroupSession.id.in_(list(ids)), ~out)
        .order_by(GroupFacilitator.position)
    ):
        found.setdefault(session_id, []).append(person)
    return found


def _settled(session: Session, keys: Sequence[str]) -> set[str]:
    """Return which of these texts are in the outbox already, sent or not."""
    found: set[str] = set()
    for start in range(0, len(keys), 500):
        chunk = keys[start : start + 500]
        found |= set(session.scalars(select(OutboxMessage.key).where(OutboxMessage.key.in_(chunk))))
    return found
