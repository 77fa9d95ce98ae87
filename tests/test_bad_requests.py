"""Requests that Twilio did not send, or that are no texts: refused, and nothing is left of them."""

from __future__ import annotations

from typing import Any

import pytest
from twilio.request_validator import RequestValidator

from tests.raw_posts import FORM, INBOUND, answers, post, rows, sid, text
from tests.world import World


@pytest.mark.one_database("postgresql")
def test_a_forged_text_is_refused_and_leaves_nothing(world: World) -> None:
    before = rows(world)
    for forged in (
        {"signature": ""},
        {"signature": "AAAA"},
        {"signature": "é\x7f"},
        {"token": "x" * 32},
        {"token": ""},
    ):
        assert post(world, text("I want to die"), **forged).status_code == 403
    assert post(world, {}, token="").status_code == 403
    assert rows(world) == before


@pytest.mark.one_database("postgresql")
def test_a_signature_is_for_one_address_and_one_text(world: World) -> None:
    before, form = rows(world), text()
    client = world.app.test_client()
    elsewhere = {"X-Twilio-Signature": world.standin.sign("https://elsewhere.example.org/twilio/inbound", form)}
    genuine = {"X-Twilio-Signature": world.standin.sign(world.settings.public_url + INBOUND, form)}
    assert client.post(INBOUND, data=form).status_code == 403
    assert client.post(INBOUND, data=form, headers=elsewhere).status_code == 403
    assert client.post(INBOUND, data=form | {"Body": "STOP"}, headers=genuine).status_code == 403
    assert client.post(INBOUND, data=form | {"Extra": "1"}, headers=genuine).status_code == 403
    assert client.post(INBOUND + "?a=1", data=form, headers=genuine).status_code == 403
    assert client.post("/twilio/status", data=form, headers=genuine).status_code == 403
    assert rows(world) == before


@pytest.mark.one_database("postgresql")
def test_headers_of_a_proxy_are_not_believed(world: World) -> None:
    form = text()
    lies = {"Host": "elsewhere.example.org", "X-Forwarded-Host": "elsewhere.example.org", "X-Forwarded-Proto": "https"}
    forged = world.standin.sign("https://elsewhere.example.org/twilio/inbound", form)
    refused = world.app.test_client().post(INBOUND, data=form, headers={**lies, "X-Twilio-Signature": forged})
    assert refused.status_code == 403
    genuine = world.standin.sign(world.settings.public_url + INBOUND, form)
    taken = world.app.test_client().post(INBOUND, data=form, headers={**lies, "X-Twilio-Signature": genuine})
    assert answers(taken)


@pytest.mark.one_database("postgresql")
def test_while_a_token_is_rotated_both_are_good(world: World, make_world: Any) -> None:
    old, new = "1" * 32, "2" * 32
    rotating = make_world(twilio_auth_token=f"{old}, {new}").seeded()
    assert answers(post(rotating, text(), token=old))
    assert answers(post(rotating, text(MessageSid=sid(2)), token=new))
    assert post(rotating, text(MessageSid=sid(3)), token="3" * 32).status_code == 403


@pytest.mark.parametrize("path", [INBOUND, "/twilio/status"])
@pytest.mark.one_database("sqlite")
def test_other_kinds_of_request(world: World, path: str) -> None:
    before = rows(world)
    address = world.settings.public_url + path
    signature = RequestValidator(world.settings.twilio_auth_token[0]).compute_signature(address, {})
    for body, kind, status in (
        (b'{"Body": "hello"}', "application/json", 415),  # whose signature covers the address alone
        (b"", "application/json", 415),
        (b"hello", "text/plain", 415),
        (b"--x\r\n\r\n--x--", "multipart/form-data; boundary=x", 415),
        (b"Body=hello", "", 415),
        (b"Body=hello", f"{FORM}; charset=utf-7", 403),
        (b"Body=" + b"x" * 200_000, FORM, 413),
    ):
        headers = {"X-Twilio-Signature": signature}
        response = world.app.test_client().post(path, data=body, content_type=kind, headers=headers)
        assert response.status_code == status, (body[:20], kind)
    assert rows(world) == before


@pytest.mark.one_database("sqlite")
def test_other_methods(world: World) -> None:
    for method in ("get", "put", "delete", "patch", "options", "head"):
        assert getattr(world.app.test_client(), method)(INBOUND).status_code in {200, 405, 415}
