"""Placing calls that are due: claim, commit, ask Twilio, settle. No transaction is open while Twilio is asked."""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, bindparam, or_, select, update
from sqlalchemy.orm import Session, joinedload

from companion.clock import Clock
from companion.db import Database
from companion.messaging import outage, outcomes
from companion.messaging.calls import apply
from companion.messaging.provider import NoAnswerError, NotReachedError, Placed, RefusedError
from companion.messaging.twilio import TIMEOUT, Twilio
from companion.models import Call, raise_alarm
from companion.models.base import ask
from companion.settings import Settings

log = logging.getLogger(__name__)

BATCH = 3
LEASE = timedelta(seconds=90)  # longer than a batch in which every request takes Twilio's ten seconds, twice
LONGEST_REQUEST = timedelta(seconds=2 * TIMEOUT)
AGAIN = timedelta(seconds=10)
OVERDUE = timedelta(minutes=4)  # longer than any call takes, from asking to hanging up

# Made once: asked several times a second.
_LEASE_LOST = and_(Call.status.in_(("dialling", "unknown")), Call.lease_until < bindparam("now"))
_IS_DUE = (or_(Call.status == "queued", _LEASE_LOST), Call.not_before <= bindparam("now"))
_ANY_DUE = select(Call.id).where(*_IS_DUE).limit(1)
_DUE = (
    select(Call)
    .where(*_IS_DUE)
    .order_by(Call.created_at, Call.id)
    .limit(BATCH)
    .options(joinedload(Call.address))
    .with_for_update(skip_locked=True, of=Call)
)
_OVERDUE = (
    select(Call.id, Call.provider_sid)
    .where(Call.status.in_(("accepted", "ringing", "answered")), Call.provider_sid.is_not(None))
    .where(Call.updated_at < bindparam("until"))
)


@dataclass(frozen=True)
class Dialling:
    """A call taken for placing."""

    id: uuid.UUID
    number: str
    attempts: int
    lease_until: datetime


class Calls:
    """Places calls that are due through one Twilio client."""

    def __init__(self, database: Database, clock: Clock, twilio: Twilio, settings: Settings) -> None:
        self._database = database
        self._clock = clock
        self._twilio = twilio
        self._settings = settings

    def run(self) -> int:
        """Place what is due, ask about calls that nothing was heard of, and return how many were placed."""
        placed = 0
        while True:
            with self._database.write() as session:
                batch = _claim(session, self._clock.now(), can_call=self._settings.voice_sender is not None)
            for call in batch:
                self._place(call)
            placed += len(batch)
            if not batch:
                break
        self._ask_about_overdue()
        return placed

    def _place(self, call: Dialling) -> None:
        now = self._clock.now()
        if call.lease_until - now < LONGEST_REQUEST:
            return  # the lease runs out and the next run takes it
        url = f"{self._settings.public_url}/twilio/voice/{call.id}"
        try:
            placed = self._twilio.call(call.number, url=url, callback=f"{url}/status?n={call.attempts}")
        except (RefusedError, NotReachedError, NoAnswerError) as error:
            log.warning("call %s was not accepted: %s", call.id, error)
            with self._database.write() as session:
                _not_placed(session, call, error, self._clock.now())
            return
        with self._database.write() as session:
            _placed(session, call, placed, self._clock.now())

    def _ask_about_overdue(self) -> None:
        """Close calls of which no end was ever told, by asking Twilio."""
        with self._database.read() as session:
            now = self._clock.now()
            overdue = ask(session, _OVERDUE, until=now - OVERDUE).all()
        for id_, sid in overdue:
            try:
                status = self._twilio.status_of_call(sid)
            except RefusedError:
                status = "failed"
            except (NotReachedError, NoAnswerError):
                return
            with self._database.write() as session:
                if not apply(session, id_, {"CallSid": sid, "CallStatus": status}, now):
                    session.get_one(Call, id_).updated_at = now


def _claim(session: Session, now: datetime, *, can_call: bool) -> list[Dialling]:
    if ask(session, _ANY_DUE, now=now).first() is None:
        return []
    taken = []
    for call in session.scalars(_DUE, {"now": now}).all():
        call.updated_at = now
        if not can_call or (call.expires_at is not None and call.expires_at <= now):
            call.status, call.settled_at = "dropped", now
            call.reason = "too late" if can_call else "no number to call from"
            continue
        call.status, call.lease_until = "dialling", now + LEASE
        call.attempts += 1
        taken.append(Dialling(call.id, call.address.address, call.attempts, call.lease_until))
    return taken


def _placed(session: Session, call: Dialling, placed: Placed, now: datetime) -> None:
    mine = (Call.id == call.id, Call.attempts == call.attempts)
    known = {"provider_sid": placed.sid, "placed_at": now, "updated_at": now}
    settled = session.execute(
        update(Call).where(*mine, Call.status.in_(("dialling", "unknown"))).values(status="accepted", **known)
    )
    if not settled.rowcount:  # type: ignore[attr-defined]  # a callback was quicker: its status stands
        session.execute(update(Call).where(*mine).values(provider_sid=placed.sid))
    outage.worked_if_in_trouble(session, now)


def _not_placed(session: Session, call: Dialling, error: Exception, now: datetime) -> None:
    row = session.get_one(Call, call.id, with_for_update=True)
    if row.status != "dialling" or row.attempts != call.attempts:
        return
    row.updated_at = now
    if isinstance(error, RefusedError):
        rule = outcomes.rule_for(error.code, error.status)
        row.error_code = error.code or error.status
        if rule.alert:
            kind = outage.HELD if rule.do == "hold" else f"twilio_{row.error_code}"
            raise_alarm(session, now, kind, code=row.error_code)
        if rule.do in ("retry", "hold"):
            row.status, row.not_before, row.lease_until = "queued", now + AGAIN, None
        else:
            row.status, row.settled_at = "failed", now
        return
    outage.failed(session, now)
    if isinstance(error, NotReachedError):
        raise_alarm(session, now, outage.NOT_REACHED)
        row.status, row.lease_until = "queued", None
        row.not_before = outage.try_again_at(now, AGAIN.total_seconds())
    else:  # it may ring: once more is better than not at all
        row.status, row.lease_until = "unknown", now + AGAIN
