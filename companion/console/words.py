"""Words on the pages that depend on data: dates, delivery, states. The words themselves are in words.yaml."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from markupsafe import Markup

from companion.console.desk import desk, now
from companion.escalation.watchlist import load_watchlist
from companion.messaging.numbers import written
from companion.models import OutboxMessage
from companion.when import clock_time


@lru_cache(maxsize=1)
def _words() -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("words.yaml").read_text(encoding="utf-8"))
    return data


def word(path: str) -> str:
    """Return the words at `path` ("sign_in.wrong"). Raises KeyError if there are none."""
    section, _, name = path.partition(".")
    found = _words()[section]
    return str(found[name] if name else found)


def named(section: str, name: str, fallback: str | None = None) -> str:
    """Return the words for a stored value; `fallback`, or the value itself, when it has none."""
    found = _words()[section].get(name)
    if found is None and fallback is not None:
        found = _words()[section].get(fallback)
    return str(found if found is not None else name.replace("_", " "))


def all_named(section: str) -> dict[str, str]:
    """Return every stored value of a section with its words."""
    return {str(name): str(words) for name, words in _words()[section].items()}


def clock(moment: datetime) -> str:
    """Return "6pm" or "6:30pm" in the programme's time zone."""
    return clock_time(moment.astimezone(desk().settings.zone))


def number(address: str) -> str:
    """Return a number as people here write it ("07700 900123"), or an address that is no number as it is."""
    return written(address)


def day(moment: datetime) -> str:
    """Return "today", "yesterday", "tomorrow" or "Tuesday 24 November", with the year when it is another one."""
    zone = desk().settings.zone
    local, here = moment.astimezone(zone).date(), now().astimezone(zone).date()
    near = {0: "today", -1: "yesterday", 1: "tomorrow"}.get((local - here).days)
    if near:
        return near
    year = f" {local.year}" if local.year != here.year else ""
    return f"{local:%A} {local.day} {local:%B}{year}"


def date_words(on: date) -> str:
    """Return "24 November 2026"."""
    return f"{on.day} {on:%B} {on.year}"


def when(moment: datetime | None) -> str:
    """Return "today at 6:30pm" or "Tuesday 24 November at 6pm" for a UTC moment."""
    return f"{day(moment)} at {clock(moment)}" if moment else ""


def dated(moment: datetime) -> str:
    """Return "Tuesday 24 November 2026 at 6:30pm" for a UTC moment: for what is printed, and read on another day."""
    local = moment.astimezone(desk().settings.zone)
    return f"{local:%A} {date_words(local.date())} at {clock(moment)}"


def delivery(row: OutboxMessage) -> str:
    """Return what became of a text, why, and what happens next."""
    said = named("delivery", row.status)
    if row.status == "queued" and row.attempts:
        return f"{_reason(row)} Trying again at {clock(row.not_before)}."
    if row.status == "queued" and row.not_before > now():
        return f"{said}: {when(row.not_before)}"
    if row.status in ("delivered", "read", "sent") and row.settled_at is not None:
        return f"{said} {when(row.settled_at)}"
    if row.status in ("failed", "undelivered", "dropped"):
        return f"{said}. {_reason(row)}"
    return said


def _reason(row: OutboxMessage) -> str:
    if row.status == "dropped":
        return named("reasons", row.reason or "")
    codes = _words()["errors"]
    return str(codes.get(row.error_code, word("other_error")))


def alarm(kind: str) -> str:
    """Return what an alarm means and what to do about it."""
    fallback = "twilio_other" if kind.startswith("twilio_") else "other"
    return named("alarms", kind, fallback)


@lru_cache(maxsize=1)
def _families() -> dict[str, str]:
    families = load_watchlist().families
    return {family.name: family.title for family in families}


def coded(words: str) -> Markup:
    """Return words in which what stands between `backticks` is marked as something to type."""
    pieces = words.split("`")
    return Markup("").join(Markup("<code>{}</code>").format(each) if at % 2 else each for at, each in enumerate(pieces))


def family(name: str) -> str:
    """Return the title of a phrase family, or its name if the list no longer has it."""
    return _families().get(name, name.replace("_", " "))


def upper_first(words: str) -> str:
    """Return `words` beginning with a capital, the rest as it is."""
    return words[:1].upper() + words[1:]


def lower_first(words: str) -> str:
    """Return `words` beginning with a small letter, the rest as it is."""
    return words[:1].lower() + words[1:]
