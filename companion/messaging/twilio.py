"""The only place that speaks to Twilio: sending, looking up, and templates."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

import requests
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client
from twilio.rest.content.v1.content import ContentList
from twilio.rest.content.v1.content.approval_create import ApprovalCreateList

from companion.messaging.provider import (
    Accepted,
    Approval,
    InboundHook,
    KnownTemplate,
    NoAnswerError,
    NotReachedError,
    Placed,
    ReceivedText,
    RefusedError,
    Sent,
)
from companion.settings import Settings

TIMEOUT = 10.0  # seconds; the SDK's own default is to wait for ever
MOST_TEMPLATES = 1_000
RING_SECONDS = 25  # shorter than most mailboxes wait before they answer
LONGEST_TALK = 120  # seconds
MOST_ON_A_PAGE = 1_000  # Twilio refuses a question for more, and the SDK asks for as many as the limit says
_ANY_DIRECTION = 5  # texts looked at for each inbound one where Twilio can't sort them out for us


class Twilio:
    """Twilio's Messages and Content through the official client. One per process; safe to use from threads.

    Every method raises RefusedError (Twilio said no), NotReachedError (it was never asked) or NoAnswerError (nobody
    knows whether it did what was asked). `timeout` is in seconds, for the connection and again for the answer.
    """

    def __init__(self, settings: Settings, timeout: float = TIMEOUT) -> None:
        http = (
            _StandInHttpClient(settings.twilio_api_base_url, timeout)
            if settings.twilio_api_base_url
            else TwilioHttpClient(timeout=timeout)
        )
        self._client = Client(settings.twilio_account_sid, settings.twilio_auth_token[0], http_client=http)
        self._settings = settings

    def send(
        self,
        channel: str,
        address: str,
        body: str,
        *,
        callback: str,
        valid_for: int | None = None,
        content_sid: str | None = None,
        content_variables: str | None = None,
    ) -> Accepted:
        """Ask Twilio to send `body`, or in its place the template `content_sid`.

        `valid_for` is in seconds (1 to 36000), by SMS only. `content_variables` is a JSON object in a string: for one
        that is missing Twilio would take the template's sample value.
        """
        given: dict[str, Any] = {"status_callback": callback}
        if content_sid is None:
            given["body"] = body
        else:  # a Body beside it is refused (63016)
            given |= {"content_sid": content_sid, "content_variables": content_variables or "{}"}
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
        with _telling():
            message = self._client.messages.create(**given)
        return Accepted(str(message.sid), str(message.status))

    def call(self, address: str, *, url: str, callback: str) -> Placed:
        """Ask Twilio to call `address`; when it is picked up, `url` is asked what to say, and `callback` told."""
        with _telling():
            call = self._client.calls.create(
                to=address,
                from_=self._settings.voice_sender or "",
                url=url,
                method="POST",
                timeout=RING_SECONDS,
                time_limit=LONGEST_TALK,
                status_callback=callback,
                status_callback_method="POST",
                status_callback_event=["ringing", "answered", "completed"],
            )
        return Placed(str(call.sid), str(call.status))

    def status_of_call(self, sid: str) -> str:
        """Return how a call stands now, in Twilio's word. One that Twilio does not know is refused with 20404."""
        with _telling():
            return str(self._client.calls(sid).fetch().status)

    def recent(self, channel: str, address: str, since: datetime, limit: int = 50) -> list[Sent]:
        """Return what Twilio sent to `address` after `since` (UTC), newest first, `limit` at the most."""
        to = f"whatsapp:{address}" if channel == "whatsapp" else address
        with _telling():
            return [_sent(m) for m in self._client.messages.list(to=to, date_sent_after=since, limit=limit)]

    def status_of(self, sid: str) -> Sent:
        """Return one text as it stands now. One that Twilio does not know is refused with 20404."""
        with _telling():
            return _sent(self._client.messages(sid).fetch())

    def remove_words(self, sid: str) -> None:
        """Empty the body of one text at Twilio; its times and status stay there.

        Twilio refuses it with 20009 while a text is under way, and with 20404 when it knows no such text.
        """
        with _telling():
            self._client.messages(sid).update(body="")

    def received_since(self, since: datetime, limit: int) -> list[ReceivedText]:
        """Return the texts that came to any of our senders from `since` (UTC) on, newest last.

        `limit` is for each sender; when there are more, it is the oldest that are left off.
        """
        found: dict[str, ReceivedText] = {}
        with _telling():
            for sender in self._senders():
                some = self._received_by(sender, since, limit)
                found |= {text.sid: text for text in some if text.at >= since}
        return sorted(found.values(), key=lambda text: (text.at, text.sid))

    def _senders(self) -> list[str | None]:
        """Return our numbers as the list's filter wants them; None is whatever a Messaging Service sends from."""
        settings = self._settings
        sms = settings.twilio_sms_from if settings.twilio_messaging_service_sid is None else None
        whatsapp = settings.twilio_whatsapp_from
        return [sms, *([f"whatsapp:{whatsapp}"] if whatsapp else [])]

    def _received_by(self, sender: str | None, since: datetime, limit: int) -> list[ReceivedText]:
        looked_at = limit * (1 if sender else _ANY_DIRECTION)
        only = {"to": sender} if sender else {}
        messages = self._client.messages.stream(
            **only, date_sent_after=since, limit=looked_at, page_size=min(looked_at, MOST_ON_A_PAGE)
        )
        return [_received(m) for m in islice((m for m in messages if m.direction == "inbound"), limit)]

    def inbound_hook(self, number: str) -> InboundHook | None:
        """Return where texts to one of our numbers (E.164) are sent, or None when the account does not have it."""
        with _telling():
            found = self._client.incoming_phone_numbers.list(phone_number=number, limit=1)
        if not found:
            return None
        ours = found[0]
        return InboundHook(ours.sms_url or "", ours.sms_method or "", ours.sms_fallback_url or "", ours.voice_url or "")

    def templates(self) -> list[KnownTemplate]:
        """Return the account's templates with what WhatsApp says of each."""
        with _telling():
            found = self._client.content.v1.content_and_approvals.list(limit=MOST_TEMPLATES)
            return [
                KnownTemplate(str(c.sid), str(c.friendly_name), str(c.language), _approval(c.approval_requests))
                for c in found
            ]

    def create_template(
        self, name: str, language: str, variables: Mapping[str, str], types: Mapping[str, Mapping[str, Any]]
    ) -> str:
        """Make a template and return its SID. `variables` has a sample value for each number.

        The keys of `types` are Twilio's own, such as "twilio/quick-reply".
        """
        asked = ContentList.ContentCreateRequest(
            {"friendly_name": name, "language": language, "variables": dict(variables)}
        )
        asked.types = _AsItIs(types)
        with _telling():
            return str(self._client.content.v1.contents.create(asked).sid)

    def submit_template(self, sid: str, name: str, category: str) -> str:
        """Ask for WhatsApp's approval and return its status. `name` can't be used again once it was rejected."""
        asked = ApprovalCreateList.ContentApprovalRequest({"name": name, "category": category})
        with _telling():
            return str(self._client.content.v1.contents(sid).approval_create.create(asked).status)

    def approval(self, sid: str) -> Approval:
        """Return what WhatsApp says of a template now. One that Twilio does not know is refused with 20404."""
        with _telling():
            return _approval(self._client.content.v1.contents(sid).approval_fetch().fetch().whatsapp)


class _AsItIs:
    """Types of a template that go out as they are: the SDK's own class drops keys it does not know, in silence."""

    def __init__(self, types: Mapping[str, Mapping[str, Any]]) -> None:
        self._types = types

    def to_dict(self) -> dict[str, Any]:
        return {kind: dict(shape) for kind, shape in self._types.items()}


def _sent(message: Any) -> Sent:
    code = int(message.error_code) if message.error_code else None
    return Sent(str(message.sid), str(message.status), message.body or "", code, message.date_created)


def _received(message: Any) -> ReceivedText:
    return ReceivedText(
        sid=str(message.sid),
        from_=str(message.from_ or ""),
        to=str(message.to or ""),
        body=message.body or "",
        media_count=int(message.num_media or 0),
        at=message.date_sent or message.date_created,
    )


def _approval(shown: Mapping[str, Any] | None) -> Approval:
    given = shown or {}
    return Approval(
        str(given.get("status") or "unsubmitted"),
        str(given.get("category") or ""),
        str(given.get("rejection_reason") or ""),
    )


@contextmanager
def _telling() -> Iterator[None]:
    """Turn whatever the client raises into one of our three errors."""
    try:
        yield
    except (TwilioException, requests.RequestException, json.JSONDecodeError) as error:
        # Its own words may hold a number: they are not kept.
        raise _meaning(error) from None


def _meaning(error: Exception) -> RefusedError | NotReachedError | NoAnswerError:
    if isinstance(error, (TwilioRestException, TwilioServiceException)):
        return _answered(int(error.status), int(error.code or 0))
    if isinstance(error, requests.ConnectionError) and _never_connected(error):
        return NotReachedError(type(error).__name__)
    answer = next((part for part in error.args if isinstance(part, Response)), None)
    if answer is not None:  # a page of a list that is not 200: the client does not look into it
        return _answered(int(answer.status_code), _code_in(answer.text))
    return NoAnswerError(type(error).__name__)


def _answered(status: int, code: int) -> RefusedError | NoAnswerError:
    # Where the answer is not Twilio's own (a proxy's, say) the client gives the HTTP status for a code.
    return NoAnswerError(f"HTTP {status}") if status >= 500 else RefusedError(status, code if code != status else 0)


def _code_in(answer: str) -> int:
    try:
        return int(json.loads(answer)["code"])
    except (ValueError, KeyError, TypeError):
        return 0


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

    def __init__(self, base_url: str, timeout: float) -> None:
        super().__init__(timeout=timeout)
        self._base_url = base_url
        self.session.trust_env = False  # a proxy of the machine is not for loopback

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        host = urlsplit(url).netloc
        if host not in self._HOSTS:
            raise ValueError(f"no stand-in for {host}")
        return super().request(method, self._base_url + url.split(host, 1)[1], *args, **kwargs)
