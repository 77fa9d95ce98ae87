"""What the page with the phones shows, as plain data."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from companion.simulator.calls import CALL_OVER
from companion.simulator.errors import MESSAGES
from companion.simulator.faults import (
    API_FAULTS,
    CALL_FAULTS,
    FAULTS,
    INBOUND_FAULTS,
    OUTCOME_FAULTS,
    QUEUED,
    RECEIPT_FAULTS,
)
from companion.simulator.ledger import Message, address_of, split_address
from companion.simulator.parts import count_parts

if TYPE_CHECKING:
    from companion.simulator.standin import StandIn

# A page that has just been opened gets this many texts of each thread, the newest.
_HISTORY = 150
_SHOWN_AFTER = timedelta(seconds=20)  # how long the end of a call stays on a phone
_LOST = frozenset({"failed", "undelivered"})


def snapshot(standin: StandIn, since: int, epoch: str) -> dict[str, Any]:
    """Return what changed after version `since` of this run; everything for a page of another run."""
    state = standin.state
    with state.lock:
        fresh = epoch == state.epoch
        since = since if fresh else 0
        texts = [
            _text(state.messages[sid], place)
            for sids in list(state.threads.values())
            for place, sid in list(enumerate(sids))[-_HISTORY:]
            if state.messages[sid].version > since or not fresh
        ]
        return {
            "epoch": state.epoch,
            "version": state.version,
            "now": standin.clock.now().isoformat(),
            "phones": [asdict(contact) for contact in state.contacts.values()],
            "texts": [text for text in texts if text],
            "unread": _unread(standin),
            "calls": _calls(standin),
            "faults": active_faults(standin),
            "log": [
                {"number": line.number, "at": line.at.isoformat(), "kind": line.kind, "text": line.text}
                for line in state.log_lines
                if line.version > since
            ],
        }


def _text(message: Message, place: int) -> dict[str, Any] | None:
    """A bubble; None for a message that is still on its way to the phone."""
    lost = message.status in _LOST
    if not message.inbound and message.arrived_at is None and not lost:
        return None
    number, channel = split_address(message.phone)
    at = message.created_at if message.inbound else message.arrived_at or message.updated_at
    return {
        "sid": message.sid,
        "phone": number,
        "channel": channel,
        "mine": message.inbound,
        "with": split_address(message.to if message.inbound else message.from_ or "")[0],
        "body": message.body,
        "at": at.isoformat(),
        "place": place,
        "status": message.status,
        "reached": message.arrived_at is not None,
        "canned": message.canned,
        "lost": f"{message.error_code}: {MESSAGES.get(message.error_code or 0, 'Error')}" if lost else "",
        "parts": count_parts(message.body) if channel == "sms" else 1,
        "media": len(message.media),
        "buttons": [{"title": b.title, "payload": b.payload} for b in message.buttons],
    }


def _calls(standin: StandIn) -> list[dict[str, Any]]:
    """The newest call of each phone, if it is on or has just ended."""
    now = standin.clock.now()
    newest = {call.to: call for call in standin.calls}
    return [
        {
            "sid": call.sid,
            "phone": call.to,
            "from": call.from_,
            "status": call.status,
            "heard": list(call.heard[-4:]),
            "keys": call.keys,
            "listening": call.listening,
        }
        for call in newest.values()
        if call.status not in CALL_OVER or (call.ended_at is not None and now - call.ended_at < _SHOWN_AFTER)
    ]


def _unread(standin: StandIn) -> dict[str, int]:
    state = standin.state
    counts = {}
    for contact in state.contacts.values():
        for channel in ("sms", "whatsapp"):
            address = address_of(contact.number, channel)
            count = len(state.arrivals.get(address, ())) - state.seen.get(address, 0)
            if count > 0:
                counts[address] = count
    return counts


def active_faults(standin: StandIn) -> list[dict[str, Any]]:
    """Return the faults that are on, in words."""
    return [
        {"id": fault.id, "number": fault.number, "words": _words(fault.kind, fault.code, fault.minutes, fault.times)}
        for fault in standin.faults.active(standin.clock.now())
    ]


def _words(kind: str, code: int | None, minutes: float, times: int | None) -> str:
    words = FAULTS[kind]
    if code and kind in {"refuse", "failed", "undelivered"}:
        words += f" ({code})"
    if kind in {"receipts_late", QUEUED}:
        words += f" ({minutes:g})"
    if times is not None:
        words += ", once" if times == 1 else f", {times} times"
    return words


def fault_groups() -> list[tuple[str, dict[str, str]]]:
    """Return the faults as the drawer groups them."""
    one_number = {kind: words for kind, words in API_FAULTS.items() if kind != "outage"}
    return [
        ("Texts to this phone", OUTCOME_FAULTS),
        ("Calls to this phone", CALL_FAULTS),
        ("Receipts", RECEIPT_FAULTS),
        ("Texts from this phone", INBOUND_FAULTS),
        ("The provider's API", one_number),
    ]


def next_thing(theirs: tuple[datetime, str] | None, ours: datetime | None, now: datetime) -> dict[str, str | None]:
    """Return the earlier of the service's and the stand-in's next things due."""
    # The stand-in's own receipts of this second are not worth a jump.
    mine = (ours, "a late receipt or a scheduled message") if ours and (ours - now).total_seconds() > 2 else None
    both = [thing for thing in (theirs, mine) if thing]
    if not both:
        return {"at": None, "what": None}
    at, what = min(both)
    return {"at": at.isoformat(), "what": what}
