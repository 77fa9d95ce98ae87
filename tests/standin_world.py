"""A small service beside the stand-in for Twilio, and a client of the real library that talks to it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Request, Response, request
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from werkzeug.serving import make_server

from companion.clock import FixedClock
from companion.simulator.identity import DEMO_ACCOUNT_SID, DEMO_AUTH_TOKEN
from companion.simulator.standin import StandIn

SMS = "+447700900000"
WHATSAPP = "whatsapp:+447700900001"
ASHA = "+447700900101"
BEN = "+447700900102"
START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
Answer = Callable[[Request], Response | str]


def twiml(*texts: str, callback: str = "") -> Response:
    """Answer with one message for each text."""
    attribute = f' statusCallback="{callback}"' if callback else ""
    messages = "".join(f"<Message{attribute}><Body>{text}</Body></Message>" for text in texts)
    return Response(f"<Response>{messages}</Response>", mimetype="text/xml")


@dataclass
class Service:
    """A service that checks signatures with Twilio's own library and keeps what was posted."""

    answer: Answer = lambda posted: twiml(f"You said {posted.form['Body']}")
    inbound: list[dict[str, str]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    receipts: list[tuple[str, str | None]] = field(default_factory=list)
    receipt_forms: list[dict[str, str]] = field(default_factory=list)
    forged: int = 0
    url: str = ""

    def app(self) -> Flask:
        """Return the service's WSGI application."""
        app = Flask("service")

        @app.post("/inbound")
        def inbound() -> Response | str:
            self.check()
            self.inbound.append(dict(request.form))
            self.tokens.append(request.headers["I-Twilio-Idempotency-Token"])
            return self.answer(request)

        @app.post("/status")
        def status() -> tuple[str, int]:
            self.check()
            self.receipts.append((request.form["MessageStatus"], request.form.get("ErrorCode")))
            self.receipt_forms.append(dict(request.form))
            return "", 204

        return app

    def check(self) -> None:
        """Count a request whose signature is not Twilio's."""
        query = request.environ["QUERY_STRING"]
        url = f"{self.url}{request.path}" + (f"?{query}" if query else "")
        good = RequestValidator(DEMO_AUTH_TOKEN).validate(url, request.form, request.headers["X-Twilio-Signature"])
        self.forged += 0 if good else 1


@dataclass
class World:
    """Stand-in, service, clock and a client of the real library."""

    standin: StandIn
    service: Service
    clock: FixedClock
    client: Client
    base_url: str

    def sends(self, to: str, body: str = "hello", **more: Any) -> Any:
        """Send through the API, with receipts, from the sender that fits."""
        sender = {} if "messaging_service_sid" in more else {
            "from_": WHATSAPP if to.startswith("whatsapp:") else SMS
        }  # fmt: skip
        text = {} if "content_sid" in more else {"body": body}
        options = {"status_callback": f"{self.service.url}/status?id=7", **sender, **text, **more}
        return self.client.messages.create(to=to, **options)


@contextmanager
def world(**options: Any) -> Iterator[World]:
    """Serve a service and a stand-in on loopback."""
    service = Service()
    server = make_server("127.0.0.1", 0, service.app(), threaded=True)
    service.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    clock = FixedClock(START)
    given = {"numbers": [SMS], "whatsapp": [WHATSAPP], "clock": clock, **options}
    standin = StandIn(inbound_url=f"{service.url}/inbound", **given)
    base_url = standin.serve()
    client = Client(DEMO_ACCOUNT_SID, DEMO_AUTH_TOKEN, http_client=TwilioHttpClient(timeout=5))
    client.api.base_url = client.content.base_url = base_url
    try:
        yield World(standin, service, clock, client, base_url)
        assert service.forged == 0
    finally:
        standin.close()
        server.shutdown()
        server.server_close()
