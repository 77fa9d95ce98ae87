"""What Twilio tells about texts on their way: in any order, twice, late, or never.

A status only moves up. Our own id and the number of the try travel in the callback's address, so that a receipt may
come before the answer to the request it is about.
"""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from companion.messaging import outcomes
from companion.models import OutboxMessage

log = logging.getLogger(__name__)

_SID = re.compile(r"(SM|MM)[0-9a-fA-F]{32}")
_CODE = re.compile(r"[0-9]{1,6}")
_OURS = {
    "accepted": "accepted",
    "scheduled": "accepted",
    "queued": "accepted",
    "sending": "accepted",
    "sent": "sent",
    "delivered": "delivered",
    "partially_delivered": "delivered",
    "undelivered": "undelivered",
    "failed": "failed",
    "canceled": "canceled",
    "read": "read",
}
_BELOW = {
    "accepted": ("sending", "unknown", "queued"),
    "sent": ("sending", "unknown", "queued", "handed", "accepted"),
    "delivered": ("sending", "unknown", "queued", "handed", "accepted", "sent", "undelivered", "failed"),
    "read": (
        "sending",
        "unknown",
        "queued",
        "handed",
        "accepted",
        "sent",
        "undelivered",
        "failed",
        "delivered",
    ),
    "canceled": ("sending", "unknown", "handed", "accepted", "sent"),
    "undelivered": ("sending", "unknown", "handed", "accepted", "sent"),
    "failed": ("sending", "unknown", "handed", "accepted", "sent"),
}


def apply(session: Session, query: Mapping[str, str], form: Mapping[str, str], now: datetime) -> bool:
    """Apply one receipt; return whether it changed anything. Whatever it holds, it never raises."""
    status = _OURS.get(form.get("MessageStatus") or form.get("SmsStatus") or "")
    sid = form.get("MessageSid", "")
    sid = sid if _SID.fullmatch(sid) else ""
    row = _find(session, query.get("m", ""), sid)
    if row is None or status is None:
        log.info("receipt without a text or with an unknown status")
        return False
    if row.provider_sid is None and sid:
        _give_back(session, sid, now)
        row.provider_sid = sid
    if row.status not in _BELOW[status]:
        return False
    if row.status == "queued" and row.error_code is not None and status in ("accepted", "sent"):
        return False  # overtaken by the failure for which it waits to be tried again
    if status in ("failed", "undelivered"):
        return _failure(session, row, query, form, status, now)
    row.status, row.updated_at = status, now
    row.sent_at = row.sent_at or now
    if status in ("delivered", "read"):
        row.settled_at, row.error_code = now, None
    return True


def _failure(
    session: Session,
    row: OutboxMessage,
    query: Mapping[str, str],
    form: Mapping[str, str],
    status: str,
    now: datetime,
) -> bool:
    attempt = query.get("n", "")
    if attempt and attempt != str(row.attempts):
        return False  # about an earlier try
    given = form.get("ErrorCode", "")
    code = int(given) if _CODE.fullmatch(given) else 0
    outcomes.failed(session, row, outcomes.rule_for(code), status, code, now)
    return True


def _give_back(session: Session, sid: str, now: datetime) -> None:
    """Free a SID that another text with the same words was taken to have: what became of that one is open again."""
    other = session.scalar(select(OutboxMessage).where(OutboxMessage.provider_sid == sid).with_for_update())
    if other is None:
        return
    other.provider_sid = None
    if other.status == "accepted":
        other.status, other.lease_until, other.updated_at = "unknown", now, now
    session.flush()


def _find(session: Session, our_id: str, sid: str) -> OutboxMessage | None:
    try:
        return session.get(OutboxMessage, uuid.UUID(our_id), with_for_update=True)
    except ValueError:
        pass
    if not sid:
        return None
    return session.scalar(select(OutboxMessage).where(OutboxMessage.provider_sid == sid).with_for_update())
