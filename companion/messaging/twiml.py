"""The TwiML of an answer."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr


def twiml(messages: Sequence[tuple[str, str | None]]) -> str:
    """Return TwiML that answers with each (text, status callback address)."""
    inner = "".join(
        f"<Message{f' statusCallback={quoteattr(callback)}' if callback else ''}>{escape(body)}</Message>"
        for body, callback in messages
    )
    return f'<?xml version="1.0" encoding="UTF-8"?><Response>{inner}</Response>'
