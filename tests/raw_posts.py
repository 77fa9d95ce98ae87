"""Posts to the webhook byte for byte, and what came of them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

from sqlalchemy import func, select
from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Request

from companion.models import Base
from tests.world import SERVICE, TRAINEE, World

INBOUND = "/twilio/inbound"
FORM = "application/x-www-form-urlencoded"


def sid(number: int = 1) -> str:
    return f"SM{number:032x}"


def post(world: World, raw: bytes | str | dict[str, str], path: str = INBOUND, **more: Any) -> Any:
    """Post a body byte for byte, signed over what a server reads in it (unless `signature` says otherwise)."""
    body = urlencode(raw).encode() if isinstance(raw, dict) else raw.encode() if isinstance(raw, str) else raw
    kind = more.pop("content_type", FORM)
    read: MultiDict[str, str] = Request.from_values(method="POST", data=body, content_type=kind).form
    token = more.pop("token", world.settings.twilio_auth_token[0])
    signature = RequestValidator(token).compute_signature(world.settings.public_url + path, read)
    headers = {"X-Twilio-Signature": more.pop("signature", signature)}
    return world.app.test_client().post(path, data=body, content_type=kind, headers=headers)


def rows(world: World) -> dict[str, int]:
    """Return how many rows each table has."""
    with world.database.read() as session:
        return {t.name: session.scalar(select(func.count()).select_from(t)) or 0 for t in Base.metadata.sorted_tables}


def answers(response: Any) -> list[str]:
    """Return the texts of the answer, which must be TwiML."""
    assert response.status_code == 200, response.data
    assert response.mimetype == "text/xml"
    root = ElementTree.fromstring(response.data)
    assert root.tag == "Response"
    return [message.text or "" for message in root]


def read_all(world: World) -> None:
    """Let those who run the programme read what rang their phones meanwhile."""
    world.settle()
    for role, count in (("facilitator", 2), ("lead", 1), ("coordinator", 1)):
        for which in range(count):
            world.staff(role, which).ignores()


def text(body: str | None = "hello", **other: str | None) -> dict[str, str]:
    """Return Twilio's form for a text from a trainee; None takes a field away."""
    form: dict[str, str | None] = {
        "MessageSid": sid(),
        "AccountSid": "AC" + "0" * 32,
        "From": TRAINEE,
        "To": SERVICE,
        "Body": body,
        "NumMedia": "0",
        "NumSegments": "1",
    }
    return {name: value for name, value in (form | other).items() if value is not None}
