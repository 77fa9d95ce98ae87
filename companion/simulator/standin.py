"""The stand-in for Twilio: one object in tests, one process in the demonstration."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from flask import Flask

from companion.clock import Clock
from companion.simulator.agenda import Agenda, Step
from companion.simulator.api import build_app
from companion.simulator.calls import Call, Exchange
from companion.simulator.carrier import LIVE_DELAYS, NO_DELAYS, Carrier, Delays
from companion.simulator.content_api import APPROVALS, new_content
from companion.simulator.faults import FAULTS, Fault, FaultBoard
from companion.simulator.identity import DEMO_ACCOUNT_SID, DEMO_AUTH_TOKEN, require_own
from companion.simulator.ledger import (
    FINAL_STATUSES,
    Alert,
    Attempt,
    Channel,
    Message,
    Violation,
)
from companion.simulator.pages import PageOptions
from companion.simulator.phone import Phone
from companion.simulator.server import Server
from companion.simulator.state import State
from companion.simulator.store import Store
from companion.simulator.switchboard import Endpoints, Switchboard
from companion.simulator.webhooks import signature

# How often, in seconds, live mode looks whether the clock was moved by another process.
_LIVE_POLL = 0.05


class StandIn:
    """Twilio's part of the conversation.

    `numbers` are SMS senders, `whatsapp` WhatsApp senders (with or without `whatsapp:`), `services` Messaging
    Services by SID with their pools. Without `live`, nothing happens by itself: `settle()` runs what is due.
    Raises RealCredentialsError for an account that may be real, LedgerError for a broken ledger file.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        inbound_url: str,
        numbers: Sequence[str] = (),
        whatsapp: Sequence[str] = (),
        services: Mapping[str, Sequence[str]] | None = None,
        account_sid: str = DEMO_ACCOUNT_SID,
        auth_tokens: Sequence[str] = (DEMO_AUTH_TOKEN,),
        fallback_url: str | None = None,
        ledger_path: Path | None = None,
        check: bool = True,
        live: bool = False,
        delays: Delays | None = None,
        options: PageOptions = PageOptions(),  # noqa: B008 - frozen
    ) -> None:
        require_own(account_sid, tuple(auth_tokens))
        self.account_sid = account_sid
        self.auth_tokens = tuple(auth_tokens)
        self.clock = clock
        self.check = check
        self.hang_seconds = 30.0
        self.live = live
        self.options = options
        self.faults = FaultBoard()
        self.agenda = Agenda()
        channel_addresses = [number if ":" in number else f"whatsapp:{number}" for number in whatsapp]
        pools = {sid: tuple(pool) for sid, pool in (services or {}).items()}
        senders = tuple(dict.fromkeys([*numbers, *channel_addresses, *(s for p in pools.values() for s in p)]))
        self.state = State(clock, Store(ledger_path), senders, pools)
        self.carrier = Carrier(
            self.state,
            self.agenda,
            self.faults,
            account_sid=account_sid,
            auth_token=self.auth_tokens[0],
            delays=delays or (LIVE_DELAYS if live else NO_DELAYS),
        )
        self.exchange = Exchange(self.carrier)
        self.carrier.others = {"call": self.exchange.run, "call_receipt": self.exchange.post_receipt}
        self.switchboard = Switchboard(self.carrier, Endpoints(inbound_url, fallback_url))
        self.closing = threading.Event()
        self._server: Server | None = None
        self._running = 0
        for message in self.messages:
            if not message.inbound and message.status not in FINAL_STATUSES:
                self.carrier.plan(message)
        if live:
            self._receipts = ThreadPoolExecutor(4, thread_name_prefix="stand-in-receipts")
            self._thread = threading.Thread(target=self._run_live, name="stand-in", daemon=True)
            self._thread.start()

    # What a test asks and does.

    def phone(self, number: str, channel: Channel = "sms", label: str | None = None) -> Phone:
        """Return the phone with this number on a channel, adding it where it is new.

        The page opens it at this channel when a label is given.
        """
        self.state.meet(number, label, channel if label else None)
        return Phone(self, number, channel)

    @property
    def messages(self) -> tuple[Message, ...]:
        """Every message in both directions, oldest first."""
        with self.state.lock:
            return tuple(self.state.messages.values())

    def message(self, sid: str) -> Message:
        """Return one message. Raises KeyError for an unknown SID."""
        return self.state.messages[sid]

    @property
    def calls(self) -> tuple[Call, ...]:
        """Every call to a phone, oldest first."""
        with self.state.lock:
            return tuple(self.state.calls.values())

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """Every try to post a webhook, with the answer, oldest first."""
        with self.state.lock:
            return tuple(self.state.attempts)

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """The provider's debugger: webhooks that failed, answers that are no TwiML, replies not sent."""
        with self.state.lock:
            return tuple(self.state.alerts)

    @property
    def violations(self) -> tuple[Violation, ...]:
        """Requests and answers that Twilio's own documents do not allow."""
        with self.state.lock:
            return tuple(self.state.violations)

    def fault(self, number: str | None, kind: str, **options: Any) -> Fault:
        """Switch a fault on (see FaultBoard.add); `number` None means for every number."""
        fault = self.faults.add(number, kind, **options)
        self.state.log("fault", f"On: {FAULTS[kind]}")
        return fault

    def lift(self, fault_id: str | None = None, *, number: str | None = None) -> None:
        """Switch off one fault, all of a number, or all there are."""
        self.faults.lift(fault_id, number)
        self.state.log("fault", "Lifted")

    def template(
        self,
        friendly_name: str,
        types: Mapping[str, Any],
        variables: Mapping[str, str] | None = None,
        *,
        status: str = "approved",
        language: str = "en_GB",
    ) -> str:
        """Add a Content template with an approval in this state and return its SID."""
        content = new_content(self.clock.now(), friendly_name, language, dict(types), dict(variables or {}))
        self.state.put_content(content)
        self.decide(content.sid, status)
        return content.sid

    def decide(self, content_sid: str, status: str, reason: str = "", category: str | None = None) -> None:
        """Approve, reject, pause or disable a template, or move it to another category, as Meta does."""
        if status not in APPROVALS:
            raise ValueError(f"no approval is {status!r}")
        content = self.state.content(content_sid)
        if content is None:
            raise KeyError(content_sid)
        approval = {"type": "whatsapp", "name": content.friendly_name, **content.approval}
        approval |= {"status": status, "rejection_reason": reason}
        if category:
            approval["category"] = category
        self.state.put_content(replace(content, approval=approval))

    def receive(
        self, address: str, body: str, to: str | None = None, extra: Mapping[str, str | None] | None = None
    ) -> str:
        """Take a text from a phone; return its SID once the webhook was answered."""
        sid, answers = self.switchboard.receive(address, body, to, extra)
        return self._carried(sid, answers)

    def tap(self, address: str, payload: str, title: str, original: str | None) -> str:
        """Take a tap on a button from a phone; return its SID once the webhook was answered."""
        sid, answers = self.switchboard.tap(address, payload, title, original)
        return self._carried(sid, answers)

    def _carried(self, sid: str, answers: list[str]) -> str:
        """In manual mode, carry the answers to the phone at once; their receipts wait for `settle`."""
        if not self.live:
            mine = set(answers)
            while step := self.agenda.pop_due(self.clock.now(), lambda s: s.kind == "move" and s.sid in mine):
                self.carrier.run(step)
        return sid

    def replay(self, sid: str, *, act: bool = False) -> Attempt:
        """Post an inbound webhook again, with the same I-Twilio-Idempotency-Token, and return the attempt.

        With `act`, what the TwiML asks for is sent (again) to the phone.
        """
        answers = self.switchboard.post(self.state.inbound[sid], act)
        self._carried(sid, answers)
        return next(a for a in reversed(self.attempts) if a.kind == "inbound" and a.sid == sid)

    def sign(self, url: str, params: Mapping[str, str] | Sequence[tuple[str, str]]) -> str:
        """Return the X-Twilio-Signature for a form that a test posts itself."""
        pairs = params.items() if isinstance(params, Mapping) else params
        return signature(self.auth_tokens[0], url, pairs)

    # Time.

    def settle(self) -> int:
        """Run, in this thread, everything that is due at the clock's time. Return how many steps that was."""
        count = 0
        while step := self.agenda.pop_due(self.clock.now()):
            self.carrier.run(step)
            count += 1
        return count

    def next_due(self) -> datetime | None:
        """Return when the stand-in itself has something to do next, or None."""
        return self.agenda.next_due()

    def wait_quiet(self, seconds: float) -> bool:
        """In live mode, wait until nothing is due and every receipt is posted. Say whether that came to pass."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self.closing.is_set():
            due = self.agenda.next_due()
            if self._running == 0 and (due is None or due > self.clock.now()):
                return True
            self.closing.wait(_LIVE_POLL / 5)
        return False

    def _run_live(self) -> None:
        while not self.closing.is_set():
            with self.agenda.changed:
                step = self.agenda.pop_due(self.clock.now())
                if step is None:
                    self.agenda.changed.wait(_LIVE_POLL)
                    continue
                self._running += 1
            if step.kind == "move":
                self._run(step)
            else:
                self._receipts.submit(self._run, step)

    def _run(self, step: Step) -> None:
        try:
            self.carrier.run(step)
        finally:
            with self.agenda.changed:
                self._running -= 1

    # Serving.

    @cached_property
    def wsgi(self) -> Flask:
        """The HTTP side: Twilio's API and the page with the phones."""
        return build_app(self, self.options)

    def serve(self, port: int = 0, host: str = "127.0.0.1") -> str:
        """Serve in a thread and return the base URL. Raises OSError when the port is taken."""
        self._server = Server(self.wsgi, host, port)
        return self._server.base_url

    def close(self) -> None:
        """Stop serving and delivering; hanging answers are cut."""
        self.closing.set()
        self.faults.lift()
        self.state.touch()
        if self._server is not None:
            self._server.close()
        if self.live:
            self._thread.join(timeout=2)
            self._receipts.shutdown(wait=False, cancel_futures=True)
        self.state.close()
