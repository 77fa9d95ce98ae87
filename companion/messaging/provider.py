"""What the provider tells us: its answers as values, and its troubles as errors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Accepted:
    """Twilio took the text."""

    sid: str
    status: str


@dataclass(frozen=True)
class Placed:
    """Twilio took the call, and will ask our web server what to say."""

    sid: str
    status: str


@dataclass(frozen=True)
class Sent:
    """A text as Twilio's list shows it. `error_code` is None when there is none; `at` is UTC."""

    sid: str
    status: str
    body: str
    error_code: int | None
    at: datetime | None


@dataclass(frozen=True)
class ReceivedText:
    """A text that somebody sent us, as Twilio's list shows it: addresses as a webhook has them; `at` is UTC."""

    sid: str
    from_: str
    to: str
    body: str
    media_count: int
    at: datetime


@dataclass(frozen=True)
class Approval:
    """What WhatsApp says about a template.

    `status`: unsubmitted, received, pending, approved, rejected, paused or disabled. `category` is empty until it was
    submitted; WhatsApp may change it.
    """

    status: str
    category: str
    reason: str


@dataclass(frozen=True)
class KnownTemplate:
    """A template as Twilio's list shows it."""

    sid: str
    name: str
    language: str
    approval: Approval


@dataclass(frozen=True)
class InboundHook:
    """Where the texts to a number of ours go, where when that fails, and where calls go. Empty for nowhere."""

    url: str
    method: str
    fallback: str
    calls: str


class ProviderError(Exception):
    """Twilio did not say that it takes the text."""


class RefusedError(ProviderError):
    """Twilio answered that it does not take the text; `code` is Twilio's error code, or 0."""

    def __init__(self, status: int, code: int) -> None:
        super().__init__(f"Twilio refused: HTTP {status}, code {code}")
        self.status = status
        self.code = code


class NotReachedError(ProviderError):
    """The connection was never made: nothing was sent."""


class NoAnswerError(ProviderError):
    """Twilio may or may not have taken the text: the answer was lost, late, or an error of its own."""
