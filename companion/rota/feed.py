"""Someone's own duties as a calendar that every phone can follow, at an address that is a secret and can be changed."""

from __future__ import annotations

import secrets
import uuid
from datetime import UTC, datetime, timedelta

from flask import Blueprint, Response, abort
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy.orm import Session

from companion.clock import Clock
from companion.db import Database
from companion.models import CalendarFeed, Person, record
from companion.rota.duties import turns_between
from companion.rota.schedule import Turn
from companion.settings import Settings

BEFORE, AHEAD = timedelta(days=14), timedelta(days=90)
_SALT = "rota-feed"


def new_address(session: Session, person: Person, now: datetime, settings: Settings) -> str:
    """Return a new address of the calendar of `person`; an earlier one shows nothing from now on."""
    feed = session.get(CalendarFeed, person.id) or CalendarFeed(person_id=person.id)
    feed.serial, feed.made_at, feed.revoked_at = secrets.token_urlsafe(16), now, None
    session.add(feed)
    record(session, now, "calendar address made", person, actor=person.id)
    return address(feed, settings)


def address(feed: CalendarFeed, settings: Settings) -> str:
    """Return where the calendar is read."""
    token = URLSafeSerializer(settings.secret_key, salt=_SALT).dumps([str(feed.person_id), feed.serial])
    return f"{settings.public_url}/rota/{token}.ics"


def revoke(session: Session, person: Person, now: datetime) -> None:
    """Let the address of the calendar show nothing any more."""
    feed = session.get(CalendarFeed, person.id)
    if feed is not None and feed.revoked_at is None:
        feed.revoked_at = now
        record(session, now, "calendar address revoked", person, actor=person.id)


def calendar(turns: list[Turn], name: str, now: datetime) -> bytes:
    """Return the duties as an iCalendar file: when, and as what; nothing about anybody else."""
    from icalendar import Calendar, Event  # noqa: PLC0415 - slow to load, and only calendars need it

    shown = Calendar()
    shown.add("prodid", "-//Companion//rota//EN")
    shown.add("version", "2.0")
    shown.add("x-wr-calname", f"{name} duties")
    for turn in turns:
        event = Event()
        event.add("uid", f"{turn.duty_id}-{turn.starts_at:%Y%m%dT%H%M%SZ}@companion")
        event.add("dtstamp", now)
        event.add("dtstart", turn.starts_at.astimezone(UTC))
        event.add("dtend", turn.ends_at.astimezone(UTC))
        event.add("summary", f"{name}: on duty ({turn.role})")
        shown.add_component(event)
    return bytes(shown.to_ical())


def feed(database: Database, clock: Clock, settings: Settings) -> Blueprint:
    """Return the blueprint of the calendars. Who knows the address may read it; nobody else."""
    door = Blueprint("rota_feed", __name__)

    @door.get("/rota/<token>.ics")
    def duties(token: str) -> Response:
        try:
            given = URLSafeSerializer(settings.secret_key, salt=_SALT).loads(token)
            person_id, serial = uuid.UUID(given[0]), str(given[1])
        except (BadSignature, ValueError, TypeError, LookupError):
            abort(404)
        now = clock.now()
        with database.read() as session:
            kept = session.get(CalendarFeed, person_id)
            person = session.get(Person, person_id)
            if kept is None or kept.revoked_at is not None or person is None or person.state != "staff":
                abort(404)
            if not secrets.compare_digest(kept.serial, serial):
                abort(404)
            mine = [t for t in turns_between(session, now - BEFORE, now + AHEAD) if t.person_id == person_id]
        answer = Response(calendar(mine, settings.companion_name, now), mimetype="text/calendar")
        answer.headers["Cache-Control"] = "private, max-age=900"
        answer.headers["Referrer-Policy"] = "no-referrer"
        return answer

    return door
