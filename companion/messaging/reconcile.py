"""Asking Twilio for what never reached us: receipts, and texts that people sent while we were away.

Everything found goes the same way as a webhook would, so that what is known already has no second effect.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from companion.clock import Clock
from companion.db import Database
from companion.messaging import receipts
from companion.messaging.inbound import Inbox
from companion.messaging.twilio import NoAnswerError, NotReachedError, RefusedError, Twilio
from companion.models import InboundMessage, OutboxMessage, raise_alarm

if TYPE_CHECKING:
    from companion.messaging.twilio import ReceivedText

log = logging.getLogger(__name__)

LOOK_BACK = timedelta(hours=24)  # at the most: older texts are for a person to look at
OVERLAP = timedelta(minutes=10)
LIMIT = 200  # texts asked for at a time
RECEIPT_AFTER = timedelta(minutes=10)
GIVE_UP_AFTER = timedelta(hours=24)
RECEIPTS = 50
_UNSETTLED = ("accepted", "sent")


class Reconciliation:
    """One round asks for inbound texts since the last we know of, and for receipts that are overdue."""

    def __init__(self, database: Database, clock: Clock, twilio: Twilio, inbox: Inbox) -> None:
        self._database = database
        self._clock = clock
        self._twilio = twilio
        self._inbox = inbox

    def run(self) -> int:
        """Do one round; return how many texts and receipts were missing. Twilio's trouble ends it quietly."""
        try:
            return self._inbound() + self._receipts()
        except (RefusedError, NotReachedError, NoAnswerError) as error:
            log.warning("reconciliation could not ask Twilio: %s", error)
            return 0

    def _inbound(self) -> int:
        found = [text for text in self._twilio.received_since(self._since(), LIMIT) if not self._known(text)]
        for text in found:
            self._inbox.recover(form_of(text))
        if found:
            log.warning("%d texts had not reached us and were fetched", len(found))
        return len(found)

    def _since(self) -> datetime:
        now = self._clock.now()
        with self._database.read() as session:
            latest = session.scalar(
                select(func.max(InboundMessage.received_at)).where(InboundMessage.recovered.is_(False))
            )
        return max(now - LOOK_BACK, min(latest or now, now) - OVERLAP)

    def _known(self, text: ReceivedText) -> bool:
        with self._database.read() as session:
            return session.scalar(select(InboundMessage.id).where(InboundMessage.provider_sid == text.sid)) is not None

    def _receipts(self) -> int:
        now = self._clock.now()
        with self._database.read() as session:
            overdue = session.execute(
                select(OutboxMessage.id, OutboxMessage.provider_sid, OutboxMessage.attempts)
                .where(
                    OutboxMessage.status.in_(_UNSETTLED),
                    OutboxMessage.provider_sid.is_not(None),
                    OutboxMessage.settled_at.is_(None),
                    OutboxMessage.updated_at < now - RECEIPT_AFTER,
                )
                .order_by(OutboxMessage.updated_at)
                .limit(RECEIPTS)
            ).all()
        changed = 0
        for id_, sid, attempts in overdue:
            seen = self._twilio.status_of(sid)
            form = {"MessageSid": sid, "MessageStatus": seen.status, "ErrorCode": str(seen.error_code or "")}
            with self._database.write() as session:
                changed += receipts.apply(session, {"m": str(id_), "n": str(attempts)}, form, now)
                row = session.get_one(OutboxMessage, id_)
                row.updated_at = now
                if row.status in _UNSETTLED and now - (row.sent_at or row.created_at) > GIVE_UP_AFTER:
                    # Accepted a day ago and never delivered: on WhatsApp that is how a block looks.
                    row.settled_at, row.reason = now, "never confirmed"
                    raise_alarm(session, now, "never_confirmed")
        return changed


def form_of(text: ReceivedText) -> dict[str, str]:
    """Return the webhook's form for a text that Twilio's list shows."""
    return {
        "MessageSid": text.sid,
        "From": text.from_,
        "To": text.to,
        "Body": text.body,
        "NumMedia": str(text.media_count),
    }
