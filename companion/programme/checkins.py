"""The weekly question: at the hour the cohort chose, one in turn, and never more than three into silence."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from companion.content.catalogue import Catalogue, Text
from companion.messaging.addresses import usable
from companion.messaging.outbox import enqueue
from companion.models import Booking, CheckIn, Cohort, GroupSession, Person

GOOD_FOR = timedelta(hours=6)  # a question about the week, not about last night
ANSWER_WITHIN = timedelta(days=3)
SILENCES = 3
BATCH = 200
_FIRST_MONDAY = date(2024, 1, 1)  # weeks are counted from here, so that a cohort has one question a week


def last_due(cohort: Cohort, now: datetime) -> datetime:
    """Return when the cohort's question was last due at `now`, in UTC."""
    zone = ZoneInfo(cohort.time_zone)
    local = now.astimezone(zone)
    on = local.date() - timedelta(days=(local.weekday() - cohort.checkin_weekday) % 7)
    due = datetime.combine(on, cohort.checkin_at, zone).astimezone(UTC)
    if due > now:
        due = datetime.combine(on - timedelta(days=7), cohort.checkin_at, zone).astimezone(UTC)
    return due


def ask(session: Session, now: datetime, words: Catalogue) -> int:
    """Ask those whose question is due; return how many were asked (at most BATCH)."""
    asked = 0
    for cohort in session.scalars(select(Cohort)):
        due = last_due(cohort, now)
        if now - due >= GOOD_FOR:
            continue
        on = due.astimezone(ZoneInfo(cohort.time_zone)).date()
        question = words.prompt((on - _FIRST_MONDAY).days // 7)
        for person in _to_ask(session, cohort, due, on, BATCH - asked):
            asked += 1
            if person.silent_checkins >= SILENCES:
                _stop_asking(session, person, on, now, due, words)
            else:
                _ask_one(session, person, on, words.render(question.id), now, due)
    return asked


def _ask_one(session: Session, person: Person, on: date, question: Text, now: datetime, due: datetime) -> None:
    session.add(CheckIn(person_id=person.id, local_day=on, question=question.id, asked_at=now))
    person.silent_checkins += 1  # until there is an answer
    to = usable(session, person)
    if to is None:
        return
    key = f"checkin:{person.id}:{on}"
    enqueue(session, key=key, lane="bulk", to=to, text=question, now=now, expires_at=due + GOOD_FOR)
    person.dialogue, person.dialogue_until, person.dialogue_data = "checkin_prompt", now + ANSWER_WITHIN, {}


def _stop_asking(session: Session, person: Person, on: date, now: datetime, due: datetime, words: Catalogue) -> None:
    """Say once that no more will come; the count then stands above SILENCES until RESUME or an answer."""
    person.silent_checkins += 1
    to = usable(session, person)
    if to is not None:
        text = words.render("checkin_stopping")
        key = f"checkin-stopping:{person.id}:{on}"
        enqueue(session, key=key, lane="bulk", to=to, text=text, now=now, expires_at=due + GOOD_FOR)


def _to_ask(session: Session, cohort: Cohort, due: datetime, on: date, limit: int) -> list[Person]:
    """Return members not asked yet, not paused, not at a session that day, and not left in peace after silence."""
    day = timedelta(days=1)
    asked = exists().where(CheckIn.person_id == Person.id, CheckIn.local_day == on)
    meets = (
        exists()
        .where(Booking.person_id == Person.id, Booking.status == "yes", Booking.session_id == GroupSession.id)
        .where(GroupSession.starts_at > due - day / 2, GroupSession.starts_at < due + day)
    )
    return list(
        session.scalars(
            select(Person)
            .where(
                Person.cohort_id == cohort.id,
                Person.state == "joined",
                Person.joined_at < due,
                Person.silent_checkins <= SILENCES,
                (Person.paused_until.is_(None)) | (Person.paused_until <= due),
                ~asked,
                ~meets,
            )
            .limit(max(limit, 0))
        )
    )
