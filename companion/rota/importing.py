"""Bringing in a rota from a file: CSV or YAML, all of it or nothing, with each mistake named by its line."""

from __future__ import annotations

import csv
import io
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from companion.models import DUTIES, Group, Person
from companion.rota.duties import RotaError, add_duty, is_there
from companion.rota.names import named

COLUMNS = ("name", "role", "group", "starts", "ends", "repeats", "until")
MOST = 2_000  # lines
_LONGEST = 14  # days
_AS_SAVED = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})\b")  # day first, as a spreadsheet saves it in the UK


class ImportFailedError(Exception):
    """The file cannot be brought in; the message has a line for each thing that is wrong."""


@dataclass(frozen=True)
class Row:
    """One line of the file. `starts` and `ends` are local and naive: it is the rota's zone that gives them meaning."""

    line: int
    name: str
    role: str
    group: str
    starts: datetime
    ends: datetime
    weekly: bool
    until: date | None


def read_rota(text: str) -> list[Row]:
    """Read a file of either kind. Raises ImportFailedError."""
    rows: list[Row] = []
    wrong: list[str] = []
    try:
        given = list(_lines(text))
    except (yaml.YAMLError, csv.Error) as error:
        mark = getattr(error, "problem_mark", None)
        raise ImportFailedError(f"line {mark.line + 1 if mark else 1}: this is neither CSV nor YAML") from None
    if not given:
        raise ImportFailedError(f"line 1: there is no duty. Begin with a line of names: {','.join(COLUMNS)}")
    if len(given) > MOST:
        raise ImportFailedError(f"line {MOST + 1}: more than {MOST} duties; split the file")
    for line, fields in given:
        try:
            rows.append(_row(line, fields))
        except ValueError as error:
            wrong.append(f"line {line}: {error}")
    if wrong:
        raise ImportFailedError("\n".join(wrong))
    return rows


def import_rota(session: Session, rows: list[Row], time_zone: str, now: datetime, by: uuid.UUID | None) -> int:
    """Add the duties that are not there yet; return how many. Raises ImportFailedError, with nothing to be kept."""
    staff = session.scalars(select(Person).where(Person.state == "staff", Person.role != "auditor")).all()
    groups = {group.name.casefold(): group for group in session.scalars(select(Group).where(Group.ended_at.is_(None)))}
    wrong: list[str] = []
    added = 0
    for row in rows:
        person, group = named(row.name, staff), groups.get(row.group.casefold()) if row.group else None
        if person is None:
            wrong.append(f"line {row.line}: {row.name!r} is nobody who runs the programme, or several")
        elif row.group and group is None:
            wrong.append(f"line {row.line}: there is no group {row.group!r}")
        else:
            try:
                added += _add(session, row, person, group, time_zone, now, by)
            except RotaError as error:
                wrong.append(f"line {row.line}: {error}")
    if wrong:
        raise ImportFailedError("\n".join(wrong))
    return added


def _lines(text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    first = next((line for line in text.splitlines() if line.strip() and not line.startswith("#")), "")
    if first.lstrip().startswith("-") or first.rstrip().endswith(":"):
        yield from _yaml_lines(text)
        return
    reader = csv.DictReader(io.StringIO(text.lstrip("\ufeff")), skipinitialspace=True)
    unknown = [name for name in reader.fieldnames or () if name and name.strip().lower() not in COLUMNS]
    if unknown:
        raise ImportFailedError(f"line 1: there is no column {unknown[0]!r}: only {', '.join(COLUMNS)}")
    for fields in reader:
        if any((value or "").strip() for value in fields.values() if isinstance(value, str)):
            yield reader.line_num, {(name or "").strip().lower(): value for name, value in fields.items()}


def _yaml_lines(text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if isinstance(root, yaml.MappingNode) and len(root.value) == 1:
        root = root.value[0][1]
    if not isinstance(root, yaml.SequenceNode):
        raise ImportFailedError("line 1: write a list of duties, each beginning with a dash")
    for node in root.value:
        if not isinstance(node, yaml.MappingNode):
            raise ImportFailedError(f"line {node.start_mark.line + 1}: names and values are expected (name: value)")
        yield node.start_mark.line + 1, {str(key.value).lower(): value.value for key, value in node.value}


def _row(line: int, fields: Mapping[str, Any]) -> Row:
    given = {name: str(fields.get(name) or "").strip() for name in COLUMNS}
    unknown = fields.keys() - set(COLUMNS)
    if unknown:
        raise ValueError(f"there is no {sorted(map(str, unknown))[0]!r}: only {', '.join(COLUMNS)}")
    if not given["name"]:
        raise ValueError("name is empty")
    if given["role"].lower() not in DUTIES:
        raise ValueError(f"role is {given['role']!r}, not one of {', '.join(DUTIES)}")
    if given["repeats"].lower() not in ("", "no", "weekly"):
        raise ValueError(f"repeats is {given['repeats']!r}: write weekly, or nothing")
    starts, ends = _moment("starts", given["starts"]), _moment("ends", given["ends"])
    if ends <= starts or (ends.date() - starts.date()).days > _LONGEST:
        raise ValueError("ends must be after starts, and at most 14 days later")
    weekly = given["repeats"].lower() == "weekly"
    if given["until"] and not weekly:
        raise ValueError("until is only for what repeats weekly")
    return Row(
        line, given["name"], given["role"].lower(), given["group"], starts, ends, weekly, _date("until", given["until"])
    )


def _iso(value: str) -> str:
    return _AS_SAVED.sub(lambda found: f"{found[3]}-{found[2]:0>2}-{found[1]:0>2}", value, count=1)


def _moment(name: str, value: str) -> datetime:
    try:
        found = datetime.fromisoformat(_iso(value))
    except ValueError:
        raise ValueError(f"{name} is {value!r}, not a day and time such as 2026-11-23 18:00") from None
    if found.tzinfo is not None or len(value) <= len("2026-11-23"):
        raise ValueError(f"{name} is {value!r}: write local day and time, such as 2026-11-23 18:00")
    return found


def _date(name: str, value: str) -> date | None:
    try:
        return date.fromisoformat(_iso(value)) if value else None
    except ValueError:
        raise ValueError(f"{name} is {value!r}, not a day such as 2026-12-31") from None


def _add(
    session: Session,
    row: Row,
    person: Person,
    group: Group | None,
    time_zone: str,
    now: datetime,
    by: uuid.UUID | None,
) -> bool:
    """Add one duty; return whether it was not there yet."""
    duty: dict[str, Any] = {
        "starts_on": row.starts.date(),
        "from_time": row.starts.time(),
        "days": (row.ends.date() - row.starts.date()).days,
        "until_time": row.ends.time(),
        "weekly": row.weekly,
        "group_id": group.id if group else None,
    }
    if is_there(session, person, row.role, **duty):
        return False
    add_duty(
        session,
        person,
        row.role,
        **duty,
        last_on=row.until,
        time_zone=group.time_zone if group else time_zone,
        now=now,
        by=by,
    )
    return True
