"""A text from a phone: recorded, posted to the service, and the service's TwiML carried back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from companion.simulator.carrier import Carrier
from companion.simulator.errors import MESSAGES
from companion.simulator.faults import ANSWERS_LOST
from companion.simulator.inbound import CANNED, keyword_of, tap_params, webhook_params
from companion.simulator.ledger import Attempt, Inbound, Message, new_sid, split_address
from companion.simulator.rules import Draft
from companion.simulator.webhooks import Reply, TwimlError, parse_twiml, signature


@dataclass(frozen=True)
class Endpoints:
    """Where inbound texts are posted, and where they go when that fails (None: nowhere, as by default)."""

    inbound_url: str
    fallback_url: str | None = None


class Switchboard:
    """Connects phones and service."""

    def __init__(self, carrier: Carrier, endpoints: Endpoints) -> None:
        self.carrier = carrier
        self.state = carrier.state
        self.endpoints = endpoints

    def receive(
        self, address: str, body: str, to: str | None = None, extra: Mapping[str, str | None] | None = None
    ) -> tuple[str, list[str]]:
        """Take a text from the phone at `address`. Return its SID and the SIDs of what is sent back."""
        sender = to or self.sender_for(address)
        number, channel = split_address(address)
        # No phone can send half a surrogate pair.
        body = body.encode("utf-8", "replace").decode()
        now = self.state.clock.now()
        scope = self.state.scope(sender)
        message = self.state.put(
            Message(
                sid=new_sid("SM"),
                direction="inbound",
                from_=address,
                to=sender,
                body=body,
                status="received",
                created_at=now,
                updated_at=now,
                sent_at=now,
                service_sid=scope if scope != sender else None,
            )
        )
        answers = self._keyword(message) if channel == "sms" else []
        params = webhook_params(message, self.carrier.account_sid, self._name(number), extra or {})
        inbound = Inbound(message.sid, self.endpoints.inbound_url, params, new_sid(""))
        with self.state.lock:
            self.state.inbound[message.sid] = inbound
        faults = self.carrier.faults
        if faults.take({"inbound_lost"}, number, channel, now):
            self.state.alert(11200, message.sid, "the text was lost before it reached the service")
            return message.sid, answers
        answers += self.post(inbound)
        if faults.take({"inbound_twice"}, number, channel, now):
            self.post(inbound, act=False)
        return message.sid, answers

    def tap(self, address: str, payload: str, title: str, original: str | None) -> tuple[str, list[str]]:
        """Tap a button under a message: an inbound message that carries the button's payload."""
        context = self.state.messages.get(original or "")
        to = context.from_ if context else None
        return self.receive(address, title, to, tap_params(title, payload, context))

    def sender_for(self, address: str) -> str:
        """Return whom the phone would answer: who wrote last, else the first sender on its channel."""
        channel = split_address(address)[1]
        with self.state.lock:
            for sid in reversed(self.state.threads.get(address, ())):
                message = self.state.messages[sid]
                return message.to if message.inbound else message.from_ or ""
        fitting = [sender for sender in self.state.senders if split_address(sender)[1] == channel]
        if not fitting:
            raise ValueError(f"the account has no sender for {channel}")
        return fitting[0]

    def _name(self, number: str) -> str:
        contact = self.state.contacts.get(number)
        return contact.label if contact else number

    def _keyword(self, message: Message) -> list[str]:
        """Do what Twilio does by itself on SMS: block or unblock the pair, and answer once.

        START words are answered only where a STOP went before: not confirmed by Twilio's pages, and kind to
        services whose own dialogue asks for YES.
        """
        keyword = keyword_of(message.body)
        address = message.from_ or ""
        was_stopped = self.state.stopped(message.to, address)
        if keyword is None or was_stopped != (keyword == "START"):
            return []
        if keyword != "HELP":
            self.state.set_stopped(message.to, address, keyword == "STOP")
        draft = Draft(to=address, from_=message.to, body=CANNED[keyword])
        return [self.carrier.accept(draft, "outbound-reply", canned=True).sid]

    def post(self, inbound: Inbound, act: bool = True) -> list[str]:
        """Post an inbound webhook; with `act`, send what the TwiML asks for. Return the SIDs of those."""
        try:
            replies = self._answer(inbound)
        except TwimlError as error:
            self.state.alert(error.code, inbound.sid, str(error))
            if self.endpoints.fallback_url is None or not act:
                return []
            replies = self._ask_fallback(inbound, error)
        with self.state.lock:
            message = self.state.messages.get(inbound.sid)
            if message is not None and message.arrived_at is None:
                message = self.state.put(replace(message, arrived_at=self.state.clock.now()))
        if not act or message is None:
            return []
        return [sid for sid in (self._send(message, reply) for reply in replies) if sid]

    def _ask_fallback(self, inbound: Inbound, error: TwimlError) -> list[Reply]:
        fallback = replace(
            inbound,
            url=self.endpoints.fallback_url or "",
            params=(*inbound.params, ("ErrorCode", str(error.code)), ("ErrorUrl", inbound.url)),
        )
        try:
            return self._answer(fallback)
        except TwimlError as second:
            self.state.alert(second.code, inbound.sid, str(second))
            return []

    def _answer(self, inbound: Inbound) -> list[Reply]:
        headers = {
            "X-Twilio-Signature": signature(self.carrier.auth_token, inbound.url, inbound.params),
            "I-Twilio-Idempotency-Token": inbound.token,
        }
        outcomes = self.carrier.poster.post(inbound.url, inbound.params, headers)
        for outcome in outcomes:
            attempt = Attempt(
                self.state.clock.now(), "inbound", inbound.sid, inbound.url, inbound.params,
                outcome.status, outcome.answer, outcome.failure, outcome.seconds,
            )  # fmt: skip
            with self.state.lock:
                self.state.attempts.append(attempt)
        replies = parse_twiml(outcomes[-1])
        answer, count = outcomes[-1], "1 reply" if len(replies) == 1 else f"{len(replies)} replies"
        who = self.state.who(dict(inbound.params).get("From", ""))
        self.state.log("inbound", f"{who}: {count} in {answer.seconds * 1000:.0f} ms")
        return replies

    def _send(self, message: Message, reply: Reply) -> str | None:
        to, from_ = reply.to or message.from_ or "", reply.from_ or message.to
        code = self._refusal(reply, from_, to)
        if code:
            self.state.alert(code, message.sid, f"a reply was not sent: {MESSAGES.get(code, 'invalid body')}")
            return None
        draft = Draft(
            to=to,
            from_=from_,
            body=reply.body,
            media=reply.media,
            service_sid=None,
            status_callback=reply.status_callback,
        )
        return self.carrier.accept(draft, "outbound-reply").sid

    def _refusal(self, reply: Reply, from_: str, to: str) -> int | None:
        if not reply.body.strip() and not reply.media:
            return 14103  # Message: Invalid Body
        if len(reply.body) > 1600:
            return 21617
        number, channel = split_address(to)
        if channel == "sms" and self.state.stopped(from_, to):
            return 21610
        if self.carrier.faults.take({ANSWERS_LOST}, number, channel, self.state.clock.now()):
            return 14107
        return None
