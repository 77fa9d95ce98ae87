"""What time brings to the programme. Called by the worker every few seconds; safe to call twice, or by two workers."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from companion.models import Booking, GroupSession, Person
from companion.programme import changing, checkins, deciding, places, reminders, running, sessions
from companion.speaker import Speaker


def tick(session: Session, now: datetime, voice: Speaker) -> bool:
    """Do what is due at `now` (UTC); return whether there may be more of it."""
    deciding.cancel_due(session, now, voice)
    changing.line_up_all(session, now, voice)
    sessions.make_sessions(session, now)
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
    for meeting in session.scalars(
        select(GroupSession)
        .where(GroupSession.status == "planned", GroupSession.starts_at > now)
        .order_by(GroupSession.starts_at)
        .limit(20)
    ):
        moments += [
            (meeting.starts_at - timedelta(minutes=minutes), "reminder") for minutes in meeting.group.reminder_minutes
        ]
        moments.append((meeting.starts_at - reminders.INVITE_BEFORE, "invitation"))
        moments.append((meeting.starts_at, "session"))
    held = session.scalar(select(func.min(Booking.held_until)).where(Booking.held_until > now))
    if held is not None:
        moments.append((held, "place"))
    for moment, what in (
        (deciding.next_decision(session, now), "decision"),
        (running.next_roll(session, now), "attendance"),
    ):
        if moment is not None:
            moments.append((moment, what))
    joined = set(session.scalars(select(Person.cohort_id).where(Person.state == "joined").distinct()))
    moments += [(hour.next_due(now), "check-in") for hour in checkins.hours(session) if hour.cohort_id in joined]
    return min((m for m in moments if m[0] > now), default=None)
