"""Taking due texts from the outbox for sending: the most urgent first, by any number of workers.

In the same transaction what must not go out is dropped, and what must wait is put off: nothing is sent to someone
whose STOP was committed before the claim.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select, update
from sqlalchemy import text as sql
from sqlalchemy.orm import Session, joinedload

from companion.messaging import channels, quiet, rates
from companion.messaging.optout import Stop, stops_among
from companion.messaging.parts import count
from companion.models import LANES, OutboxMessage
from companion.models.base import ask
from companion.models.texts import OPEN, QUEUED_NOW

BATCH = 20
LEASE = timedelta(seconds=60)  # what is not begun long enough before its end is put back
URGENT = (0, 1)  # page and reply: no quiet hours, no rate
LATE = timedelta(minutes=2)  # what Twilio's trouble held up for longer says so
MEMBERS_ONLY = ("reminder", "bulk")

# Made once: asked several times a second. For one sender's channel, or for any.
_RUN_OUT = (
    update(OutboxMessage)
    .where(sql(OPEN), OutboxMessage.status == "sending", OutboxMessage.lease_until < bindparam("now"))
    .values(status="unknown", updated_at=bindparam("now"))
)
_IS_DUE = (sql(QUEUED_NOW), OutboxMessage.lane == bindparam("lane"), OutboxMessage.not_before <= bindparam("now"))
_OF = {True: (), False: (OutboxMessage.channel == bindparam("channel"),)}
_ANY_DUE = {any_: select(OutboxMessage.id).where(*_IS_DUE, *_OF[any_]).limit(1) for any_ in (True, False)}
_DUE = {
    (urgent, any_): select(OutboxMessage)
    .where(*_IS_DUE, *_OF[any_])
    # After an outage many are due at one moment: the oldest goes first.
    .order_by(OutboxMessage.created_at if urgent else OutboxMessage.not_before, OutboxMessage.id)
    .limit(bindparam("limit"))
    .options(joinedload(OutboxMessage.address), joinedload(OutboxMessage.person))
    .with_for_update(skip_locked=True, of=OutboxMessage)
    for urgent in (True, False)
    for any_ in (True, False)
}


@dataclass(frozen=True)
class Claimed:
    """A text taken for sending, with all that is needed once the transaction is over."""

    id: uuid.UUID
    channel: str
    address: str
    body: str
    attempts: int
    expires_at: datetime | None
    lease_until: datetime
    content_sid: str | None = None
    content_variables: str | None = None


def claim(
    session: Session,
    now: datetime,
    lanes: Collection[int],
    budget: rates.Budget,
    late: Callable[[datetime], str] = lambda _: "",
    limit: int = BATCH,
) -> tuple[list[Claimed], int]:
    """Take up to `limit` due texts of `lanes` and hold them for LEASE; return them, and how many were dealt with.

    What waits for its sender's rate is left as it is, and does not keep the texts of other senders waiting.

    `late` gives the words that go before a text which Twilio's trouble held up, from the moment it was written.

    A lease that has run out means that a worker died while it was calling: the text's outcome is unknown.
    """
    session.flush()
    session.connection().execute(_RUN_OUT, {"now": now})
    claimed: list[Claimed] = []
    dealt_with = 0
    for lane in sorted(lanes):
        for channel in (None,) if lane in URGENT else budget.left():
            due = _due(session, lane, channel, now, limit - len(claimed))
            stops = stops_among(session, [row.address for row in due])
            for row in due:
                if _held_up(row, now) and not (row.body or "").startswith(mark := late(row.created_at)):
                    row.body = mark + (row.body or "")
                taken = _take(session, row, now, budget, stops.get(row.address_id))
                if taken is not None:
                    claimed.append(taken)
                dealt_with += row.status != "queued" or row.not_before > now
        if len(claimed) >= limit or (claimed and lane in URGENT):
            break  # nothing of no hurry goes beside what is urgent
    return claimed, dealt_with


def release(session: Session, text: Claimed, now: datetime) -> None:
    """Put back a text that was claimed and not tried: its lease is too short for a call."""
    session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.id == text.id, OutboxMessage.status == "sending", OutboxMessage.attempts == text.attempts)
        .values(status="queued", attempts=text.attempts - 1, updated_at=now)
    )


def _due(session: Session, lane: int, channel: str | None, now: datetime, limit: int) -> list[OutboxMessage]:
    if limit <= 0:
        return []
    of = {"lane": lane, "channel": channel, "now": now}
    if ask(session, _ANY_DUE[channel is None], **of).first() is None:
        return []
    return list(session.scalars(_DUE[lane in URGENT, channel is None], {**of, "limit": limit}))


def _held_up(row: OutboxMessage, now: datetime) -> bool:
    """Whether Twilio was asked to send it before, could not be, and time has passed."""
    return row.lane in URGENT and row.attempts > 0 and row.error_code is None and now - row.created_at > LATE


def _take(
    session: Session, row: OutboxMessage, now: datetime, budget: rates.Budget, stop: Stop | None
) -> Claimed | None:
    row.updated_at = now
    reason = _reason_to_drop(row, now, stop)
    if reason is not None:
        row.status, row.reason, row.settled_at = "dropped", reason, now
        return None
    if row.lane not in URGENT:
        until = quiet.over_at(row.person, now) if row.person is not None else None
        if until is not None:
            _put_off(row, until, now, "quiet hours")
            return None
    way = channels.choose(session, row, now)
    if way is None:
        row.status, row.reason, row.settled_at = "dropped", "no way to reach them", now
        return None
    another = row.address.channel != way.address.channel
    row.channel, row.address_id, row.address = way.address.channel, way.address.id, way.address
    if row.lane not in URGENT and (wait := budget.spend(way.address.channel, count(row.body or "").parts)):
        if another or (row.expires_at is not None and now + wait >= row.expires_at):
            _put_off(row, now + wait, now, "too late")
        return None
    row.status, row.lease_until, row.error_code = "sending", now + LEASE, None
    row.attempts += 1
    return Claimed(
        row.id,
        way.address.channel,
        way.address.address,
        row.body or "",
        row.attempts,
        row.expires_at,
        row.lease_until,
        way.content_sid,
        way.content_variables,
    )


def _put_off(row: OutboxMessage, until: datetime, now: datetime, reason: str) -> None:
    """Let a text wait until then; one that would then have lost its sense is dropped, with the reason."""
    if row.expires_at is not None and until >= row.expires_at:
        row.status, row.reason, row.settled_at = "dropped", reason, now
    else:
        row.not_before = until


def _reason_to_drop(row: OutboxMessage, now: datetime, stop: Stop | None) -> str | None:
    if row.expires_at is not None and row.expires_at <= now:
        return "too late"
    if stop is not None and not _answers_after(stop, row):
        return "stopped"
    staff = row.person is not None and row.person.role != "trainee"
    if staff and row.in_reply_to is None and row.address.person_id != row.person_id:
        return "number not theirs"
    if LANES[row.lane] in MEMBERS_ONLY and row.person is not None:
        if row.person.state == "left":
            return "left"
        if row.person.unsure_since is not None:
            return "number not theirs"
        if row.person.paused_until is not None and row.person.paused_until > now:
            return "paused"
    return None


def _answers_after(stop: Stop, row: OutboxMessage) -> bool:
    """Whether it answers what they wrote in saying STOP or after it: its confirmation on WhatsApp, or a crisis reply.

    It was decided in the knowledge of the STOP and would have gone out in the webhook. On SMS Twilio lets nothing out.
    """
    if row.in_reply_to is None or row.address.channel != "whatsapp":
        return False
    return row.created_at > stop.at or row.key.startswith(f"answer:{stop.sid}:")
