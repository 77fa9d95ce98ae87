"""WhatsApp's 24 hours in which words in free form may be sent."""

from __future__ import annotations

from datetime import datetime, timedelta

from companion.models import Address

WINDOW = timedelta(hours=23, minutes=50)  # WhatsApp's 24 hours, with a margin for the way there


def window_open(address: Address, now: datetime) -> bool:
    """Whether a text in free form may go to this WhatsApp address (always so for SMS)."""
    if address.channel != "whatsapp":
        return True
    return address.last_inbound_at is not None and now - address.last_inbound_at < WINDOW
