"""Who must not be texted. A ledger by address: the last row of a channel counts."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ScalarSelect, bindparam, select
from sqlalchemy.orm import Session

from companion.messaging.numbers import Sender
from companion.models import MOVED, Address, OptOut

_LEDGER = OptOut.__table__.c
_OF_CARRIER = ("word", "provider")
_STOPPED = "stopped addresses"  # what this transaction has found out already
_ASKED = (
    select(_LEDGER.action)
    .where(_LEDGER.address_index == bindparam("address"), _LEDGER.channel == bindparam("channel"))
    .order_by(_LEDGER.at.desc(), _LEDGER.id.desc())
    .limit(1)
)


@dataclass(frozen=True)
class Stop:
    """A STOP that holds: when it was said (UTC), and in which text, if by a text."""

    at: datetime
    sid: str | None


def is_stopped(session: Session, address: Address) -> bool:
    """Whether the last word from this address, on its channel, was STOP."""
    known: bool | None = session.info.get(_STOPPED, {}).get(address.id)
    if known is not None:
        return known
    session.flush()
    last = session.connection().scalar(_ASKED, {"address": address.address_index, "channel": address.channel})
    return bool(last == "stop")


def held_by_carrier(session: Session, address: Address) -> bool:
    """Whether a STOP stands that the carrier knows too: only START, YES or UNSTOP lets our answers through again."""
    last = _last(session, address)
    return address.channel == "sms" and last is not None and last.action == "stop" and last.source in _OF_CARRIER


def last_wish_of_addresses() -> ScalarSelect[str]:
    """Return what asks for the last row of the ledger (stop, start or none) beside each address of a query."""
    ledger = OptOut.__table__.alias().c
    of = Address.__table__.c
    return (
        select(ledger.action)
        .where(ledger.address_index == of.address_index, ledger.channel == of.channel)
        .order_by(ledger.at.desc(), ledger.id.desc())
        .limit(1)
        .correlate(Address)
        .scalar_subquery()
    )


def keep_in_mind(session: Session, address: Address, last_wish: str | None) -> None:
    """Spare the rest of this transaction the question whether the address is stopped; what it wrote itself stands."""
    session.info.setdefault(_STOPPED, {}).setdefault(address.id, last_wish == "stop")


def ended_by_erasure(session: Session, address: Address) -> bool:
    """Whether the last row about this address, on its channel, is the STOP that is left where a person was erased.

    It is the only one in words that came in no text; nothing more is kept to know it by.
    """
    last = _last(session, address)
    return last is not None and is_erasure(last.source, last.provider_sid)


def _last(session: Session, address: Address) -> OptOut | None:
    """The last row about this address, on its channel."""
    session.flush()
    return session.scalar(
        select(OptOut)
        .where(OptOut.address_index == address.address_index, OptOut.channel == address.channel)
        .order_by(OptOut.at.desc(), OptOut.id.desc())
        .limit(1)
    )


def is_erasure(source: str, provider_sid: str | None) -> bool:
    """Whether a row of the ledger is the STOP that an erasure leaves."""
    return source == "sentence" and provider_sid is None


def was_erased(session: Session, sender: Sender, since: datetime, until: datetime) -> bool:
    """Whether a person with this address was erased from `since` on and before `until` (UTC)."""
    erased = select(OptOut.id).where(
        OptOut.address_index == sender.address,
        OptOut.channel == sender.channel,
        OptOut.source == "sentence",
        OptOut.provider_sid.is_(None),
        OptOut.at >= since,
        OptOut.at < until,
    )
    return session.scalar(erased.limit(1)) is not None


def moved_here(session: Session, sid: str) -> bool:
    """Whether this text was the YES by which a number became a trainee's."""
    yes = select(OptOut.id).where(OptOut.channel == MOVED, OptOut.provider_sid == sid)
    return session.scalar(yes.limit(1)) is not None


def stops_among(session: Session, addresses: Sequence[Address]) -> dict[uuid.UUID, Stop]:
    """Return, for those of `addresses` whose last word on their channel was STOP, the first they said so."""
    wanted = {(address.address_index, address.channel): address.id for address in addresses}
    if not wanted:
        return {}
    since: dict[uuid.UUID, Stop] = {}
    rows = session.execute(
        select(OptOut.address_index, OptOut.channel, OptOut.action, OptOut.at, OptOut.provider_sid)
        .where(OptOut.address_index.in_([index for index, _ in wanted]))
        .order_by(OptOut.at, OptOut.id)
    )
    for index, channel, action, at, sid in rows:
        id_ = wanted.get((index, channel))
        if id_ is None:
            continue
        if action == "stop":
            since.setdefault(id_, Stop(at, sid))
        else:
            since.pop(id_, None)
    return since


def stop(session: Session, address: Address, *, source: str, sender: str, sid: str | None, now: datetime) -> None:
    """Record a STOP. `source`: word, sentence, provider (Twilio said 21610) or console."""
    _add(session, address, "stop", source, sender, sid, now)


def start(session: Session, address: Address, *, sender: str, sid: str | None, now: datetime) -> None:
    """Record a START, which lifts what STOP set on the same channel."""
    _add(session, address, "start", "word", sender, sid, now)


def _add(
    session: Session, address: Address, action: str, source: str, sender: str, sid: str | None, now: datetime
) -> None:
    session.info.setdefault(_STOPPED, {})[address.id] = action == "stop"
    session.add(
        OptOut(
            channel=address.channel,
            address_index=address.address_index,
            sender=sender,
            action=action,
            source=source,
            provider_sid=sid,
            at=now,
        )
    )
