"""Passkeys as a second factor: by a device made here, and by Chromium's own."""

from __future__ import annotations

import hashlib
import html
import json
import re
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import cbor2
import pytest
from axe_playwright_python.sync_playwright import Axe
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select
from webauthn.helpers import bytes_to_base64url
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from companion.console.passkeys import can_work
from companion.models import AuditEntry, Passkey
from tests.console_stage import PASSWORD, Stage, authenticator, press, sign_in, stage, token
from tests.databases import NewDatabase

ORIGIN = "http://localhost"


class Device:
    """A security key in software: one key pair, and a count of how often it signed."""

    def __init__(self) -> None:
        self.id = secrets.token_bytes(16)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.count = 0

    def make(self, options: dict[str, Any], origin: str = ORIGIN) -> str:
        """Answer the options of a registration."""
        at = self.key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: at.x.to_bytes(32, "big"), -3: at.y.to_bytes(32, "big")}
        about = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cbor2.dumps(public)
        attestation = cbor2.dumps(
            {"fmt": "none", "attStmt": {}, "authData": self._data(options["rp"]["id"], 0x41) + about}
        )
        return self._answer(
            attestationObject=attestation, clientDataJSON=_client("webauthn.create", options["challenge"], origin)
        )

    def use(self, options: dict[str, Any], origin: str = ORIGIN) -> str:
        """Answer the options of a sign-in."""
        self.count += 1
        data = self._data(options["rpId"], 0x01)
        client = _client("webauthn.get", options["challenge"], origin)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._answer(authenticatorData=data, clientDataJSON=client, signature=signature)

    def _data(self, rp_id: str, flags: int) -> bytes:
        return hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _answer(self, **response: bytes) -> str:
        own = bytes_to_base64url(self.id)
        said = {name: bytes_to_base64url(value) for name, value in response.items()}
        return json.dumps({"id": own, "rawId": own, "type": "public-key", "response": said, "extensions": "no JSON"})


def _client(kind: str, challenge: str, origin: str) -> bytes:
    return json.dumps({"type": kind, "challenge": challenge, "origin": origin}).encode()


@pytest.fixture(params=["sqlite", "postgresql"])
def on(request: pytest.FixtureRequest) -> Iterator[Stage]:
    here = stage(request.getfixturevalue(f"{request.param}_databases")(), empty=True)
    yield here
    here.database.close()


def add(browser: FlaskClient, device: Device, name: str = "Work laptop", origin: str = ORIGIN) -> TestResponse:
    """Add a passkey and return the page that follows."""
    step = press(browser, "/console/passkeys", "/console/passkeys", name=name)
    action, options = _asked(step)
    data = {"csrf_token": token(step), "credential": device.make(options, origin)}
    return browser.post(action, data=data, follow_redirects=True)


def begin(on: Stage, who: str) -> tuple[FlaskClient, str, dict[str, Any], str]:
    """Give `who`'s password; return the browser, where its passkey is wanted, the options and the form's token."""
    browser = on.app.test_client()
    assert "/console/passkey" in sign_in(browser, f"{who}@example.org").headers["Location"]
    assert browser.get("/console/").status_code == 302
    step = press(browser, "/console/passkey", "/console/passkey")
    return browser, *_asked(step), token(step)


def _asked(page: TestResponse) -> tuple[str, dict[str, Any]]:
    action = re.search(r'action="([^"]+)" id="passkey"', page.text)
    options = re.search(r'data-options="([^"]+)"', page.text)
    assert action, page.text
    assert options
    return action.group(1), json.loads(html.unescape(options.group(1)))


def is_in(browser: FlaskClient) -> bool:
    return browser.get("/console/").status_code == 200


def actions(on: Stage) -> list[str]:
    with on.database.read() as session:
        found = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    return [action for action in found if action.startswith("passkey")]


@pytest.mark.one_database("sqlite")
def test_a_passkey_is_asked_for_after_the_password_until_a_new_password_takes_it_away(on: Stage) -> None:
    key = Device()
    ada = on.browser("ada")
    assert "could not be added" in add(ada, key, origin="https://companion.example.net").text
    page = add(ada, key, "Ada’s <b>phone</b>")
    assert "is added" in page.text
    assert "Ada’s &lt;b&gt;phone&lt;/b&gt;" in page.text
    assert "added already" in add(ada, key, "The same").text
    assert "called Ada" in press(ada, "/console/passkeys", "/console/passkeys", name="Ada’s <b>phone</b>").text
    assert "<dd>On: 1 passkey</dd>" in ada.get("/console/account").text
    codes = press(ada, "/console/recovery-codes", "/console/recovery-codes", generate_new_codes="1")
    recovery = re.findall(r'class="ref">([0-9a-f-]{14})<', codes.text)

    browser, action, options, csrf = begin(on, "ada")
    answer = key.use(options)
    browser.post(action, data={"credential": answer, "csrf_token": csrf})
    assert is_in(browser)
    other, _, _, csrf = begin(on, "ada")
    again = other.post(action, data={"credential": answer, "csrf_token": csrf}, follow_redirects=True)
    assert "did not work" in again.text
    assert not is_in(other)
    press(other, "/console/recovery-code", "/console/recovery-code", code=recovery[0])
    assert is_in(other)

    coordinator = on.browser("cor")
    user = on.path("/console/users/{ada}")
    assert "<dd>On: 1 passkey</dd>" in coordinator.get(user).text
    assert coordinator.get("/console/users").text.count('data-col="Second factor">On<') == 1
    press(coordinator, user, f"{user}/code")
    with on.database.read() as session:
        assert session.scalars(select(Passkey)).all() == []
    assert actions(on) == ["passkey added", "passkey used", "passkey deleted"]


@pytest.mark.one_database("sqlite")
def test_a_passkey_opens_the_login_it_is_of_and_no_other(on: Stage) -> None:
    stolen, own = Device(), Device()
    add(on.browser("ada"), stolen)
    add(on.browser("bo"), own)
    browser, action, options, csrf = begin(on, "bo")
    refused = browser.post(action, data={"credential": stolen.use(options), "csrf_token": csrf}, follow_redirects=True)
    assert "did not work" in refused.text
    elsewhere = own.use(options, origin="https://companion.example.net")
    browser.post(action, data={"credential": elsewhere, "csrf_token": csrf})
    assert not is_in(browser)
    without = on.app.test_client()
    csrf = token(without.get("/console/sign-in"))
    without.post(action, data={"credential": own.use(options), "csrf_token": csrf})
    assert not is_in(without)
    for _ in range(5):
        browser.post(
            action,
            data={"credential": own.use(options, "http://x"), "csrf_token": token(browser.get("/console/passkey"))},
        )
    browser.post(action, data={"credential": own.use(options), "csrf_token": token(browser.get("/console/passkey"))})
    assert not is_in(browser)  # the login rests


@pytest.mark.one_database("postgresql")
def test_one_with_both_factors_chooses_and_a_passkey_needs_a_recent_password(on: Stage) -> None:
    key = Device()
    ada = on.browser("ada")
    step = press(ada, "/console/passkeys", "/console/passkeys", name="Key")
    action, options = _asked(step)
    with ada.session_transaction(path="/console/") as kept:
        kept["fs_paa"] = time.time() - 601
    late = ada.post(action, data={"csrf_token": token(step), "credential": key.make(options)})
    assert "/console/password-again" in late.headers["Location"]
    assert "/console/password-again" in ada.post("/console/passkeys/delete", data={"name": "Key"}).headers["Location"]
    assert "What you sent is not done yet." in ada.get("/console/password-again").text
    press(ada, "/console/password-again", "/console/password-again", password=PASSWORD)
    assert "is added" in add(ada, key, "Key").text
    page = press(ada, "/console/second-factor", "/console/second-factor", setup="authenticator")
    app = authenticator(page)
    confirm = re.search(r'action="(/console/second-factor/[^"]+)"', page.text)
    assert confirm
    ada.post(confirm.group(1), data={"code": app.generate().token, "csrf_token": token(page)})
    assert "<dd>On: authenticator app, 1 passkey</dd>" in ada.get("/console/account").text

    browser = on.app.test_client()
    assert "/console/code/which" in sign_in(browser, "ada@example.org").headers["Location"]
    to_code = press(browser, "/console/code/which", "/console/code/which", which="authenticator")
    assert "/console/code" in to_code.headers["Location"]
    assert "Use your passkey instead" in browser.get("/console/code").text
    press(browser, "/console/code/which", "/console/code/which", which="webauthn")
    step = press(browser, "/console/passkey", "/console/passkey")
    action, options = _asked(step)
    browser.post(action, data={"credential": key.use(options), "csrf_token": token(step)})
    assert is_in(browser)
    gone = browser.post(
        "/console/passkeys/delete", data={"name": "Key", "csrf_token": token(browser.get("/console/passkeys"))}
    )
    assert gone.status_code == 302
    assert "<dd>On: authenticator app</dd>" in browser.get("/console/account").text


@pytest.mark.parametrize(
    ("address", "works"),
    [
        ("https://companion.example.org", True),
        ("http://localhost:5000", True),
        ("http://127.0.0.1:5000", False),
        ("https://192.0.2.1", False),
        ("http://companion.example.org", False),
    ],
)
def test_passkeys_need_https_and_a_name(address: str, works: bool) -> None:
    assert can_work(address) is works


@pytest.fixture
def served(sqlite_databases: NewDatabase) -> Iterator[tuple[Stage, str]]:
    """A console that listens at the address in its settings."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    here = stage(sqlite_databases(), empty=True, public_url=f"http://localhost:{port}")
    server = make_server("localhost", port, here.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield here, f"http://localhost:{port}"
    server.shutdown()
    thread.join()
    here.database.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A phone's browser that runs no script or style against the policy."""
    broken: list[str] = []
    opened = chromium.new_page(viewport={"width": 320, "height": 640})
    opened.on("console", lambda said: broken.append(said.text) if said.type == "error" else None)
    yield opened
    opened.context.close()
    assert not broken


def looks_right(page: Page) -> None:
    assert [found["id"] for found in Axe().run(page).response["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def give_password(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_label("E-mail address").fill("ada@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


@pytest.mark.browser
def test_chromium_adds_a_passkey_signs_in_with_it_and_deletes_it(served: tuple[Stage, str], page: Page) -> None:
    on, address = served
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    kind = {"protocol": "ctap2", "transport": "internal", "automaticPresenceSimulation": True}
    kind |= {"hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True}
    device = {"authenticatorId": devices.send("WebAuthn.addVirtualAuthenticator", {"options": kind})["authenticatorId"]}

    give_password(page, f"{address}/console/account")
    page.get_by_role("link", name="Passkeys").click()
    page.get_by_label("What you call it").fill("Phone")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_text("The passkey Phone is added.")).to_be_visible()
    looks_right(page)
    page.get_by_role("button", name="Sign out").click()

    give_password(page, f"{address}/console/people")
    on.clock.advance(timedelta(minutes=1))
    (key,) = devices.send("WebAuthn.getCredentials", device)["credentials"]
    devices.send("WebAuthn.clearCredentials", device)
    looks_right(page)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("alert")).to_contain_text("Your device gave no passkey")
    looks_right(page)
    devices.send("WebAuthn.addCredential", {**device, "credential": key})
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name="People", exact=True)).to_be_visible()

    page.goto(f"{address}/console/passkeys")
    expect(page.get_by_text("Last used")).to_be_visible()
    page.get_by_role("button", name="Delete Phone").click()
    expect(page.get_by_text("The passkey Phone is deleted.")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    give_password(page, f"{address}/console/")
    expect(page.get_by_role("heading", name="Today")).to_be_visible()
