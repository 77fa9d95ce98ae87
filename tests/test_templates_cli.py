"""`companion templates`: from nothing to approved, and what it says when something is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from companion.messaging.cli import templates as command
from tests.databases import KEY, NewDatabase
from tests.template_office import DEFINITIONS, Office, opened
from tests.twilio_settings import SMS, WHATSAPP, settings


@pytest.fixture
def office(new_database: NewDatabase) -> Iterator[Office]:
    with opened(new_database()) as office:
        yield office


@pytest.fixture
def run(office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    """Runs `companion templates ...`; returns its exit status and all that it printed."""
    monkeypatch.chdir(tmp_path)
    given = settings(office.standin._server.base_url)  # type: ignore[union-attr]
    environment = {
        "DATABASE_URL": office.url,
        "SECRET_KEY": given.secret_key,
        "ENCRYPTION_KEYS": KEY,
        "PUBLIC_URL": given.public_url,
        "TWILIO_ACCOUNT_SID": given.twilio_account_sid,
        "TWILIO_AUTH_TOKEN": given.twilio_auth_token[0],
        "TWILIO_SMS_FROM": SMS,
        "TWILIO_WHATSAPP_FROM": WHATSAPP,
        "TWILIO_API_BASE_URL": given.twilio_api_base_url,
    }

    def run(*arguments: str, **more: str) -> tuple[int, str]:
        result = CliRunner().invoke(command, arguments, env={**environment, **more})
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.output

    return run


def test_the_command_from_nothing_to_approved(office: Office, run: Callable[..., tuple[int, str]]) -> None:
    code, shown = run("show", "offer_session")
    assert code == 0
    assert "offer_session: not made yet" in shown
    assert "  | Your group Paediatrics Thursday meets\n" in shown
    assert "  [ YES ] [ NO ]" in shown
    assert "companion templates submit" in run("create")[1]
    assert run("create") == (0, "All templates are there.\n")
    assert f"{DEFINITIONS['offer_session'].name}: received" in run("submit")[1]
    assert run("submit")[1].startswith("Nothing to submit.")
    office.standin.decide(office.row("offer_session").content_sid, "approved")
    office.standin.decide(office.row("session_cancelled").content_sid, "rejected", "not clear")
    name = DEFINITIONS["session_cancelled"].name
    assert f"{name}: received -> rejected (not clear)" in run("sync")[1]
    assert run("sync") == (0, "Nothing has changed.\n")
    shown = run("show")[1]
    assert "offer_session: approved\n" in shown
    assert "session_cancelled: rejected (not clear)\n" in shown
    assert "crisis_taken: no template, by SMS after 24 hours:" in shown


@pytest.mark.one_database("sqlite")
def test_what_goes_wrong_is_one_line(office: Office, run: Callable[..., tuple[int, str]]) -> None:
    assert run("show", "nothing")[1].startswith("Error: no template is made of nothing;")
    assert "TWILIO_WHATSAPP_FROM: is not set" in run("create", TWILIO_WHATSAPP_FROM="")[1]
    assert "TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN" in run("create", TWILIO_AUTH_TOKEN="stand-in-" + "0" * 32)[1]
    office.standin.fault(None, "http 500", times=1)
    assert "did not answer" in run("create")[1]
    assert "PUBLIC_URL" in run("sync", PUBLIC_URL="")[1]
    office.standin.close()
    code, said = run("create")
    assert (code, said) == (1, "Error: Twilio can't be reached; nothing was done\n")
