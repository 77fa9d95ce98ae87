"""What Twilio posts for a text from a phone, and what it does by itself with STOP, START and HELP on SMS."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Literal

from companion.simulator.ledger import Message, split_address
from companion.simulator.parts import count_parts

# Default opt-out handling, single words in any case: https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out
STOP_WORDS = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
START_WORDS = frozenset({"START", "YES", "UNSTOP"})
HELP_WORDS = frozenset({"HELP", "INFO"})
CANNED = {
    "STOP": "You have successfully been unsubscribed. You will not receive any more messages "
    "from this number. Reply START to resubscribe.",
    "START": "You have successfully been re-subscribed to messages from this number. Reply HELP for help. "
    "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
    "HELP": "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}

Keyword = Literal["STOP", "START", "HELP"]


def keyword_of(body: str) -> Keyword | None:
    """Return which of Twilio's keywords the text is as a whole, if any: "STOP PLEASE" is none."""
    word = body.strip().upper()
    if word in STOP_WORDS:
        return "STOP"
    if word in START_WORDS:
        return "START"
    return "HELP" if word in HELP_WORDS else None


def webhook_params(
    message: Message, account_sid: str, profile_name: str, extra: Mapping[str, str | None]
) -> tuple[tuple[str, str], ...]:
    """Return the form of an inbound webhook, in the order of real samples.

    `extra` overrides and adds parameters; a value of None takes a parameter away.
    """
    number, channel = split_address(message.from_ or "")
    specific = _whatsapp(number, profile_name) if channel == "whatsapp" else _geography(number)
    params: dict[str, str | None] = {
        **specific,
        "SmsMessageSid": message.sid,
        "NumMedia": "0",
        "SmsSid": message.sid,
        "SmsStatus": "received",
        "Body": message.body,
        "To": message.to,
        "NumSegments": str(count_parts(message.body)),
        "ReferralNumMedia": "0",
        "MessageSid": message.sid,
        "AccountSid": account_sid,
        "From": message.from_ or "",
        "ApiVersion": "2010-04-01",
    }
    if message.service_sid:
        params["MessagingServiceSid"] = message.service_sid
    params.update(extra)
    return tuple((key, value) for key, value in params.items() if value is not None)


def _geography(number: str) -> dict[str, str]:
    country = "GB" if number.startswith("+44") or not number.startswith("+") else ""
    places = {f"{side}{what}": "" for side in ("To", "From") for what in ("City", "State", "Zip")}
    return {"ToCountry": "GB", "FromCountry": country, **places}


def _whatsapp(number: str, profile_name: str) -> dict[str, str]:
    context = {
        "type": "whatsapp",
        "data": {"context": {"ProfileName": profile_name, "WaId": number.lstrip("+")}},
    }
    params = {
        "ProfileName": profile_name,
        "MessageType": "text",
        "ChannelMetadata": json.dumps(context, separators=(",", ":")),
    }
    if number.startswith("+"):
        return {**params, "WaId": number.removeprefix("+")}
    # The person hides the number: only the business-scoped user id is known.
    return {**params, "ExternalUserId": f"whatsapp:{number}"}


def tap_params(title: str, payload: str, original: Message | None) -> dict[str, str]:
    """Return what a tap on a template's quick reply adds to the webhook."""
    params = {
        "MessageType": "button",
        "ButtonText": title,
        "ButtonPayload": payload,
        "ButtonType": "QUICK_REPLY",
    }
    if original is not None:
        params["OriginalRepliedMessageSid"] = original.sid
        params["OriginalRepliedMessageSender"] = original.from_ or ""
    return params
