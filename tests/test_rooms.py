"""Which room may import which: the table of docs/architecture.md, held against the code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
# Small tools that every room may use. They know one another alone, but for what stands behind them.
TOOLS = {
    **dict.fromkeys(
        ("bank_holidays", "clock", "crypto", "db", "likeness", "measuring", "once", "qr", "short_codes", "spreadsheet"),
        "",
    ),
    **dict.fromkeys(("settings", "settings_values", "settings_words"), ""),
    "heartbeats": "models",
    "speaker": "content.catalogue signposting",  # what is said of places that help
    "when": "content.catalogue",  # days are said in two languages
}
# What else a room may import: rooms, or a single module of one.
ROOMS = {
    "models": "content.catalogue",  # the languages that somebody may choose
    "signposting": "content.examples",
    "content": "signposting messaging.parts",  # its checks count parts, and look every number up in the directory
    "messaging": "models content",
    "rota": "models content messaging",
    "escalation": "models content messaging rota",
    "programme": "models content messaging rota signposting escalation.exclusions escalation.standing",
    "privacy": "models content messaging programme.places escalation.standing rota.numbers_since",
    "proof": "models content messaging escalation services",  # services: the drill goes in at the real door
    "conversation": "models content messaging rota signposting escalation programme privacy",
    "console": "models content messaging rota signposting escalation programme privacy proof"
    " alarms doctor retention services",  # services: its page of the first hour checks a whole set-up
    "doctor": "models content messaging rota schema heartbeats services",  # services: it looks at the whole
    "machine": "models messaging schema escalation privacy.wishes services",  # services: backups are made of the whole
    "simulator": "",
}
DOOR = "cli"  # the commands of a room, which open the service: they may know everything


def imports() -> Iterator[tuple[str, str, str]]:
    """Yield each import of ours from another room: the room, the module that has it, and what it imports."""
    for file in sorted((ROOT / "companion").rglob("*.py")):
        parts = file.relative_to(ROOT / "companion").with_suffix("").parts
        if parts[-1] == DOOR:
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            for name in _named(node):
                if name.split(".")[0] != parts[0]:
                    yield parts[0], ".".join(parts), name


def _named(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom) and node.module is not None:
        names = [f"{node.module}.{alias.name}" for alias in node.names]
    else:
        names = []
    return [name.removeprefix("companion.") for name in names if name.startswith("companion.")]


def _is(name: str, allowed: str) -> bool:
    return name == allowed or name.startswith(f"{allowed}.")


def test_a_room_imports_what_the_table_says_and_no_more() -> None:
    wrong = []
    for room, module, name in imports():
        if room in ROOMS:
            allowed = [*TOOLS, *ROOMS[room].split()]
        elif room in TOOLS:
            allowed = [*TOOLS, *TOOLS[room].split()]
        else:
            continue  # where the parts are put together
        if not any(_is(name, each) for each in allowed):
            wrong.append(f"{module} imports {name}")
    assert wrong == []


def test_nothing_is_allowed_that_no_module_needs() -> None:
    needed = list(imports())
    for room, allowed in {**ROOMS, **TOOLS}.items():
        for each in allowed.split():
            assert any(room == by and _is(name, each) for by, _, name in needed), f"{room} need not know {each}"


def test_every_folder_is_a_room_of_the_table() -> None:
    folders = {file.parent.name for file in (ROOT / "companion").glob("*/__init__.py")}
    assert folders == {*ROOMS, "measuring"}


def test_the_architecture_says_the_same() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `companion/(\w+)/` \|.*\| ([^|]*) \|$", page, re.MULTILINE)
    assert {room: set(re.findall(r"`([\w.]+)`", knows)) for room, knows in told} == {
        room: set(allowed.split()) for room, allowed in ROOMS.items()
    }
