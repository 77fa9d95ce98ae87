"""What an entry of the audit holds, in plain words: "Dr Ada; by text message, phone call; at step 1"."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time
from typing import Any

from companion.console.people import REASONS
from companion.console.words import all_named, date_words, dated, family, named
from companion.models import AuditEntry
from companion.programme.needs import kinds
from companion.programme.plan import WEEKDAYS
from companion.when import clock_time

CHANGES = ("cohort changed", "supervision changed")  # their details are pairs: what it was, and what it is now
_SPAN = re.compile(r"(\d\d:\d\d)-(\d\d:\d\d)")


def details_said(entry: AuditEntry, names: Mapping[uuid.UUID, str]) -> str:
    """Return the details of an entry in words. `names` has those of people, groups and cohorts that they speak of."""
    said = []
    for name, value in entry.details.items():
        frame = frame_of(entry.action, name)
        if value is None or not frame:
            continue
        if entry.action in CHANGES and isinstance(value, list):
            words = ", now ".join(_word(entry.action, name, each, names) for each in value)
        else:
            each = value if isinstance(value, list) else [value]
            words = ", ".join(_word(entry.action, name, one, names) for one in each)
        said.append(frame.replace("{}", words))
    return "; ".join(said)


def frame_of(action: str, detail: str) -> str:
    """Return the words around a detail; those of something stored long ago are made of its name."""
    frames = all_named("details")
    return frames.get(f"{action}/{detail}", frames.get(detail, f"{detail.replace('_', ' ')}: {{}}"))


def ids_in(entry: AuditEntry) -> Iterable[uuid.UUID]:
    """Return the ids of people, groups and cohorts that the details speak of."""
    found = (_id(value) for name, value in entry.details.items() if frame_of(entry.action, name))
    return [each for each in found if each]


def _word(action: str, name: str, value: Any, names: Mapping[uuid.UUID, str]) -> str:
    """Return one value in words."""
    if (id_ := _id(value)) is not None:
        return names.get(id_, "someone removed")
    if value is None or value == "None":
        return "nobody" if name == "lead" else "not set"
    said = _SAID.get(f"{action}/{name}", _SAID.get(name))
    if said is not None:
        try:
            return said(value)
        except (KeyError, IndexError, ValueError, TypeError):  # stored by another version
            return str(value)
    codes = all_named("detail_values")
    return codes.get(f"{'way' if name == 'ways' else name}/{value}", str(value))


def _hours(span: str) -> str:
    """Return "9am to 5pm" for "09:00-17:00", and "at all hours" for "all"."""
    found = _SPAN.fullmatch(span)
    return " to ".join(clock_time(time.fromisoformat(at)) for at in found.groups()) if found else "at all hours"


def _id(value: Any) -> uuid.UUID | None:
    try:
        return uuid.UUID(value) if isinstance(value, str) and len(value) == 36 else None
    except ValueError:
        return None


def _date(value: str) -> str:
    return date_words(date.fromisoformat(value))


def _moment(value: str) -> str:
    return dated(datetime.fromisoformat(value))


def _time(value: str) -> str:
    return clock_time(time.fromisoformat(value))


def _weekday(value: int | str) -> str:
    return WEEKDAYS[int(value)].capitalize()


_SAID: Mapping[str, Callable[[Any], str]] = {  # by "action/detail" or "detail": what is no code of words.yaml
    "at": _moment,
    "cohort changed/at": _time,
    "day": _date,
    "days": _weekday,
    "families": family,
    "family": family,
    "nation": lambda value: named("nations", value),
    "need acted on/kind": lambda value: kinds()[value].title,
    "number shown/reason": lambda value: REASONS[value],
    "place": lambda value: value.replace("-", " "),
    "quiet_from": _time,
    "quiet_until": _time,
    "review_by": _date,
    "role": lambda value: named("roles", value),
    "set-up step done/step": lambda value: named("step_names", value),
    "set-up step open again/step": lambda value: named("step_names", value),
    "span": _hours,
    "weekday": _weekday,
}
