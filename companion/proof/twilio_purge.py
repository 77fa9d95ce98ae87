"""Removing at Twilio the words that were removed here. Twilio would keep them for over a year."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from sqlalchemy import exists, insert, literal, select
from sqlalchemy.orm import Session

from companion.clock import Clock
from companion.db import Database
from companion.messaging.provider import NoAnswerError, NotReachedError, RefusedError
from companion.messaging.twilio import Twilio
from companion.models import InboundMessage, OutboxMessage, TwilioPurge, raise_alarm

log = logging.getLogger(__name__)

BATCH = 100  # in one run, which is every hour: more than a programme of a thousand trainees makes
AGAIN = (timedelta(hours=1), timedelta(hours=6), timedelta(days=1))
GONE = 404


def ask(session: Session, now: datetime) -> None:
    """Put on the list every text whose words are gone here and were not yet asked to be removed there."""
    for table in (InboundMessage, OutboxMessage):
        known = exists().where(TwilioPurge.provider_sid == table.provider_sid)
        gone = select(
            table.provider_sid,
            literal(now, TwilioPurge.asked_at.type),
            literal(now, TwilioPurge.not_before.type),
            literal(0),
        ).where(table.body.is_(None), table.provider_sid.is_not(None), ~known)
        session.execute(insert(TwilioPurge).from_select(["provider_sid", "asked_at", "not_before", "tries"], gone))


def run(database: Database, clock: Clock, twilio: Twilio) -> int:
    """Remove some of what is on the list; return how many are done. No transaction is open while Twilio is asked."""
    with database.read() as session:
        due = session.scalars(
            select(TwilioPurge.provider_sid)
            .where(TwilioPurge.done_at.is_(None), TwilioPurge.not_before <= clock.now())
            .order_by(TwilioPurge.not_before)
            .limit(BATCH)
        ).all()
    done = 0
    for sid in due:
        code: int | None = None
        try:
            twilio.remove_words(sid)
        except RefusedError as error:
            code = None if error.status == GONE else error.code or error.status
        except (NotReachedError, NoAnswerError):
            return done  # the next run begins here
        with database.write() as session:
            row = session.get_one(TwilioPurge, sid)
            _settle(session, row, code, clock.now())
            done += row.done_at is not None
    return done


def _settle(session: Session, row: TwilioPurge, code: int | None, now: datetime) -> None:
    row.error_code = code
    if code is None:
        row.done_at = now
        return
    log.warning("Twilio does not remove the words of %s: %s", row.provider_sid, code)
    row.not_before = now + AGAIN[min(row.tries, len(AGAIN) - 1)]
    row.tries += 1
    if row.tries > len(AGAIN):
        raise_alarm(session, now, "words_left_at_twilio")
