"""A bad setting is named and explained, and nothing starts with it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from cryptography.fernet import Fernet

from companion.cli import main
from companion.settings import Settings, SettingsError, load_settings

GOOD: dict[str, Any] = {
    "secret_key": "a-secret-of-nobody-" * 3,
    "encryption_keys": Fernet.generate_key().decode(),
    "public_url": "https://companion.example.org",
    "twilio_account_sid": "AC" + "a" * 32,
    "twilio_auth_token": "t" * 32,
    "twilio_sms_from": "+447700900000",
}
EXAMPLE = Path(__file__).parent.parent / ".env.example"
FOR_THE_STAND_IN = {"TWILIO_API_BASE_URL", "COMPANION_CLOCK_FILE"}

BAD = [
    ({"twilio_auth_token": ""}, "TWILIO_AUTH_TOKEN: is empty"),
    ({"twilio_auth_token": " , "}, "TWILIO_AUTH_TOKEN: is empty"),
    ({"twilio_auth_token": "short"}, "TWILIO_AUTH_TOKEN: is too short"),
    ({"twilio_auth_token": "t" * 32 + ",short"}, "TWILIO_AUTH_TOKEN: is too short"),
    ({"twilio_auth_token": None}, "TWILIO_AUTH_TOKEN: "),
    ({"twilio_account_sid": "AC123"}, "TWILIO_ACCOUNT_SID: does not look like"),
    ({"twilio_account_sid": ""}, "TWILIO_ACCOUNT_SID: does not look like"),
    ({"twilio_messaging_service_sid": "MGx"}, "TWILIO_MESSAGING_SERVICE_SID: does not look like"),
    ({"twilio_sms_from": ""}, "TWILIO_SMS_FROM: is missing"),
    ({"twilio_sms_from": "Companion"}, "TWILIO_SMS_FROM: is not a number"),
    ({"twilio_whatsapp_from": "07700900000"}, "TWILIO_WHATSAPP_FROM: is not a number"),
    ({"twilio_api_base_url": "https://api.twilio.com"}, "TWILIO_API_BASE_URL: is only for a stand-in"),
    ({"companion_clock_file": "clock"}, "COMPANION_CLOCK_FILE: a clock that can be moved"),
    ({"secret_key": ""}, "SECRET_KEY: is too short (at least 32 characters)"),
    ({"secret_key": "change-me"}, "SECRET_KEY: is too short"),
    ({"encryption_keys": ""}, "ENCRYPTION_KEYS: is empty"),
    ({"encryption_keys": "not-a-key"}, "ENCRYPTION_KEYS: holds something that is no key"),
    ({"encryption_keys": GOOD["encryption_keys"] + ",nonsense"}, "ENCRYPTION_KEYS: holds something"),
    ({"public_url": ""}, "PUBLIC_URL: is empty"),
    ({"public_url": "companion.example.org"}, "PUBLIC_URL: is not a plain web address"),
    ({"public_url": "https://companion.example.org/?a=1"}, "PUBLIC_URL: is not a plain web address"),
    ({"public_url": "http://companion.example.org"}, "PUBLIC_URL: must begin with https://"),
    ({"companion_nation": "cornwall"}, "COMPANION_NATION: "),
    ({"companion_time_zone": "London"}, "COMPANION_TIME_ZONE: is not a time zone"),
    ({"companion_time_zone": "../etc/passwd"}, "COMPANION_TIME_ZONE: is not a time zone"),
    ({"companion_countries": "UK"}, "COMPANION_COUNTRIES: takes country codes"),
    ({"companion_countries": ""}, "COMPANION_COUNTRIES: takes country codes"),
    ({"companion_web_threads": "0"}, "COMPANION_WEB_THREADS: "),
    ({"companion_web_processes": "two"}, "COMPANION_WEB_PROCESSES: "),
    ({"companion_tick_seconds": "nan"}, "COMPANION_TICK_SECONDS: "),
    ({"page_again_every": "60"}, "PAGE_AGAIN_EVERY: must be at the most 15"),
    ({"page_second_after": "1"}, "PAGE_LEAD_AFTER: must not come before PAGE_SECOND_AFTER"),
    ({"page_lead_after": "soon"}, "PAGE_LEAD_AFTER: must be a whole number"),
    ({"contact_within": "100000000000"}, "CONTACT_WITHIN: must be at the most 240"),
    ({"companion_part_pence": "4p"}, "COMPANION_PART_PENCE: must be a number"),
    ({"companion_nation": "uk"}, "COMPANION_NATION: must be england, wales, scotland or ni"),
    ({"companion_name": "x" * 21}, "COMPANION_NAME: is too long (20 characters at the most)"),
    ({"companion_name": "Comp\nanion"}, "COMPANION_NAME: stands in texts"),
    ({"companion_programme": ""}, "COMPANION_PROGRAMME: is too short"),
    ({"companion_content_dir": "/nowhere"}, "COMPANION_CONTENT_DIR: is no folder"),
    ({"companion_drill_at": "monday 10:00"}, "COMPANION_DRILL_AT: does nothing without"),
    ({"mail_from": "nobody", "smtp_url": "smtp://a:b@mail.example.org:587"}, "MAIL_FROM: is no e-mail address"),
    ({"secret_key": "changeme" * 5}, "SECRET_KEY: is too easy to guess"),
    ({"secret_key": " " * 40}, "SECRET_KEY: is too short"),
    ({"twilio_auth_token": "t" * 32 + " " + "u" * 32}, "TWILIO_AUTH_TOKEN: holds a space"),
    ({"twilio_sms_from": "+4477009000001111"}, "TWILIO_SMS_FROM: has too many or too few digits"),
    ({"database_url": "postgresql://u:p@host:port/name"}, "DATABASE_URL: cannot be read"),
    ({"database_url": "sqlite://"}, "DATABASE_URL: names no file"),
    ({"database_url": "sqlite:///:memory:"}, "DATABASE_URL: names no file"),
    ({"public_url": "https://companion.example.org:99999"}, "PUBLIC_URL: is not a plain web address"),
    ({"public_url": "https://who:secret@companion.example.org"}, "PUBLIC_URL: is not a plain web address"),
    ({"public_url": "https://[::1"}, "PUBLIC_URL: is not a plain web address"),
    ({"public_url": "https://companion example.org"}, "PUBLIC_URL: is not a plain web address"),
    ({"public_url": "https://my_companion.example.org"}, "PUBLIC_URL: its name holds an underscore"),
    ({"public_url": "https://localhost"}, "PUBLIC_URL: is this machine's own address"),
]


def test_good_settings_are_read() -> None:
    settings = load_settings(_env_file=None, **GOOD)
    assert settings.twilio_auth_token == ("t" * 32,)
    assert settings.sms_sender == "+447700900000"
    assert not settings.simulated


@pytest.mark.parametrize(("given", "says"), BAD, ids=range(len(BAD)))
def test_a_bad_setting_is_named_and_explained(given: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingsError) as problem:
        load_settings(_env_file=None, **(GOOD | given))
    lines = str(problem.value).splitlines()
    assert any(line.startswith(says) for line in lines), lines
    assert len(lines) == 1, "one thing is wrong, so one line says so"
    assert all(len(line.split(": ", 1)[1]) > 10 for line in lines)


@pytest.mark.parametrize("name", ["secret_key", "encryption_keys", "twilio_auth_token", "twilio_account_sid"])
def test_a_secret_is_never_repeated(name: str) -> None:
    with pytest.raises(SettingsError) as problem:
        load_settings(_env_file=None, **(GOOD | {name: "hunter2"}))
    assert "hunter2" not in str(problem.value)


def test_every_bad_setting_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as problem:
        load_settings(_env_file=None, **(GOOD | {"secret_key": "", "twilio_auth_token": "", "companion_nation": "x"}))
    named = {line.split(":")[0] for line in str(problem.value).splitlines()}
    assert named == {"SECRET_KEY", "TWILIO_AUTH_TOKEN", "COMPANION_NATION"}


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_nothing_starts_with_an_empty_token(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment: dict[str, str] = {name.upper(): value for name, value in GOOD.items()}
    environment |= {"TWILIO_AUTH_TOKEN": "", "DATABASE_URL": f"sqlite:///{tmp_path / 'x.sqlite3'}"}
    monkeypatch.chdir(tmp_path)  # where there is no .env
    result = CliRunner(env=environment).invoke(main, [command])
    assert result.exit_code == 1
    assert "TWILIO_AUTH_TOKEN: is empty, so anyone could forge texts" in result.output
    assert "Traceback" not in result.output
    assert not (tmp_path / "x.sqlite3").exists()


def test_what_is_left_empty_in_the_file_is_as_if_it_were_not_there(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("\n".join(f"{name.upper()}=" for name in Settings.model_fields if name not in GOOD))
    assert load_settings(_env_file=file, **GOOD) == load_settings(_env_file=None, **GOOD)


def test_a_misspelled_name_is_not_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / ".env"
    file.write_text("TWILIO_WHATSAP_FROM=+447700900000\nCOMPANION_COLOUR=green\nEDITOR=vi\n")
    monkeypatch.setenv("TWILIO_SMS_FORM", "+447700900000")
    with pytest.raises(SettingsError) as problem:
        load_settings(_env_file=file, **GOOD)
    assert str(problem.value).splitlines() == [
        "TWILIO_WHATSAP_FROM: there is no such setting; is TWILIO_WHATSAPP_FROM meant?",
        "COMPANION_COLOUR: there is no such setting; .env.example names those there are",
        "TWILIO_SMS_FORM: there is no such setting; is TWILIO_SMS_FROM meant?",
    ]


def test_a_database_that_cannot_be_used_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for url, says in (
        ("nonsense", "DATABASE_URL: cannot be read"),
        ("mysql://x/y", "must begin with sqlite:/// or postgresql://"),
        (f"sqlite:///{tmp_path / 'new.sqlite3'}", "companion db upgrade"),
    ):
        environment: dict[str, str] = {name.upper(): value for name, value in GOOD.items()}
        result = CliRunner(env=environment | {"DATABASE_URL": url}).invoke(main, ["serve"])
        assert result.exit_code == 1
        assert says in result.output


def test_the_example_names_every_setting() -> None:
    named = set(re.findall(r"^#?([A-Z_]+)=", EXAMPLE.read_text(), re.MULTILINE))
    assert named == {name.upper() for name in Settings.model_fields} - FOR_THE_STAND_IN


def test_the_examples_values_are_the_defaults() -> None:
    shown = dict(re.findall(r"^#([A-Z_]+)=(.+)$", EXAMPLE.read_text(), re.MULTILINE))
    for name, value in shown.items():
        default = Settings.model_fields[name.lower()].default
        default = ",".join(default) if isinstance(default, tuple) else default
        assert type(default)(value) == default, name
