"""A place in a session as an iCalendar entry (RFC 5545), and all of someone's places as one calendar.

The entry names no group: calendars are shared, synced and seen by colleagues. Its SEQUENCE rises with every change of
the session and every answer, so that a calendar app replaces what it has.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager

from companion.models import Booking, GroupSession, Person
from companion.programme.links import place_url
from companion.settings import Settings

if TYPE_CHECKING:
    from icalendar import Event

KEPT = timedelta(days=90)  # how long a past session stays in someone's calendar
EVERY = timedelta(hours=1)  # how often an app is asked to look for changes
_IN_CALENDAR = ("yes", "attended")


def places_of(session: Session, person: Person, now: datetime) -> list[Booking]:
    """Return someone's places, those given up and those in cancelled sessions too, from KEPT ago on."""
    return list(
        session.scalars(
            select(Booking)
            .join(Booking.session)
            .where(
                Booking.person_id == person.id,
                Booking.status.in_((*_IN_CALENDAR, "no")),
                GroupSession.ends_at > now - KEPT,
            )
            .options(contains_eager(Booking.session))
            .order_by(GroupSession.starts_at)
        )
    )


def calendar(settings: Settings, bookings: Iterable[Booking], now: datetime, words: CalendarWords) -> bytes:
    """Return an iCalendar file with an entry for each booking; those given up and cancelled say so."""
    from icalendar import Calendar  # noqa: PLC0415 - slow to load, and only calendars need it

    file = Calendar()
    file.add("prodid", f"-//{settings.companion_name}//sessions//EN")
    file.add("version", "2.0")
    file.add("method", "PUBLISH")
    file.add("x-wr-calname", words.name)
    file.add("refresh-interval", EVERY, parameters={"value": "DURATION"})
    file.add("x-published-ttl", EVERY)
    for booking in bookings:
        file.add_component(_event(settings, booking, now, words))
    return bytes(file.to_ical())


class CalendarWords:
    """The words of an entry: what it is called, and where to find the rest."""

    def __init__(self, name: str, summary: str, description: str) -> None:
        self.name, self.summary, self.description = name, summary, description


def _event(settings: Settings, booking: Booking, now: datetime, words: CalendarWords) -> Event:
    from icalendar import Event, vUri  # noqa: PLC0415

    meeting = booking.session
    on = booking.status in _IN_CALENDAR and meeting.status == "planned"
    url = place_url(settings, booking.id)
    event = Event()
    event.add("uid", f"{booking.id}@{settings.public_url.partition('://')[2]}")
    event.add("dtstamp", now)
    event.add("dtstart", meeting.starts_at)
    event.add("dtend", meeting.ends_at)
    event.add("sequence", meeting.version + booking.version)
    event.add("last-modified", max(filter(None, (booking.offered_at, booking.answered_at, meeting.changed_at))))
    event.add("status", "CONFIRMED" if on else "CANCELLED")
    event.add("transp", "OPAQUE" if on else "TRANSPARENT")
    event.add("class", "PRIVATE")
    event.add("summary", words.summary)
    if on:
        event.add("description", f"{words.description} {url}")
        event.add("url", vUri(url))
    return event
