"""Webhooks as Twilio posts them: signed, with its limits of time and retries, and the TwiML that answers."""

from __future__ import annotations

import base64
import hmac
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import parse_qs, urldefrag
from xml.etree import ElementTree

import requests

Params = Sequence[tuple[str, str]]

# Twilio's defaults (webhooks connection overrides): one retry, and only when the connection failed.
CONNECT_SECONDS = 5.0
READ_SECONDS = 15.0
RETRIES = 1
POLICY = frozenset({"ct"})


def signature(auth_token: str, url: str, params: Iterable[tuple[str, str]]) -> str:
    """Return X-Twilio-Signature: HMAC-SHA1 over the URL and the sorted parameters, in base64.

    Values of a repeated key are sorted and taken once each. The fragment of the URL is not signed.
    Source: https://www.twilio.com/docs/usage/webhooks/webhooks-security
    """
    grouped: dict[str, set[str]] = {}
    for key, value in params:
        grouped.setdefault(key, set()).add(value)
    text = urldefrag(url).url + "".join(key + value for key in sorted(grouped) for value in sorted(grouped[key]))
    digest = hmac.digest(auth_token.encode(), text.encode(), "sha1")
    return base64.b64encode(digest).decode()


@dataclass(frozen=True)
class Reply:
    """One `<Message>` of a TwiML answer."""

    body: str
    to: str | None = None
    from_: str | None = None
    status_callback: str | None = None
    media: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What came of one try. `status` is None when no answer came; then `failure` is `ct` or `rt`."""

    status: int | None
    answer: str
    content_type: str = ""
    failure: str = ""
    seconds: float = 0.0


class TwimlError(Exception):
    """An answer that Twilio would not act upon. `code` is the debugger's."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


class Poster:
    """Posts forms over connections kept open, one per thread, never through a proxy."""

    def __init__(self) -> None:
        self._local = threading.local()

    def post(self, url: str, params: Params, headers: dict[str, str]) -> list[Outcome]:
        """Post, and again as the URL's fragment (or Twilio's default) asks. Return each try's outcome."""
        bare, fragment = urldefrag(url)
        overrides = parse_qs(fragment)
        retries = min(5, int(overrides.get("rc", [str(RETRIES)])[0]))
        policy = frozenset(overrides["rp"][0].split(",")) if "rp" in overrides else POLICY
        connect = float(overrides.get("ct", [CONNECT_SECONDS * 1000])[0]) / 1000
        read = float(overrides.get("rt", [READ_SECONDS * 1000])[0]) / 1000
        outcomes: list[Outcome] = []
        while True:
            outcomes.append(self._once(bare, params, headers, (connect, read)))
            if len(outcomes) > retries or not _worth_again(outcomes[-1], policy):
                return outcomes

    def _once(self, url: str, params: Params, headers: dict[str, str], timeout: tuple[float, float]) -> Outcome:
        began = time.monotonic()
        try:
            answer = self._session().post(url, data=list(params), headers=headers, timeout=timeout)
        except requests.RequestException as error:
            return Outcome(None, "", failure=_failure(error), seconds=time.monotonic() - began)
        return Outcome(
            answer.status_code,
            answer.content.decode("utf-8", "replace"),
            answer.headers.get("Content-Type", ""),
            seconds=time.monotonic() - began,
        )

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()
            session.trust_env = False
            session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
            session.headers["User-Agent"] = "TwilioProxy/1.1 (stand-in)"
        return session


def _failure(error: requests.RequestException) -> str:
    """Tell a connection that was never made (`ct`) from an answer that never came (`rt`)."""
    if isinstance(error, requests.ConnectTimeout):
        return "ct"
    never_made = "NewConnectionError" in repr(error) or "NameResolutionError" in repr(error)
    return "ct" if isinstance(error, requests.ConnectionError) and never_made else "rt"


def _worth_again(outcome: Outcome, policy: frozenset[str]) -> bool:
    if outcome.status is None:
        return outcome.failure in policy or "all" in policy
    family = f"{outcome.status // 100}xx"
    return outcome.status >= 400 and (family in policy or "all" in policy)


def parse_twiml(outcome: Outcome) -> list[Reply]:
    """Return the messages that the answer asks for. Raises TwimlError with the debugger's code."""
    if outcome.status is None:
        raise TwimlError(11205 if outcome.failure == "ct" else 11200, "no answer from the webhook")
    if not 200 <= outcome.status < 300:
        raise TwimlError(11200, f"the webhook answered {outcome.status}")
    if outcome.status == 204:
        return []
    kind = outcome.content_type.partition(";")[0].strip().lower()
    if kind == "text/plain":
        return [Reply(outcome.answer)] if outcome.answer.strip() else []
    if kind not in {"text/xml", "application/xml"}:
        raise TwimlError(12300, f"the content type {kind or 'is missing and'} is not TwiML's")
    try:
        root = ElementTree.fromstring(outcome.answer)  # noqa: S314 - the answer of the service under test
    except ElementTree.ParseError as error:
        raise TwimlError(12100, f"the TwiML cannot be read: {error}") from None
    if root.tag != "Response":
        raise TwimlError(12100, "the TwiML's root is not <Response>")
    return [_reply(verb) for verb in root]


def _reply(verb: ElementTree.Element) -> Reply:
    known = {"to", "from", "action", "method", "statusCallback"}
    if verb.tag != "Message" or set(verb.attrib) - known:
        raise TwimlError(12200, f"<{verb.tag}> or one of its attributes is not in TwiML's schema")
    bodies = [child.text or "" for child in verb if child.tag == "Body"]
    return Reply(
        body="".join(bodies) if bodies else (verb.text or ""),
        to=verb.get("to"),
        from_=verb.get("from"),
        status_callback=verb.get("statusCallback"),
        media=tuple((child.text or "").strip() for child in verb if child.tag == "Media"),
    )
