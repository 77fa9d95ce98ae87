"""The phones in the browser."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, runtime_checkable
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import phonenumbers
import requests
from flask import Blueprint, Flask, Response, jsonify, redirect, render_template, request
from werkzeug.exceptions import BadRequest, HTTPException
from werkzeug.wrappers import Response as BaseResponse

from companion.simulator.ledger import Channel, address_of
from companion.simulator.rules import USER_ID
from companion.simulator.view import fault_groups, next_thing, snapshot

if TYPE_CHECKING:
    from companion.simulator.standin import StandIn

N = TypeVar("N", int, float)
PATIENCE = 5.0  # seconds that a move of the clock waits for what is due already
LONDON = ZoneInfo("Europe/London")
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@runtime_checkable
class Movable(Protocol):
    """A clock with hands that can be moved."""

    def now(self) -> datetime: ...
    def move_to(self, moment: datetime) -> None: ...
    def advance(self, by: timedelta) -> None: ...


@dataclass(frozen=True)
class PageOptions:
    """What the page shows beside the phones. `hosts` are Host headers to answer besides loopback's."""

    console_url: str | None = None
    next_due_url: str | None = None
    service_name: str = "The service"
    hosts: frozenset[str] = frozenset()


def guard(app: Flask, hosts: frozenset[str]) -> None:
    """Refuse unknown Host headers, and posts that another site's page makes in somebody's browser."""

    @app.before_request
    def check() -> Response | None:
        host = urlsplit(f"//{request.host}").hostname or ""
        if host not in _LOOPBACK | hosts:
            return Response("The stand-in does not answer to this host name.\n", 421, mimetype="text/plain")
        origin = request.headers.get("Origin")
        same = origin is None or urlsplit(origin).netloc == request.host
        site = request.headers.get("Sec-Fetch-Site", "same-origin")
        if request.method not in {"GET", "HEAD"} and (not same or site not in {"same-origin", "none"}):
            return Response("Posts from other sites are refused.\n", 403, mimetype="text/plain")
        return None


def pages(standin: StandIn, options: PageOptions) -> Blueprint:
    """Return the page with the phones and what it talks to."""
    room = Blueprint(
        "simulator", __name__, url_prefix="/simulator",
        template_folder="templates", static_folder="static", static_url_path="/static",
    )  # fmt: skip

    @room.after_request
    def protect(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = _POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cache-Control"] = "no-cache"
        return response

    @room.errorhandler(HTTPException)
    def explain(error: HTTPException) -> tuple[Response, int]:
        return jsonify(error=error.description), error.code or 400

    @room.get("/")
    def phones() -> str:
        return render_template(
            "simulator.html",
            options=options,
            groups=fault_groups(),
            movable=isinstance(standin.clock, Movable),
            senders={channel: _senders(standin, channel) for channel in ("sms", "whatsapp")},
        )

    @room.get("/state")
    def state() -> Response:
        return jsonify(snapshot(standin, request.args.get("since", 0, int), request.args.get("epoch", "")))

    @room.get("/events")
    def events() -> Response:
        return Response(_ticks(standin), mimetype="text/event-stream")

    @room.get("/next")
    def due() -> Response:
        return jsonify(_next(standin, options))

    _phone_routes(room, standin)
    _fault_routes(room, standin)
    _clock_routes(room, standin, options)
    return room


def _senders(standin: StandIn, channel: str) -> str:
    addresses = (s for s in standin.state.senders if s.startswith("whatsapp:") == (channel == "whatsapp"))
    return next((address.removeprefix("whatsapp:") for address in addresses), "")


def _ticks(standin: StandIn) -> Iterator[str]:
    """Server-sent events: at every change, and each second, the time and the version of the state."""
    seen = -1
    while not standin.closing.is_set():
        with standin.state.changed:
            if standin.state.version == seen:
                standin.state.changed.wait(1)
            seen = standin.state.version
        yield f"data: {json.dumps({'now': standin.clock.now().isoformat(), 'version': seen})}\n\n"
        standin.closing.wait(0.03)  # changes come in bursts


def _asked() -> dict[str, Any]:
    """Return the posted JSON object. Only JSON: a form could be posted by any site."""
    data = request.get_json()
    if not isinstance(data, dict):
        raise BadRequest("A JSON object is needed.")
    return data


def _address(data: dict[str, Any]) -> str:
    channel: Channel = "whatsapp" if data.get("channel") == "whatsapp" else "sms"
    return address_of(str(data.get("number", "")), channel)


def _phone_routes(room: Blueprint, standin: StandIn) -> None:
    @room.post("/texts")
    def text() -> Response:
        data = _asked()
        body = str(data.get("body", ""))
        if not body.strip():
            raise BadRequest("Write something first.")
        if data.get("number") not in standin.state.contacts:
            raise BadRequest("There is no such phone here.")
        try:
            return jsonify(sid=standin.receive(_address(data), body))
        except ValueError as error:
            raise BadRequest(str(error)) from None

    @room.post("/taps")
    def tap() -> Response:
        data = _asked()
        payload, title = str(data.get("payload", "")), str(data.get("title", ""))
        return jsonify(sid=standin.tap(_address(data), payload, title, str(data.get("sid", ""))))

    @room.post("/calls/<sid>/<any(answer,voicemail,decline,end,press):what>")
    def call(sid: str, what: str) -> Response:
        exchange, data = standin.exchange, _asked()
        try:
            if what in ("answer", "voicemail"):
                exchange.answer(sid, machine=what == "voicemail")
            elif what == "decline":
                exchange.decline(sid)
            elif what == "end":
                exchange.hang_up(sid)
            else:
                exchange.press(sid, str(data.get("key", ""))[:1])
        except LookupError:
            raise BadRequest("That call is over.") from None
        return jsonify(ok=True)

    @room.post("/read")
    def read() -> Response:
        data = _asked()
        channel: Channel = "whatsapp" if data.get("channel") == "whatsapp" else "sms"
        return jsonify(count=len(standin.phone(str(data.get("number", "")), channel).reads()))

    @room.post("/phones")
    def add() -> Response:
        data = _asked()
        number = usual_number(str(data.get("number", "")))
        contact = standin.state.meet(number, str(data.get("label", "")).strip()[:40] or None)
        return jsonify(number=contact.number, label=contact.label)


def usual_number(text: str) -> str:
    """Return a number in E.164, read as British unless it says otherwise. Raises BadRequest.

    A WhatsApp user id without a number (GB.1A2B) stays as it is.
    """
    text = text.strip()
    if USER_ID.fullmatch(text):
        return text
    try:
        parsed = phonenumbers.parse(text, "GB")
    except phonenumbers.NumberParseException:
        parsed = None
    if parsed is None or not phonenumbers.is_possible_number(parsed):
        raise BadRequest("That is no phone number. Try one like 07700 900105.")
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))


def _fault_routes(room: Blueprint, standin: StandIn) -> None:
    @room.post("/faults")
    def switch_on() -> Response:
        data = _asked()
        try:
            fault = standin.fault(
                data.get("number") or None,
                str(data.get("kind", "")),
                code=_number(data, "code", int),
                times=_number(data, "times", int),
                minutes=_number(data, "minutes", float) or 0.0,
            )
        except ValueError as error:
            raise BadRequest(str(error)) from None
        return jsonify(id=fault.id)

    @room.post("/faults/lift")
    def switch_off() -> Response:
        standin.lift(str(_asked().get("id", "")))
        return jsonify(ok=True)


def _number(data: dict[str, Any], key: str, kind: Callable[[Any], N]) -> N | None:
    return kind(data[key]) if data.get(key) not in (None, "") else None


def _clock_routes(room: Blueprint, standin: StandIn, options: PageOptions) -> None:
    @room.post("/clock")
    def move() -> Response:
        clock, data = standin.clock, _asked()
        if not isinstance(clock, Movable):
            raise BadRequest("This clock cannot be moved.")
        _let_it_finish(options)
        now = clock.now()
        target = _target(data, now, lambda: _next(standin, options))
        if target < now:
            raise BadRequest("The clock only goes forwards.")
        clock.move_to(target) if "advance" not in data else clock.advance(target - now)
        standin.state.log("clock", f"Moved to {target.astimezone(LONDON):%a %d %b %Y, %H:%M}")
        with standin.agenda.changed:
            standin.agenda.changed.notify_all()
        return jsonify(now=clock.now().isoformat())


def _target(data: dict[str, Any], now: datetime, ask_next: Callable[[], dict[str, Any]]) -> datetime:
    """Return where the clock is asked to go. Raises BadRequest in words for the page."""
    try:
        if "advance" in data:
            return now + timedelta(seconds=float(data["advance"]))
        if "to" in data:
            return datetime.fromisoformat(str(data["to"])).replace(tzinfo=LONDON).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadRequest("That is no date and time.") from None
    thing = ask_next()
    if thing["at"] is None:
        raise BadRequest("Nothing is due. Move the clock by hand, or text something first.")
    return max(datetime.fromisoformat(thing["at"]), now)


def _let_it_finish(options: PageOptions) -> None:
    """Wait until the service has sent what is due: after a move it might be too late for that, and be dropped."""
    until = time.monotonic() + PATIENCE
    while options.next_due_url and _fetched(options.next_due_url).get("busy") and time.monotonic() < until:
        time.sleep(0.1)


def _next(standin: StandIn, options: PageOptions) -> dict[str, Any]:
    theirs = _ask(options.next_due_url) if options.next_due_url else None
    return next_thing(theirs, standin.next_due(), standin.clock.now())


def _ask(url: str) -> tuple[datetime, str] | None:
    """Ask the service what it will do next. None when it does not say."""
    data = _fetched(url)
    try:
        at = datetime.fromisoformat(data["at"])
    except (ValueError, KeyError, TypeError):
        return None
    return (at.astimezone(UTC), str(data.get("what") or "")) if at.tzinfo else None


def _fetched(url: str) -> dict[str, Any]:
    """Return the service's `{"at": ISO 8601 or null, "what": "...", "busy": true or false}`; {} when there is none."""
    with requests.Session() as session:
        session.trust_env = False
        try:
            data = session.get(url, timeout=3).json()
        except (requests.RequestException, ValueError):
            return {}
    return data if isinstance(data, dict) else {}


def entrance() -> BaseResponse:
    """Lead from the bare address to the phones."""
    return redirect("/simulator/")
