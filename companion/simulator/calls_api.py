"""Twilio's Calls API over HTTP, as the twilio client calls it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from companion.simulator import shapes
from companion.simulator.call_resource import check_call, to_call_resource
from companion.simulator.calls import Call
from companion.simulator.errors import Refusal
from companion.simulator.faults import API_FAULTS
from companion.simulator.gate import AFTER_ACCEPT, Gate

if TYPE_CHECKING:
    from companion.simulator.standin import StandIn

_ACCOUNT = "/2010-04-01/Accounts/<account_sid>"
_CALLS_PATH = "/2010-04-01/Accounts/{AccountSid}/Calls.json"


def calls_api(standin: StandIn) -> Blueprint:
    """Return the Calls resource: making, looking up, ending."""
    api = Blueprint("calls", __name__)
    gate = Gate(standin, "calls")
    gate.attach(api)

    def shown(call: Call) -> dict[str, object]:
        return to_call_resource(call, standin.account_sid)

    def found(sid: str) -> Call:
        with standin.state.lock:
            call = standin.state.calls.get(sid)
        if call is None:
            raise Refusal(20404)
        return call

    @api.post(f"{_ACCOUNT}/Calls.json")
    def create() -> Response:
        to, now = request.form.get("To", "").strip(), standin.clock.now()
        # Faults of one channel are about texts: a call has none.
        if fault := standin.faults.take(set(API_FAULTS) - AFTER_ACCEPT - {"refuse"}, to, "call", now):
            return gate.break_down(fault)
        gate.check_fields(shapes.known_fields("calls", _CALLS_PATH))
        gate.check_request()
        call = standin.exchange.place(check_call(request.form, standin.state.senders, now))
        if fault := standin.faults.take(AFTER_ACCEPT, to, "call", now):
            return gate.break_down(fault)
        return gate.answer(shown(call), 201)

    @api.get(f"{_ACCOUNT}/Calls/<sid>.json")
    def fetch(sid: str) -> Response:
        gate.check_request()
        return gate.answer(shown(found(sid)))

    @api.post(f"{_ACCOUNT}/Calls/<sid>.json")
    def update(sid: str) -> Response:
        gate.check_fields(frozenset({"Status"}))
        gate.check_request()
        call = found(sid)
        return gate.answer(shown(standin.exchange.cancel(call.sid, request.form.get("Status", "completed"))))

    return api
