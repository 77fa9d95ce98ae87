"""Tapped buttons: what a tap may be trusted with, and which session it was about.

A button stays on the phone for months. Its payload counts only when the text it stood under went to the very person who
tapped, and an answer about a session is about the session of that text, never about the one that happens to be next.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from companion.messaging.inbound import Arrival
from companion.models import Address, GroupSession, OutboxMessage

_ABOUT = re.compile(r"[a-z-]+:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):")
MAY_BE_LATE = ("book_yes", "book_no")


@dataclass(frozen=True)
class Tap:
    """What a tapped button says. `session` is what its text was about; `over` is when that began, if it is over."""

    payload: str | None = None
    session: uuid.UUID | None = None
    over: datetime | None = None


NO_TAP = Tap()


def read_tap(session: Session, arrival: Arrival, address: Address, now: datetime) -> Tap:
    """Read the tap that `arrival` is; NO_TAP for a text that was typed, and for a button that was never theirs."""
    if arrival.payload is None or arrival.replied_to is None:
        return NO_TAP
    under = session.scalar(select(OutboxMessage).where(OutboxMessage.provider_sid == arrival.replied_to))
    if under is None or not _theirs(under, address):
        return NO_TAP
    about = _ABOUT.match(under.key)
    meeting = session.get(GroupSession, uuid.UUID(about[1])) if about else None
    if meeting is None or arrival.payload.split(":", 1)[0] not in MAY_BE_LATE:
        return Tap(arrival.payload)
    group_id = address.person.group_id if address.person is not None else None
    still = meeting.status == "planned" and meeting.ends_at > now and group_id in (None, meeting.group_id)
    return Tap(arrival.payload, meeting.id, None if still else meeting.starts_at)


def _theirs(row: OutboxMessage, address: Address) -> bool:
    if address.person_id is None or row.person_id is None:
        return row.address_id == address.id
    return row.person_id == address.person_id
