"""`companion measure`: all three tables by the fields of a file, and files that are none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from companion.cli import main

ROWS: dict[str, list[dict[str, Any]]] = {
    "meaning": [
        {"text": "STOP", "state": "none", "intent": "stop"},
        {"text": "hmm", "state": "none", "intent": "stop"},
    ],
    "help": [{"text": "cant sleep", "topics": ["sleep"]}, {"text": "see you there", "topics": []}],
    "danger": [{"text": "I want to die", "label": "risk", "kind": "direct"}],
}


def test_each_file_is_measured_by_its_fields(tmp_path: Path) -> None:
    files = []
    for name, rows in ROWS.items():
        files.append(tmp_path / f"{name}.jsonl")
        files[-1].write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    result = CliRunner().invoke(main, ["measure", *map(str, files)])
    assert result.exit_code == 0, result.output
    assert "right: 1 of 2 = 0.500 (0.095 to 0.905)" in result.output
    assert "STOP missed: 1 of 2" in result.output
    assert "topic hit@2          1 of 1" in result.output
    assert "no-answer recall     1 of 1" in result.output
    assert "recall (label risk)" in result.output


def test_a_file_of_something_else_is_named_and_the_rest_is_measured(tmp_path: Path) -> None:
    odd, good = tmp_path / "odd.jsonl", tmp_path / "good.jsonl"
    odd.write_text('{"text": "hello"}\n', encoding="utf-8")
    good.write_text(json.dumps(ROWS["help"][0]), encoding="utf-8")
    result = CliRunner().invoke(main, ["measure", str(odd), str(good)])
    assert result.exit_code == 1
    assert "odd.jsonl: cannot be measured: its first row has none of the fields" in result.output
    assert "topic hit@2" in result.output
