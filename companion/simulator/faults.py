"""Faults that can be switched on, for one number or for all."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from companion.simulator.ledger import Channel, new_sid

# What each fault does, in the words of the page that switches them on.
API_FAULTS: dict[str, str] = {
    "refuse": "The API refuses a message with a code",
    "http 500": "The API answers 500; the message was not accepted",
    "http_500_after_accept": "The API answers 500, but the message was accepted",
    "http 503": "The API answers 503",
    "http 429": "The API answers 429: too many requests",
    "401": "The API answers 401: bad credentials",
    "refuse_before_accept": "The connection drops before the message is accepted",
    "reset_after_accept": "The message is accepted, then the connection drops",
    "silence": "The API hangs for 30 seconds; the message is not accepted",
    "silence_after_accept": "The message is accepted, then the API hangs for 30 seconds",
    "outage": "The provider cannot be reached at all",
}
QUEUED = "queued"
OUTCOME_FAULTS: dict[str, str] = {
    "undelivered": "Texts come back undelivered with a code",
    "failed": "Texts fail with a code",
    QUEUED: "Texts wait in the provider's queue for some minutes; their validity may run out (30036)",
    "stays_sent": "Texts stay sent for ever, as when the person has blocked us on WhatsApp",
}
RECEIPT_FAULTS: dict[str, str] = {
    "no_receipts": "Receipts never come, though texts arrive",
    "receipts_twice": "Every receipt comes twice",
    "receipts_late": "Receipts come late by some minutes",
    "receipts_out_of_order": "Receipts come in the wrong order",
}
ANSWERS_LOST = "answers_lost"
INBOUND_FAULTS: dict[str, str] = {
    "inbound_lost": "Texts from the phone never reach the service",
    ANSWERS_LOST: "Answers in the webhook are not sent: too many in a row (14107)",
    "inbound_twice": "Texts from the phone reach the service twice",
}
CALL_FAULTS: dict[str, str] = {
    "call_busy": "Calls find the line busy",
    "call_failed": "Calls fail",
    "call_voicemail": "Calls are answered by voicemail",
}
FAULTS: dict[str, str] = {**OUTCOME_FAULTS, **CALL_FAULTS, **API_FAULTS, **RECEIPT_FAULTS, **INBOUND_FAULTS}
# Codes used when none is given.
DEFAULT_CODES = {"undelivered": 30003, "failed": 30008, "refuse": 21612}


@dataclass(frozen=True)
class Fault:
    """One fault. `number` None means every number; `times` None means until it is lifted."""

    id: str
    number: str | None
    kind: str
    code: int | None = None
    times: int | None = None
    until: datetime | None = None
    minutes: float = 0.0
    channel: Channel | None = None

    def fits(self, number: str | None, channel: Channel | Literal["call"] | None, now: datetime) -> bool:
        """Say whether it applies to traffic with `number` on `channel` (None: not about one number)."""
        return (
            self.number in (None, number)
            and (self.channel is None or channel is None or self.channel == channel)
            and (self.until is None or now < self.until)
        )


class FaultBoard:
    """The faults that are on. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: dict[str, Fault] = {}
        self._lifted = threading.Event()

    def add(
        self,
        number: str | None,
        kind: str,
        *,
        code: int | None = None,
        times: int | None = None,
        until: datetime | None = None,
        minutes: float = 0.0,
        channel: Channel | None = None,
    ) -> Fault:
        """Switch a fault on. Raises ValueError for an unknown kind or for no times at all."""
        if kind not in FAULTS:
            raise ValueError(f"no fault is called {kind!r}; there are {', '.join(FAULTS)}")
        if times is not None and times < 1:
            raise ValueError("a fault happens at least once")
        code = code or DEFAULT_CODES.get(kind)
        fault = Fault(new_sid("FA"), number, kind, code, times, until, minutes, channel)
        with self._lock:
            self._faults[fault.id] = fault
        return fault

    def lift(self, fault_id: str | None = None, number: str | None = None) -> None:
        """Switch off one fault, or all of a number, or (with neither) all there are."""
        self._lifted.set()
        with self._lock:
            self._lifted = threading.Event()
            if fault_id is not None:
                self._faults.pop(fault_id, None)
            else:
                self._faults = {
                    key: fault for key, fault in self._faults.items() if number is not None and fault.number != number
                }

    def take(
        self, kinds: Iterable[str], number: str | None, channel: Channel | Literal["call"] | None, now: datetime
    ) -> Fault | None:
        """Return the first fault of these kinds that applies, and count one use of it."""
        wanted = set(kinds)
        with self._lock:
            for key, fault in list(self._faults.items()):
                if fault.until is not None and now >= fault.until:
                    del self._faults[key]
                elif fault.kind in wanted and fault.fits(number, channel, now):
                    self._use(key, fault)
                    return fault
        return None

    def _use(self, key: str, fault: Fault) -> None:
        if fault.times is None:
            return
        if fault.times == 1:
            del self._faults[key]
        else:
            left = {**fault.__dict__, "times": fault.times - 1}
            self._faults[key] = Fault(**left)

    def hang(self, seconds: float) -> None:
        """Wait, in real time, until it is over or any fault is lifted."""
        self._lifted.wait(seconds)

    def active(self, now: datetime) -> tuple[Fault, ...]:
        """Return the faults that are on at `now`, oldest first."""
        with self._lock:
            return tuple(f for f in self._faults.values() if f.until is None or now < f.until)
