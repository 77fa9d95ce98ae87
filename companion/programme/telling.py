"""Who hears that sessions are moved, cancelled or put back on, and in which words: one text each."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, contains_eager

from companion import when
from companion.content.catalogue import Text
from companion.escalation.exclusions import hidden_from
from companion.messaging.addresses import usable
from companion.messaging.outbox import enqueue
from companion.models import Booking, Group, GroupSession, OutboxMessage, Person
from companion.models.base import found, put
from companion.programme import places
from companion.programme.asking import waits_for_answer
from companion.programme.sessions import runners
from companion.speaker import Speaker

# Whoever said no hears nothing more of it; whoever went in early hears of it like all who have a place.
CONCERNED = ("yes", "attended", "waiting", "offered")
_MEMBERS = select(Person).where(  # whoever is left in peace stays so
    Person.group_id == bindparam("group"), Person.state == "joined", Person.quiet_since.is_(None)
)


@dataclass(frozen=True)
class Shift:
    """What becomes of a planned session: it moves to `starts_at` (UTC) as `day`, or is cancelled (both None)."""

    meeting: GroupSession
    starts_at: datetime | None
    ends_at: datetime | None
    day: date | None


@dataclass(frozen=True)
class Told:
    """Who will hear of a change: trainees with what they had answered, and those who run the session.

    `unseen`: trainees who left out whoever makes the change, and are counted but not named to them.
    """

    trainees: Sequence[Booking]
    staff: Sequence[Person]
    unseen: frozenset[uuid.UUID] = frozenset()

    def count(self, status: str) -> int:
        """Return how many of the trainees had answered so."""
        return sum(1 for booking in self.trainees if booking.status == status)


def concerned(session: Session, meeting: GroupSession, *, but: uuid.UUID | None = None) -> Told:
    """Return who is to hear that a session changes; `but` is who changes it and knows."""
    trainees = session.scalars(
        select(Booking)
        .join(Booking.person)
        .where(Booking.session_id == meeting.id, Booking.status.in_(CONCERNED), Person.state == "joined")
        .options(contains_eager(Booking.person))
        .order_by(Person.alias)
    ).all()
    unseen = hidden_from(session, but) if but is not None else frozenset()
    return Told(trainees, [person for person in runners(session, meeting) if person.id != but], unseen)


def tell(
    session: Session,
    shifts: Sequence[tuple[Shift, datetime | None]],
    now: datetime,
    voice: Speaker,
    by: uuid.UUID | None,
    *,
    ends: Group | None = None,
) -> int:
    """Tell everyone concerned, in one text each, of the first of their sessions that changes; return how many hear.

    Each shift comes with the time that its session had (UTC), None for one that is put back on. If the group `ends`
    with the first of them, everybody in it hears that instead: they would wait for dates that never come.
    """
    hears: dict[uuid.UUID, tuple[Person, str | None, list[tuple[Shift, datetime | None]]]] = {}
    for shift, before in shifts:
        told = concerned(session, shift.meeting, but=by)
        each: Iterable[tuple[Person, str | None]] = [
            *((booking.person, booking.status) for booking in told.trainees),
            *((person, None) for person in told.staff),
        ]
        for person, status in each:
            hears.setdefault(person.id, (person, status, []))[2].append((shift, before))
    if ends is not None and shifts:
        for person in session.scalars(_MEMBERS, {"group": ends.id}):
            hears.setdefault(person.id, (person, "no", [shifts[0]]))
    count = 0
    for person, status, changes in hears.values():
        to = usable(session, person)
        if to is None:
            continue
        shift, before = changes[0]
        if ends is None:
            text = _text(voice, shift, before, status, more=len(changes) > 1)
        else:
            text = end_words(voice, ends, shifts[0][0].meeting, trainee=status is not None)
        expires = max(filter(None, (before, shift.meeting.ends_at)))  # whoever waits in a room is told too
        enqueue(
            session,
            key=f"changed:{shift.meeting.id}:{shift.meeting.version}:{person.id}",
            lane="reminder",
            to=to,
            text=text,
            now=now,
            expires_at=expires,
        )
        has_place = status in ("yes", "attended")  # nothing is asked that another question would give way to
        if status is not None and shift.starts_at is not None and not (has_place and waits_for_answer(person, now)):
            places.asked(person, "reminder" if has_place else "booking_offer", shift.meeting)
        count += 1
    return count


def words_for(voice: Speaker, meeting: GroupSession, starts_at: datetime | None, told: Told) -> list[Text]:
    """Return what those who are told will read, each text once, if this one moves to `starts_at` or is off (None).

    Whoever chose Welsh reads it in Welsh.
    """
    readers: list[tuple[str | None, Person]] = [
        *((booking.status, booking.person) for booking in told.trainees),
        *((None, person) for person in told.staff),
    ]
    shift, before = Shift(meeting, starts_at, None, None), meeting.starts_at if starts_at else None
    texts = (_text(voice, shift, before, answer, more=False).said_in(person.language) for answer, person in readers)
    return list({text.body: text for text in texts}.values())


def end_words(voice: Speaker, group: Group, first_off: GroupSession, *, trainee: bool) -> Text:
    """Return what is said when a group ends before one of its sessions, to a trainee or to who runs it."""
    said = when.day_and_time(first_off.starts_at, ZoneInfo(group.time_zone))
    return voice.words.render("group_ended" if trainee else "facilitator_group_ended", group=group.name, when=said)


_STATE = {"yes": "place_kept", "attended": "place_kept", "waiting": "place_waiting", "offered": "place_asked"}
_ONE_CHANGE = ("session_moved", "session_back_on")  # whoever says no to the one session needs to hear no more
_CHANGES_QUEUED = (
    select(OutboxMessage)
    .where(OutboxMessage.status == "queued", OutboxMessage.person_id == bindparam("person"))
    .where(OutboxMessage.key.startswith(bindparam("about")))
)


def answered_since(
    session: Session, meeting: GroupSession, person: Person, status: str, now: datetime, voice: Speaker
) -> None:
    """Put right what still waits to tell someone that `meeting` changed, now that they have answered for it.

    In somebody's quiet hours it waits all night, and would ask in the morning what they said in the evening.
    """
    for row in found(session, _CHANGES_QUEUED, person=person.id, about=f"changed:{meeting.id}:"):
        if status == "no" and row.purpose in _ONE_CHANGE:
            put(session, row, status="dropped", reason="changed", settled_at=now, updated_at=now)
            continue
        answer = voice.words.render(_STATE.get(status, "place_declined")).said_in(person.language).body
        body, values = row.body or "", json.loads(row.values or "{}")
        for said in {*_STATE.values(), "place_declined"}:
            body = body.replace(voice.words.render(said).said_in(person.language).body, answer)
        if values:
            values["place_state"] = answer
        put(session, row, body=body, values=json.dumps(values) if values else None, updated_at=now)


def _text(voice: Speaker, shift: Shift, before: datetime | None, status: str | None, *, more: bool) -> Text:
    meeting, zone = shift.meeting, ZoneInfo(shift.meeting.group.time_zone)
    say, which = voice.words.render, "sessions" if more else "session"
    values = {"group": meeting.group.name, "when": when.day_and_time(before or meeting.starts_at, zone)}
    if shift.starts_at is None:
        return say(f"facilitator_{which}_off" if status is None else f"{which}_cancelled", **values)
    if before is None:
        if status is None:
            return say("facilitator_session_on", **values)
        return say("session_back_on", place_state=say(_STATE[status]), **values)
    new = when.day_and_time(shift.starts_at, zone)
    if status is None:
        return say(f"facilitator_{which}_moved", new=new, **values)
    return say(f"{which}_moved", new=new, place_state=say(_STATE[status]), **values)
