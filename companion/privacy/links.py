"""One-time links to a copy: a token in the address, then a key in the browser that opened it."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from companion.models import CopyLink, Person, record

WORKS_FOR = timedelta(hours=24)
READ_FOR = timedelta(minutes=15)  # how long the browser that opened it may look
JUST_NOW = timedelta(minutes=1)  # in which a second press of a button sends no second link


def new_token() -> str:
    """Return a token that cannot be guessed."""
    return secrets.token_urlsafe(16)


def open_link(session: Session, person: Person, token: str, now: datetime) -> CopyLink:
    """Make the link of `token` for `person`; earlier ones that were not used no longer work."""
    for earlier in session.scalars(select(CopyLink).where(CopyLink.person_id == person.id, CopyLink.used_at.is_(None))):
        earlier.expires_at = min(earlier.expires_at, now)
    link = CopyLink(person_id=person.id, token_hash=_hash(token), asked_at=now, expires_at=now + WORKS_FOR)
    session.add(link)
    record(session, now, "copy asked for", person)
    return link


def sent_just_now(session: Session, person: Person, now: datetime) -> bool:
    """Whether a link was made for `person` a moment ago and still works."""
    made = select(CopyLink.id).where(
        CopyLink.person_id == person.id,
        CopyLink.used_at.is_(None),
        CopyLink.expires_at > now,
        CopyLink.asked_at > now - JUST_NOW,
    )
    return session.scalar(made.limit(1)) is not None


def find(session: Session, token: str, now: datetime) -> CopyLink | None:
    """Return the link of `token` while it has not been used and its time is not over."""
    link = session.scalar(select(CopyLink).where(CopyLink.token_hash == _hash(token)).with_for_update())
    return link if link is not None and link.used_at is None and now < link.expires_at else None


def use(link: CopyLink, now: datetime) -> str:
    """Use the link up; return the key with which this browser may go on reading."""
    key = secrets.token_urlsafe(16)
    link.used_at, link.key_hash = now, _hash(key)
    return key


def still_reading(session: Session, token: str, key: str, now: datetime) -> CopyLink | None:
    """Return the link that the holder of `key` opened not long ago."""
    link = session.scalar(select(CopyLink).where(CopyLink.token_hash == _hash(token), CopyLink.key_hash == _hash(key)))
    return link if link is not None and link.used_at is not None and now < link.used_at + READ_FOR else None


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
