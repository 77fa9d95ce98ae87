"""What time brings to the programme. Called by the worker every few seconds; safe to call twice, or by two workers."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from companion.models import Booking, Group, GroupSession, Person
from companion.models.base import ask
from companion.programme import changing, checkins, cohorts, deciding, places, reminders, running, sessions
from companion.speaker import Speaker

# Made once.
_NEXT_SESSIONS = (
    select(GroupSession.starts_at, Group.reminder_minutes)
    .join(GroupSession.group)
    .where(GroupSession.status == "planned", GroupSession.starts_at > bindparam("now"))
    .order_by(GroupSession.starts_at)
    .limit(20)
)
_NEXT_HOLD = select(func.min(Booking.held_until)).where(Booking.held_until > bindparam("now"))
_JOINED = select(Person.cohort_id).where(Person.state == "joined").distinct()


def tick(session: Session, now: datetime, voice: Speaker) -> bool:
    """Do what is due at `now` (UTC); return whether there may be more of it."""
    deciding.cancel_due(session, now, voice)
    changing.line_up_all(session, now, voice)
    sessions.make_sessions(session, now)
    cohorts.place_all(session, now)
    places.offer_freed(session, now, voice)
    deciding.ask_about_few(session, now, voice)
    invited = reminders.invite(session, now, voice)
    reminders.remind(session, now, voice)
    running.ask_who_came(session, now, voice)
    asked = checkins.ask(session, now, voice.words)
    return invited >= reminders.BATCH or asked >= checkins.BATCH


def next_due(session: Session, now: datetime) -> tuple[datetime, str] | None:
    """Return the next moment (UTC) at which the programme has something to say, and what."""
    moments: list[tuple[datetime, str]] = []
    for starts_at, minutes in ask(session, _NEXT_SESSIONS, now=now):
        moments += [(starts_at - timedelta(minutes=before), "reminder") for before in minutes]
        moments.append((starts_at - reminders.INVITE_BEFORE, "invitation"))
        moments.append((starts_at, "session"))
    held = ask(session, _NEXT_HOLD, now=now).scalar()
    if held is not None:
        moments.append((held, "place"))
    for moment, what in (
        (deciding.next_decision(session, now), "decision"),
        (running.next_roll(session, now), "attendance"),
    ):
        if moment is not None:
            moments.append((moment, what))
    joined = set(ask(session, _JOINED).scalars())
    moments += [(hour.next_due(now), "check-in") for hour in checkins.hours(session) if hour.cohort_id in joined]
    return min((m for m in moments if m[0] > now), default=None)
