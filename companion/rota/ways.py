"""The ways in which someone who runs the programme can be reached, each shown to work by a code sent that way."""

from __future__ import annotations

import re
import secrets
import uuid
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import bindparam, case, select, update
from sqlalchemy.orm import Session

from companion.messaging.addresses import address_of
from companion.messaging.numbers import Channel, Sender, read_sender
from companion.messaging.optout import last_wish_of_addresses, stops_among
from companion.models import (
    WHOSE_NUMBER,
    Address,
    Call,
    OptOut,
    OutboxMessage,
    Person,
    User,
    Way,
    by_label,
    record,
    settle_alarm,
)
from companion.models.base import ask

NOT_THEIRS = "number_not_theirs"  # the alarm that a phone answered as somebody else's
ENOUGH = 2  # ways of different kinds, before someone may be on the rota
CODE_LASTS = timedelta(minutes=15)
MOST_TRIES = 5
AGAIN_AFTER = timedelta(minutes=1)  # between two codes
# Made once: asked for everybody who is paged.
_WAYS = select(Way).where(Way.person_id == bindparam("person"), Way.removed_at.is_(None)).order_by(Way.kind)
_KNOWN = select(Address.invalid_since, last_wish_of_addresses()).where(
    Address.address_index == bindparam("index"), Address.channel == bindparam("channel")
)
_TEXTED = (
    select(Address.id)
    .where(Address.person_id.in_(bindparam("people", expanding=True)), Address.invalid_since.is_(None))
    .where(last_wish_of_addresses().is_distinct_from("stop"))
    .limit(1)
)
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")


class WayError(Exception):
    """A way cannot be added or shown to work like this; the message is for the person who tried."""


def ways_of(session: Session, person: Person) -> list[Way]:
    """Return the ways of `person` that were not removed, whether shown to work or not."""
    return list(session.scalars(_WAYS, {"person": person.id}))


def live_ways(session: Session, person: Person) -> list[Way]:
    """Return the ways that a code has shown to work, without those that are dead by now or stopped."""
    return live_ways_of(session, [person.id])[person.id]


def live_ways_of(session: Session, people: Collection[uuid.UUID]) -> dict[uuid.UUID, list[Way]]:
    """Return the same for each of several people, by two questions in all."""
    rows = session.execute(
        select(Way, Address)
        .outerjoin(
            Address,
            (Address.address_index == Way.address_index)
            & (Address.channel == case((Way.kind == "call", "sms"), else_=Way.kind)),
        )
        .where(
            Way.person_id.in_(people), Way.removed_at.is_(None), Way.verified_at.is_not(None), Way.dead_since.is_(None)
        )
        .order_by(Way.kind)
    ).all()
    stopped = stops_among(session, [address for way, address in rows if address is not None and way.kind != "call"])
    against = {
        way.id
        for way, address in rows
        if address is not None and (address.invalid_since is not None or (way.kind != "call" and address.id in stopped))
    }
    live: dict[uuid.UUID, list[Way]] = {person: [] for person in people}
    for way in dict.fromkeys(way for way, _ in rows):
        if way.id not in against:
            live[way.person_id].append(way)
    return live


def works(session: Session, way: Way) -> bool:
    """Whether nothing is known that speaks against a way: no STOP, no number that the network does not know."""
    if way.dead_since is not None:
        return False
    if way.kind == "email":
        return True
    channel = way.kind if way.kind != "call" else "sms"
    session.flush()  # a STOP of this very moment counts
    known = ask(session, _KNOWN, index=way.address_index, channel=channel)
    return all(invalid is None and (way.kind == "call" or last_wish != "stop") for invalid, last_wish in known)


def can_be_texted(session: Session, person: Person) -> bool:
    """Whether a text may reach someone: a number that works and that has not said STOP."""
    return any_can_be_texted(session, [person])


def any_can_be_texted(session: Session, people: Collection[Person]) -> bool:
    """Whether a text may reach at least one of several people."""
    session.flush()  # a STOP of this very moment counts
    return ask(session, _TEXTED, people=[person.id for person in people]).first() is not None


def who_stopped(session: Session) -> list[Person]:
    """Return who of those who run the programme has said STOP by a way that pages would go, by name."""
    rows = (
        session.execute(
            select(Person, Address)
            .join(Address, Address.person_id == Person.id)
            .where(Person.state == "staff", Address.invalid_since.is_(None))
        )
        .tuples()
        .all()
    )
    stopped = stops_among(session, [address for _, address in rows])
    found = {person.id: person for person, address in rows if address.id in stopped}
    return by_label(found.values())


def way_to(session: Session, person: Person, kind: str) -> str | None:
    """Return the number or e-mail address at which `person` is reached by `kind`; None when there is none.

    One that a code has shown to work is preferred. A call goes to the number of their texts when there is no other, and
    an e-mail to the address of their login: a way that may work is better than none.
    """
    ways = [way for way in ways_of(session, person) if way.kind == kind and works(session, way)]
    if ways:
        return max(ways, key=lambda way: way.verified_at is not None).address
    if kind == "email":
        return session.scalar(select(User.email).where(User.person_id == person.id, User.active))
    if kind == "call":
        return session.scalar(
            select(Address.address)
            .where(Address.person_id == person.id, Address.channel == "sms", Address.invalid_since.is_(None))
            .order_by(Address.created_at)
            .limit(1)
        )
    return None


def add_way(session: Session, person: Person, kind: str, given: str, countries: Collection[str], now: datetime) -> Way:
    """Add or replace the way of one kind; it counts for nothing until a code has shown that it works."""
    address = _read(kind, given, countries)
    if kind != "email":
        _not_another_person(session, person, address)
    for old in ways_of(session, person):
        if old.kind == kind:
            if old.address == address:
                return old
            old.removed_at = now
    session.flush()
    way = Way(person_id=person.id, kind=kind, address=address, address_index=address, created_at=now)
    way.dead_since = now if is_lost(session, person, address) else None
    session.add(way)
    session.flush()
    record(session, now, "way added", person, actor=person.id, way=kind)
    return way


def new_code(session: Session, way: Way, now: datetime) -> str:
    """Return a new code for `way`, good for a quarter of an hour; sending it is the caller's part. Raises WayError."""
    if way.code_sent_at is not None and now - way.code_sent_at < AGAIN_AFTER:
        raise WayError("A code was sent less than a minute ago. Wait for it, or ask again in a minute.")
    code = f"{secrets.randbelow(1_000_000):06d}"
    way.code_index, way.code_sent_at, way.code_tries = f"{way.id}:{code}", now, 0  # type: ignore[assignment]
    session.flush()
    session.refresh(way)
    return code


def text_address(session: Session, way: Way, now: datetime) -> Address:
    """Return where a text by `way` goes (a call's number is texted its code), made to belong to its person.

    A number that answered as somebody else's is nobody's until its code has come back. Raises WayError when whoever
    has it takes part themselves.
    """
    channel: Channel = "whatsapp" if way.kind == "whatsapp" else "sms"
    address = address_of(session, Sender(channel, way.address, "mobile"), now)
    if way.dead_since is None:
        address.person_id = way.person_id
    elif address.person_id not in (None, way.person_id):
        raise WayError("This number belongs to somebody else here. Use one of your own.")
    return address


def verify(session: Session, way: Way, code: str, now: datetime) -> None:
    """Take a code that came by `way`. Raises WayError when it is wrong, too old, or was tried too often."""
    if way.code_index is None or way.code_sent_at is None or now - way.code_sent_at > CODE_LASTS:
        raise WayError("That code is too old. Ask for a new one.")
    if way.code_tries >= MOST_TRIES:
        raise WayError("There were too many wrong codes. Ask for a new one.")
    way.code_tries += 1
    given = f"{way.id}:{re.sub(r'[^0-9]', '', code)}"
    right = session.scalar(select(Way.id).where(Way.id == way.id, Way.code_index == given))
    if right is None:
        raise WayError("That is not the code we sent. Type its six digits.")
    was_dead, way.verified_at, way.code_index, way.dead_since = way.dead_since is not None, now, None, None
    if was_dead and way.kind != "email":
        number = (Way.person_id == way.person_id, Way.address_index == way.address)
        session.execute(update(Way).where(*number).values(dead_since=None))
        text_address(session, way, now)
        _in_ledger(session, way.address, "start", now)
    record(session, now, "way shown to work", way.person, actor=way.person_id, way=way.kind)
    settle_lost(session, now)


def remove_way(session: Session, way: Way, now: datetime) -> None:
    """Remove a way; the rota shows a gap where its person has not two left."""
    way.removed_at = now
    record(session, now, "way removed", way.person, actor=way.person_id, way=way.kind)
    settle_lost(session, now)


def lose_number(session: Session, person: Person, number: str, now: datetime) -> None:
    """Take a number from `person`, as whoever has it says that it is theirs: nothing goes there any more.

    It is nobody's, and no way to them, until a code that was sent there has come back. What waits is not sent.
    """
    _in_ledger(session, number, "stop", now)
    take_number(session, person, number, now)


def _in_ledger(session: Session, number: str, action: str, now: datetime) -> None:
    """Keep whose number it is in the ledger that outlives a backup (`companion.machine.journal`)."""
    row = {"channel": WHOSE_NUMBER, "address_index": number, "sender": "", "source": "word", "at": now}
    session.add(OptOut(**row, action=action))


def take_number(session: Session, person: Person, number: str, now: datetime) -> None:
    """Do what losing a number does, without a row in the ledger."""
    of_number = select(Address.id).where(Address.address_index == number, Address.person_id == person.id)
    addresses = session.scalars(of_number).all()
    for carrier in (OutboxMessage, Call):
        waits = (carrier.address_id.in_(addresses), carrier.status == "queued")
        gone = {"status": "dropped", "reason": "number not theirs", "settled_at": now, "updated_at": now}
        session.execute(update(carrier).where(*waits).values(gone))
    session.execute(update(Address).where(Address.id.in_(addresses)).values(person_id=None))
    known = ways_of(session, person)
    lost = [way for way in known if way.kind != "email" and way.address == number]
    if not lost:
        lost = [Way(person_id=person.id, kind="sms", address=number, address_index=number, created_at=now)]
        lost[0].removed_at = now if any(way.kind == "sms" for way in known) else None
        session.add(lost[0])
    for way in lost:
        way.dead_since, way.verified_at, way.code_index = now, None, None
    session.flush()


def is_lost(session: Session, person: Person, number: str) -> bool:
    """Whether a number of `person` answered as somebody else's, and no code has shown since that it is theirs."""
    dead = (Way.person_id == person.id, Way.address_index == number, Way.dead_since.is_not(None))
    return session.scalar(select(Way.id).where(*dead).limit(1)) is not None


def who_lost_a_number(session: Session) -> list[Person]:
    """Return whose number answered as somebody else's and was neither shown to be theirs nor replaced, by name."""
    theirs = select(Way.person_id).where(Way.dead_since.is_not(None), Way.removed_at.is_(None))
    return by_label(session.scalars(select(Person).where(Person.state == "staff", Person.id.in_(theirs))))


def settle_lost(session: Session, now: datetime) -> None:
    """End the alarm about such numbers when there is none left."""
    session.flush()
    if not who_lost_a_number(session):
        settle_alarm(session, now, NOT_THEIRS)


def _read(kind: str, given: str, countries: Collection[str]) -> str:
    if kind == "email":
        address = given.strip().lower()
        if len(address) > 254 or not _EMAIL.fullmatch(address):
            raise WayError("Type an e-mail address in full, such as name@example.org.")
        return address
    sender = read_sender(given, countries)
    if sender.kind != "mobile":
        raise WayError("Type a UK mobile number, such as 07700 900123.")
    return sender.address


def _not_another_person(session: Session, person: Person, number: str) -> None:
    owners = select(Address.person_id).where(Address.address_index == number, Address.person_id.is_not(None))
    if any(owner != person.id for owner in session.scalars(owners)):
        raise WayError("This number belongs to somebody else here. Use one of your own.")
