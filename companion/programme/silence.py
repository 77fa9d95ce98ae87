"""Those of whom nothing is heard, numbers that have failed for weeks, and the two days a year when doctors change jobs.

Someone quiet gets one gentle text and is then left in peace: no invitation, no question, until they text again. To
facilitators they are "quiet", which says how long it is since they wrote and nothing about how they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, bindparam, exists, func, select
from sqlalchemy.orm import Session

from companion.messaging.addresses import usable
from companion.messaging.outbox import enqueue
from companion.models import Address, Booking, Cohort, Episode, GroupSession, OutboxMessage, Person, record
from companion.models.base import found
from companion.speaker import Speaker

BY_DAY = (time(10), time(18))  # local; nothing here is urgent
GOOD_FOR = timedelta(days=2)
BATCH = 50
FAILING_FOR = timedelta(days=21)
FAILURES = 3  # at least, before a number counts as failing
LOOK_BACK = timedelta(days=90)
PAUSED_FOR = timedelta(days=365)  # by itself, or until they text
SETTLED_IN = timedelta(days=14)  # who joined later is not asked whether it still fits
ARRIVED = ("delivered", "read")
_LOST = (
    select(OutboxMessage.person_id, func.min(OutboxMessage.settled_at).label("first"))
    .where(OutboxMessage.status.in_(("failed", "undelivered")), OutboxMessage.settled_at > bindparam("look_back"))
    .group_by(OutboxMessage.person_id)
    .having(func.count() >= FAILURES, func.min(OutboxMessage.settled_at) <= bindparam("failing"))
    .subquery()
)
_ARRIVED_SINCE = exists().where(
    OutboxMessage.person_id == Person.id,
    OutboxMessage.status.in_(ARRIVED),
    OutboxMessage.created_at > _LOST.c.first,
)
_HEARD_SINCE = exists().where(Address.person_id == Person.id, Address.last_inbound_at > _LOST.c.first)
_FAILING = (  # made once: asked every few seconds
    select(Person)
    .join(_LOST, _LOST.c.person_id == Person.id)
    .where(Person.role == "trainee", Person.state == "joined", Person.failing_since.is_(None))
    .where(~_ARRIVED_SINCE, ~_HEARD_SINCE)
    .limit(BATCH)
)


def nudge(session: Session, now: datetime, voice: Speaker) -> None:
    """Write once to those who joined and never came, or of whom nothing was heard, for as long as the setting says."""
    if not _by_day(now, voice.settings.zone):
        return
    since = now - timedelta(days=voice.settings.companion_quiet_after)
    silent, never = _silent(since), _never_came(now)
    never_nudged = (Person.nudged_at.is_(None)) | (Person.nudged_at < Person.joined_at)
    quiet = session.execute(
        select(Person, silent)
        .where(
            Person.role == "trainee",
            Person.state == "joined",
            Person.joined_at <= since,
            (Person.paused_until.is_(None)) | (Person.paused_until <= since),
            ~exists().where(Episode.person_id == Person.id, Episode.state != "closed"),
            (silent & Person.quiet_since.is_(None)) | (never & never_nudged),
        )
        .limit(BATCH)
    ).all()
    for person, is_silent in quiet:
        if is_silent:
            person.quiet_since = now
        if person.nudged_at is not None and person.joined_at is not None and person.nudged_at >= person.joined_at:
            continue  # they had their text, came back since, and are silent again
        person.nudged_at = now
        record(session, now, "gentle text", person, quiet=bool(is_silent))
        to = usable(session, person)
        if to is not None:
            text = voice.words.render("quiet_nudge" if is_silent else "never_came_nudge")
            key = f"nudge:{person.id}:{now.date()}"
            enqueue(session, key=key, lane="bulk", to=to, text=text, now=now, expires_at=now + GOOD_FOR)


def back_again(person: Person) -> None:
    """End what silence led to: they have texted."""
    if person.failing_since is not None:
        person.failing_since, person.paused_until = None, None
    if person.quiet_since is not None:  # even setting what is set already makes the session go through the row
        person.quiet_since = None


def pause_failing(session: Session, now: datetime) -> None:
    """Pause people whose texts have only failed for weeks: nothing more is spent on a number that is nobody's."""
    for person in found(session, _FAILING, look_back=now - LOOK_BACK, failing=now - FAILING_FOR):
        person.failing_since, person.paused_until = now, now + PAUSED_FOR
        record(session, now, "paused as texts fail", person)


def ask_at_changeover(session: Session, now: datetime, voice: Speaker) -> None:
    """On the days when doctors change jobs, ask whether the cohort still fits. No answer is needed."""
    days = [now.date() + timedelta(days=ahead) for ahead in (-1, 0, 1)]  # it is one of these, in any time zone
    if not any(is_changeover(day, voice.settings.changeovers) for day in days):
        return
    for cohort in session.scalars(select(Cohort)):
        zone = ZoneInfo(cohort.time_zone)
        today = now.astimezone(zone).date()
        if not _by_day(now, zone) or not is_changeover(today, voice.settings.changeovers):
            continue
        asked = exists().where(
            OutboxMessage.person_id == Person.id,
            OutboxMessage.purpose == "changeover",
            OutboxMessage.created_at > now - timedelta(days=1),
        )
        for person in session.scalars(
            select(Person)
            .where(
                Person.cohort_id == cohort.id,
                Person.state == "joined",
                Person.joined_at < now - SETTLED_IN,
                Person.quiet_since.is_(None),
                (Person.paused_until.is_(None)) | (Person.paused_until <= now),
                ~asked,
            )
            .limit(BATCH)
        ):
            to = usable(session, person)
            if to is not None:
                text = voice.words.render("changeover", cohort=cohort.name)
                key = f"changeover:{today}:{person.id}"
                enqueue(session, key=key, lane="bulk", to=to, text=text, now=now, expires_at=now + GOOD_FOR)


def is_changeover(day: date, others: Iterable[date] = ()) -> bool:
    """Whether doctors change jobs on `day`: the first Wednesday of February and August, and what a programme adds."""
    return day in others or (day.month in (2, 8) and day.weekday() == 2 and day.day <= 7)


def next_changeover(session: Session, now: datetime, others: Iterable[date] = ()) -> datetime | None:
    """Return when the next changeover's texts are due (UTC), within the next half year; None without a cohort."""
    zones = [ZoneInfo(name) for name in session.scalars(select(Cohort.time_zone).distinct())]
    days = [now.date() + timedelta(days=ahead) for ahead in range(-1, 200)]
    moments = (
        datetime.combine(day, BY_DAY[0], zone).astimezone(UTC)
        for day in days
        if is_changeover(day, others)
        for zone in zones
    )
    return min((moment for moment in moments if moment > now), default=None)


def _by_day(now: datetime, zone: ZoneInfo) -> bool:
    return BY_DAY[0] <= now.astimezone(zone).time().replace(tzinfo=None) < BY_DAY[1]


def _silent(since: datetime) -> ColumnElement[bool]:
    """Nothing was heard of them since, and they have not been at a session."""
    heard = exists().where(Address.person_id == Person.id, Address.last_inbound_at > since)
    came = (
        exists()
        .where(Booking.person_id == Person.id, Booking.status == "attended", Booking.session_id == GroupSession.id)
        .where(GroupSession.starts_at > since)
    )
    return ~heard & ~came


def _never_came(now: datetime) -> ColumnElement[bool]:
    """They were offered places in sessions that are over, and never took one."""
    offered = (
        exists()
        .where(Booking.person_id == Person.id, Booking.session_id == GroupSession.id)
        .where(GroupSession.ends_at < now, GroupSession.status == "planned")
    )
    took = exists().where(Booking.person_id == Person.id, Booking.status.in_(("yes", "attended", "waiting")))
    return offered & ~took
