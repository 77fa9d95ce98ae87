"""The only place that speaks to Twilio: sending, looking up, and the TwiML of an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from xml.sax.saxutils import escape, quoteattr

import requests
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from companion.settings import Settings

TIMEOUT = 10.0  # seconds; the SDK's own default is to wait for ever


@dataclass(frozen=True)
class Accepted:
    """Twilio took the text."""

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


class RefusedError(Exception):
    """Twilio answered that it does not take the text; `code` is Twilio's error code, or 0."""

    def __init__(self, status: int, code: int) -> None:
        super().__init__(f"Twilio refused: HTTP {status}, code {code}")
        self.status = status
        self.code = code


class NotReachedError(Exception):
    """The connection was never made: nothing was sent."""


class NoAnswerError(Exception):
    """Twilio may or may not have taken the text: the answer was lost, late, or an error of its own."""


class Twilio:
    """Twilio's Messages resource through the official client. One per process; safe to use from threads."""

    def __init__(self, settings: Settings) -> None:
        http = (
            _StandInHttpClient(settings.twilio_api_base_url)
            if settings.twilio_api_base_url
            else TwilioHttpClient(timeout=TIMEOUT)
        )
        self._client = Client(settings.twilio_account_sid, settings.twilio_auth_token[0], http_client=http)
        self._settings = settings

    def send(self, channel: str, address: str, body: str, *, callback: str, valid_for: int | None = None) -> Accepted:
        """Ask Twilio to send `body`. `valid_for` is in seconds (1 to 36000).

        Raises RefusedError (it said no), NotReachedError (nothing was sent) or NoAnswerError (nobody knows).
        """
        given: dict[str, Any] = {"body": body, "status_callback": callback}
        if channel == "whatsapp":
            given |= {"to": f"whatsapp:{address}", "from_": f"whatsapp:{self._settings.twilio_whatsapp_from}"}
        else:
            given["to"] = address
            if self._settings.twilio_messaging_service_sid:
                given["messaging_service_sid"] = self._settings.twilio_messaging_service_sid
            if self._settings.twilio_sms_from:
                given["from_"] = self._settings.twilio_sms_from
            if valid_for is not None:
                given["validity_period"] = max(1, min(valid_for, 36_000))
        try:
            message = self._client.messages.create(**given)
        except (TwilioException, requests.RequestException) as error:
            raise _told(error) from error
        return Accepted(str(message.sid), str(message.status))

    def recent(self, channel: str, address: str, since: datetime, limit: int = 50) -> list[Sent]:
        """Return what Twilio sent to `address` after `since` (UTC), newest first. Raises as `send` does."""
        to = f"whatsapp:{address}" if channel == "whatsapp" else address
        try:
            found = self._client.messages.list(to=to, date_sent_after=since, limit=limit)
        except (TwilioException, requests.RequestException) as error:
            raise _told(error) from error
        return [
            Sent(
                str(m.sid),
                str(m.status),
                m.body or "",
                int(m.error_code) if m.error_code else None,
                m.date_created,
            )
            for m in found
        ]


def _told(error: Exception) -> Exception:
    """Say what an error of the client means for the text. Its own words may hold a number: they are not kept."""
    if isinstance(error, TwilioRestException):
        status, code = int(error.status), int(error.code or 0)
        return NoAnswerError(f"HTTP {status}") if status >= 500 else RefusedError(status, code)
    if isinstance(error, requests.ConnectionError) and _never_connected(error):
        return NotReachedError(type(error).__name__)
    return NoAnswerError(type(error).__name__)


def _never_connected(error: BaseException) -> bool:
    seen: BaseException | None = error
    while seen is not None:
        reason = getattr(seen, "reason", None) or next((a for a in seen.args if isinstance(a, Exception)), None)
        if type(seen).__name__ in ("NewConnectionError", "ConnectTimeoutError", "NameResolutionError"):
            return True
        seen = reason if isinstance(reason, BaseException) else seen.__cause__
    return False


class _StandInHttpClient(TwilioHttpClient):  # type: ignore[misc]
    """Sends what is meant for Twilio's hosts to the stand-in, and refuses any other host."""

    _HOSTS = ("api.twilio.com", "content.twilio.com")

    def __init__(self, base_url: str) -> None:
        super().__init__(timeout=TIMEOUT)
        self._base_url = base_url
        self.session.trust_env = False  # a proxy of the machine is not for loopback

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        host = urlsplit(url).netloc
        if host not in self._HOSTS:
            raise ValueError(f"no stand-in for {host}")
        return super().request(method, self._base_url + url.split(host, 1)[1], *args, **kwargs)


def twiml(messages: Sequence[tuple[str, str | None]]) -> str:
    """Return TwiML that answers with each (text, status callback address)."""
    inner = "".join(
        f"<Message{f' statusCallback={quoteattr(callback)}' if callback else ''}>{escape(body)}</Message>"
        for body, callback in messages
    )
    return f'<?xml version="1.0" encoding="UTF-8"?><Response>{inner}</Response>'
