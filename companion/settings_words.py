"""What is said of a bad setting: its name, what is wrong, and what to do. Never what was given: it may be a secret."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

_FAMILIES = ("COMPANION_", "TWILIO_", "PAGE_", "TELL_", "ALARM_", "CONTACT_", "SMTP_", "MAIL_")
_NAME = re.compile(r"^[ \t]*(?:export[ \t]+)?(\w+)[ \t]*=", re.MULTILINE)
_NEAR = 0.88
_ALIKE = 0.9  # of the environment, which others use too, only what can hardly be meant otherwise is taken for ours
_MISSING = {
    "TWILIO_AUTH_TOKEN": "is empty, so anyone could forge texts; copy the Auth Token from Twilio's console",
    "ENCRYPTION_KEYS": "is empty; make a key with `companion keys`",
    "SECRET_KEY": "is empty; make one with `companion keys`",
    "PUBLIC_URL": "is empty; write the https address at which Twilio reaches this server",
    "TWILIO_ACCOUNT_SID": "is empty; copy the Account SID from Twilio's console",
}
_PATTERNS = {"MAIL_FROM": "is no e-mail address such as companion@example.org"}
_TWILIOS = "does not look like Twilio's identifier (two letters and 32 digits a-f, 0-9)"


def explain(problem: Any) -> str:
    """Return one line, in plain words, for one of pydantic's errors."""
    details: Mapping[str, Any] = dict(problem)
    name = "_".join(str(part) for part in details["loc"][:1]).upper()
    message = _message(name, str(details["type"]), details.get("ctx", {}), str(details["msg"]))
    return f"{name}: {message}" if name else message


def _message(name: str, kind: str, limits: Mapping[str, Any], given: str) -> str:
    if kind == "missing":
        return _MISSING.get(name, "is missing; see .env.example")
    if kind == "string_pattern_mismatch":
        return _PATTERNS.get(name, _TWILIOS)
    if kind == "string_too_short":
        return f"is too short (at least {limits['min_length']} characters)"
    if kind == "string_too_long":
        return f"is too long ({limits['max_length']} characters at the most)"
    if kind in ("greater_than_equal", "greater_than", "less_than_equal"):
        return f"must be {_limit(kind)} {next(iter(limits.values())):g}"
    if kind.startswith("int_"):
        return "must be a whole number, without anything after it"
    if kind.startswith("float_"):
        return "must be a number such as 1.5, without anything after it"
    if kind.startswith("bool_"):
        return "must be true or false"
    if kind == "literal_error":
        return f"must be {limits['expected'].replace(chr(39), '')}"
    return given.removeprefix("Value error, ")


def _limit(kind: str) -> str:
    return {"greater_than_equal": "at least", "greater_than": "more than", "less_than_equal": "at the most"}[kind]


def misspelled(env_file: object, known: Iterable[str]) -> list[str]:
    """Return a line for each name in the file, or in the environment, that is nearly one of the `known` settings.

    A misspelled name would be passed over in silence, and what it was to switch on would stay off.
    """
    names = [name.upper() for name in known]
    file = Path(str(env_file)) if isinstance(env_file, (str, Path)) else None
    text = file.read_text(encoding="utf-8", errors="replace") if file is not None and file.is_file() else ""
    there = [name.upper() for name in _NAME.findall(text)]
    lines = [_unknown(name, names) for name in there if name.startswith(_FAMILIES) and name not in names]
    for name in sorted(os.environ):
        if name.startswith(_FAMILIES) and name not in names and get_close_matches(name, names, 1, _ALIKE):
            lines.append(_unknown(name, names))
    return lines


def _unknown(name: str, names: list[str]) -> str:
    near = get_close_matches(name, names, 1, _NEAR)
    meant = f"; is {near[0]} meant?" if near else "; .env.example names those there are"
    return f"{name}: there is no such setting{meant}"
