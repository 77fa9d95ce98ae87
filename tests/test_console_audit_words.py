"""Every entry of the audit that the code writes is said in plain words, and so is each of its details."""

from __future__ import annotations

import ast
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path

import pytest

import companion
from companion.console.audit_words import details_said, frame_of
from companion.console.cohorts import _values
from companion.console.words import all_named
from companion.models import WAYS, AuditEntry, Base, Cohort

ADA, WARDS = uuid.uuid4(), uuid.uuid4()
COHORT = Cohort(name="Wards", nation="england", checkin_weekday=0, checkin_at=time(18), is_open=True)
CODES = ("gate", "reason", "why", "what", "source", "route", "way", "audience")  # details whose codes have words


@dataclass(frozen=True)
class Written:
    """One call of `record`: where, which actions it may write, and each detail with the codes that are known."""

    where: str
    actions: frozenset[str]
    details: tuple[tuple[str, frozenset[str]], ...]


def recorded() -> Iterator[Written]:
    root = Path(companion.__file__).parent
    for file in sorted(root.rglob("*.py")):
        module = ast.parse(file.read_text(encoding="utf-8"))
        functions = [each for each in ast.walk(module) if isinstance(each, ast.FunctionDef)]
        for function in functions:
            for call in ast.walk(function):
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "record":
                    details: dict[str, frozenset[str]] = {}
                    for keyword in call.keywords:
                        if keyword.arg is None:
                            details |= dict.fromkeys(spread(keyword.value, function), frozenset())
                        elif keyword.arg != "actor":
                            details[keyword.arg] = constants(keyword.value, function, functions)
                    actions = constants(call.args[2], function, functions)
                    where = f"{file.relative_to(root)}:{call.lineno}"
                    yield Written(where, actions, tuple(details.items()))


def constants(value: ast.expr, function: ast.FunctionDef, functions: Sequence[ast.FunctionDef]) -> frozenset[str]:
    """Return every string that `value` may be: itself, either branch, what is assigned or handed in."""
    if isinstance(value, ast.Constant):
        return frozenset([value.value] if isinstance(value.value, str) else [])
    if isinstance(value, ast.IfExp):
        return constants(value.body, function, functions) | constants(value.orelse, function, functions)
    if not isinstance(value, ast.Name):
        return frozenset()
    found = [
        constants(node.value, function, functions)
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == value.id for t in node.targets)
    ]
    names = [arg.arg for arg in function.args.args]
    for caller in functions if value.id in names else ():
        for node in ast.walk(caller):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function.name:
                handed = node.args[names.index(value.id) :]
                if handed and caller is not function:
                    found.append(constants(handed[0], caller, functions))
    return frozenset().union(*found)


def spread(value: ast.expr, function: ast.FunctionDef) -> set[str]:
    """Return the names in a dictionary that is spread over a call."""
    assert isinstance(value, ast.Name)
    if function.name == "cohort":  # a comprehension over what a cohort is
        return set(_values(COHORT))
    found = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == value.id:
            found.add(ast.literal_eval(node.slice))
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == value.id for t in node.targets):
            keys = [key for d in ast.walk(node.value) if isinstance(d, ast.Dict) for key in d.keys]
            assert None not in keys, f"{function.name}: a dictionary is spread in another"
            found |= {ast.literal_eval(key) for key in keys if key}
    assert found, function.name
    return found


def test_every_action_and_detail_in_the_code_has_words() -> None:
    actions, details, codes = all_named("audit"), all_named("details"), all_named("detail_values")
    written = list(recorded())
    missing = [f"{each.where}: no action is found" for each in written if not each.actions]
    missing += [f"{each.where}: {a}" for each in written for a in each.actions if a not in actions]
    missing += [
        f"{each.where}: {action}/{name}"
        for each in written
        for action in each.actions
        for name, _ in each.details
        if name not in details and f"{action}/{name}" not in details
    ]
    missing += [
        f"{each.where}: {name}/{code}"
        for each in written
        for name, found in each.details
        if name in CODES and "auditor" not in each.where  # whose findings are words already
        for code in found
        if f"{name}/{code}" not in codes
    ]
    assert not missing, "\n".join(missing)
    assert len(written) > 100
    assert not set(actions) - {action for each in written for action in each.actions}
    assert {f"way/{way}" for way in WAYS} <= set(codes)


def test_every_kind_of_thing_that_an_entry_is_about_has_words() -> None:
    about = set(all_named("subjects"))
    assert about <= set(Base.metadata.tables)
    assert {"episodes", "groups", "sessions", "bookings", "duties", "covers", "users", "drills"} <= about


@pytest.mark.parametrize(
    ("action", "details", "said"),
    [
        ("episode gate", {"gate": "open"}, "does not know them"),
        (
            "paged",
            {"person": str(ADA), "ways": ["sms", "call"], "step": 1},
            "Dr Ada; by text message, phone call; at step 1",
        ),
        ("episode closed", {"outcome": "spoke", "second": None}, "outcome: spoke"),
        (
            "episode closed",
            {"outcome": "could not reach", "second": str(ADA)},
            "outcome: could not reach; Dr Ada agreed",
        ),
        ("episode opened", {"inbound": str(uuid.uuid4())}, ""),
        ("episode taken", {"way": None}, ""),
        ("take refused", {"reason": "declined"}, "they had passed it on"),
        ("number shown", {"reason": "asked"}, "They asked to be rung"),
        ("text flagged", {"families": ["no_such"], "list_version": "7"}, "found: no such; version 7 of the list"),
        ("cohort changed", {"weekday": ["0", "3"], "at": ["18:00:00", "19:30:00"]}, None),
        ("cohort changed", {"quiet_from": ["None", "22:00:00"]}, "quiet from: not set, now 10pm"),
        ("moved to another cohort", {"before": "None", "after": str(WARDS)}, "before not set; now Wards"),
        ("cover offered", {"to": str(uuid.uuid4()), "duties": 2}, "someone removed; turns: 2"),
        ("supervision changed", {"lead": [None, "lee"]}, "lead: nobody, now lee"),
        (
            "hours stated",
            {"kind": "hours", "span": "09:00-17:00", "days": [0, 1], "lead": str(ADA)},
            "people are paged at stated hours; 9am to 5pm; on Monday, Tuesday; then Dr Ada",
        ),
        ("something of long ago", {"odd_thing": 3}, "odd thing: 3"),
    ],
)
def test_details_in_plain_words(action: str, details: dict[str, object], said: str | None) -> None:
    entry = AuditEntry(at=datetime(2026, 11, 24, tzinfo=UTC), action=action, subject_kind="people", details=details)
    words = "day of the weekly question: Monday, now Thursday; time of the weekly question: 6pm, now 7:30pm"
    assert details_said(entry, {ADA: "Dr Ada", WARDS: "Wards"}) == (words if said is None else said)
    assert frame_of("group ended", "day") != frame_of("group moved from here on", "day")
