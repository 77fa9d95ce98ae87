"""Contacts of one's own for places that help (occupational health, a guardian), written in the console.

They lie over those of the content folder. Every process sees a change within KEPT of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from companion.models import LocalContact, Person, record
from companion.signposting import Directory, OwnContact, Resource

KEPT = timedelta(seconds=30)  # a look a text would be one statement more for everybody


class Places:
    """The directory as it stands here, looked up anew when the last look is older than KEPT."""

    def __init__(self, directory: Directory) -> None:
        self._written = directory
        self._seen: tuple[datetime, Directory] | None = None

    def here(self, session: Session, now: datetime) -> Directory:
        """Return the directory with the contacts that stand at `now` (UTC)."""
        seen = self._seen
        if seen is None or not now - KEPT < seen[0] <= now:
            self._seen = seen = (now, laid_over(session, self._written))
        return seen[1]


def laid_over(session: Session, directory: Directory) -> Directory:
    """Return `directory` with the contacts that were written here."""
    contacts = contacts_here(session)
    return directory.with_contacts(contacts) if contacts else directory


def contacts_here(session: Session) -> Mapping[str, OwnContact]:
    """Return the contacts that were written here, by the id of their place."""
    return {row.place: of(row) for row in session.scalars(select(LocalContact))}


def of(row: LocalContact) -> OwnContact:
    """Return what a row says."""
    return OwnContact(phone=row.phone, web=row.web, hours=row.hours, checked=row.checked_on, review_by=row.review_by)


def keep(session: Session, place: Resource, contact: OwnContact, by: Person, now: datetime) -> None:
    """Write down how `place` is reached here, and audit it (without the number)."""
    row = session.get(LocalContact, place.id)
    if row is None:
        row = LocalContact(place=place.id)
        session.add(row)
    row.phone, row.web, row.hours = contact.phone, contact.web, contact.hours
    row.checked_on, row.review_by = contact.checked, contact.review_by
    row.set_by, row.set_at = by.id, now
    record(session, now, "local contact kept", row, actor=by.id, place=place.id, review_by=str(contact.review_by))


def take_out(session: Session, row: LocalContact, by: Person, now: datetime) -> None:
    """Remove a contact: from then on people are told how to find the place, or nothing of it."""
    record(session, now, "local contact taken out", row, actor=by.id, place=row.place)
    session.delete(row)
