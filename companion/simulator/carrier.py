"""How an accepted message travels: to the phone or not, and which receipts are posted on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from companion.simulator.agenda import Agenda, Step
from companion.simulator.errors import MESSAGES
from companion.simulator.faults import QUEUED, RECEIPT_FAULTS, FaultBoard
from companion.simulator.ledger import FINAL_STATUSES, Attempt, Message, new_sid, split_address
from companion.simulator.rules import Draft, is_callback_url
from companion.simulator.state import State
from companion.simulator.webhooks import Poster, signature

_ENDS = {"failed", "undelivered", "stays_sent"}
_CHANNEL_INSTALL = "XE" + "0" * 32


@dataclass(frozen=True)
class Delays:
    """Seconds, by the stand-in's clock, that a message spends in each state."""

    queued: float = 0.0
    sent: float = 0.0
    receipt: float = 0.0


NO_DELAYS = Delays()
LIVE_DELAYS = Delays(queued=0.15, sent=0.25, receipt=0.02)


class Carrier:
    """Moves messages and posts their receipts, one step of the agenda at a time."""

    def __init__(
        self,
        state: State,
        agenda: Agenda,
        faults: FaultBoard,
        *,
        account_sid: str,
        auth_token: str,
        delays: Delays,
    ) -> None:
        self.state = state
        self.agenda = agenda
        self.faults = faults
        self.poster = Poster()
        self.account_sid = account_sid
        self.auth_token = auth_token
        self.delays = delays
        self._held: dict[str, list[Step]] = {}
        self.others: dict[str, Callable[[Step], None]] = {}  # what other kinds of steps are run by

    def accept(
        self,
        draft: Draft,
        direction: Literal["outbound-api", "outbound-reply"] = "outbound-api",
        canned: bool = False,
    ) -> Message:
        """Take a message in and plan its way. Twilio's first status depends on service and schedule."""
        now = self.state.clock.now()
        first = "scheduled" if draft.send_at else "accepted" if draft.service_sid else "queued"
        message = self.state.put(
            Message(
                sid=new_sid("MM" if draft.media else "SM"),
                direction=direction,
                from_=draft.from_,
                to=draft.to,
                body=draft.body,
                status=first,
                created_at=now,
                updated_at=now,
                send_at=draft.send_at,
                service_sid=draft.service_sid,
                status_callback=draft.status_callback,
                content_sid=draft.content_sid,
                media=draft.media,
                buttons=draft.buttons,
                error_code=draft.late_error,
                canned=canned,
                valid_for=draft.valid_for,
            )
        )
        self.plan(message)
        return message

    def plan(self, message: Message) -> None:
        """Plan the next step of a message that is on its way (also after a restart)."""
        now = self.state.clock.now()
        if message.status == "scheduled":
            self._at(message.send_at or now, "move", message.sid, "queued")
        elif message.status == "accepted":
            self._at(now, "move", message.sid, "queued")
        elif message.status == "queued":
            self._plan_sending(message)
        elif message.status == "sent":
            self._at(now, "move", message.sid, "delivered")

    def _plan_sending(self, message: Message) -> None:
        now = self.state.clock.now()
        due = now + timedelta(seconds=self.delays.queued)
        number, channel = split_address(message.to)
        if (queue := self.faults.take({QUEUED}, number, channel, now)) is not None:
            due = now + timedelta(minutes=queue.minutes)
            if message.valid_for is not None and due > now + timedelta(seconds=message.valid_for):
                self._at(now + timedelta(seconds=message.valid_for), "move", message.sid, "failed", 30036)
                return
        end = self.faults.take(_ENDS, number, channel, self.state.clock.now())
        if end is not None and end.kind == "failed":
            self._at(due, "move", message.sid, "failed", end.code)
            return
        if self._blocked(message):
            self._at(due, "move", message.sid, "failed", 21610)
            return
        self._at(due, "move", message.sid, "sent")
        after = due + timedelta(seconds=self.delays.sent)
        late = message.error_code or self._closed_window(message)
        if late:
            self._at(after, "move", message.sid, "failed", late)
        elif end is None:
            self._at(after, "move", message.sid, "delivered")
        elif end.kind == "undelivered":
            self._at(after, "move", message.sid, "undelivered", end.code)

    def _blocked(self, message: Message) -> bool:
        """A STOP that came after the message was accepted; Twilio's own answer to STOP still goes out."""
        if message.canned or split_address(message.to)[1] == "whatsapp":
            return False
        return self.state.stopped(message.from_ or "", message.to)

    def _closed_window(self, message: Message) -> int | None:
        if message.channel != "whatsapp" or self.state.window_open(message.from_ or "", message.to):
            return None
        content = self.state.content(message.content_sid or "")
        if content is None:
            return 63016
        return {"approved": None, "rejected": 63040, "paused": 63041, "disabled": 63042}.get(content.status, 63016)

    def _at(self, due: datetime, kind: str, sid: str, status: str, code: int | None = None) -> None:
        self.agenda.add(due, Step(kind, sid, status, code))

    def run(self, step: Step) -> None:
        """Do one step."""
        if step.kind == "move":
            self.move(step.sid, step.status, step.code)
        elif step.kind == "receipt":
            self._post_receipt(step)
        elif step.kind in self.others:
            self.others[step.kind](step)

    def move(self, sid: str, status: str, code: int | None = None) -> None:
        """Bring a message to a status, unless it is gone or has come to its end; plan the receipts."""
        with self.state.lock:
            message = self.state.messages.get(sid)
            if message is None or (message.status in FINAL_STATUSES and status != "read"):
                return
            now = self.state.clock.now()
            message = self.state.put(
                replace(
                    message,
                    status=status,
                    updated_at=now,
                    sent_at=message.sent_at or (now if status not in {"queued", "canceled"} else None),
                    arrived_at=message.arrived_at or (now if status == "delivered" else None),
                    error_code=code if status in {"failed", "undelivered"} else message.error_code,
                )
            )
            if code is not None and status in {"failed", "undelivered"}:
                why = MESSAGES.get(code, "Error")
                self.state.log("alert", f"{self.state.who(message.phone)}: {status}, {code} {why}")
            self._plan_receipts(message, Step("receipt", sid, status, code))
            if status == "queued":
                self._plan_sending(message)

    def _plan_receipts(self, message: Message, step: Step) -> None:
        if not message.status_callback or not is_callback_url(message.status_callback):
            return
        now = self.state.clock.now()
        number, channel = split_address(message.to)
        fault = self.faults.take(RECEIPT_FAULTS, number, channel, now)
        kind = fault.kind if fault else ""
        due = now + timedelta(seconds=self.delays.receipt)
        if kind == "no_receipts":
            return
        if kind == "receipts_late" and fault is not None:
            due += timedelta(minutes=fault.minutes)
        if kind == "receipts_out_of_order" or message.sid in self._held:
            held = self._held.setdefault(message.sid, [])
            held.append(step)
            if step.status in FINAL_STATUSES:
                for late in reversed(self._held.pop(message.sid)):
                    self.agenda.add(due, late)
            return
        for _ in range(2 if kind == "receipts_twice" else 1):
            self.agenda.add(due, step)

    def _post_receipt(self, step: Step) -> None:
        message = self.state.messages.get(step.sid)
        if message is None or not message.status_callback:
            return
        url = message.status_callback
        params = receipt_params(message, step, self.account_sid)
        headers = {"X-Twilio-Signature": signature(self.auth_token, url, params)}
        headers["I-Twilio-Idempotency-Token"] = new_sid("")
        for outcome in self.poster.post(url, params, headers):
            attempt = Attempt(
                self.state.clock.now(), "status", step.sid, url, params,
                outcome.status, outcome.answer, outcome.failure, outcome.seconds,
            )  # fmt: skip
            with self.state.lock:
                self.state.attempts.append(attempt)
        if outcome.status is None or not 200 <= outcome.status < 300:
            answer = outcome.status or "no answer"
            self.state.alert(11200, step.sid, f"the receipt {step.status!r} was answered with {answer}")
        else:
            self.state.log("receipt", f"{self.state.who(message.phone)}: {step.status}")


def receipt_params(message: Message, step: Step, account_sid: str) -> tuple[tuple[str, str], ...]:
    """Return the form of a status callback. Source: outbound message status in status callbacks."""
    params = {
        "SmsSid": message.sid,
        "SmsStatus": step.status,
        "MessageStatus": step.status,
        "To": message.to,
        "MessageSid": message.sid,
        "AccountSid": account_sid,
        "From": message.from_ or "",
        "ApiVersion": "2010-04-01",
    }
    if message.service_sid:
        params["MessagingServiceSid"] = message.service_sid
    if step.code is not None:
        params["ErrorCode"] = str(step.code)
    if message.channel == "whatsapp":
        params |= {"ChannelInstallSid": _CHANNEL_INSTALL, "ChannelPrefix": "whatsapp"}
        if step.status in {"delivered", "read"}:
            params["EventType"] = step.status.upper()
        if step.code is not None:
            params["ChannelStatusMessage"] = MESSAGES.get(step.code, "Error")
    elif step.status in {"delivered", "undelivered"}:
        params["RawDlrDoneDate"] = message.updated_at.strftime("%y%m%d%H%M")
    return tuple(params.items())
