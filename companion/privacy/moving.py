"""A person has another number: somebody of the programme types it in, and the number itself says YES.

Nothing moves before that; a number that takes part already has to say MINE, as it says YES to much else. The old number
is told where a text may go there, and can say KEEP. A STOP of either holds: who has left is not moved, and one that
said STOP is not asked. Whoever types a number in sees it nowhere again, and cannot use it to read what is held: a copy
is not given at the new number for two weeks.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from companion.db import keyed_hash
from companion.messaging.addresses import address_of, addresses_of, usable
from companion.messaging.numbers import read_sender
from companion.messaging.optout import is_stopped
from companion.messaging.outbox import enqueue
from companion.models import (
    MOVED,
    Address,
    Consent,
    Episode,
    Exclusion,
    InboundMessage,
    NumberMove,
    OptOut,
    OutboxMessage,
    Person,
    record,
)
from companion.privacy import leaving, whose
from companion.speaker import Speaker

ASKS_FOR = timedelta(days=3)  # how long the new number may say YES
COPY_RESTS = timedelta(days=14)  # after a move: time for whoever had the old number to say that it was not them
_GOOD_FOR = timedelta(days=2)


class CannotMoveError(Exception):
    """This number cannot be asked; the message says why and what to do."""


def ask(
    session: Session, person: Person, given: str, by: Person, now: datetime, voice: Speaker, countries: Collection[str]
) -> None:
    """Ask the number `given` whether it is the new one of `person`, and tell the old. Raises CannotMoveError."""
    if not may_be_moved(session, person):
        raise CannotMoveError("They have left, and a STOP holds. They can text JOIN from the new phone.")
    sender = read_sender(given, countries)
    if sender.kind != "mobile" or sender.channel != "sms":
        raise CannotMoveError("Type a UK mobile number, such as 07700 900123.")
    to = address_of(session, sender, now)
    owner = to.person
    is_theirs = owner is not None and owner.id == person.id
    if is_theirs and to.invalid_since is not None:
        to.invalid_since = to.invalid_code = None  # it did not work, or was lost with a backup: it may be asked
    elif is_theirs or (owner is not None and owner.role != "trainee"):
        whose_it_is = "is the one we text them at" if is_theirs else "is of somebody who runs the programme"
        raise CannotMoveError(f"This number {whose_it_is}. Type the new one.")
    if is_stopped(session, to):
        raise CannotMoveError("This number told us to stop. Ask them to text START to us from it, then try again.")
    _end(session, now, "withdrawn", NumberMove.person_id == person.id)
    _end(session, now, "over", NumberMove.address_id == to.id, NumberMove.asked_at <= now - ASKS_FOR)
    if open_at(session, to, now) is not None:
        raise CannotMoveError("This number is being asked already, for somebody else. Check it with them.")
    move = NumberMove(person_id=person.id, address_id=to.id, asked_by=by.id, asked_at=now, state="open")
    session.add(move)
    session.flush()
    until = now + ASKS_FOR
    asked = "number_move_asked_member" if owner is not None and owner.state == "joined" else "number_move_asked"
    question = voice.words.render(asked)
    enqueue(session, key=f"move:{move.id}", lane="reply", to=to, text=question, now=now, expires_at=until)
    old = usable(session, person)
    if old is not None and old.id != to.id and person.unsure_since is None and not is_stopped(session, old):
        told = voice.words.render("number_move_told")
        enqueue(session, key=f"move-told:{move.id}", lane="reply", to=old, text=told, now=now, expires_at=until)
    record(session, now, "number move asked", person, actor=by.id)


def may_be_moved(session: Session, person: Person) -> bool:
    """Whether a STOP or a no of theirs does not stand against it: members, and whose number another one has now."""
    if person.state == "joined":
        return not any(is_stopped(session, address) for address in addresses_of(session, person))
    if person.state != "left" or addresses_of(session, person):
        return False
    last = select(Consent.event).where(Consent.person_id == person.id).order_by(Consent.at.desc(), Consent.id.desc())
    return session.scalar(last.limit(1)) == "yes"


def open_at(session: Session, address: Address, now: datetime) -> NumberMove | None:
    """Return the move for which this number is asked, while it may still answer."""
    return _open(session, now, NumberMove.address_id == address.id)


def open_of(session: Session, person: Person, now: datetime) -> NumberMove | None:
    """Return the move of `person` that waits for an answer."""
    return _open(session, now, NumberMove.person_id == person.id)


def _open(session: Session, now: datetime, of: ColumnElement[bool]) -> NumberMove | None:
    wanted = select(NumberMove).where(NumberMove.state == "open", NumberMove.asked_at > now - ASKS_FOR, of)
    return session.scalar(wanted.with_for_update(of=NumberMove))


def settle(session: Session, move: NumberMove, state: str, now: datetime) -> None:
    """End a move that is not done: refused by the new number, kept by the old, or withdrawn."""
    move.state, move.settled_at = state, now
    waiting = (OutboxMessage.key.in_((f"move:{move.id}", f"move-told:{move.id}")), OutboxMessage.status == "queued")
    gone = {"status": "dropped", "reason": "changed", "settled_at": now, "updated_at": now}
    session.execute(update(OutboxMessage).where(*waiting).values(gone))


def copy_rests_until(session: Session, person: Person, now: datetime) -> datetime | None:
    """Return until when no copy is given as their number was moved; None where there is no such time."""
    moved = select(OptOut.at).where(OptOut.channel == MOVED, OptOut.sender == _code(session, person))
    last = session.scalar(moved.where(OptOut.at > now - COPY_RESTS).order_by(OptOut.at.desc()).limit(1))
    return last + COPY_RESTS if last is not None else None


def move_to(session: Session, move: NumberMove, sid: str, now: datetime) -> bool:
    """Let the number that said YES be the person's, and the old one nobody's; whether it could be done."""
    person, new = move.person, move.address
    if not may_be_moved(session, person):
        settle(session, move, "over", now)
        return False
    settle(session, move, "moved", now)
    in_ledger = {"channel": MOVED, "address_index": new.address_index, "sender": _code(session, person), "at": now}
    session.add(OptOut(**in_ledger, action="start", source="word", provider_sid=sid))
    _hand_over(session, person, new, sid, now)
    return True


def move_again(session: Session, code: str, index: bytes, sid: str, at: datetime, now: datetime) -> bool:
    """Do again in a backup what the ledger has of a move at `at`; return whether that changed anything.

    Where the new number is not in the backup it is known by its index alone, and cannot be texted before a text from it
    has come, or been fetched from Twilio.
    """
    trainees = session.scalars(select(Person).where(Person.role == "trainee"))
    person = next((each for each in trainees if _code(session, each) == code), None)
    new = session.scalar(select(Address).where(Address.channel == "sms", Address.address_index == index))
    if person is None or (new is not None and new.person_id == person.id):
        return False
    if new is None:
        new = Address(channel="sms", address="", address_index=index, created_at=at, last_inbound_at=at)
        new.forgotten_at = new.invalid_since = at
        session.add(new)
        session.flush()
    _end(session, now, "moved", NumberMove.person_id == person.id, NumberMove.address_id == new.id)
    _end(session, now, "withdrawn", NumberMove.person_id == person.id)
    _hand_over(session, person, new, sid, now)
    return True


def _code(session: Session, person: Person) -> str:
    return keyed_hash(session, f"person {person.id}").hex()


def _hand_over(session: Session, person: Person, new: Address, sid: str, now: datetime) -> None:
    other = new.person  # they joined from the new phone before they asked: that is over
    if other is not None:
        _leave_out_too(session, other, person, now)
        whose.let_go(session, other, now)
    old = addresses_of(session, person)
    for address in old:
        address.person = None
    session.flush()
    ids = [address.id for address in old]
    if person.unsure_since is not None:  # what came since is another's
        for table, at in ((InboundMessage, InboundMessage.received_at), (OutboxMessage, OutboxMessage.created_at)):
            since = (table.address_id.in_(ids), at >= person.unsure_since)
            session.execute(update(table).where(*since).values(person_id=None))
    of_number = Address.address_index == new.address_index
    for address in session.scalars(select(Address).where(of_number, Address.person_id.is_(None))):
        address.person = person
    person.channel, person.unsure_since = new.channel, None
    session.flush()
    _follow(session, person, new, now)
    leaving.come_back(session, person, now, channel=new.channel, sid=sid)
    record(session, now, "number moved", person)


def _follow(session: Session, person: Person, new: Address, now: datetime) -> None:
    """Let what waits for them go to the new number, and an open episode be about it."""
    waiting = (OutboxMessage.person_id == person.id, OutboxMessage.status == "queued")
    there = {"address_id": new.id, "channel": new.channel, "updated_at": now}
    session.execute(update(OutboxMessage).where(*waiting).values(there))
    is_open = Episode.state != "closed"
    theirs = session.scalar(select(Episode).where(Episode.person_id == person.id, is_open).limit(1))
    here = session.scalar(select(Episode).where(Episode.address_id == new.id, is_open).limit(1))
    if here is not None and theirs is None:
        here.person = person
    elif theirs is not None and here is None:
        theirs.address = new
    session.flush()


def _leave_out_too(session: Session, other: Person, person: Person, now: datetime) -> None:
    already = select(Exclusion.excluded_id).where(Exclusion.trainee_id == person.id, Exclusion.lifted_at.is_(None))
    wanted = select(Exclusion.excluded_id).where(
        Exclusion.trainee_id == other.id, Exclusion.lifted_at.is_(None), Exclusion.excluded_id.not_in(already)
    )
    session.add_all(Exclusion(trainee_id=person.id, excluded_id=each, at=now) for each in session.scalars(wanted).all())


def tell_it_was_not_them(session: Session, move: NumberMove, now: datetime, voice: Speaker) -> None:
    """Tell who asked for the move, and the leads, that the person wants none; whose it is stands in the console."""
    text = voice.words.render("number_kept_told", url=voice.console_url)
    out = select(Exclusion.excluded_id).where(Exclusion.trainee_id == move.person_id, Exclusion.lifted_at.is_(None))
    to_tell = (Person.role == "lead") | (Person.id == move.asked_by)
    for other in session.scalars(select(Person).where(Person.state == "staff", to_tell, Person.id.not_in(out))):
        if (to := usable(session, other)) is not None:
            key = f"move-kept:{move.id}:{other.id}"
            enqueue(session, key=key, lane="page", to=to, text=text, now=now, expires_at=now + _GOOD_FOR)


def _end(session: Session, now: datetime, state: str, *which: ColumnElement[bool]) -> None:
    for move in session.scalars(select(NumberMove).where(NumberMove.state == "open", *which)):
        settle(session, move, state, now)
    session.flush()
