"""A phone in a person's hand, on one channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
