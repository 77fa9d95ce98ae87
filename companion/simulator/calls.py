"""Calls: a phone rings, is answered or not, hears what the service's TwiML says, and presses keys.

As in the switchboard for texts, the service is asked by signed webhooks. Source: Twilio's Voice TwiML.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from xml.etree import ElementTree

from companion.simulator.agenda import Step
from companion.simulator.carrier import Carrier
from companion.simulator.faults import CALL_FAULTS
from companion.simulator.ledger import Attempt, new_sid
from companion.simulator.voice_twiml import said_in, verbs_of
from companion.simulator.webhooks import Outcome, Params, TwimlError, signature

CALL_OVER = frozenset({"completed", "busy", "no-answer", "failed", "canceled"})
_LINES_HEARD = 40


@dataclass(frozen=True)
class Call:
    """A call to a phone. `heard` is what was spoken; `listening` is whether a key is waited for."""

    sid: str
    from_: str
    to: str
    url: str
    status: str
    created_at: datetime
    updated_at: datetime
    timeout: int
    status_callback: str | None = None
    events: tuple[str, ...] = ("completed",)
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    heard: tuple[str, ...] = ()
    keys: str = ""
    machine: bool = False
    action: str = ""  # where a key goes; empty when none is waited for
    rest: tuple[str, ...] = field(default=(), repr=False)  # TwiML verbs still to come, as XML
    inbound: bool = False  # a phone rang the service
    turn: int = 0  # counts what was played, so that an old time limit does not end a new one
    version: int = 0

    @property
    def listening(self) -> bool:
        """Whether a key is waited for."""
        return self.status == "in-progress" and bool(self.action)


class Exchange:
    """Connects calls between the service and the phones."""

    def __init__(self, carrier: Carrier) -> None:
        self.carrier = carrier
        self.state = carrier.state

    def place(self, draft: Call) -> Call:
        """Take a call in; the phone rings, or what a fault says happens instead."""
        call = self._put(draft)
        self.carrier.agenda.add(self._now(), Step("call", call.sid, "ring"))
        return call

    def dial(self, number: str, to: str, url: str) -> Call:
        """Let a phone ring one of the service's numbers, whose voice webhook is `url`, and listen."""
        now = self._now()
        call = new_call(from_=number, to=to, url=url, now=now, timeout=60, callback=None, events=())
        call = self._put(replace(call, status="in-progress", answered_at=now, inbound=True))
        self._ask(call, url, ())
        return self.state.calls[call.sid]

    def run(self, step: Step) -> None:
        """Do one step: `ring`, `no-answer` after the ringing, or `silence:N` after a key was waited for."""
        call = self.state.calls.get(step.sid)
        if call is None or call.status in CALL_OVER:
            return
        if step.status == "ring":
            self._ring(call)
        elif step.status == "no-answer" and call.status == "ringing":
            self._end(call, "no-answer")
        elif step.status == f"silence:{call.turn}" and call.listening:
            self._play(replace(call, action=""), call.rest)

    # What the person with the phone does.

    def answer(self, sid: str, *, machine: bool = False) -> Call:
        """Pick up (a person, or a mailbox) and listen. Raises LookupError when it does not ring."""
        call = self._ringing(sid)
        call = self._put(replace(call, status="in-progress", answered_at=self._now(), machine=machine))
        self._tell(call, "answered")
        self._ask(call, call.url, ())
        return self.state.calls[sid]

    def press(self, sid: str, digit: str) -> Call:
        """Press a key. Raises LookupError when the call is not under way; a key nobody waits for does nothing."""
        call = self.state.calls[sid]
        if call.status != "in-progress":
            raise LookupError("no call is under way")
        call = self._put(replace(call, keys=call.keys + digit))
        if call.listening:
            action = call.action
            self._ask(self._put(replace(call, action="", rest=(), turn=call.turn + 1)), action, (("Digits", digit),))
        return self.state.calls[sid]

    def decline(self, sid: str) -> None:
        """Refuse a call that rings."""
        self._end(self._ringing(sid), "busy")

    def hang_up(self, sid: str) -> None:
        """Put down."""
        call = self.state.calls[sid]
        if call.status == "in-progress":
            self._end(call, "completed")

    def cancel(self, sid: str, status: str) -> Call:
        """End a call as the API asks: canceled before it is answered, completed after."""
        call = self.state.calls[sid]
        if call.status not in CALL_OVER:
            answered = call.status == "in-progress"
            self._end(call, "completed" if answered or status == "completed" else "canceled")
        return self.state.calls[sid]

    # Inside.

    def _ring(self, call: Call) -> None:
        fault = self.carrier.faults.take(CALL_FAULTS, call.to, None, self._now())
        kind = fault.kind if fault else ""
        if kind == "call_busy":
            self._end(call, "busy")
            return
        if kind == "call_failed":
            self._end(call, "failed")
            return
        call = self._put(replace(call, status="ringing"))
        self._tell(call, "ringing")
        self.state.log("accepted", f"{self.state.who(call.to)}: the phone rings")
        if kind == "call_voicemail":
            self.answer(call.sid, machine=True)
            return
        self.carrier.agenda.add(self._now() + timedelta(seconds=call.timeout), Step("call", call.sid, "no-answer"))

    def _ringing(self, sid: str) -> Call:
        call = self.state.calls.get(sid)
        if call is None or call.status != "ringing":
            raise LookupError("the phone does not ring")
        return call

    def _ask(self, call: Call, url: str, more: Params) -> None:
        """Ask the service what to say, and say it; a failure ends the call, as at Twilio."""
        try:
            verbs = verbs_of(self._post(call, url, more))
        except TwimlError as error:
            self.state.alert(error.code, call.sid, str(error))
            self._put(replace(call, heard=(*call.heard, "We are sorry, an application error has occurred. Goodbye.")))
            self._end(self.state.calls[call.sid], "completed")
            return
        self._play(call, verbs)

    def _play(self, call: Call, verbs: tuple[str, ...]) -> None:
        """Play verbs until one waits for a key, or to the end, which puts down."""
        for place, text in enumerate(verbs):
            verb = ElementTree.fromstring(text)  # noqa: S314 - read once already
            said = said_in(verb)
            call = replace(call, heard=(*call.heard, *said)[-_LINES_HEARD:])
            if verb.tag == "Hangup":
                break
            if verb.tag == "Redirect":
                self._ask(self._put(call), (verb.text or "").strip(), ())
                return
            if verb.tag == "Gather" and not call.machine:
                waits = timedelta(seconds=float(verb.get("timeout", "5")))
                call = replace(call, action=verb.get("action") or call.url, rest=verbs[place + 1 :], turn=call.turn + 1)
                self._put(call)
                self.carrier.agenda.add(self._now() + waits, Step("call", call.sid, f"silence:{call.turn}"))
                return
        self._end(self._put(replace(call, rest=(), action="")), "completed")

    def _end(self, call: Call, status: str) -> None:
        call = self._put(replace(call, status=status, ended_at=self._now(), action="", rest=()))
        self.state.log("accepted", f"{self.state.who(call.to)}: the call is {status}")
        self._tell(call, "completed")

    def _tell(self, call: Call, event: str) -> None:
        """Post the status callback for an event that was asked for."""
        if call.status_callback and event in call.events:
            self.carrier.agenda.add(self._now(), Step("call_receipt", call.sid, call.status))

    def post_receipt(self, step: Step) -> None:
        """Post one status callback."""
        call = self.state.calls[step.sid]
        outcome = self._send(replace(call, status=step.status), call.status_callback or "", ())
        if outcome.status is None or not 200 <= outcome.status < 300:
            self.state.alert(11200, call.sid, f"the call's {step.status!r} was answered with {outcome.status}")

    def _post(self, call: Call, url: str, more: Params) -> Outcome:
        return self._send(call, url, more)

    def _send(self, call: Call, url: str, more: Params) -> Outcome:
        params = (
            ("CallSid", call.sid),
            ("AccountSid", self.carrier.account_sid),
            ("From", call.from_),
            ("To", call.to),
            ("CallStatus", call.status),
            ("ApiVersion", "2010-04-01"),
            ("Direction", "inbound" if call.inbound else "outbound-api"),
            *((("CallDuration", str(seconds_of(call))),) if call.ended_at else ()),
            *more,
        )
        headers = {"X-Twilio-Signature": signature(self.carrier.auth_token, url, params)}
        outcome = self.carrier.poster.post(url, params, headers)[-1]
        with self.state.lock:
            self.state.attempts.append(
                Attempt(
                    self._now(),
                    "voice",
                    call.sid,
                    url,
                    params,
                    outcome.status,
                    outcome.answer,
                    outcome.failure,
                    outcome.seconds,
                )
            )
        return outcome

    def _put(self, call: Call) -> Call:
        with self.state.lock:
            call = replace(call, updated_at=self._now(), version=self.state.touch())
            self.state.calls[call.sid] = call
            self.state.meet(call.from_ if call.inbound else call.to)
            return call

    def _now(self) -> datetime:
        return self.state.clock.now()


def new_call(
    *, from_: str, to: str, url: str, now: datetime, timeout: int, callback: str | None, events: tuple[str, ...]
) -> Call:
    """Return a call that is about to be placed."""
    return Call(new_sid("CA"), from_, to, url, "queued", now, now, timeout, callback, events or ("completed",))


def seconds_of(call: Call) -> int:
    """Return how long a call was, from its answer to its end; 0 while it is not over."""
    if call.answered_at is None or call.ended_at is None:
        return 0
    return int((call.ended_at - call.answered_at).total_seconds())
