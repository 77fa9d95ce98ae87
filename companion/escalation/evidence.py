"""Whether a page arrived, from what the ledgers know. An answer is something else: only a person gives one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from companion.messaging.calls import LOST as CALL_LOST
from companion.models import Call, Email, OutboxMessage, Page

Evidence = Literal["arrived", "waiting", "failed"]

RECEIPT_WITHIN = timedelta(seconds=60)
CALL_WITHIN = timedelta(minutes=4)  # by then any call is over
TEXT_LOST = ("failed", "undelivered", "dropped", "canceled")
EMAIL_LOST = ("failed", "dropped")


def evidence(page: Page, now: datetime) -> Evidence:
    """Return what is known of `page` at `now` (UTC): no receipt within a minute counts as not arrived."""
    if page.call is not None:
        return _of_call(page.call, now - page.at)
    if page.email is not None:
        return _of_email(page.email)
    if page.outbox is not None:
        return _of_text(page.outbox, now - page.at)
    return "failed"


def waits_until(page: Page) -> datetime:
    """Return when a waiting page counts as not arrived."""
    return page.at + (
        CALL_WITHIN if page.call is not None and page.call.status in ("ringing", "answered") else RECEIPT_WITHIN
    )


def _of_text(text: OutboxMessage, waited: timedelta) -> Evidence:
    if text.status in ("delivered", "read"):
        return "arrived"
    tried_in_vain = text.status == "unknown" or (text.status == "queued" and text.attempts > 0)
    if text.status in TEXT_LOST or tried_in_vain or waited >= RECEIPT_WITHIN:
        return "failed"
    return "waiting"


def _of_call(call: Call, waited: timedelta) -> Evidence:
    if call.digit is not None:
        return "arrived"
    if call.status in ("ringing", "answered"):
        return "waiting" if waited < CALL_WITHIN else "failed"
    # Picked up and no key: a mailbox, or somebody who put down. Neither has it.
    if call.status in (*CALL_LOST, "completed", "unknown") or (call.status == "queued" and call.attempts > 0):
        return "failed"
    return "waiting" if waited < RECEIPT_WITHIN else "failed"


def _of_email(email: Email) -> Evidence:
    if email.status == "sent":
        return "arrived"
    return "failed" if email.status in EMAIL_LOST or email.attempts > 0 else "waiting"
