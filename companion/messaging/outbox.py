"""Putting texts into the ledger that is also the queue, and asking what is due."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select
from sqlalchemy import text as sql
from sqlalchemy.orm import Session

from companion.content.catalogue import Text
from companion.db import new_id
from companion.models import LANES, Address, InboundMessage, OutboxMessage
from companion.models.base import ask, store_once
from companion.models.texts import OPEN, QUEUED_NOW

WAKE = "companion_outbox"  # the channel on which PostgreSQL tells workers that something urgent waits
CONFIRMED_WITHIN = timedelta(seconds=60)  # when Twilio should have told of a text that answered in the webhook
_NEXT_QUEUED = (  # made once
    select(OutboxMessage.not_before)
    .where(sql(QUEUED_NOW), OutboxMessage.not_before > bindparam("now"))
    .order_by(OutboxMessage.not_before)
    .limit(1)
)
_NEXT_HELD = select(OutboxMessage.lease_until).where(sql(OPEN)).order_by(OutboxMessage.lease_until).limit(1)


def enqueue(
    session: Session,
    *,
    key: str,
    lane: str,
    to: Address,
    text: Text,
    now: datetime,
    not_before: datetime | None = None,
    expires_at: datetime | None = None,
    watched: bool = False,
) -> OutboxMessage | None:
    """Add a text once; return what was stored, or None when `key` is there already, sent or not.

    It is stored by a plain insert and is no part of the session: read its values, but change it by an UPDATE.
    It leaves no sooner than `not_before` and is dropped at `expires_at`, when it would have lost its sense. What
    becomes of a `watched` one is looked after by who queues it: it is not tried again later or on another channel.
    """
    if to.id is None:
        session.flush()  # an address just made
    row = _row(key, lane, to, text, now)
    row.id, row.not_before = new_id(), not_before or now
    row.expires_at, row.watched = expires_at, watched
    if not store_once(session, row, "key"):
        return None
    if lane in ("page", "reply"):
        wake_workers(session)
    return row


def wake_workers(session: Session) -> None:
    """Tell the workers, once this transaction is committed, that something urgent waits. SQLite's workers poll."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sql(f"NOTIFY {WAKE}"))


def drop(session: Session, *, key: str, lane: str, to: Address, text: Text, now: datetime, reason: str) -> None:
    """Record that a due text is not sent, and why, unless `key` is settled already."""
    row = _row(key, lane, to, text, now)
    row.id, row.status, row.reason, row.settled_at = new_id(), "dropped", reason, now
    store_once(session, row, "key")


def answers_to(
    inbound: InboundMessage, to: Address, texts: Sequence[Text], now: datetime, *, queued: bool
) -> list[OutboxMessage]:
    """Return the rows of the texts that answer `inbound`, handed over in the webhook itself, or `queued`.

    Twilio may never read what is handed over (the server may die while it writes it): one that no receipt confirms in
    time is asked about, and sent by a worker when Twilio has none of it.
    """
    rows = []
    for position, text in enumerate(texts):
        row = _row(f"answer:{inbound.provider_sid}:{position}", "reply", to, text, now)
        row.id, row.in_reply_to = new_id(), inbound.id
        if not queued:
            row.status, row.sent_at, row.lease_until = "handed", now, now + CONFIRMED_WITHIN
        rows.append(row)
    return rows


def _row(key: str, lane: str, to: Address, text: Text, now: datetime) -> OutboxMessage:
    text = text.said_in(to.person.language) if to.person is not None else text
    return OutboxMessage(
        key=key,
        lane=LANES.index(lane),
        purpose=text.id,
        wording_version=text.version,
        channel=to.channel,
        address_id=to.id,
        person_id=to.person_id,
        body=text.body,
        values=json.dumps(dict(text.values)) if to.channel == "whatsapp" else None,
        status="queued",
        created_at=now,
        not_before=now,
        updated_at=now,
    )


def next_due(session: Session, now: datetime) -> datetime | None:
    """Return when, after `now`, the next queued or unsettled text needs something done (UTC), or None."""
    queued = ask(session, _NEXT_QUEUED, now=now).scalar()
    held = ask(session, _NEXT_HELD).scalar()
    return min((moment for moment in (queued, held) if moment), default=None)
