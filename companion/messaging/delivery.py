"""Sending what is due: claim, commit, call Twilio, settle. No transaction is open during the call."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select, update
from sqlalchemy import text as sql
from sqlalchemy.orm import Session

from companion.clock import Clock
from companion.db import Database
from companion.messaging import claiming, outage, outcomes, templates
from companion.messaging.claiming import BATCH, Claimed
from companion.messaging.provider import Accepted, NoAnswerError, NotReachedError, ProviderError, RefusedError, Sent
from companion.messaging.rates import Budget
from companion.messaging.twilio import TIMEOUT, Twilio
from companion.models import LANES, Alarm, OutboxMessage, raise_alarm
from companion.models.base import found
from companion.models.texts import OPEN
from companion.settings import Settings

log = logging.getLogger(__name__)

EVERY_LANE = tuple(range(len(LANES)))
WAIT_FOR_RECEIPT = timedelta(seconds=60)  # how long an unknown outcome waits for Twilio's callback
PAGE_WAITS = timedelta(seconds=10)  # the same for a page
LONGEST_CALL = timedelta(seconds=2 * TIMEOUT)  # to connect, and to be answered
TOO_MANY = 429  # Twilio's answer to more requests at once than it takes
BACKOFF = (5, 15, 60, 300, 900)  # seconds between tries while Twilio cannot be reached
URGENT_BACKOFF = (5, 10, 20, 30)
_TROUBLE = (outage.HELD, outage.NOT_REACHED, outage.DOWN, outage.SINCE_BACKUP)

_MINE = (OutboxMessage.id == bindparam("row"), OutboxMessage.attempts == bindparam("try"))
_NAME = update(OutboxMessage).where(*_MINE).values(provider_sid=bindparam("sid"), sender=bindparam("from"))
_ACCEPT = _NAME.where(OutboxMessage.status.in_(("sending", "unknown"))).values(
    status="accepted", sent_at=bindparam("now"), updated_at=bindparam("now")
)
# Made once: asked several times a second.
_TROUBLES = select(Alarm).where(Alarm.kind.in_(_TROUBLE), Alarm.settled_at.is_(None))
_UNKNOWN = (
    select(OutboxMessage)
    .where(sql(OPEN), OutboxMessage.status.in_(("unknown", "handed")), OutboxMessage.lease_until < bindparam("now"))
    .order_by(OutboxMessage.lane, OutboxMessage.lease_until)
    .limit(bindparam("limit"))
)


class Delivery:
    """Sends due texts through one Twilio client. Threads and processes may run as many as they like."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        twilio: Twilio,
        settings: Settings,
        late: Callable[[datetime], str] = lambda _: "",
    ) -> None:
        self._late = late
        self._database = database
        self._clock = clock
        self._twilio = twilio
        self._settings = settings
        self._rates = {"sms": settings.companion_sms_rate, "whatsapp": settings.companion_whatsapp_rate}
        self._in_trouble = False  # there are alarms that the next success settles
        self._too_many = False  # Twilio said that it is asked too much at once: the next few go one by one

    def run(self, lanes: Collection[int] = EVERY_LANE, limit: int = 1_000) -> int:
        """Send up to `limit` due texts of `lanes`, the most urgent first; return how many Twilio was asked to send."""
        asked = 0
        while asked < limit:
            with self._database.write() as session:
                now = self._clock.now()
                troubles = _troubles(session)
                self._in_trouble = bool(troubles)
                outage.settle_if_over(session, troubles, now)
                if _held(troubles, now):
                    break
                if any(alarm.kind == outage.SINCE_BACKUP for alarm in troubles):
                    lanes = [lane for lane in lanes if lane in claiming.URGENT]
                budget = Budget(session, now, self._rates)
                batch, dealt_with = claiming.claim(session, now, lanes, budget, self._late, min(BATCH, limit - asked))
            self._send(batch)
            asked += len(batch)
            if self._too_many or not dealt_with:
                break
        return asked

    def _send(self, batch: Sequence[Claimed]) -> None:
        """Send a batch: at once what goes to different people, so that none waits for another; else one by one."""
        at_once = min(self._settings.companion_sends_at_once, len(batch))
        apart = len({text.address for text in batch}) == len(batch)
        if apart and at_once > 1 and not self._too_many:
            with ThreadPoolExecutor(at_once) as pool:  # they only speak to Twilio
                self._settle(list(zip(batch, pool.map(self._ask, batch), strict=True)))
            return
        self._too_many = False
        for text in batch:
            self._settle([(text, self._ask(text) if not self._too_many else None)])

    def _ask(self, text: Claimed) -> Accepted | ProviderError | None:
        """Ask Twilio to send a text; return what it said, or None without asking when the lease is too short for it."""
        now = self._clock.now()
        if text.lease_until - now < LONGEST_CALL:
            return None
        try:
            return self._twilio.send(
                text.channel,
                text.address,
                text.body,
                callback=f"{self._settings.public_url}/twilio/status?m={text.id}&n={text.attempts}",
                valid_for=int((text.expires_at - now).total_seconds()) if text.expires_at else None,
                content_sid=text.content_sid,
                content_variables=text.content_variables,
            )
        except (RefusedError, NotReachedError, NoAnswerError) as error:
            log.warning("text %s was not accepted: %s", text.id, error)
            return error

    def _settle(self, answers: Sequence[tuple[Claimed, Accepted | ProviderError | None]]) -> None:
        """Write down what Twilio said of each text; what it was not asked about is put back."""
        with self._database.write() as session:
            for text, answer in answers:
                if answer is None:
                    claiming.release(session, text, self._clock.now())
                elif isinstance(answer, Accepted):
                    self._accepted(session, text, answer)
                else:
                    self._in_trouble = True
                    self._too_many |= isinstance(answer, RefusedError) and answer.status == TOO_MANY
                    self._not_accepted(session, text, answer)

    def _accepted(self, session: Session, text: Claimed, accepted: Accepted) -> None:
        now = self._clock.now()
        sender = self._settings.sms_sender if text.channel == "sms" else self._settings.twilio_whatsapp_from
        given = {"row": text.id, "try": text.attempts, "sid": accepted.sid, "from": sender, "now": now}
        if not session.connection().execute(_ACCEPT, given).rowcount:  # a receipt was quicker: its status stands
            session.connection().execute(_NAME, given)
        if self._in_trouble:
            outage.worked(session, now)
            self._in_trouble = False

    def _not_accepted(self, session: Session, text: Claimed, error: ProviderError) -> None:
        now = self._clock.now()
        row = session.get_one(OutboxMessage, text.id, with_for_update=True)
        if row.status != "sending" or row.attempts != text.attempts:
            return  # a receipt, or another worker, was quicker
        row.updated_at = now
        if isinstance(error, RefusedError):
            rule = outcomes.rule_for(error.code, error.status)
            if text.content_sid:
                templates.mark_unusable(session, text.content_sid, error.code, now)
            outcomes.failed(session, row, rule, "failed", error.code or error.status, now)
        elif isinstance(error, NotReachedError):
            raise_alarm(session, now, outage.NOT_REACHED)
            outage.failed(session, now)
            steps = URGENT_BACKOFF if row.lane in claiming.URGENT else BACKOFF
            row.status = "queued"
            row.not_before = outage.try_again_at(now, steps[min(row.attempts, len(steps)) - 1])
        else:
            outage.failed(session, now)
            wait = PAGE_WAITS if LANES[row.lane] == "page" else WAIT_FOR_RECEIPT
            row.status, row.lease_until = "unknown", now + wait

    def ask_about_unknown(self, limit: int = 20) -> None:
        """Find out what became of texts whose outcome is not known, and send again what never went.

        A page does not wait to find out: for it a doubled text is better than a missing one.
        """
        with self._database.read() as session:
            now = self._clock.now()
            unknown = found(session, _UNKNOWN, now=now, limit=limit)
            questions = [
                (row.id, row.attempts, row.lane, row.address.channel, row.address.address, row.created_at)
                for row in unknown
            ]
        for id_, attempts, lane, channel, address, since in questions:
            seen: list[Sent] | None = None
            if LANES[lane] == "page":
                seen = []
            else:
                try:
                    seen = self._twilio.recent(channel, address, since - timedelta(minutes=1))
                except (RefusedError, NotReachedError, NoAnswerError) as error:
                    log.warning("could not ask about text %s: %s", id_, error)
            with self._database.write() as session:
                row = session.get_one(OutboxMessage, id_, with_for_update=True)
                # Another worker may have asked as well, and sent it again: then this answer is out of date.
                if row.status in ("unknown", "handed") and row.attempts == attempts:
                    self._found_out(session, row, seen)

    def _found_out(self, session: Session, row: OutboxMessage, seen: list[Sent] | None) -> None:
        now = self._clock.now()
        row.updated_at = now
        if seen is None:
            row.lease_until = now + WAIT_FOR_RECEIPT
            return
        known = select(OutboxMessage.provider_sid).where(OutboxMessage.address_id == row.address_id)
        taken = set(session.scalars(known))
        # The oldest first: a newer one with the same words belongs to a text that was asked for later.
        fitting = (sent for sent in reversed(seen) if sent.body == row.body and sent.sid not in taken)
        match = next(fitting, None)
        if match is not None:
            row.status, row.provider_sid, row.sent_at = "accepted", match.sid, match.at or now
        else:
            row.status, row.not_before = "queued", now


def _troubles(session: Session) -> Sequence[Alarm]:
    """Return the open alarms about Twilio, whichever process raised them."""
    return found(session, _TROUBLES)


def _held(troubles: Sequence[Alarm], now: datetime) -> bool:
    """Whether sending is held since Twilio refused our credentials; one text a minute tries again."""
    return any(alarm.kind == outage.HELD and now - alarm.last_at < timedelta(minutes=1) for alarm in troubles)
