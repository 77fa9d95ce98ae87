"""Twilio's rules for a new message that its OpenAPI document leaves out, each with Twilio's code."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from urllib.parse import urlsplit

import phonenumbers
from werkzeug.datastructures import MultiDict

from companion.simulator.errors import Refusal
from companion.simulator.ledger import Button, Content, split_address

E164 = re.compile(r"\+[1-9]\d{6,14}")
SHORT_CODE = re.compile(r"\d{3,6}")
ALPHANUMERIC = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 +\-_&]{1,11}")
# WhatsApp's business-scoped user id, where a person hides the number (2026): country, dot, alphanumerics.
USER_ID = re.compile(r"[A-Z]{2}\.[A-Za-z0-9]{1,128}")

# Twilio's magic numbers for test credentials: https://www.twilio.com/docs/iam/test-credentials
MAGIC_TO = {
    "+15005550001": 21211, "+15005550002": 21612, "+15005550003": 21408, "+15005550004": 21610,
    "+15005550009": 21614,
}  # fmt: skip
MAGIC_FROM = {"+15005550001": 21212, "+15005550007": 21606, "+15005550008": 21611}
MAGIC_FROM_VALID = "+15005550006"

# twilio-python 9.13 sends this one; the document is older.
NEWER_FIELDS = frozenset({"MessageIntent"})


class Account(Protocol):
    """What the rules need to know of the account."""

    senders: tuple[str, ...]
    services: Mapping[str, tuple[str, ...]]

    def content(self, sid: str) -> Content | None:
        """Return the Content template, or None."""

    def stopped(self, sender: str, to: str) -> bool:
        """Say whether the person at `to` told this sender (or its service) to stop."""


@dataclass(frozen=True)
class Draft:
    """A message that the API is willing to accept."""

    to: str
    from_: str
    body: str
    service_sid: str | None = None
    media: tuple[str, ...] = ()
    content_sid: str | None = None
    buttons: tuple[Button, ...] = ()
    status_callback: str | None = None
    send_at: datetime | None = None
    late_error: int | None = None
    valid_for: int | None = None  # seconds that it may wait in Twilio's queue


def check_create(form: MultiDict[str, str], account: Account, now: datetime) -> Draft:
    """Return the message that the form asks for. Raises Refusal with Twilio's code."""
    to = form.get("To", "").strip()
    if not to:
        raise Refusal(21604)
    from_, service = form.get("From", "").strip(), form.get("MessagingServiceSid", "").strip()
    if not from_ and not service:
        raise Refusal(21603)
    _check_to(to)
    sender = _choose_sender(from_, service, to, account)
    if sender == to:
        raise Refusal(21211, "To and From are the same")
    send_at = _check_schedule(form, service, now)
    _check_extras(form)
    body, buttons, late = _check_content(form, account)
    if split_address(to)[1] == "sms" and account.stopped(sender, to):
        raise Refusal(21610)
    return Draft(
        to=to,
        from_=sender,
        body=body,
        service_sid=service or None,
        media=tuple(form.getlist("MediaUrl")),
        content_sid=form.get("ContentSid") or None,
        buttons=buttons,
        status_callback=form.get("StatusCallback") or None,
        send_at=send_at,
        late_error=late,
        valid_for=int(form["ValidityPeriod"]) if "ValidityPeriod" in form else None,
    )


def _check_to(to: str) -> None:
    number, channel = split_address(to)
    if number in MAGIC_TO:
        raise Refusal(MAGIC_TO[number])
    if channel == "whatsapp" and USER_ID.fullmatch(number):
        return
    if not E164.fullmatch(number):
        raise Refusal(21211)
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        raise Refusal(21211) from None
    if phonenumbers.is_possible_number_with_reason(parsed) != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise Refusal(21211)
    if channel == "sms" and _is_landline(parsed):
        raise Refusal(21614)


def _is_landline(parsed: phonenumbers.PhoneNumber) -> bool:
    # Ofcom's drama landlines (01632 960xxx) have no type in the metadata: in the UK only 07 is a mobile.
    if parsed.country_code == 44:
        return not str(parsed.national_number).startswith("7")
    return bool(phonenumbers.number_type(parsed) == phonenumbers.PhoneNumberType.FIXED_LINE)


def _choose_sender(from_: str, service: str, to: str, account: Account) -> str:
    if service and service not in account.services:
        raise Refusal(21701)
    if not from_:
        return _from_pool(account.services[service], to)
    number, channel = split_address(from_)
    if number in MAGIC_FROM:
        raise Refusal(MAGIC_FROM[number])
    if not any(shape.fullmatch(number) for shape in (E164, SHORT_CODE, ALPHANUMERIC)):
        raise Refusal(21212)
    if channel != split_address(to)[1]:
        raise Refusal(21910)
    if number != MAGIC_FROM_VALID and from_ not in account.senders:
        raise Refusal(63007 if channel == "whatsapp" else 21606)
    if service and from_ not in account.services[service]:
        raise Refusal(21606, "not in this Messaging Service")
    return from_


def _from_pool(pool: Iterable[str], to: str) -> str:
    pool = tuple(pool)
    if not pool:
        raise Refusal(21703)
    channel = split_address(to)[1]
    fitting = [sender for sender in pool if split_address(sender)[1] == channel]
    if not fitting:
        raise Refusal(21704)
    return fitting[0]


def _check_schedule(form: MultiDict[str, str], service: str, now: datetime) -> datetime | None:
    if "ScheduleType" not in form:
        if "SendAt" in form:
            raise Refusal(35126)
        return None
    if not form.get("SendAt"):
        raise Refusal(35111)
    if not service:
        raise Refusal(35118)
    try:
        send_at = datetime.fromisoformat(form["SendAt"])
    except ValueError:
        raise Refusal(35114) from None
    if send_at.tzinfo is None:
        raise Refusal(35114)
    if not timedelta(seconds=300) < send_at - now <= timedelta(days=35):
        raise Refusal(35115)
    return send_at.astimezone(UTC)


def _check_extras(form: MultiDict[str, str]) -> None:
    if "ValidityPeriod" in form and not 1 <= int(form["ValidityPeriod"]) <= 36000:
        raise Refusal(21624)
    if "StatusCallback" in form and not is_callback_url(form["StatusCallback"]):
        raise Refusal(21609)
    media = form.getlist("MediaUrl")
    if len(media) > 10:
        raise Refusal(21623)
    if any(urlsplit(url).scheme not in {"http", "https"} for url in media):
        raise Refusal(21620)


def is_callback_url(url: str) -> bool:
    """Say whether Twilio would post to the URL: absolute, http(s), no underscore in the host."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(host) and "_" not in host and " " not in url


def _check_content(form: MultiDict[str, str], account: Account) -> tuple[str, tuple[Button, ...], int | None]:
    sid, variables = form.get("ContentSid", ""), form.get("ContentVariables", "")
    if variables and not sid:
        raise Refusal(21654)
    if sid:
        content = account.content(sid)
        if content is None:
            raise Refusal(21655)
        body, buttons, late = fill_template(content, parse_variables(variables))
        if form.get("Body") or form.getlist("MediaUrl"):  # which make it a free-form message
            late = late or 63016
        return body, buttons, late
    body = form.get("Body", "")
    if not body.strip() and not form.getlist("MediaUrl"):
        raise Refusal(21602)
    if len(body) > 1600:
        raise Refusal(21617)
    return body, (), None


def parse_variables(text: str) -> dict[str, str]:
    """Return ContentVariables, a JSON object in a string. Raises Refusal 21656."""
    if not text:
        return {}
    try:
        values = json.loads(text)
    except ValueError:
        raise Refusal(21656) from None
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        raise Refusal(21656)
    return values


def fill_template(content: Content, variables: Mapping[str, str]) -> tuple[str, tuple[Button, ...], int | None]:
    """Return text, buttons, and the code with which it will fail after acceptance (None: it is fine).

    A variable that is not given takes the template's sample value. Limits: errors 63013, 63021.
    """
    values = {**content.variables, **variables}

    def fill(text: str) -> str:
        return re.sub(r"\{\{\s*(\w+)\s*\}\}", lambda hole: values.get(hole[1], hole[0]), text)

    shape: dict[str, Any] = next(iter(content.types.values()), {})
    body = fill(str(shape.get("body", "")))
    actions = [action for action in shape.get("actions", []) if isinstance(action, dict)]
    buttons = tuple(Button(fill(str(action.get("title", ""))), fill(str(action.get("id", "")))) for action in actions)
    late = None
    if any(re.search(r"[\n\t]| {5,}", value) for value in variables.values()):
        late = 63013
    elif len(body) > 1024:
        late = 63021
    return body, buttons, late
