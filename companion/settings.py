"""Every setting, typed and read once. A bad one is named, explained, and stops the start."""

from __future__ import annotations

from datetime import date, time
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import phonenumbers
from cryptography.fernet import Fernet
from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from companion.settings_words import explain, misspelled

Nation = Literal["england", "wales", "scotland", "ni"]
Words = Annotated[tuple[str, ...], NoDecode]

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
LEAST_VARIED = 8  # different characters in a secret


class SettingsError(Exception):
    """One or more settings are wrong; the message has a line for each."""


class Settings(BaseSettings):
    """What a deployment decides. Names in the environment (or `.env`) are these names in capitals."""

    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", frozen=True, env_ignore_empty=True, str_strip_whitespace=True
    )

    database_url: str = "sqlite:///var/companion.sqlite3"
    secret_key: str = Field(min_length=32)
    encryption_keys: Words
    public_url: str

    twilio_account_sid: str = Field(pattern=r"^AC[0-9a-fA-F]{32}$")
    twilio_auth_token: Words
    twilio_sms_from: str | None = None
    twilio_messaging_service_sid: str | None = Field(default=None, pattern=r"^MG[0-9a-fA-F]{32}$")
    twilio_whatsapp_from: str | None = None
    twilio_voice_from: str | None = None  # the number calls come from; by default the one texts come from
    twilio_api_base_url: str | None = None

    companion_name: str = Field(default="Companion", min_length=2, max_length=20)
    companion_programme: str = Field(default="volunteer doctors in your area", min_length=2, max_length=60)
    companion_nation: Nation = "england"
    companion_time_zone: str = "Europe/London"
    companion_countries: Words = ("GB",)
    companion_content_dir: Path | None = None
    companion_clock_file: Path | None = None
    companion_backup_dir: Path | None = None
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
    smtp_url: str | None = None
    # The authority that signed the mail server's certificate (PEM), where it is none that this machine knows.
    smtp_ca_file: Path | None = None
    mail_from: str | None = Field(default=None, pattern=r"^[^@\s<>]+@[^@\s<>]+$")
    # After how many days of silence someone gets the one gentle text, and more days on which doctors change jobs
    # besides the first Wednesdays of February and August (such as 2027-04-07).
    companion_quiet_after: int = Field(default=42, ge=7, le=365)
    companion_changeovers: Words = ()
    # Asked for every minute by the worker while all is well, so that somebody outside notices the silence.
    companion_heartbeat_url: str | None = None
    # The drill: a number of yours that plays the trainee, the number of who takes it, and when ("monday 10:00").
    companion_drill_from: str | None = None
    companion_drill_by: str | None = None
    companion_drill_at: str | None = None

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

    @field_validator(
        "encryption_keys", "twilio_auth_token", "companion_countries", "companion_changeovers", mode="before"
    )
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        try:
            parsed = make_url(value)
        except (ArgumentError, ValueError) as error:  # a port that is no number is a ValueError
            raise ValueError("cannot be read; write sqlite:///path or postgresql://user:password@host/name") from error
        if parsed.get_backend_name() not in ("sqlite", "postgresql", "postgres"):
            raise ValueError("must begin with sqlite:/// or postgresql://")
        if parsed.get_backend_name() == "sqlite" and parsed.database in (None, "", ":memory:"):
            raise ValueError("names no file, so nothing would be kept; write sqlite:///var/companion.sqlite3")
        return value

    @field_validator("secret_key")
    @classmethod
    def _secret(cls, value: str) -> str:
        if len(set(value)) < LEAST_VARIED:
            raise ValueError("is too easy to guess; make one with `companion keys`")
        return value

    @field_validator("companion_name", "companion_programme")
    @classmethod
    def _printable(cls, value: str) -> str:
        if not value.isprintable():
            raise ValueError("stands in texts: it must be one line of plain characters")
        return value

    @field_validator("companion_nation", mode="before")
    @classmethod
    def _nation(cls, value: object) -> object:
        return value.strip().lower() if isinstance(value, str) else value

    @field_validator("companion_content_dir", "companion_backup_dir")
    @classmethod
    def _folder(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_dir():
            raise ValueError(f"is no folder: {value}")
        return value

    @field_validator("encryption_keys")
    @classmethod
    def _keys(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise ValueError("is empty; make a key with `companion keys`")
        for key in value:
            try:
                Fernet(key)
            except ValueError as error:
                raise ValueError("holds something that is no key; make one with `companion keys`") from error
        return value

    @field_validator("twilio_auth_token")
    @classmethod
    def _token(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        # RequestValidator("") accepts what anybody signs with an empty key.
        if not value:
            raise ValueError("is empty, so anyone could forge texts; copy the Auth Token from Twilio's console")
        if any(len(token) < 32 for token in value):
            raise ValueError("is too short for a Twilio Auth Token (32 characters)")
        if any(character.isspace() for token in value for character in token):
            raise ValueError("holds a space; put commas between two tokens")
        return value

    @field_validator(
        *("twilio_sms_from", "twilio_whatsapp_from", "twilio_voice_from", "companion_drill_from", "companion_drill_by"),
        mode="before",
    )
    @classmethod
    def _sender(cls, value: object) -> object:
        if not isinstance(value, str) or not value.strip():
            return None
        number = value.strip().removeprefix("whatsapp:")
        try:
            parsed = phonenumbers.parse(number, None)
        except phonenumbers.NumberParseException as error:
            raise ValueError("is not a number in full international form such as +447700900000") from error
        if not phonenumbers.is_possible_number(parsed):
            raise ValueError("has too many or too few digits for a number such as +447700900000")
        return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)

    @field_validator("public_url", "twilio_api_base_url", "companion_heartbeat_url")
    @classmethod
    def _url(cls, value: str | None) -> str | None:
        if value is None or not value.strip():
            return None
        if not _is_plain(value.strip()):
            raise ValueError("is not a plain web address such as https://companion.example.org")
        return value.strip().rstrip("/")

    @field_validator("smtp_url", "smtp_ca_file", "mail_from", mode="before")
    @classmethod
    def _nothing(cls, value: object) -> object:
        return None if isinstance(value, str) and not value.strip() else value

    @field_validator("smtp_url")
    @classmethod
    def _smtp(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            parts = urlsplit(value.strip())
            good = parts.scheme in ("smtp", "smtps") and parts.hostname and parts.port is not None
        except ValueError:
            good = False
        if not good:
            # What was given holds a password: it is not shown.
            raise ValueError("is no mail server such as smtp://user:password@mail.example.org:587 (or smtps://...:465)")
        return value.strip()

    @field_validator("smtp_ca_file")
    @classmethod
    def _authority(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_file():
            raise ValueError("is no file: give the path of the authority's certificate (PEM)")
        return value

    @field_validator("companion_drill_at")
    @classmethod
    def _drill_at(cls, value: str | None) -> str | None:
        if value is None or not value.strip():
            return None
        day, _, clock = value.strip().lower().partition(" ")
        try:
            time.fromisoformat(clock.strip())
            _DAYS.index(day)
        except ValueError as error:
            raise ValueError("is no weekday and time such as: monday 10:00") from error
        return value

    @field_validator("companion_time_zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError("is not a time zone such as Europe/London") from error
        return value

    @field_validator("companion_countries")
    @classmethod
    def _countries(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [code for code in value if code.upper() not in phonenumbers.SUPPORTED_REGIONS]
        if unknown or not value:
            raise ValueError("takes country codes such as GB,IE")
        return tuple(code.upper() for code in value)

    @field_validator("companion_changeovers")
    @classmethod
    def _days(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for day in value:
            try:
                date.fromisoformat(day)
            except ValueError as error:
                raise ValueError("takes days such as 2027-04-07, with commas between them") from error
        return value

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
        day, _, clock = self.companion_drill_at.strip().lower().partition(" ")
        return _DAYS.index(day), time.fromisoformat(clock.strip())

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


def _is_plain(address: str) -> bool:
    """Whether it is http(s)://host[:port][/path], and nothing more."""
    try:
        parts = urlsplit(address)
        port_is_one = parts.port is None or parts.port > 0  # reading it raises ValueError for what is none
    except ValueError:
        return False
    more = parts.query or parts.fragment or parts.username or parts.password
    whole = parts.scheme in ("http", "https") and bool(parts.hostname) and port_is_one
    return whole and not more and not any(character.isspace() for character in address)
