"""A phone in a person's hand, on one channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from companion.simulator.calls import CALL_OVER, Call
from companion.simulator.ledger import Channel, Text, address_of

if TYPE_CHECKING:
    from companion.simulator.standin import StandIn


class Phone:
    """Sends texts to the service and shows what arrived. Tests read it like a conversation."""

    def __init__(self, standin: StandIn, number: str, channel: Channel) -> None:
        self.number = number
        self.channel: Channel = channel
        self.address = address_of(number, channel)
        self._standin = standin

    def texts(self, body: str, *, to: str | None = None, **extra: str | None) -> str:
        """Send a text and return its MessageSid, after the webhook was answered.

        `to` picks one of the service's senders; `extra` overrides webhook parameters (None takes one away).
        """
        return self._standin.receive(self.address, body, to, extra)

    def taps(self, payload: str, title: str | None = None) -> str:
        """Tap a button. Without a `title`, the last text that has a button with this payload is answered."""
        for text in reversed(self.inbox):
            for button in text.buttons:
                if button.payload == payload:
                    return self._standin.tap(self.address, payload, title or button.title, text.sid)
        if title is None:
            raise LookupError(f"no button with the payload {payload!r} was ever shown on this phone")
        return self._standin.tap(self.address, payload, title, None)

    def ringing(self) -> Call | None:
        """Return the call that rings or is under way on this phone, or None."""
        live = [call for call in self._standin.calls if call.to == self.number and call.status not in CALL_OVER]
        return live[-1] if live and live[-1].status in ("ringing", "in-progress") else None

    def answers_call(self, *, machine: bool = False) -> Call:
        """Pick up; with `machine` it is a mailbox that does. Raises LookupError when nothing rings."""
        call = self.ringing()
        if call is None:
            raise LookupError(f"no phone rings at {self.number}")
        return self._standin.exchange.answer(call.sid, machine=machine)

    def rings(self, url: str, to: str | None = None) -> Call:
        """Ring one of the service's numbers, which asks `url` what to say; return the call with what was heard."""
        sender = to or next(each for each in self._standin.state.senders if ":" not in each)
        return self._standin.exchange.dial(self.number, sender, url)

    def presses(self, digit: str) -> Call:
        """Press a key in the call under way."""
        call = self.ringing()
        if call is None:
            raise LookupError(f"no call is under way at {self.number}")
        return self._standin.exchange.press(call.sid, digit)

    def declines_call(self) -> None:
        """Refuse the call that rings."""
        call = self.ringing()
        if call is None:
            raise LookupError(f"no phone rings at {self.number}")
        self._standin.exchange.decline(call.sid)

    @property
    def calls(self) -> list[Call]:
        """Every call to this phone, oldest first."""
        return [call for call in self._standin.calls if call.to == self.number]

    @property
    def inbox(self) -> list[Text]:
        """What arrived, oldest first."""
        return self._standin.state.arrived(self.address)

    def unread(self) -> list[Text]:
        """What arrived since `reads` was last called, oldest first."""
        return self.inbox[self._standin.state.seen[self.address] :]

    def reads(self, count: int | None = None) -> list[Text]:
        """Look at what is unread, or at the oldest `count` of it, and return that.

        On WhatsApp the service gets read receipts.
        """
        unread = self.unread()[:count]
        self._standin.state.mark_seen(self.address, len(unread))
        if self.channel == "whatsapp":
            for text in unread:
                self._standin.carrier.move(text.sid, "read")
        return unread
