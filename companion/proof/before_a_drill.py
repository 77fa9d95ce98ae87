"""What must be so before a drill begins: one at a time, from a number that is nobody's, and nothing real in its way."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from companion.escalation.carriers import THROTTLE
from companion.escalation.standing import open_episode
from companion.messaging.optout import is_stopped
from companion.models import Address, Drill, Episode, Person


class DrillError(Exception):
    """The drill cannot be run, or not go on; the message says why and what to do."""


def may_begin(session: Session, from_number: str, by_number: str, now: datetime) -> Person:
    """Return who is paged in a drill from one number, taken by another. Raises DrillError when none may begin now.

    The page of a second would wait until two minutes after that of the first, and the service would seem slow.
    """
    lately = Drill.episode_id.is_not(None) & (Drill.finished_at > now - THROTTLE)
    if session.scalar(select(Drill.id).where(or_(Drill.state == "started", lately)).limit(1)) is not None:
        raise DrillError("Another drill is under way, or was less than two minutes ago.")
    _nobodys(session, from_number)
    person = _responder(session, by_number)
    _nothing_at_hand(session, person)
    return person


def staff_with(session: Session, number: str) -> Person | None:
    """Return who of those who run the programme has a number."""
    theirs = select(Person).join(Address, Address.person_id == Person.id)
    return session.scalar(theirs.where(Address.address_index == number, Person.state == "staff").limit(1))


def _responder(session: Session, number: str) -> Person:
    person = staff_with(session, number)
    if person is None:
        raise DrillError("COMPANION_DRILL_BY is the number of nobody who runs the programme.")
    here = session.scalars(select(Address).where(Address.address_index == number, Address.channel == "sms")).first()
    if here is None or here.invalid_since is not None or is_stopped(session, here):
        raise DrillError("COMPANION_DRILL_BY gets no SMS from here: it said STOP, or no SMS has reached it.")
    return person


def _nobodys(session: Session, number: str) -> None:
    for address in session.scalars(select(Address).where(Address.address_index == number)):
        if address.person_id is not None:
            raise DrillError("COMPANION_DRILL_FROM is the number of somebody who takes part: use one that is nobody's.")
        if address.channel == "sms" and is_stopped(session, address):
            raise DrillError("COMPANION_DRILL_FROM has said STOP: text START from it.")
        if open_episode(session, address) is not None:
            raise DrillError("An item from COMPANION_DRILL_FROM is open: it has to be closed first.")


def _nothing_at_hand(session: Session, person: Person) -> None:
    """See that nobody waits, and that who is paged has no item: what the drill texts in their name would be about it.

    Nor one about themselves; which of the three it is, is nobody's business.
    """
    theirs = or_(Episode.state == "open", Episode.owner_id == person.id, Episode.person_id == person.id)
    if (
        session.scalar(
            select(Episode.id).where(Episode.state != "closed", Episode.is_drill.is_(False), theirs).limit(1)
        )
        is not None
    ):
        raise DrillError("Something real is under way. Try again when it is over.")
