"""Settings for the stand-in for Twilio alone, without the rest of a world."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from companion.settings import Settings, load_settings
from companion.simulator.identity import DEMO_ACCOUNT_SID, DEMO_AUTH_TOKEN
from tests.databases import KEY

SMS = "+447700900000"
WHATSAPP = "+447700900001"
ASHA = "+447700900101"
START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def settings(base_url: str, **given: Any) -> Settings:
    """Return settings for a stand-in at `base_url`."""
    standard = {
        "database_url": "sqlite:///never-opened.sqlite3",
        "secret_key": "not-a-secret-" * 4,
        "encryption_keys": KEY,
        "public_url": "http://127.0.0.1:9",
        "twilio_account_sid": DEMO_ACCOUNT_SID,
        "twilio_auth_token": DEMO_AUTH_TOKEN,
        "twilio_sms_from": SMS,
        "twilio_whatsapp_from": WHATSAPP,
        "twilio_api_base_url": base_url,
    }
    return load_settings(_env_file=None, **{**standard, **given})
