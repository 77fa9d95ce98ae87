"""After a session: a text to each who came or may have come, and to whoever ran it what is good to do afterwards."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, exists, select
from sqlalchemy.orm import Session

from companion.escalation.standing import open_episode_about
from companion.messaging.addresses import usable
from companion.messaging.outbox import enqueue
from companion.models import Booking, GroupSession, Person, SupervisionDue
from companion.models.base import found
from companion.programme import supervision, survey
from companion.programme.asking import waits_for_answer
from companion.programme.broadcast import unsuitable
from companion.programme.local_contacts import laid_over
from companion.programme.sessions import runners
from companion.signposting import Directory
from companion.speaker import Speaker

AFTER = timedelta(minutes=30)  # after the end, so that it has been said who came
LOOK_BACK = timedelta(hours=12)  # a session that ended longer ago is not written about any more
GOOD_FOR = timedelta(hours=14)  # over a night, but not over the next day
_JUST_ENDED = select(GroupSession).where(  # made once: asked every few seconds
    GroupSession.status == "planned",
    GroupSession.ends_at <= bindparam("until"),
    GroupSession.ends_at > bindparam("since"),
    ~exists().where(SupervisionDue.session_id == GroupSession.id),
)


def look_after(session: Session, now: datetime, voice: Speaker) -> None:
    """Write to everyone of the sessions that have ended, once each."""
    for meeting in found(session, _JUST_ENDED, until=now - AFTER, since=now - LOOK_BACK):
        for facilitator in runners(session, meeting):
            _debrief(session, meeting, facilitator, now, voice)
        people = came(session, meeting)
        places = laid_over(session, voice.directory) if people else voice.directory
        if people:
            zone = ZoneInfo(meeting.group.time_zone)
            quarter = survey.quarter_of(meeting.starts_at.astimezone(zone).date())
            survey.open_tally(session, meeting.group_id, quarter)
        for person in people:
            if open_episode_about(session, person.id):
                continue  # what they write now is to be read by whoever has it, not counted without a name
            _ask(session, meeting, person, now, voice, places)


def came(session: Session, meeting: GroupSession) -> list[Person]:
    """Return who came: those marked as attended or, while nobody has said who came, those who had a place."""
    booked = session.execute(
        select(Person, Booking.status)
        .join(Booking, Booking.person_id == Person.id)
        .where(Booking.session_id == meeting.id, Booking.status.in_(("yes", "attended")), Person.state == "joined")
        .order_by(Person.created_at)
    ).all()
    marked = [person for person, status in booked if status == "attended"]
    return marked if marked or meeting.attendance_at is not None else [person for person, _ in booked]


def next_due(session: Session, now: datetime) -> datetime | None:
    """Return when the next session is written about (UTC)."""
    ends_at = session.scalar(
        select(GroupSession.ends_at)
        .where(GroupSession.status == "planned", GroupSession.ends_at > now - AFTER)
        .order_by(GroupSession.ends_at)
        .limit(1)
    )
    return ends_at + AFTER if ends_at else None


def _ask(
    session: Session, meeting: GroupSession, person: Person, now: datetime, voice: Speaker, places: Directory
) -> None:
    to = usable(session, person)
    if to is None or waits_for_answer(person, now):
        return
    line = _help(person, now, voice, places)
    text = voice.words.render("survey_helpful", group=meeting.group.name, resource_line=line)
    key = f"survey:{meeting.id}:{person.id}"
    if enqueue(session, key=key, lane="reminder", to=to, text=text, now=now, expires_at=now + GOOD_FOR) is None:
        return
    if person.paused_until is not None and person.paused_until > now:
        return  # it is dropped when it comes to be sent
    zone = ZoneInfo(meeting.group.time_zone)
    quarter = survey.quarter_of(meeting.starts_at.astimezone(zone).date())
    until = now + survey.OPEN_FOR
    person.dialogue, person.dialogue_until = "survey_helpful", until
    person.dialogue_data = {
        "group": str(meeting.group_id),
        "quarter": quarter.isoformat(),
        "until": until.isoformat(),
    }


def _help(person: Person, now: datetime, voice: Speaker, places: Directory) -> str:
    """Return one place that fits the cohort and the nation and may stand on a locked screen; else a word to text."""
    topic = person.cohort.topic if person.cohort else None
    on = now.astimezone(voice.settings.zone).date()
    if topic in places.topics:
        for resource in places.by_topic(topic, person.nation, now):
            line = resource.line(on)
            if line and not resource.crisis_service and not unsuitable(line):
                return line
    return voice.words.render("survey_menu").body


def _debrief(session: Session, meeting: GroupSession, facilitator: Person, now: datetime, voice: Speaker) -> None:
    session.add(SupervisionDue(session_id=meeting.id, person_id=facilitator.id, since=meeting.ends_at))
    session.flush()
    to = usable(session, facilitator)
    if to is None:
        return
    text = voice.words.render(
        "debrief", group=meeting.group.name, supervision=supervision.next_words(session, facilitator, now, voice).body
    )
    key = f"debrief:{meeting.id}:{facilitator.id}"
    enqueue(session, key=key, lane="reminder", to=to, text=text, now=now, expires_at=now + GOOD_FOR)
