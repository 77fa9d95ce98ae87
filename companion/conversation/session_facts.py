"""The session that a text is about, for those texts that are about one."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from companion.conversation.flows import booking
from companion.conversation.incoming import Incoming
from companion.conversation.intents import Understanding
from companion.conversation.known import SessionFacts
from companion.conversation.taps import Tap
from companion.models import GroupSession
from companion.programme import places
from companion.programme.links import place_url
from companion.programme.sessions import next_session_for
from companion.settings import Settings

_ABOUT_SESSIONS = frozenset(
    ("consent_yes", "start_again", "book_yes", "book_no", "next_session", "join_link", "running_late")
)
_FURTHER = 2  # dates after the next session, for who asks
_MAY_BOOK = ("book_yes", "book_no", "consent_yes")


def session_facts(
    text: Incoming, meant: Understanding, tap: Tap, kept: Mapping[str, Any], settings: Settings
) -> SessionFacts | None:
    """Return the session that was asked about last, or the next one; locked when a place in it may be taken."""
    session, person = text.session, text.person
    about = _ABOUT_SESSIONS.intersection(meant.intents) or booking.needs_session(text.arrival.body)
    if not about or person is None:
        return None
    wanted = tap.session or (uuid.UUID(kept["session"]) if kept.get("session") else None)
    found = next_session_for(session, person, text.now, lock=meant.intent in _MAY_BOOK, wanted=wanted)
    if found is None:
        return None
    theirs = places.booking_of(session, found.id, person)
    has_place = theirs is not None and theirs.status in ("yes", "attended")
    group = found.group
    return SessionFacts(
        id=found.id,
        group=group.name,
        starts_at=found.starts_at,
        ends_at=found.ends_at,
        status=theirs.status if theirs else None,
        open=has_place or places.is_open_to(session, found, theirs),
        link=place_url(settings, theirs.id) if theirs is not None and has_place else "",
        dial_in=group.dial_in,
        dial_code=group.dial_code,
        later=_later(session, found) if booking.asks_for_dates(text.arrival.body) else (),
    )


def _later(session: Session, first: GroupSession) -> tuple[datetime, ...]:
    """When the group meets after `first` (UTC), the next few times."""
    wanted = select(GroupSession.starts_at).where(
        GroupSession.group_id == first.group_id,
        GroupSession.status == "planned",
        GroupSession.starts_at > first.starts_at,
    )
    return tuple(session.scalars(wanted.order_by(GroupSession.starts_at).limit(_FURTHER)))
