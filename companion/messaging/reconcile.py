"""Asking Twilio for what never reached us: receipts, and texts that people sent while we were away.

Everything found goes the same way as a webhook would, so that what is known already has no second effect.
"""

from __future__ import annotations

import logging
import traceback
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy import text as sql

from companion import heartbeats
from companion.clock import Clock
from companion.db import Database
from companion.messaging import optout, receipts
from companion.messaging.addresses import address_of
from companion.messaging.inbound import Inbox, NotATextError
from companion.messaging.outage import SINCE_BACKUP
from companion.messaging.provider import NoAnswerError, NotReachedError, RefusedError, Sent
from companion.messaging.twilio import Twilio
from companion.models import InboundMessage, OutboxMessage, raise_alarm, settle_alarm
from companion.models.texts import UNCONFIRMED

if TYPE_CHECKING:
    from companion.messaging.provider import ReceivedText

log = logging.getLogger(__name__)

LOOK_BACK = timedelta(hours=24)  # where no round was ever done
KEPT = timedelta(days=400)  # how far back we ask at the most after an outage
OVERLAP = timedelta(minutes=10)
UNDER_WAY = timedelta(seconds=20)  # Twilio waits 15 s for a webhook: a younger text may still be coming by itself
LIMIT = 200  # texts asked for at first; where there are more, the question is asked again for more
MOST = 20_000
ROUND = "inbound"  # the heartbeat that says up to when every text is known to have reached us
NOT_TAKEN = "texts_not_taken"  # the alarm about texts that we fetched, and failed on
RESTORED = "restored"  # the heartbeat that says when a backup was put back the last time
NOT_FOUND = 404
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
            return self.texts() + self._receipts()
        except (RefusedError, NotReachedError, NoAnswerError) as error:
            log.warning("reconciliation could not ask Twilio: %s", error)
            return 0

    def texts(self) -> int:
        """Take in the texts that never reached us, a STOP among them; return how many. Raises Twilio's errors."""
        now = self._clock.now()
        since = self._since(now)
        found = [text for text in self._received(since) if text.at <= now - UNDER_WAY]
        missing = self._of_people_still_known(self._unknown(found))
        failed = [text for text in missing if not self._taken(text)]
        if missing:
            log.warning("%d texts had not reached us and were fetched", len(missing) - len(failed))
        with self._database.write() as session:
            # What we failed on is asked for again until it can be taken, however long that is.
            heartbeats.ran(session, ROUND, min([now, *(text.at for text in failed)]))
            if failed:
                raise_alarm(session, now, NOT_TAKEN)
            else:
                settle_alarm(session, now, NOT_TAKEN)
            settle_alarm(session, now, SINCE_BACKUP)
        return len(missing) - len(failed)

    def _taken(self, text: ReceivedText) -> bool:
        """Take in one text; one that we fail on must not keep the others away."""
        try:
            self._inbox.recover(form_of(text))
        except NotATextError:
            log.warning("a text that Twilio lists could not be read")
        except Exception as error:
            where = "".join(traceback.format_tb(error.__traceback__))  # without the message, which may hold words
            log.error("a fetched text could not be taken: %s at\n%s", type(error).__name__, where)
            return False
        return True

    def _received(self, since: datetime) -> list[ReceivedText]:
        limit = LIMIT
        while True:
            found = self._twilio.received_since(since, limit)
            if len(found) < limit or limit >= MOST:
                return found
            limit = min(limit * 10, MOST)

    def _since(self, now: datetime) -> datetime:
        """Return from when on to ask: the last round that came to its end, with an overlap."""
        last = heartbeats.last_run(self._database, ROUND)
        return max(now - KEPT, min(last or now - LOOK_BACK, now) - OVERLAP)

    def _unknown(self, texts: list[ReceivedText]) -> list[ReceivedText]:
        known: set[str] = set()
        with self._database.read() as session:
            for some in range(0, len(texts), 500):
                sids = [text.sid for text in texts[some : some + 500]]
                known.update(
                    session.scalars(select(InboundMessage.provider_sid).where(InboundMessage.provider_sid.in_(sids)))
                )
        return [text for text in texts if text.sid not in known]

    def _of_people_still_known(self, texts: list[ReceivedText]) -> list[ReceivedText]:
        """Leave out, after a database was put back, what people wrote before they were erased, and a YES to a move.

        It was looked after, or the erasure would have waited; taken in anew, a JOIN and a YES would undo it. A YES to a
        move, which was done again, would be one to something else now; but it tells the number.
        """
        restored = heartbeats.last_run(self._database, RESTORED) if texts else None
        if restored is None:
            return texts
        still = []
        with self._database.write() as session:
            for text in texts:
                sender = self._inbox.sender_of(form_of(text))
                if optout.moved_here(session, text.sid):
                    address = address_of(session, sender, text.at)
                    if address.invalid_code is None:
                        address.invalid_since = None
                elif not optout.was_erased(session, sender, text.at, restored):
                    still.append(text)
        return still

    def _receipts(self) -> int:
        now = self._clock.now()
        with self._database.read() as session:
            overdue = session.execute(
                select(OutboxMessage.id, OutboxMessage.provider_sid, OutboxMessage.attempts)
                .where(
                    sql(UNCONFIRMED),  # these very words: a partial index is used for no others
                    OutboxMessage.provider_sid.is_not(None),
                    OutboxMessage.updated_at < now - RECEIPT_AFTER,
                )
                .order_by(OutboxMessage.updated_at)
                .limit(RECEIPTS)
            ).all()
        changed = 0
        for id_, sid, attempts in overdue:
            seen = self._status_of(sid)
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

    def _status_of(self, sid: str) -> Sent:
        """Return how a text stands. One that Twilio has forgotten stays as we know it, and is given up in its time."""
        try:
            return self._twilio.status_of(sid)
        except RefusedError as error:
            if error.status != NOT_FOUND:
                raise
            return Sent(sid, "", "", None, None)


def form_of(text: ReceivedText) -> dict[str, str]:
    """Return the webhook's form for a text that Twilio's list shows."""
    return {
        "MessageSid": text.sid,
        "From": text.from_,
        "To": text.to,
        "Body": text.body,
        "NumMedia": str(text.media_count),
    }
