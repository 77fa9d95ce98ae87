"""Putting texts into the ledger that is also the queue, and claiming them for sending."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from companion.content.catalogue import Text
from companion.messaging.optout import is_stopped
from companion.models import LANES, Address, InboundMessage, OutboxMessage, Person

LEASE = timedelta(seconds=60)  # six times Twilio's timeout: past it the worker that held it is gone


@dataclass(frozen=True)
class Claimed:
    """A text taken for sending, with all that is needed once the transaction is over."""

    id: uuid.UUID
    channel: str
    address: str
    body: str
    attempts: int
    expires_at: datetime | None
    lane: int


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
) -> OutboxMessage | None:
    """Add a text once: None when `key` is there already, sent or not.

    It leaves no sooner than `not_before` and is dropped at `expires_at`, when it would have lost its sense.
    """
    if session.scalar(select(OutboxMessage.id).where(OutboxMessage.key == key)):
        return None
    row = _row(key, lane, to, text, now)
    row.not_before = not_before or now
    row.expires_at = expires_at
    session.add(row)
    session.flush()
    return row


def drop(session: Session, *, key: str, lane: str, to: Address, text: Text, now: datetime, reason: str) -> None:
    """Record that a due text is not sent, and why, unless `key` is settled already."""
    if session.scalar(select(OutboxMessage.id).where(OutboxMessage.key == key)):
        return
    row = _row(key, lane, to, text, now)
    row.status, row.reason, row.settled_at = "dropped", reason, now
    session.add(row)


def hand_over(
    session: Session, inbound: InboundMessage, to: Address, texts: Sequence[Text], now: datetime
) -> list[OutboxMessage]:
    """Record the texts that answer `inbound` in the webhook itself."""
    rows = []
    for position, text in enumerate(texts):
        row = _row(f"answer:{inbound.provider_sid}:{position}", "reply", to, text, now)
        row.status, row.in_reply_to, row.sent_at = "handed", inbound.id, now
        rows.append(row)
    session.add_all(rows)
    return rows


def _row(key: str, lane: str, to: Address, text: Text, now: datetime) -> OutboxMessage:
    return OutboxMessage(
        key=key,
        lane=LANES.index(lane),
        purpose=text.id,
        wording_version=text.version,
        address_id=to.id,
        person_id=to.person_id,
        body=text.body,
        status="queued",
        created_at=now,
        not_before=now,
        updated_at=now,
    )


def claim(session: Session, now: datetime, limit: int) -> list[Claimed]:
    """Take up to `limit` due texts, the most urgent first, and hold them for LEASE.

    In the same transaction what must not go out any more is dropped: expired, or to someone who said STOP. A lease
    that has run out means that a worker died while it was calling: the text's outcome is unknown.
    """
    session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.status == "sending", OutboxMessage.lease_until < now)
        .values(status="unknown", updated_at=now)
    )
    due = session.scalars(
        select(OutboxMessage)
        .where(OutboxMessage.status == "queued", OutboxMessage.not_before <= now)
        .order_by(OutboxMessage.lane, OutboxMessage.not_before)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    claimed = []
    for row in due:
        reason = reason_to_drop(session, row, now)
        if reason is not None:
            row.status, row.reason, row.settled_at, row.updated_at = "dropped", reason, now, now
            continue
        row.status, row.lease_until, row.updated_at = "sending", now + LEASE, now
        row.attempts += 1
        address = row.address
        claimed.append(
            Claimed(
                row.id,
                address.channel,
                address.address,
                row.body or "",
                row.attempts,
                row.expires_at,
                row.lane,
            )
        )
    return claimed


def reason_to_drop(session: Session, row: OutboxMessage, now: datetime) -> str | None:
    """Return why `row` must not be sent any more, or None."""
    if row.expires_at is not None and row.expires_at <= now:
        return "too late"
    if is_stopped(session, row.address):
        return "stopped"
    if row.address.invalid_since is not None:
        return "address not valid"
    person = session.get(Person, row.person_id) if row.person_id else None
    if person is not None and person.state == "left" and LANES[row.lane] in ("reminder", "bulk"):
        return "left"
    return None


def next_due(session: Session) -> datetime | None:
    """Return when the next queued or unsettled text needs something done (UTC), or None."""
    queued = session.scalar(
        select(OutboxMessage.not_before)
        .where(OutboxMessage.status == "queued")
        .order_by(OutboxMessage.not_before)
        .limit(1)
    )
    held = session.scalar(
        select(OutboxMessage.lease_until)
        .where(or_(OutboxMessage.status == "sending", OutboxMessage.status == "unknown"))
        .order_by(OutboxMessage.lease_until)
        .limit(1)
    )
    return min((moment for moment in (queued, held) if moment), default=None)
