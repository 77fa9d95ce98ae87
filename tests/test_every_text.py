"""Every text of the catalogue is sent by some code, every text that code names exists, and none is too long."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest
import yaml

import companion
from companion.content.catalogue import load_catalogue
from companion.messaging.parts import count

HOUSE = Path(companion.__file__).parent
WORDS = load_catalogue()
_ALL = " ".join(WORDS.wordings)
_TOO_SHORT = 3  # letters: f"x_{...}" says too little
REPLIES = sorted(text_id for text_id, wording in WORDS.wordings.items() if wording.kind == "reply")


@lru_cache(maxsize=1)
def named() -> dict[str, frozenset[str]]:
    """For each id that code or content names: the rooms that name it. `nhs_line_{nation}` names all that fit."""
    found: dict[str, set[str]] = {}
    for path in HOUSE.rglob("*.py"):
        room = path.relative_to(HOUSE).parts[0]
        for name in _strings(path):
            fitting = [name] if name in WORDS.wordings else filter(re.compile(name).fullmatch, WORDS.wordings)
            for text_id in fitting:
                found.setdefault(text_id, set()).add(room)
    for text_id in yaml.safe_load((HOUSE / "content" / "asides.yaml").read_text(encoding="utf-8")):
        found.setdefault(text_id, set()).add("conversation")
    for text_id in WORDS.rotation:
        found.setdefault(text_id, set()).add("programme")
    for resource in yaml.safe_load((HOUSE / "content" / "resources.yaml").read_text(encoding="utf-8"))["resources"]:
        if "warning" in resource:
            found.setdefault(resource["warning"], set()).add("conversation")
    return {text_id: frozenset(rooms) for text_id, rooms in found.items()}


@lru_cache(maxsize=1000)
def _tree(path: Path) -> ast.AST:
    return ast.parse(path.read_text(encoding="utf-8"))


def _strings(path: Path) -> Iterator[str]:
    """Every id in a module, and every f-string as a pattern: what is filled into it may be any word."""
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.JoinedStr):
            parts = [re.escape(str(p.value)) if isinstance(p, ast.Constant) else "[a-z0-9_]+" for p in node.values]
            fixed = max((str(p.value) for p in node.values if isinstance(p, ast.Constant)), key=len, default="")
            if len(fixed) > _TOO_SHORT and fixed in _ALL:
                yield "".join(parts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in WORDS.wordings:
            yield node.value


def test_every_text_is_sent_by_something() -> None:
    forgotten = sorted(WORDS.wordings.keys() - named().keys())
    assert not forgotten, f"no code names these texts: send them, or take them out: {', '.join(forgotten)}"


def test_every_reply_can_come_up_in_a_conversation() -> None:
    answering = {"conversation", "escalation", "messaging", "signposting"}
    elsewhere = [text_id for text_id in REPLIES if not answering & named().get(text_id, frozenset())]
    assert not elsewhere, f"replies that no conversation gives: {', '.join(elsewhere)}"


def test_every_text_that_is_said_exists() -> None:
    for path in HOUSE.rglob("*.py"):
        for node in ast.walk(_tree(path)):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
                continue
            first = node.args[0]
            said = node.func.attr == "say" or (node.func.attr == "render" and "words" in ast.unparse(node.func.value))
            if said and isinstance(first, ast.Constant):
                assert first.value in WORDS.wordings, f"{path}, line {node.lineno}: there is no text {first.value!r}"


@pytest.mark.parametrize("text_id", sorted(WORDS.wordings))
def test_no_text_costs_more_than_it_may(text_id: str) -> None:
    wording = WORDS.wording(text_id)
    assert count(wording.filled(wording.values)).parts <= wording.parts <= (4 if wording.kind == "crisis" else 2)
