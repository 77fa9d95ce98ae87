"""The ledger of calls, which is also the queue, and what Twilio tells about calls on their way.

Whether a person answered is told by a key, never by a status: a mailbox is picked up as well.
"""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from companion.db import new_id
from companion.messaging.outbox import wake_workers
from companion.models import Address, Call
from companion.models.base import ask, store_once

log = logging.getLogger(__name__)

USE_FOR = timedelta(minutes=8)  # later there is another round, with a call of its own
OVER = ("completed", "busy", "no-answer", "failed", "canceled", "dropped")
LOST = ("busy", "no-answer", "failed", "canceled", "dropped")
_SID = re.compile(r"CA[0-9a-fA-F]{32}")
_OURS = {
    "queued": "accepted",
    "initiated": "accepted",
    "ringing": "ringing",
    "in-progress": "answered",
    "completed": "completed",
    "busy": "busy",
    "no-answer": "no-answer",
    "failed": "failed",
    "canceled": "canceled",
}
_RANK = {"queued": 0, "dialling": 0, "unknown": 0, "accepted": 1, "ringing": 2, "answered": 3}

# Made once: asked every few seconds.
_NEXT_QUEUED = select(Call.not_before).where(Call.status == "queued").order_by(Call.not_before).limit(1)
_NEXT_HELD = (
    select(Call.lease_until).where(Call.status.in_(("dialling", "unknown"))).order_by(Call.lease_until).limit(1)
)


def enqueue_call(
    session: Session, *, key: str, to: Address, now: datetime, not_before: datetime | None = None
) -> Call | None:
    """Add a call once: None when `key` is there already. What is returned is no part of the session."""
    begins = not_before or now
    call = Call(
        id=new_id(),
        key=key,
        address_id=to.id,
        person_id=to.person_id,
        status="queued",
        created_at=now,
        not_before=begins,
        expires_at=begins + USE_FOR,
        updated_at=now,
    )
    if not store_once(session, call, "key"):
        return None
    wake_workers(session)
    return call


def apply(session: Session, call_id: uuid.UUID, form: Mapping[str, str], now: datetime, attempt: str = "") -> bool:
    """Apply one callback about a call; return whether it changed anything. A status only moves on."""
    row = session.get(Call, call_id, with_for_update=True)
    status = _OURS.get(form.get("CallStatus", ""))
    if row is None or status is None:
        log.info("a callback about no call of ours, or with an unknown status")
        return False
    sid = form.get("CallSid", "")
    if row.provider_sid is None and _SID.fullmatch(sid):
        row.provider_sid = sid
    other_try = bool(attempt) and attempt != str(row.attempts)
    if row.status in OVER or (status in LOST and other_try):
        return False
    if status in _RANK and _RANK[status] <= _RANK.get(row.status, 0):
        return False
    row.status, row.updated_at = status, now
    if status == "answered":
        row.answered_at = now
    if status in OVER:
        row.settled_at = now
    return True


def next_due(session: Session) -> datetime | None:
    """Return when the next call is to be placed or looked after (UTC), or None."""
    queued, held = ask(session, _NEXT_QUEUED).scalar(), ask(session, _NEXT_HELD).scalar()
    return min((moment for moment in (queued, held) if moment), default=None)
