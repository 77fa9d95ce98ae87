"""Code asks for texts that exist, with the values that they have; checked by reading the code, not by running it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import companion
from companion.content.catalogue import load_catalogue
from companion.content.wording import LONGEST_NAME

CATALOGUE = load_catalogue()
HOUSE = Path(companion.__file__).parent
STANDING = {"name", "programme", "privacy_url", "emergency", "samaritans", "shout"}


def requests() -> Iterator[tuple[str, str, set[str], bool]]:
    """Yield place, text id, value names and whether more values may be there, for each text that code asks for."""
    for path in sorted(HOUSE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            asked = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            first = node.args[0]
            if asked in ("say", "render") and isinstance(first, ast.Constant) and isinstance(first.value, str):
                names = {keyword.arg for keyword in node.keywords if keyword.arg}
                more = any(keyword.arg is None for keyword in node.keywords)
                yield f"{path.relative_to(HOUSE)}:{node.lineno}", first.value, names, more


def test_every_text_that_code_asks_for_exists_and_gets_its_values() -> None:
    wrong = []
    for place, text_id, names, more in requests():
        if text_id not in CATALOGUE.wordings:
            wrong.append(f"{place}: there is no text {text_id}")
            continue
        values = CATALOGUE.wording(text_id).values.keys()
        if names - values:
            wrong.append(f"{place}: {text_id} does not take {', '.join(sorted(names - values))}")
        if not more and values - names - STANDING:
            wrong.append(f"{place}: {text_id} needs {', '.join(sorted(values - names - STANDING))}")
    assert wrong == []


def test_no_name_that_can_be_given_is_cut_in_a_text() -> None:
    for wording in CATALOGUE.wordings.values():
        for value in {"cohort", "group", "facilitator", "who", "caller"} & wording.values.keys():
            assert len(wording.values[value]) >= LONGEST_NAME, (wording.id, value)
