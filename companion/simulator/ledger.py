"""What the stand-in remembers: messages, texts as a phone sees them, webhook attempts, the provider's log."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass, field
from datetime import datetime
from email.utils import format_datetime
from typing import Any, Literal

from companion.simulator.parts import count_parts

Channel = Literal["sms", "whatsapp"]
WHATSAPP = "whatsapp:"

# Rank of a status: it only moves up (what Twilio itself keeps; the callbacks may still come in any order).
FINAL_STATUSES = frozenset({"delivered", "undelivered", "failed", "canceled", "read", "received"})


def new_sid(prefix: str) -> str:
    """Return a fresh SID: two letters and 32 hexadecimal digits, as Twilio's are."""
    return prefix + uuid.uuid4().hex


def address_of(number: str, channel: Channel) -> str:
    """Return the address Twilio uses for a number on a channel: `whatsapp:` goes before it on WhatsApp."""
    return WHATSAPP + number if channel == "whatsapp" else number


def split_address(address: str) -> tuple[str, Channel]:
    """Return number and channel of an address."""
    if address.startswith(WHATSAPP):
        return address.removeprefix(WHATSAPP), "whatsapp"
    return address, "sms"


@dataclass(frozen=True)
class Button:
    """A quick reply under a WhatsApp message: what it shows and what it sends back."""

    title: str
    payload: str


@dataclass(frozen=True)
class Message:
    """One message in either direction, as Twilio keeps it. Times are aware and in UTC.

    `arrived_at` is when the phone got it (None: it never did), which Twilio does not know but a test must.
    `canned` marks what Twilio says by itself after STOP, START and HELP.
    """

    sid: str
    direction: Literal["inbound", "outbound-api", "outbound-reply"]
    from_: str | None
    to: str
    body: str
    status: str
    created_at: datetime
    updated_at: datetime
    sent_at: datetime | None = None
    arrived_at: datetime | None = None
    send_at: datetime | None = None
    service_sid: str | None = None
    status_callback: str | None = None
    content_sid: str | None = None
    media: tuple[str, ...] = ()
    buttons: tuple[Button, ...] = ()
    error_code: int | None = None
    canned: bool = False
    valid_for: int | None = None  # seconds
    version: int = 0

    @property
    def channel(self) -> Channel:
        """The channel, read from the address of the other side."""
        return split_address(self.to)[1]

    @property
    def phone(self) -> str:
        """The address of the person's phone, whichever way the message went."""
        return (self.from_ or "") if self.direction == "inbound" else self.to

    @property
    def inbound(self) -> bool:
        """Whether it came from a phone."""
        return self.direction == "inbound"


@dataclass(frozen=True)
class Text:
    """A text as the phone that got it shows it. `at` is aware and in UTC."""

    sid: str
    at: datetime
    from_: str
    body: str
    buttons: tuple[Button, ...] = ()
    canned: bool = False
    media: tuple[str, ...] = ()


@dataclass(frozen=True)
class Inbound:
    """A webhook that can be posted again, byte for byte."""

    sid: str
    url: str
    params: tuple[tuple[str, str], ...]
    token: str


@dataclass(frozen=True)
class Attempt:
    """One try to post a webhook. `status` is None when no answer came; then `error` says why."""

    at: datetime
    kind: Literal["inbound", "status", "voice"]
    sid: str
    url: str
    params: tuple[tuple[str, str], ...]
    status: int | None
    answer: str
    error: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Alert:
    """An entry of the provider's debugger: a webhook that failed, an answer that is no TwiML."""

    at: datetime
    code: int
    sid: str
    text: str


@dataclass(frozen=True)
class Violation:
    """A request or answer that Twilio's own documents do not allow."""

    at: datetime
    where: str
    text: str


@dataclass(frozen=True)
class LogLine:
    """One line for the panel that shows what the provider did."""

    number: int
    at: datetime
    kind: str  # accepted, refused, inbound, receipt, alert, fault or clock
    text: str
    version: int = 0


@dataclass
class Contact:
    """A phone that the browser shows."""

    number: str
    label: str
    showing: str = "sms"


def rfc2822(moment: datetime | None) -> str | None:
    """Return a moment the way the 2010 API writes it, for example `Thu, 24 Aug 2023 05:01:45 +0000`."""
    return None if moment is None else format_datetime(moment)


def to_resource(message: Message, account_sid: str, error_message: str | None) -> dict[str, Any]:
    """Return the message as the Messages resource shows it: counts are strings, dates RFC 2822."""
    uri = f"/2010-04-01/Accounts/{account_sid}/Messages/{message.sid}"
    undecided = message.service_sid is not None and message.status in {"accepted", "scheduled"}
    return {
        "account_sid": account_sid,
        "api_version": "2010-04-01",
        "body": message.body,
        "date_created": rfc2822(message.created_at),
        "date_sent": rfc2822(message.sent_at),
        "date_updated": rfc2822(message.updated_at),
        "direction": message.direction,
        "error_code": message.error_code,
        "error_message": error_message,
        "from": None if undecided else message.from_,
        "messaging_service_sid": message.service_sid,
        "num_media": str(len(message.media)),
        "num_segments": "0" if undecided else str(count_parts(message.body)),
        "price": None,
        "price_unit": "USD",
        "sid": message.sid,
        "status": message.status,
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": message.to,
        "uri": f"{uri}.json",
    }


@dataclass(frozen=True)
class Content:
    """A Content template and its approval for WhatsApp."""

    sid: str
    friendly_name: str
    language: str
    variables: dict[str, str]
    types: dict[str, Any]
    created_at: datetime
    updated_at: datetime
    approval: dict[str, Any] = field(default_factory=dict)

    @property
    def status(self) -> str:
        """Its approval: unsubmitted, received, pending, approved, rejected, paused or disabled."""
        return str(self.approval.get("status", "unsubmitted"))


def to_plain(thing: Any) -> dict[str, Any]:
    """Return a dataclass as plain data, its moments as ISO 8601 strings."""
    return {key: value.isoformat() if isinstance(value, datetime) else value for key, value in asdict(thing).items()}


def message_from_plain(plain: dict[str, Any]) -> Message:
    """Return the message that `to_plain` was given."""
    moments = {"created_at", "updated_at", "sent_at", "arrived_at", "send_at"}
    values: dict[str, Any] = {
        key: datetime.fromisoformat(value) if key in moments and value else value for key, value in plain.items()
    }
    values["media"] = tuple(plain["media"])
    values["buttons"] = tuple(Button(**button) for button in plain["buttons"])
    return Message(**values)


def content_from_plain(plain: dict[str, Any]) -> Content:
    """Return the template that `to_plain` was given."""
    moments = {"created_at", "updated_at"}
    values: dict[str, Any] = {
        key: datetime.fromisoformat(value) if key in moments else value for key, value in plain.items()
    }
    return Content(**values)
