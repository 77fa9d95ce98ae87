"""`companion doctor` and the set-up page: the same check, on a world that runs and on one that does not."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from companion.cli import main
from companion.doctor import examine
from companion.doctor.twilio import hooks
from companion.messaging.provider import InboundHook
from companion.messaging.twilio import Twilio
from companion.models import Address, Person
from companion.settings import load_settings
from tests.console_logins import signed_in
from tests.console_stage import press
from tests.databases import KEY
from tests.world import SERVICE, World


def states(world: World) -> dict[str, str]:
    return {finding.name: finding.state for finding in examine(world.services)}


@pytest.mark.one_database("sqlite")
def test_a_set_up_that_runs_is_in_order_and_what_breaks_is_named_with_what_to_do(world: World) -> None:
    world.settle()
    found = states(world)
    for name in ("Database", "Twilio", "Number", "Web address", "Worker", "Clock", "Disk", "Leads"):
        assert found[name] == "good", (name, found)
    assert found["Backups"] == "unsure"
    assert found["WhatsApp"] == "bad"  # no template was made

    world.clock.advance(timedelta(minutes=2))
    with world.database.write() as session:
        for address in session.scalars(select(Address)):
            address.person_id = None
    found = states(world)
    assert found["Worker"] == "bad"
    assert found["Leads"] == "bad"
    assert all(finding.mend for finding in examine(world.services) if finding.state != "good")


@pytest.mark.one_database("postgresql")
def test_the_page_leads_through_the_set_up_in_order(world: World) -> None:
    world.settle()
    cor = signed_in(world, "coordinator")
    page = "/console/set-up"
    assert "Set-up: 3 of 9 steps are done" in cor.get("/console/").text
    text = cor.get(page).text
    assert "3 of 9 steps are done. Next: numbers and senders." in text
    assert "has not been checked yet" in text
    press(cor, page, f"{page}/check")
    text = cor.get(page).text
    assert "Next: a rota." in text
    assert "It takes" in text or "The stand-in answers" in text
    for step in ("rota", "words", "poster", "phones"):
        press(cor, page, f"{page}/{step}/done")
        press(cor, page, f"{page}/{step}/done")
    assert "8 of 9 steps are done. Next: a check of the whole set-up." in cor.get(page).text
    press(cor, page, f"{page}/poster/open")
    assert "7 of 9" in cor.get(page).text


@pytest.mark.one_database("sqlite")
def test_an_empty_programme_begins_with_its_people(make_world: Callable[..., World]) -> None:
    world = make_world()
    with world.database.write() as session:
        person = Person(role="coordinator", alias="Fran", name="Fran", state="staff", created_at=world.clock.now())
        session.add(person)
    text = signed_in(world, "coordinator").get("/console/set-up").text
    assert "0 of 9 steps are done" in text


def test_the_commands_say_the_same(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    world.settle()
    settings = world.settings
    for name in ("database_url", "secret_key", "public_url", "twilio_account_sid", "twilio_sms_from"):
        monkeypatch.setenv(name.upper(), getattr(settings, name))
    monkeypatch.setenv("TWILIO_API_BASE_URL", settings.twilio_api_base_url or "")
    monkeypatch.setenv("ENCRYPTION_KEYS", settings.encryption_keys[0])
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", settings.twilio_auth_token[0])
    said = CliRunner().invoke(main, ["doctor"]).output
    assert "ok    Database:" in said
    assert "MEND  Worker:" in said  # the machine's clock is not the world's
    out = tmp_path / "poster.html"
    done = CliRunner().invoke(main, ["poster", "icu", "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "JOIN ICU" in out.read_text()
    assert "07700 900000" in out.read_text()
    assert CliRunner().invoke(main, ["poster", "nowhere"]).exit_code == 1
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", "nonsense")
    done = CliRunner().invoke(main, ["doctor"])
    assert "MEND  Settings: TWILIO_ACCOUNT_SID" in done.output
    assert done.exit_code == 1


class _Numbers(BaseHTTPRequestHandler):
    """Twilio's list of an account's numbers, as its documents show it."""

    def do_GET(self) -> None:
        ours = SERVICE.removeprefix("+") in self.path
        number = {
            "sms_url": "https://elsewhere.example.org/in",
            "sms_method": "GET",
            "sms_fallback_url": "",
            "voice_url": "",
        }
        body = {"incoming_phone_numbers": [number] if ours else [], "page": 0, "page_size": 1, "next_page_uri": None}
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: object) -> None:
        return


def test_where_a_numbers_texts_go_is_asked_of_twilio() -> None:
    server = HTTPServer(("127.0.0.1", 0), _Numbers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    twilio = Twilio(
        load_settings(
            _env_file=None,
            secret_key="not-a-secret-" * 4,
            encryption_keys=KEY,
            public_url="http://localhost",
            twilio_account_sid="AC" + "0" * 32,
            twilio_auth_token="t" * 32,
            twilio_sms_from=SERVICE,
            twilio_api_base_url=f"http://127.0.0.1:{server.server_port}",
        )
    )
    hook = twilio.inbound_hook(SERVICE)
    assert hook is not None
    assert hook == InboundHook("https://elsewhere.example.org/in", "GET", "", "")
    assert twilio.inbound_hook("+447700900999") is None
    server.shutdown()


HERE = "https://companion.example.org"
OURS = InboundHook(f"{HERE}/twilio/inbound", "POST", "https://handler.twilio.com/twiml/EH0", f"{HERE}/twilio/rung")


@pytest.mark.parametrize(
    ("hook", "found"),
    [
        (OURS, {"Number": "good", "Calls": "good"}),
        (None, {"Number": "bad"}),
        (replace(OURS, method="GET"), {"Number": "bad", "Calls": "good"}),
        (replace(OURS, url=""), {"Number": "bad", "Calls": "good"}),
        (replace(OURS, fallback=""), {"Number": "bad", "Calls": "good"}),
        (replace(OURS, calls="https://demo.twilio.com/welcome/voice/"), {"Number": "good", "Calls": "bad"}),
    ],
)
def test_what_twilio_does_with_texts_and_calls_is_looked_at(hook: InboundHook | None, found: dict[str, str]) -> None:
    findings = list(hooks(SERVICE, hook, HERE))
    assert {finding.name: finding.state for finding in findings} == found
    assert all(finding.mend for finding in findings if finding.state == "bad")
