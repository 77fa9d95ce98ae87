"""Calls: a phone rings, is answered or not, hears what the service's TwiML says, and presses keys.

As in the switchboard for texts, the service is asked by signed webhooks. Source: Twilio's Voice TwiML.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from xml.etree import ElementTree

from companion.simulator.agenda import Step
from companion.simulator.carrier import Carrier
from companion.simulator.errors import Refusal
from companion.simulator.faults import CALL_FAULTS
from companion.simulator.ledger import Attempt, new_sid, rfc2822
from companion.simulator.webhooks import Outcome, Params, TwimlError, signature

CALL_OVER = frozenset({"completed", "busy", "no-answer", "failed", "canceled"})
_VERBS = {"Say", "Gather", "Pause", "Hangup", "Redirect"}
_ATTRIBUTES = {
    "Say": {"voice", "language", "loop"},
    "Gather": {"input", "numDigits", "timeout", "action", "method", "finishOnKey", "actionOnEmptyResult"},
    "Pause": {"length"},
    "Hangup": set(),
    "Redirect": {"method"},
}
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
            verbs = _verbs(self._post(call, url, more))
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
            said = _said(verb)
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
            *((("CallDuration", str(_duration(call))),) if call.ended_at else ()),
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


def _verbs(outcome: Outcome) -> tuple[str, ...]:
    """Return the verbs of a voice answer, as XML. Raises TwimlError with the debugger's code."""
    if outcome.status is None:
        raise TwimlError(11205 if outcome.failure == "ct" else 11200, "no answer from the voice webhook")
    if not 200 <= outcome.status < 300:
        raise TwimlError(11200, f"the voice webhook answered {outcome.status}")
    if outcome.content_type.partition(";")[0].strip().lower() not in {"text/xml", "application/xml"}:
        raise TwimlError(12300, "the content type is not TwiML's")
    try:
        root = ElementTree.fromstring(outcome.answer)  # noqa: S314 - the answer of the service under test
    except ElementTree.ParseError as error:
        raise TwimlError(12100, f"the TwiML cannot be read: {error}") from None
    if root.tag != "Response":
        raise TwimlError(12100, "the TwiML's root is not <Response>")
    for verb in root:
        _check(verb, _VERBS)
        for child in verb:
            _check(child, {"Say", "Pause"} if verb.tag == "Gather" else set())
    return tuple(ElementTree.tostring(verb, encoding="unicode") for verb in root)


def _check(verb: ElementTree.Element, allowed: set[str]) -> None:
    if verb.tag not in allowed or set(verb.attrib) - _ATTRIBUTES[verb.tag]:
        raise TwimlError(12200, f"<{verb.tag}> or one of its attributes is not in the schema of voice TwiML")


def _said(verb: ElementTree.Element) -> tuple[str, ...]:
    says = verb.iter("Say")
    return tuple(" ".join((say.text or "").split()) for say in says)


def _duration(call: Call) -> int:
    if call.answered_at is None or call.ended_at is None:
        return 0
    return int((call.ended_at - call.answered_at).total_seconds())


def check_call(form: Any, senders: tuple[str, ...], now: datetime) -> Call:
    """Return the call that the form asks for. Raises Refusal with Twilio's code for what its document leaves out."""
    from companion.simulator.rules import E164, MAGIC_TO, is_callback_url  # noqa: PLC0415 (rules knows the ledger)

    to, from_, url = form.get("To", "").strip(), form.get("From", "").strip(), form.get("Url", "").strip()
    if not to:
        raise Refusal(21201)
    if to in MAGIC_TO:
        raise Refusal(MAGIC_TO[to])
    if not E164.fullmatch(to):
        raise Refusal(21211)
    if from_ not in senders:
        raise Refusal(21210)
    if not is_callback_url(url) or not is_callback_url(form.get("StatusCallback") or url):
        raise Refusal(21205)
    timeout = int(form.get("Timeout", "60"))
    events = tuple(form.getlist("StatusCallbackEvent"))
    return new_call(
        from_=from_, to=to, url=url, now=now, timeout=timeout, callback=form.get("StatusCallback"), events=events
    )


def to_call_resource(call: Call, account_sid: str) -> dict[str, Any]:
    """Return the call as the Calls resource shows it: the duration is a string, dates are RFC 2822."""
    over = call.ended_at is not None
    return {
        "account_sid": account_sid,
        "answered_by": None,
        "api_version": "2010-04-01",
        "caller_name": None,
        "date_created": rfc2822(call.created_at),
        "date_updated": rfc2822(call.updated_at),
        "direction": "outbound-api",
        "duration": str(_duration(call)) if over else None,
        "end_time": rfc2822(call.ended_at),
        "forwarded_from": None,
        "from": call.from_,
        "from_formatted": call.from_,
        "group_sid": None,
        "parent_call_sid": None,
        "phone_number_sid": None,
        "price": None,
        "price_unit": "USD",
        "queue_time": "0",
        "sid": call.sid,
        "start_time": rfc2822(call.answered_at),
        "status": call.status,
        "subresource_uris": {},
        "to": call.to,
        "to_formatted": call.to,
        "trunk_sid": None,
        "uri": f"/2010-04-01/Accounts/{account_sid}/Calls/{call.sid}.json",
    }
