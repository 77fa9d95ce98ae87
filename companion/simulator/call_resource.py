"""Calls as the API knows them: what a form may ask for, and how the Calls resource shows one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from companion.simulator.calls import Call, new_call, seconds_of
from companion.simulator.errors import Refusal
from companion.simulator.ledger import rfc2822
from companion.simulator.rules import E164, MAGIC_TO, is_callback_url


def check_call(form: Any, senders: tuple[str, ...], now: datetime) -> Call:
    """Return the call that the form asks for. Raises Refusal with Twilio's code for what its document leaves out."""
    to, from_, url = form.get("To", "").strip(), form.get("From", "").strip(), form.get("Url", "").strip()
    if not to:
        raise Refusal(21201)
    if to in MAGIC_TO:
        raise Refusal(MAGIC_TO[to])
    if not E164.fullmatch(to):
        raise Refusal(21211)
    if from_ not in senders:
        raise Refusal(21210)
    if not is_callback_url(url) or not is_callback_url(form.get("StatusCallback") or url):
        raise Refusal(21205)
    timeout = int(form.get("Timeout", "60"))
    events = tuple(form.getlist("StatusCallbackEvent"))
    return new_call(
        from_=from_, to=to, url=url, now=now, timeout=timeout, callback=form.get("StatusCallback"), events=events
    )


def to_call_resource(call: Call, account_sid: str) -> dict[str, Any]:
    """Return the call as the Calls resource shows it: the duration is a string, dates are RFC 2822."""
    over = call.ended_at is not None
    return {
        "account_sid": account_sid,
        "answered_by": None,
        "api_version": "2010-04-01",
        "caller_name": None,
        "date_created": rfc2822(call.created_at),
        "date_updated": rfc2822(call.updated_at),
        "direction": "outbound-api",
        "duration": str(seconds_of(call)) if over else None,
        "end_time": rfc2822(call.ended_at),
        "forwarded_from": None,
        "from": call.from_,
        "from_formatted": call.from_,
        "group_sid": None,
        "parent_call_sid": None,
        "phone_number_sid": None,
        "price": None,
        "price_unit": "USD",
        "queue_time": "0",
        "sid": call.sid,
        "start_time": rfc2822(call.answered_at),
        "status": call.status,
        "subresource_uris": {},
        "to": call.to,
        "to_formatted": call.to,
        "trunk_sid": None,
        "uri": f"/2010-04-01/Accounts/{account_sid}/Calls/{call.sid}.json",
    }
