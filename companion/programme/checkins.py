"""The weekly question: at the hour of the cohort or of the person, one in turn, never more than three into silence."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, exists, select
from sqlalchemy.orm import Session

from companion.content.catalogue import Catalogue, Text
from companion.messaging.addresses import usable
from companion.messaging.outbox import enqueue
from companion.messaging.quiet import over_at
from companion.models import Booking, CheckIn, Cohort, GroupSession, Person, base
from companion.programme.asking import may_be_asked

GOOD_FOR = timedelta(hours=6)  # a question about the week, not about last night
ANSWER_WITHIN = timedelta(days=3)  # words after a question are about the week
CORRECTED_WITHIN = timedelta(hours=2)  # "sorry, I meant 7"
SILENCES = 3
NONE_WANTED = 1_000  # stands for silences of somebody who wants no weekly question: none comes until they say so
APART = timedelta(days=6)  # a new hour of one's own never brings two questions in a week; a number answers the last
BATCH = 200
_FIRST_MONDAY = date(2024, 1, 1)  # weeks are counted from here, so that a cohort has one question a week
_LAST = (  # made once: it is asked whenever a text may answer the question
    select(CheckIn).where(CheckIn.person_id == bindparam("person")).order_by(CheckIn.asked_at.desc()).limit(1)
)

# Made once: asked every few seconds.
_COHORTS = select(Cohort.id, Cohort.time_zone, Cohort.checkin_weekday, Cohort.checkin_at)
_CHOSEN = (
    select(Person.cohort_id, Person.time_zone, Person.checkin_weekday, Person.checkin_at)
    .where(Person.state == "joined", Person.checkin_weekday.is_not(None))
    .distinct()
)


@dataclass(frozen=True)
class Hour:
    """A weekday (0 is Monday) and a local time at which some are asked: a cohort's, or one that people chose."""

    cohort_id: uuid.UUID
    zone: ZoneInfo
    weekday: int
    at: time
    chosen: bool

    def last_due(self, now: datetime) -> datetime:
        """Return when it was last this hour at `now`, in UTC."""
        local = now.astimezone(self.zone)
        on = local.date() - timedelta(days=(local.weekday() - self.weekday) % 7)
        due = datetime.combine(on, self.at, self.zone).astimezone(UTC)
        if due > now:
            due = datetime.combine(on - timedelta(days=7), self.at, self.zone).astimezone(UTC)
        return due

    def next_due(self, now: datetime) -> datetime:
        """Return when it will next be this hour after `now`, in UTC."""
        on = self.last_due(now).astimezone(self.zone).date() + timedelta(days=7)
        return datetime.combine(on, self.at, self.zone).astimezone(UTC)


def hours(session: Session) -> list[Hour]:
    """Return every hour at which anyone is asked."""
    theirs = [
        Hour(cohort.id, ZoneInfo(cohort.time_zone), cohort.checkin_weekday, cohort.checkin_at, chosen=False)
        for cohort in base.ask(session, _COHORTS)
    ]
    chosen = base.ask(session, _CHOSEN)
    return theirs + [Hour(cohort_id, ZoneInfo(zone), day, at, chosen=True) for cohort_id, zone, day, at in chosen]


def ask(session: Session, now: datetime, words: Catalogue) -> int:
    """Ask those whose question is due; return how many were asked (at most BATCH)."""
    asked = 0
    for hour in hours(session):
        due = hour.last_due(now)
        if now - due >= GOOD_FOR:
            continue
        on = due.astimezone(hour.zone).date()
        question = words.prompt((on - _FIRST_MONDAY).days // 7)
        for person in _to_ask(session, hour, due, on, now, BATCH - asked):
            asked += 1
            if person.silent_checkins >= SILENCES:
                _stop_asking(session, person, on, now, due, words)
            else:
                _ask_one(session, person, on, words.render(question.id), now, due)
    return asked


def last_check_in(session: Session, person: Person) -> CheckIn | None:
    """Return the weekly question that was put to somebody last, with their answer; None when none was."""
    return session.scalar(_LAST, {"person": person.id})


def question_in_hand(session: Session, person: Person, now: datetime) -> str | None:
    """Return the weekly question that was asked last, while a number may still answer it or correct the answer."""
    last = last_check_in(session, person)
    if last is None or now - last.asked_at >= APART:
        return None
    return last.question if last.answered_at is None or now - last.answered_at < CORRECTED_WITHIN else None


def _ask_one(session: Session, person: Person, on: date, question: Text, now: datetime, due: datetime) -> None:
    session.add(CheckIn(person_id=person.id, local_day=on, question=question.id, asked_at=now))
    person.silent_checkins += 1  # until there is an answer
    to = usable(session, person)
    if to is None:
        return
    key = f"checkin:{person.id}:{on}"
    enqueue(session, key=key, lane="bulk", to=to, text=question, now=now, expires_at=_good_until(person, due))
    person.dialogue, person.dialogue_until = "checkin_prompt", now + ANSWER_WITHIN
    person.dialogue_data = {"question": question.id}


def _good_until(person: Person, due: datetime) -> datetime:
    """Return until when (UTC) a question makes sense.

    One that falls into quiet hours comes after them: else it would count as a silence, and after three of those the
    questions would end unheard.
    """
    return (over_at(person, due) or due) + GOOD_FOR


def _stop_asking(session: Session, person: Person, on: date, now: datetime, due: datetime, words: Catalogue) -> None:
    """Say once that no more will come; the count then stands above SILENCES until RESUME or an answer."""
    person.silent_checkins += 1
    to = usable(session, person)
    if to is not None:
        text = words.render("checkin_stopping")
        key = f"checkin-stopping:{person.id}:{on}"
        enqueue(session, key=key, lane="bulk", to=to, text=text, now=now, expires_at=_good_until(person, due))


def _to_ask(session: Session, hour: Hour, due: datetime, on: date, now: datetime, limit: int) -> list[Person]:
    """Return members not asked this week, not paused, not left in peace, not reminded of a session that day.

    The reminders of a session come on its day and on the day before.
    """
    midnight = datetime.combine(on, time(0), hour.zone).astimezone(UTC)
    third_day = datetime.combine(on + timedelta(days=2), time(0), hour.zone).astimezone(UTC)
    asked = exists().where(CheckIn.person_id == Person.id, CheckIn.local_day > on - APART)
    meets = (
        exists()
        .where(Booking.person_id == Person.id, Booking.status == "yes", Booking.session_id == GroupSession.id)
        .where(GroupSession.status == "planned")
        .where(GroupSession.starts_at >= midnight, GroupSession.starts_at < third_day)
    )
    at_this_hour = (
        (Person.checkin_weekday == hour.weekday, Person.checkin_at == hour.at, Person.time_zone == hour.zone.key)
        if hour.chosen
        else (Person.checkin_weekday.is_(None),)
    )
    return list(
        session.scalars(
            select(Person)
            .where(
                Person.cohort_id == hour.cohort_id,
                *at_this_hour,
                Person.state == "joined",
                Person.joined_at < due,
                Person.quiet_since.is_(None),
                Person.silent_checkins <= SILENCES,
                (Person.paused_until.is_(None)) | (Person.paused_until <= due),
                ~asked,
                ~meets,
                may_be_asked(now),
            )
            .limit(max(limit, 0))
        )
    )
