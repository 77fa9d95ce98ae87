"""Every setting, typed and read once. A bad one is named, explained, and stops the start."""

from __future__ import annotations

from datetime import date, time
from functools import cached_property
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from companion.settings_values import (
    Authority,
    Countries,
    DatabaseUrl,
    Days,
    Description,
    Folder,
    Keys,
    MailAddress,
    MailServer,
    Name,
    NationAsWritten,
    Number,
    Secret,
    Tokens,
    Url,
    Weekly,
    Zone,
    weekly,
)
from companion.settings_words import explain, misspelled

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class SettingsError(Exception):
    """One or more settings are wrong; the message has a line for each."""


class Settings(BaseSettings):
    """What a deployment decides. Names in the environment (or `.env`) are these names in capitals."""

    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", frozen=True, env_ignore_empty=True, str_strip_whitespace=True
    )

    database_url: DatabaseUrl = "sqlite:///var/companion.sqlite3"
    secret_key: Secret
    encryption_keys: Keys
    public_url: Url

    twilio_account_sid: str = Field(pattern=r"^AC[0-9a-fA-F]{32}$")
    twilio_auth_token: Tokens
    twilio_sms_from: Number = None
    twilio_messaging_service_sid: str | None = Field(default=None, pattern=r"^MG[0-9a-fA-F]{32}$")
    twilio_whatsapp_from: Number = None
    twilio_voice_from: Number = None  # the number calls come from; by default the one texts come from
    twilio_api_base_url: Url | None = None

    companion_name: Name = "Companion"
    companion_programme: Description = "volunteer doctors in your area"
    companion_nation: NationAsWritten = "england"
    companion_time_zone: Zone = "Europe/London"
    companion_countries: Countries = ("GB",)
    companion_content_dir: Folder | None = None
    companion_clock_file: Path | None = None
    companion_backup_dir: Folder | None = None
    companion_web_processes: int = Field(default=1, ge=1, le=32)
    companion_web_threads: int = Field(default=8, ge=1, le=64)
    companion_tick_seconds: float = Field(default=5.0, ge=0.2, le=60)
    # How often Twilio is asked for texts and receipts that never reached us.
    companion_reconcile_seconds: float = Field(default=300.0, ge=1, le=3_600)

    # How fast each sender may send, in message parts a second (Twilio's figures depend on the kind of number).
    companion_sms_rate: float = Field(default=1.0, gt=0, le=1000)
    companion_whatsapp_rate: float = Field(default=20.0, gt=0, le=1000)
    # How many requests to Twilio a worker has under way at one time.
    companion_sends_at_once: int = Field(default=8, ge=1, le=20)
    # What one SMS part costs, in pence, for estimates. Look it up: prices change.
    companion_part_pence: float = Field(default=4.0, ge=0, le=100)

    # E-mail, the second way to those who run the programme: smtp://user:password@host:587 or smtps://...
    smtp_url: MailServer = None
    # The authority that signed the mail server's certificate (PEM), where it is none that this machine knows.
    smtp_ca_file: Authority = None
    mail_from: MailAddress = None
    # After how many days of silence someone gets the one gentle text, and more days on which doctors change jobs
    # besides the first Wednesdays of February and August (such as 2027-04-07).
    companion_quiet_after: int = Field(default=42, ge=7, le=365)
    companion_changeovers: Days = ()
    # How many months all that leads to a trainee is kept after they left, or after they were last heard from. Not fewer
    # than six, as the figures of a month are made from it.
    companion_keep_months: int = Field(default=24, ge=6, le=120)
    # Asked for every minute by the worker while all is well, so that somebody outside notices the silence.
    companion_heartbeat_url: Url | None = None
    # The drill: a number of yours that plays the trainee, the number of who takes it, and when ("monday 10:00").
    companion_drill_from: Number = None
    companion_drill_by: Number = None
    companion_drill_at: Weekly | None = None

    # The escalation clock (minutes): see docs/architecture.md. The limits keep a slip of the pen from making
    # somebody in danger wait for hours.
    page_call_first_after: int = Field(default=2, ge=1, le=30)
    page_second_after: int = Field(default=5, ge=1, le=30)
    page_lead_after: int = Field(default=10, ge=1, le=60)
    page_again_every: int = Field(default=10, ge=1, le=15)
    tell_trainee_after: int = Field(default=15, ge=1, le=60)
    alarm_coordinator_after: int = Field(default=30, ge=1, le=120)
    contact_reminder_after: int = Field(default=10, ge=1, le=120)
    contact_within: int = Field(default=20, ge=2, le=240)

    @model_validator(mode="after")
    def _together(self) -> Self:
        if not self.public_url:
            raise ValueError("PUBLIC_URL: is empty; write the https address at which Twilio reaches this server")
        if self.twilio_sms_from is None and self.twilio_messaging_service_sid is None:
            raise ValueError(
                "TWILIO_SMS_FROM: is missing; write the number texts are sent from, or set TWILIO_MESSAGING_SERVICE_SID"
            )
        if self.twilio_api_base_url and urlsplit(self.twilio_api_base_url).hostname not in _LOOPBACK:
            raise ValueError("TWILIO_API_BASE_URL: is only for a stand-in on this machine; remove it to use Twilio")
        if (self.smtp_url is None) != (self.mail_from is None):
            raise ValueError("SMTP_URL: goes together with MAIL_FROM, the address that e-mails come from; set both")
        if self.companion_clock_file and not self.twilio_api_base_url:
            raise ValueError("COMPANION_CLOCK_FILE: a clock that can be moved is only for the stand-in; remove it")
        return self

    @model_validator(mode="after")
    def _escalation(self) -> Self:
        if not self.page_call_first_after <= self.page_second_after <= self.page_lead_after:
            raise ValueError(
                "PAGE_LEAD_AFTER: must not come before PAGE_SECOND_AFTER, nor that before PAGE_CALL_FIRST_AFTER"
            )
        if self.contact_reminder_after >= self.contact_within:
            raise ValueError("CONTACT_REMINDER_AFTER: must be fewer minutes than CONTACT_WITHIN")
        if (self.companion_drill_from is None) != (self.companion_drill_by is None):
            raise ValueError("COMPANION_DRILL_FROM: goes together with COMPANION_DRILL_BY; set both, or neither")
        if self.companion_drill_from is not None and self.companion_drill_from == self.companion_drill_by:
            raise ValueError("COMPANION_DRILL_BY: must be another number than COMPANION_DRILL_FROM")
        if self.companion_drill_at is not None and self.companion_drill_from is None:
            raise ValueError("COMPANION_DRILL_AT: does nothing without COMPANION_DRILL_FROM and COMPANION_DRILL_BY")
        return self

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if urlsplit(self.public_url).scheme != "https" and not self.simulated:
            raise ValueError("PUBLIC_URL: must begin with https:// so that texts are encrypted on their way here")
        host = urlsplit(self.public_url).hostname or ""
        if not self.simulated and host in _LOOPBACK:
            raise ValueError("PUBLIC_URL: is this machine's own address, at which Twilio cannot reach it")
        if "_" in host:
            raise ValueError("PUBLIC_URL: its name holds an underscore, and Twilio sends no receipts to such a name")
        return self

    @cached_property
    def drill_at(self) -> tuple[int, time] | None:
        """The weekday (0 is Monday) and local time of the weekly drill; None when it is run by hand alone."""
        if self.companion_drill_at is None:
            return None
        return weekly(self.companion_drill_at)

    @property
    def simulated(self) -> bool:
        """Whether a stand-in takes the place of Twilio."""
        return self.twilio_api_base_url is not None

    @cached_property
    def zone(self) -> ZoneInfo:
        """The programme's time zone."""
        return ZoneInfo(self.companion_time_zone)

    @cached_property
    def changeovers(self) -> frozenset[date]:
        """The programme's own days on which doctors change jobs."""
        return frozenset(date.fromisoformat(day) for day in self.companion_changeovers)

    @property
    def sms_sender(self) -> str:
        """What texts by SMS come from: the number, or the messaging service."""
        return self.twilio_sms_from or self.twilio_messaging_service_sid or ""

    @property
    def voice_sender(self) -> str | None:
        """The number that calls come from; None when there is none, and nobody can be called."""
        return self.twilio_voice_from or self.twilio_sms_from


def load_settings(**given: object) -> Settings:
    """Read the settings from the environment and `.env`; `given` wins. Raises SettingsError naming each bad one."""
    wrong = misspelled(given.get("_env_file", ".env"), Settings.model_fields)
    try:
        settings = Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        wrong += [explain(problem) for problem in error.errors()]
    if wrong:
        raise SettingsError("\n".join(wrong)) from None
    return settings
