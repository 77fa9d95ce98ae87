"""What a setting may be: a type for each kind of value, which refuses what cannot work and says what to write."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import phonenumbers
from cryptography.fernet import Fernet
from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import NoDecode
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

LEAST_VARIED = 8  # different characters in a secret
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def weekly(given: str) -> tuple[int, time]:
    """Return the weekday (0 is Monday) and local time of "monday 10:00". Raises ValueError."""
    day, _, clock = given.strip().lower().partition(" ")
    return _DAYS.index(day), time.fromisoformat(clock.strip())


def _split(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _database(value: str) -> str:
    try:
        parsed = make_url(value)
    except (ArgumentError, ValueError) as error:  # a port that is no number is a ValueError
        raise ValueError("cannot be read; write sqlite:///path or postgresql://user:password@host/name") from error
    if parsed.get_backend_name() not in ("sqlite", "postgresql", "postgres"):
        raise ValueError("must begin with sqlite:/// or postgresql://")
    if parsed.get_backend_name() == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise ValueError("names no file, so nothing would be kept; write sqlite:///var/companion.sqlite3")
    return value


def _secret(value: str) -> str:
    if len(set(value)) < LEAST_VARIED:
        raise ValueError("is too easy to guess; make one with `companion keys`")
    return value


def _printable(value: str) -> str:
    if not value.isprintable():
        raise ValueError("stands in texts: it must be one line of plain characters")
    return value


def _lower(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


def _folder(value: Path) -> Path:
    if not value.is_dir():
        raise ValueError(f"is no folder: {value}")
    return value


def _keys(value: tuple[str, ...]) -> tuple[str, ...]:
    if not value:
        raise ValueError("is empty; make a key with `companion keys`")
    for key in value:
        try:
            Fernet(key)
        except ValueError as error:
            raise ValueError("holds something that is no key; make one with `companion keys`") from error
    return value


def _tokens(value: tuple[str, ...]) -> tuple[str, ...]:
    # RequestValidator("") accepts what anybody signs with an empty key.
    if not value:
        raise ValueError("is empty, so anyone could forge texts; copy the Auth Token from Twilio's console")
    if any(len(token) < 32 for token in value):
        raise ValueError("is too short for a Twilio Auth Token (32 characters)")
    if any(character.isspace() for token in value for character in token):
        raise ValueError("holds a space; put commas between two tokens")
    return value


def _number(value: object) -> object:
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


def _url(value: str) -> str | None:
    if not value.strip():
        return None
    if not _is_plain(value.strip()):
        raise ValueError("is not a plain web address such as https://companion.example.org")
    return value.strip().rstrip("/")


def _or_nothing(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _smtp(value: str | None) -> str | None:
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


def _authority(value: Path | None) -> Path | None:
    if value is not None and not value.is_file():
        raise ValueError("is no file: give the path of the authority's certificate (PEM)")
    return value


def _weekly(value: str) -> str | None:
    if not value.strip():
        return None
    try:
        weekly(value)
    except ValueError as error:
        raise ValueError("is no weekday and time such as: monday 10:00") from error
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("is not a time zone such as Europe/London") from error
    return value


def _countries(value: tuple[str, ...]) -> tuple[str, ...]:
    unknown = [code for code in value if code.upper() not in phonenumbers.SUPPORTED_REGIONS]
    if unknown or not value:
        raise ValueError("takes country codes such as GB,IE")
    return tuple(code.upper() for code in value)


def _days(value: tuple[str, ...]) -> tuple[str, ...]:
    for day in value:
        try:
            date.fromisoformat(day)
        except ValueError as error:
            raise ValueError("takes days such as 2027-04-07, with commas between them") from error
    return value


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


Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
Keys = Annotated[Words, AfterValidator(_keys)]
Tokens = Annotated[Words, AfterValidator(_tokens)]
Countries = Annotated[Words, AfterValidator(_countries)]
Days = Annotated[Words, AfterValidator(_days)]
Nation = Literal["england", "wales", "scotland", "ni"]
NationAsWritten = Annotated[Nation, BeforeValidator(_lower)]
DatabaseUrl = Annotated[str, AfterValidator(_database)]
Secret = Annotated[str, Field(min_length=32), AfterValidator(_secret)]
Name = Annotated[str, Field(min_length=2, max_length=20), AfterValidator(_printable)]
Description = Annotated[str, Field(min_length=2, max_length=60), AfterValidator(_printable)]
Number = Annotated[str | None, BeforeValidator(_number)]
Url = Annotated[str, AfterValidator(_url)]
Folder = Annotated[Path, AfterValidator(_folder)]
MailServer = Annotated[str | None, BeforeValidator(_or_nothing), AfterValidator(_smtp)]
Authority = Annotated[Path | None, BeforeValidator(_or_nothing), AfterValidator(_authority)]
MailAddress = Annotated[Annotated[str, Field(pattern=r"^[^@\s<>]+@[^@\s<>]+$")] | None, BeforeValidator(_or_nothing)]
Weekly = Annotated[str, AfterValidator(_weekly)]
Zone = Annotated[str, AfterValidator(_zone)]
