"""What every resource of the API does before and after its own work."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, g, jsonify, request
from werkzeug.exceptions import HTTPException

from companion.simulator import shapes
from companion.simulator.errors import MESSAGES, Refusal
from companion.simulator.faults import API_FAULTS, Fault
from companion.simulator.server import drop_connection

if TYPE_CHECKING:
    from companion.simulator.standin import StandIn

# The code of a field that has the wrong shape.
_FIELD_CODES = {
    "To": 21211, "From": 21212, "MessagingServiceSid": 21701, "StatusCallback": 21609, "ContentSid": 21655,
    "ValidityPeriod": 21624, "SendAt": 35114, "ContentVariables": 21656, "MediaUrl": 21620,
}  # fmt: skip
_STATUS_KINDS = {"http 500": 20500, "http 503": 20503, "http 429": 20429, "401": 20003}
AFTER_ACCEPT = {"reset_after_accept", "silence_after_accept", "http_500_after_accept"}


class Gate:
    """Guards one blueprint; `document` is the OpenAPI document that describes it."""

    def __init__(self, standin: StandIn, document: str) -> None:
        self.standin = standin
        self.document = document

    def attach(self, blueprint: Blueprint) -> None:
        """Let the gate guard the blueprint."""
        blueprint.url_value_preprocessor(self.take_account)
        blueprint.before_request(self.enter)
        blueprint.register_error_handler(Refusal, self.refuse)
        blueprint.register_error_handler(HTTPException, self.refuse_http)

    @staticmethod
    def take_account(_endpoint: str | None, values: dict[str, Any] | None) -> None:
        """Take the account out of the path: `enter` checks it for all resources alike."""
        g.account_sid = (values or {}).pop("account_sid", None)

    def enter(self) -> Response | None:
        """Break down if a global fault says so; check who is calling."""
        request.get_data()  # kept, or reading the form would leave nothing for the checker
        kinds = set(API_FAULTS) - {"refuse"} - (AFTER_ACCEPT if request.method == "POST" else set())
        if fault := self.standin.faults.take(kinds, "", None, self.standin.clock.now()):
            return self.break_down(fault)
        login = request.authorization
        good = login is not None and hmac.compare_digest(
            (login.username or "").encode(), self.standin.account_sid.encode()
        )
        tokens = self.standin.auth_tokens
        password = ((login.password if login else "") or "").encode()
        if not good or not any(hmac.compare_digest(password, token.encode()) for token in tokens):
            raise Refusal(20003)
        if g.account_sid not in {None, self.standin.account_sid}:
            raise Refusal(20404)
        return None

    def check_request(self) -> None:
        """Refuse, with Twilio's code, what Twilio's document does not allow."""
        if self.standin.check:
            for fault in shapes.request_faults(self.document, request):
                self.violate(fault)
                field = fault.split(":")[0].split(".")[0]
                raise Refusal(_FIELD_CODES.get(field, 20001), fault if field not in _FIELD_CODES else "")

    def check_fields(self, known: frozenset[str]) -> None:
        """Refuse unknown form fields: Twilio ignores them, which hides mistakes."""
        unknown = sorted(set(request.form) - known)
        if unknown:
            self.violate(f"unknown form field {', '.join(unknown)}")
            raise Refusal(20001, f"unknown field {', '.join(unknown)}")

    def answer(self, data: Any, status: int = 200) -> Response:
        """Answer, after checking our own answer against Twilio's document."""
        if self.standin.check:
            for fault in shapes.answer_faults(self.document, request, status, data):
                self.violate(f"the stand-in's own answer: {fault}")
        if data is None:
            return Response(status=status)
        response = jsonify(data)
        response.status_code = status
        return response

    def violate(self, text: str) -> None:
        """Note a violation of Twilio's document."""
        self.standin.state.violate(f"{request.method} {request.endpoint}", text)

    def refuse(self, refusal: Refusal) -> Response:
        """Answer with Twilio's error resource."""
        self.standin.state.log("refused", f"{refusal.status} {refusal.code}: {MESSAGES.get(refusal.code, '')}")
        response = jsonify(refusal.body())
        response.status_code = refusal.status
        if refusal.code == 20003:
            response.headers["WWW-Authenticate"] = 'Basic realm="Twilio API"'
        return response

    def refuse_http(self, error: HTTPException) -> Response:
        """Answer Flask's own refusals (method not allowed) in Twilio's shape."""
        return self.refuse(Refusal(20004 if error.code == 405 else 20001, status_override=error.code or 400))

    def break_down(self, fault: Fault) -> Response:
        """Fail in the way of the fault."""
        if fault.kind in _STATUS_KINDS:
            raise Refusal(_STATUS_KINDS[fault.kind])
        if fault.kind == "http_500_after_accept":
            raise Refusal(20500)
        if fault.kind == "refuse":
            raise Refusal(fault.code or 21612)
        if fault.kind.startswith("silence"):
            self.standin.faults.hang(self.standin.hang_seconds)
        self.standin.state.log("refused", API_FAULTS[fault.kind])
        connection = request.environ.get("werkzeug.socket")
        if connection is not None:
            drop_connection(connection)
        return Response(status=503)
