"""The phones in the browser."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import phonenumbers
from flask import Blueprint, Response, jsonify, redirect, render_template, request
from werkzeug.exceptions import BadRequest, HTTPException
from werkzeug.wrappers import Response as BaseResponse

from companion.simulator.clock_page import Movable, clock_routes, coming
from companion.simulator.door import POLICY, asked
from companion.simulator.ledger import Channel, address_of
from companion.simulator.rules import USER_ID
from companion.simulator.view import fault_groups, snapshot

if TYPE_CHECKING:
    from companion.simulator.standin import StandIn

N = TypeVar("N", int, float)


@dataclass(frozen=True)
class PageOptions:
    """What the page shows beside the phones. `hosts` are Host headers to answer besides loopback's."""

    console_url: str | None = None
    next_due_url: str | None = None
    service_name: str = "The service"
    hosts: frozenset[str] = frozenset()


def pages(standin: StandIn, options: PageOptions) -> Blueprint:
    """Return the page with the phones and what it talks to."""
    room = Blueprint(
        "simulator", __name__, url_prefix="/simulator",
        template_folder="templates", static_folder="static", static_url_path="/static",
    )  # fmt: skip

    @room.after_request
    def protect(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = POLICY
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
        return jsonify(coming(standin, options.next_due_url))

    _phone_routes(room, standin)
    _fault_routes(room, standin)
    clock_routes(room, standin, options.next_due_url)
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


def _address(data: dict[str, Any]) -> str:
    channel: Channel = "whatsapp" if data.get("channel") == "whatsapp" else "sms"
    return address_of(str(data.get("number", "")), channel)


def _phone_routes(room: Blueprint, standin: StandIn) -> None:
    @room.post("/texts")
    def text() -> Response:
        data = asked()
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
        data = asked()
        payload, title = str(data.get("payload", "")), str(data.get("title", ""))
        return jsonify(sid=standin.tap(_address(data), payload, title, str(data.get("sid", ""))))

    @room.post("/calls/<sid>/<any(answer,voicemail,decline,end,press):what>")
    def call(sid: str, what: str) -> Response:
        exchange, data = standin.exchange, asked()
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
        data = asked()
        channel: Channel = "whatsapp" if data.get("channel") == "whatsapp" else "sms"
        return jsonify(count=len(standin.phone(str(data.get("number", "")), channel).reads()))

    @room.post("/phones")
    def add() -> Response:
        data = asked()
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
        data = asked()
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
        standin.lift(str(asked().get("id", "")))
        return jsonify(ok=True)


def _number(data: dict[str, Any], key: str, kind: Callable[[Any], N]) -> N | None:
    return kind(data[key]) if data.get(key) not in (None, "") else None


def entrance() -> BaseResponse:
    """Lead from the bare address to the phones."""
    return redirect("/simulator/")
