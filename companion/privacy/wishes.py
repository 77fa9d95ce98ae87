"""Doing again what people wanted since a backup that was put back: to be left alone, texted again, or erased.

The ledger of STOP and START tells of all three: an erasure leaves a STOP in it that came in no text. It tells too of
numbers that turned out not to be theirs who run the programme, and of those that trainees were moved to. Nothing in it
leads to anybody without the index key.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from companion.messaging.optout import is_erasure
from companion.models import MOVED, WHOSE_NUMBER, Address, OptOut, Person, raise_alarm
from companion.privacy import erasure, leaving, moving
from companion.rota import numbers_since


@dataclass(frozen=True)
class Wish:
    """A row of the ledger, as it stands there."""

    id: uuid.UUID
    channel: str
    address_index: bytes
    sender: str
    action: str
    source: str
    provider_sid: str | None
    at: datetime


@dataclass(frozen=True)
class Redone:
    """How many people were erased again, wait to be until their episode is closed, and left or came back again.

    `numbers`: how many numbers were taken from somebody who runs the programme, or given back.
    `moved`: how many trainees have another number again.
    """

    erased: int = 0
    waiting: int = 0
    stops: int = 0
    starts: int = 0
    numbers: int = 0
    moved: int = 0


def ids(session: Session) -> set[uuid.UUID]:
    """Return which rows the ledger has."""
    return set(session.scalars(select(OptOut.id)))


def ledger(session: Session) -> list[Wish]:
    """Return the rows of the ledger, the oldest first."""
    names = list(Wish.__dataclass_fields__)
    rows = session.execute(select(*(OptOut.__table__.c[name] for name in names)).order_by(OptOut.at, OptOut.id))
    return [Wish(**row) for row in rows.mappings()]


def redo(session: Session, lacking: Sequence[Wish], now: datetime) -> Redone:
    """Write `lacking` into the ledger and do what each of them did. An open episode lets an erasure wait, as ever."""
    in_order = sorted(lacking, key=lambda wish: (wish.at, wish.id))
    session.add_all(OptOut(**asdict(wish)) for wish in in_order)
    session.flush()
    last: dict[uuid.UUID, str] = {}
    numbers = {wish.address_index: wish for wish in in_order if wish.channel == WHOSE_NUMBER}
    moved = 0
    for wish in in_order:
        if wish.channel == MOVED:
            sid = wish.provider_sid or ""
            moved += moving.move_again(session, wish.sender, wish.address_index, sid, wish.at, now)
            continue
        person = _whose(session, wish)
        if person is not None:
            last[person.id] = _done_again(session, person, wish, last.get(person.id, ""), now)
    if "staff" in last.values():
        raise_alarm(session, now, "facilitator_stopped")
    taken = sum(numbers_since.do_again(session, index, wish.action, wish.at, now) for index, wish in numbers.items())
    count = list(last.values()).count
    return Redone(count("erased"), count("waiting"), count("stop"), count("start"), taken, moved)


def _done_again(session: Session, person: Person, wish: Wish, before: str, now: datetime) -> str:
    """Do one wish again; return what now holds of its person."""
    if person.role != "trainee":
        return "staff" if wish.action == "stop" else ""
    if is_erasure(wish.source, wish.provider_sid):
        return "erased" if erasure.ask(session, person, now) else "waiting"
    if wish.source == "provider":
        return before  # Twilio said so of one address; the person had not left
    sid = wish.provider_sid or ""
    if wish.action == "stop":
        leaving.leave(session, person, now, channel=wish.channel, source=wish.source, sid=sid)
    else:
        leaving.come_back(session, person, now, channel=wish.channel, sid=sid)
    return wish.action


def _whose(session: Session, wish: Wish) -> Person | None:
    return session.scalar(
        select(Person)
        .join(Address, Address.person_id == Person.id)
        .where(Address.channel == wish.channel, Address.address_index == wish.address_index)
    )
