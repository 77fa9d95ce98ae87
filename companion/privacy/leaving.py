"""Leaving and coming back: what follows a STOP or a START, said just now or redone after a backup was put back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from companion.models import Consent, Person, record
from companion.programme import places


def leave(session: Session, person: Person, now: datetime, *, channel: str, source: str, sid: str) -> None:
    """Let a trainee leave, who said STOP: consent is withdrawn, places are given up."""
    if person.state == "joined":
        consent(session, person, now, "withdrawn", channel=channel, sid=sid)
        person.left_at = now
    person.state = "left"
    places.give_up_all(session, person, now)
    record(session, now, "stopped", person, source=source)


def come_back(session: Session, person: Person, now: datetime, *, channel: str, sid: str) -> None:
    """Let a trainee who said START be a member again, if they were one before they left."""
    if person.state != "left" or person.joined_at is None or person.unsure_since is not None:
        return
    person.state, person.left_at = "joined", None
    person.channel = channel  # the other may still be stopped, and START lifts one channel's alone
    welcome_back(session, person, now)
    consent(session, person, now, "yes", channel=channel, sid=sid)
    record(session, now, "started again", person)


def welcome_back(session: Session, person: Person, now: datetime) -> None:
    """End what was to hold while they were away: a pause, and an erasure that waits for an episode."""
    person.paused_until = None
    keep_data(session, person, now)


def keep_data(session: Session, person: Person, now: datetime) -> None:
    """Take an erasure back that waits for an episode."""
    if person.erase_asked_at is not None:
        person.erase_asked_at = None
        record(session, now, "erasure taken back", person)


def consent(
    session: Session,
    person: Person,
    now: datetime,
    event: str,
    *,
    channel: str,
    sid: str,
    wording: str | None = None,
    version: str | None = None,
) -> None:
    """Add a step of consent: shown (with the words), yes, no or withdrawn."""
    session.add(
        Consent(
            person_id=person.id,
            cohort_id=person.cohort_id,
            event=event,
            channel=channel,
            wording=wording,
            wording_version=version,
            provider_sid=sid,
            at=now,
        )
    )
