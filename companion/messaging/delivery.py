"""Sending what is due: claim, commit, call Twilio, settle. No transaction is open during the call."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from companion.clock import Clock
from companion.db import Database
from companion.messaging import outcomes
from companion.messaging.outbox import Claimed, claim
from companion.messaging.twilio import Accepted, NoAnswerError, NotReachedError, RefusedError, Twilio
from companion.models import LANES, Alarm, OutboxMessage, raise_alarm, settle_alarm
from companion.settings import Settings

log = logging.getLogger(__name__)

BATCH = 10
WAIT_FOR_RECEIPT = timedelta(seconds=60)  # how long an unknown outcome waits for Twilio's callback
BACKOFF = (5, 15, 60, 300, 900)  # seconds between tries while Twilio cannot be reached


class Delivery:
    """Sends due texts through one Twilio client."""

    def __init__(self, database: Database, clock: Clock, twilio: Twilio, settings: Settings) -> None:
        self._database = database
        self._clock = clock
        self._twilio = twilio
        self._settings = settings

    def run(self, limit: int = 1_000) -> int:
        """Send up to `limit` due texts, the most urgent first; return how many Twilio was asked to send."""
        asked = 0
        while asked < limit:
            with self._database.write() as session:
                now = self._clock.now()
                if _held(session, now):
                    return asked
                batch = claim(session, now, BATCH)
            for text in batch:
                self._send(text)
            asked += len(batch)
            if not batch:
                break
        self._ask_about_unknown()
        return asked

    def _send(self, text: Claimed) -> None:
        now = self._clock.now()
        valid_for = int((text.expires_at - now).total_seconds()) if text.expires_at else None
        callback = f"{self._settings.public_url}/twilio/status?m={text.id}&n={text.attempts}"
        try:
            outcome: Accepted | Exception = self._twilio.send(
                text.channel, text.address, text.body, callback=callback, valid_for=valid_for
            )
        except (RefusedError, NotReachedError, NoAnswerError) as error:
            outcome = error
            log.warning("text %s not accepted: %s", text.id, error)
        with self._database.write() as session:
            row = session.get_one(OutboxMessage, text.id, with_for_update=True)
            self._settle(session, row, text, outcome)

    def _settle(self, session: Session, row: OutboxMessage, text: Claimed, outcome: Accepted | Exception) -> None:
        now = self._clock.now()
        row.updated_at = now
        if isinstance(outcome, Accepted):
            row.provider_sid = outcome.sid
            row.sender = self._settings.sms_sender if text.channel == "sms" else self._settings.twilio_whatsapp_from
            row.sent_at = row.sent_at or now
            settle_alarm(session, now, "twilio_held")
            settle_alarm(session, now, "twilio_not_reached")
        if row.status != "sending" or row.attempts != text.attempts:
            return  # a receipt, or another worker, was quicker
        if isinstance(outcome, Accepted):
            row.status = "accepted"
        elif isinstance(outcome, RefusedError):
            rule = outcomes.rule_for(outcome.code, outcome.status)
            outcomes.failed(session, row, rule, "failed", outcome.code or outcome.status, now)
        elif isinstance(outcome, NotReachedError):
            raise_alarm(session, now, "twilio_not_reached")
            row.status = "queued"
            row.not_before = now + timedelta(seconds=BACKOFF[min(row.attempts, len(BACKOFF)) - 1])
        else:
            row.status, row.lease_until = "unknown", now + WAIT_FOR_RECEIPT

    def _ask_about_unknown(self) -> None:
        """Find out what became of texts whose outcome is not known, and send again what never went."""
        with self._database.read() as session:
            now = self._clock.now()
            unknown = session.scalars(
                select(OutboxMessage)
                .where(OutboxMessage.status == "unknown", OutboxMessage.lease_until < now)
                .order_by(OutboxMessage.lane, OutboxMessage.lease_until)
                .limit(BATCH)
            ).all()
            questions = [(row.id, row.address.channel, row.address.address, row.created_at) for row in unknown]
            pages = {row.id for row in unknown if LANES[row.lane] == "page"}
        for id_, channel, address, since in questions:
            try:
                seen = [] if id_ in pages else self._twilio.recent(channel, address, since - timedelta(minutes=1))
            except (RefusedError, NotReachedError, NoAnswerError) as error:
                log.warning("could not ask about text %s: %s", id_, error)
                seen = None
            with self._database.write() as session:
                row = session.get_one(OutboxMessage, id_, with_for_update=True)
                if row.status != "unknown":
                    continue
                now = self._clock.now()
                row.updated_at = now
                if seen is None:
                    row.lease_until = now + WAIT_FOR_RECEIPT
                    continue
                taken = set(
                    session.scalars(
                        select(OutboxMessage.provider_sid).where(OutboxMessage.address_id == row.address_id)
                    )
                )
                match = next((s for s in seen if s.body == row.body and s.sid not in taken), None)
                if match is not None:
                    row.status, row.provider_sid, row.sent_at = "accepted", match.sid, match.at or now
                else:
                    row.status, row.not_before = "queued", now


def _held(session: Session, now: datetime) -> bool:
    """Whether sending is held since Twilio refused our credentials; one text a minute tries again."""
    alarm = session.scalar(select(Alarm).where(Alarm.kind == "twilio_held", Alarm.settled_at.is_(None)))
    return alarm is not None and now - alarm.last_at < timedelta(minutes=1)
