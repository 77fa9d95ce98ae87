"""By which channel, and in which form, a text can reach someone at this moment.

WhatsApp within 24 hours of the person's last text takes free words; outside that only an approved template; else the
text goes by SMS to the same person, which people agree to on joining.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from companion.messaging import outcomes, templates
from companion.messaging.window import window_open
from companion.models import Address, OutboxMessage


@dataclass(frozen=True)
class Way:
    """An address, and the template to use there (free words when None)."""

    address: Address
    content_sid: str | None = None
    content_variables: str | None = None


def choose(session: Session, row: OutboxMessage, now: datetime) -> Way | None:
    """Return the way for `row` at `now`, or None when there is none."""
    if row.address.invalid_since is None:
        is_open = window_open(row.address, now)
        by_template = row.address.channel == "whatsapp" and (is_open or not outcomes.rests(session, row.address, now))
        way = _by_template(session, row, window_open=is_open) if by_template else None
        if way is not None or is_open:
            return way or Way(row.address)
    # A page that is looked after by those who queued it goes where it was meant to go, or not at all.
    other = outcomes.other_way(session, row.address, now) if not row.watched else None
    return Way(other) if other is not None else None


def _by_template(session: Session, row: OutboxMessage, *, window_open: bool) -> Way | None:
    """Return the way by an approved template, or within the 24 hours by one with buttons; None when there is none."""
    template = templates.usable(session, row.purpose, row.wording_version, window_open=window_open)
    if template is None or row.values is None:
        return None
    try:
        filled = templates.variables(template.variables, json.loads(row.values))
    except templates.TemplateError:
        return None
    return Way(row.address, template.content_sid, filled)
