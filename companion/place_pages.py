"""The public pages behind the links in texts: someone's place in a session, and their calendar. No script, no cookie.

A link preview or a scanner only ever asks with GET, which changes nothing: who was there is counted by the press of the
button. Nothing here is kept by a browser or a proxy, and no other site learns the address.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

import phonenumbers
from flask import Blueprint, Response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from companion import when
from companion.clock import Clock
from companion.db import Database
from companion.escalation.words import Voice
from companion.models import Booking, GroupSession, Person, record
from companion.programme.calendar import CalendarWords, calendar, places_of
from companion.programme.links import read_calendar, read_place
from companion.programme.sessions import runners

OPENS = timedelta(minutes=20)  # before the start: who goes in from then on is counted as there
OVER = timedelta(minutes=30)  # after the end: the page says that the session is over


@dataclass(frozen=True)
class Visit:
    """What a page shows of someone's place. `state`: on, off, over, or none (they have no place)."""

    state: str
    booking: Booking
    meeting: GroupSession
    run_by: str


def place_pages(database: Database, clock: Clock, voice: Voice) -> Blueprint:
    """Return the pages under /s/ and /c/."""
    pages = Blueprint("places", __name__)
    settings = voice.settings

    def words() -> CalendarWords:
        return CalendarWords(
            name=settings.companion_name,
            summary=voice.words.render("calendar_summary").body,
            description=voice.words.render("calendar_description").body,
        )

    @pages.get("/s/<token>")
    def place(token: str) -> ResponseReturnValue:
        """Show when the session is, who runs it, how to get in, and what to expect."""
        with database.read() as session:
            visit = _visit(session, read_place(settings, token), clock.now())
            return _page(visit, token, clock.now(), voice)

    @pages.post("/s/<token>/join")
    def join(token: str) -> ResponseReturnValue:
        """Count them as there, if it is about to begin or has begun, and lead them to the video call."""
        now = clock.now()
        with database.write() as session:
            visit = _visit(session, read_place(settings, token), now)
            if visit is None or visit.state != "on":
                return redirect(url_for("places.place", token=token), 303)
            if now >= visit.meeting.starts_at - OPENS:
                _came(session, visit.booking, now)
            return redirect(visit.meeting.group.join_link, 303)

    @pages.get("/s/<token>/join")
    def join_again(token: str) -> ResponseReturnValue:
        """Lead back to the page: only the button goes in."""
        return redirect(url_for("places.place", token=token), 303)

    @pages.get("/s/<token>/calendar.ics")
    def entry(token: str) -> ResponseReturnValue:
        """Give the calendar file of one place."""
        with database.read() as session:
            visit = _visit(session, read_place(settings, token), clock.now())
            if visit is None:
                return _page(None, token, clock.now(), voice)
            return _file(calendar(settings, [visit.booking], clock.now(), words()))

    @pages.get("/c/<token>.ics")
    def feed(token: str) -> ResponseReturnValue:
        """Give someone's calendar, as long as its link is the newest."""
        found = read_calendar(settings, token)
        with database.read() as session:
            person = session.get(Person, found[0]) if found else None
            if found is None or person is None or person.calendar_number != found[1] or person.state != "joined":
                return Response("This calendar link does not hold any more.\n", 404, mimetype="text/plain")
            return _file(calendar(settings, places_of(session, person, clock.now()), clock.now(), words()))

    pages.after_request(_headers)
    return pages


def _visit(session: Session, booking_id: Any, now: datetime) -> Visit | None:
    booking = session.scalar(
        select(Booking)
        .where(Booking.id == booking_id)
        .options(joinedload(Booking.person), joinedload(Booking.session).joinedload(GroupSession.group))
    )
    if booking is None:
        return None
    meeting, state = booking.session, "on"
    if meeting.status == "cancelled":
        state = "off"
    elif meeting.ends_at + OVER <= now:
        state = "over"
    elif booking.status not in ("yes", "attended"):
        state = "none"
    names = [person.label for person in runners(session, meeting)] if state == "on" else []
    return Visit(state, booking, meeting, " and ".join(names))


def _came(session: Session, booking: Booking, now: datetime) -> None:
    if booking.clicked_at is None:
        booking.clicked_at = now
        record(session, now, "went in by link", booking)
    if booking.status == "yes":
        booking.status = "attended"


def _page(visit: Visit | None, token: str, now: datetime, voice: Voice) -> ResponseReturnValue:
    if visit is None:
        return render_template("place.html", state="unknown", words=voice.words.standing, visit=None), 404
    zone = ZoneInfo(visit.meeting.group.time_zone)
    start, end = visit.meeting.starts_at.astimezone(zone), visit.meeting.ends_at.astimezone(zone)
    group = visit.meeting.group
    response = Response(
        render_template(
            "place.html",
            state=visit.state,
            words=voice.words.standing,
            visit=visit,
            token=token,
            day=f"{start:%A} {start.day} {start:%B}",
            start=when.clock_time(start),
            end=when.clock_time(end),
            today=start.date() == now.astimezone(zone).date(),
            begun=now >= visit.meeting.starts_at,
            group=group,
            tel=_tel(group.dial_in, group.dial_code) if group.dial_in else "",
        ),
        410 if visit.state == "over" else 200,
    )
    # The button's way leads on to the video call: browsers hold form-action against that, too.
    parts = urlsplit(group.join_link)
    response.headers["Content-Security-Policy"] = _POLICY.replace(
        "'self';", f"'self' {parts.scheme}://{parts.netloc};", 1
    )
    return response


def _tel(number: str, code: str | None) -> str:
    """Return the address that dials `number` and, after a pause, the code."""
    try:
        dialled = phonenumbers.format_number(phonenumbers.parse(number, "GB"), phonenumbers.PhoneNumberFormat.E164)
    except phonenumbers.NumberParseException:
        dialled = "".join(mark for mark in number if mark.isdigit() or mark == "+")
    return f"tel:{dialled}" + (f",,{quote(code.replace(' ', ''))}" if code else "")


def _file(content: bytes) -> Response:
    response = Response(content, mimetype="text/calendar")
    response.headers["Content-Disposition"] = 'attachment; filename="session.ics"'
    return response


_POLICY = "form-action 'self'; default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"


def _headers(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", _POLICY)
    response.headers["Cache-Control"] = "no-store, private"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    response.headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
    return response
