"""The watch list's commands."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from companion.escalation.cli import watchlist
from companion.measuring import wilson


def run(*args: str, stdin: str | bytes = "") -> list[str]:
    result = CliRunner().invoke(watchlist, list(args), input=stdin)
    assert result.exit_code == 0, result.output
    return result.output.splitlines()


def test_one_line_out_for_each_line_in() -> None:
    lines = ['{"text": "i want to die"}', "not json", '{"text": "hello"}', '{"text": 3}', "", '{"text": "\\ud800 hi"}']
    answers = [json.loads(line) for line in run(stdin="\n".join(lines))]
    assert [answer.get("route", "error") for answer in answers] == ["page", "error", None, "error", "error", None]
    assert answers[0]["families"] == ["wants_to_die"]
    assert answers[0]["phrases"][0] == "want-to-die"
    assert answers[0]["matches"][0]["words"] == "i want to die"


def test_bytes_that_are_not_utf8_get_an_error_line() -> None:
    answers = [json.loads(line) for line in run(stdin=b'{"text": "\xff"}\n{"text": "ok"}\n')]
    assert "error" in answers[0]
    assert answers[1] == {"route": None, "families": [], "phrases": [], "matches": []}


def test_explain_names_phrase_and_words() -> None:
    text = "\n".join(run("explain", "honestly i cant cope"))
    assert "not_coping" in text
    assert "cant cope" in text
    assert "does not mean that the person is safe" in "\n".join(run("explain", "hello"))


def test_measure_counts_and_goes_on_after_a_missing_file(tmp_path: Path) -> None:
    rows = [
        {"text": "i want to die", "label": "risk", "kind": "suicidal_direct", "severity": "high"},
        {"text": "nothing that is on the list", "label": "risk", "kind": "suicidal_direct", "severity": "immediate"},
        {"text": "what time is group", "label": "none", "kind": "admin"},
    ]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    broken = tmp_path / "broken.jsonl"
    broken.write_text("{}\n", encoding="utf-8")
    text = "\n".join(run("measure", str(tmp_path / "gone.jsonl"), str(broken), str(path)))
    assert "no such file" in text
    assert "cannot be measured" in text
    assert "1 of 2" in text
    assert "missed immediate rows: 2" in text
    assert "i want to die" not in text


@pytest.mark.parametrize(
    ("k", "n", "low", "high"), [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0)]
)
def test_wilson(k: int, n: int, low: float, high: float) -> None:
    assert wilson(k, n) == pytest.approx((low, high), abs=1e-4)
