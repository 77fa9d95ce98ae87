"""The `intent` command: a line in, a line out; explaining; measuring."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from companion.conversation.cli import intent
from companion.measuring import wilson


def test_lines_are_answered_in_order_and_bad_ones_named() -> None:
    lines = '{"text": "STOP", "state": "reminder"}\nnot json\n'
    lines += '{"text": "3. can someone ring me", "state": "checkin_prompt"}\n[]\n'
    result = CliRunner().invoke(intent, input=lines)
    answers = [json.loads(line) for line in result.output.splitlines()]
    assert result.exit_code == 0
    assert [answer["intent"] for answer in answers] == ["stop", "unknown", "checkin_score", "unknown"]
    assert answers[2]["slots"] == {"score": 3}
    assert answers[2]["also"] == ["talk_to_person"]
    assert "error" in answers[1]
    assert "error" in answers[3]


def test_explain_names_the_phrase() -> None:
    result = CliRunner().invoke(intent, ["explain", "link please", "--state", "reminder"])
    assert result.output.startswith("join_link")
    assert "join_link: 'link' (whole)" in result.output


def test_measure_lists_grave_faults(tmp_path: Path) -> None:
    rows = [
        {"text": "STOP", "state": "none", "intent": "stop"},
        {"text": "STOP", "state": "none", "intent": "help"},
        {"text": "hmm", "state": "none", "intent": "stop"},
        {"text": "6", "state": "checkin_prompt", "intent": "checkin_score", "slots": {"score": 6}},
    ]
    file = tmp_path / "rows.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    result = CliRunner().invoke(intent, ["measure", str(file)])
    assert "right: 2 of 4 = 0.500" in result.output
    assert "STOP missed: 1 of 2" in result.output
    assert "STOP imagined: 1 of 2" in result.output
    assert "slots: 1 of 1" in result.output


def test_wilson_interval() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    low, high = wilson(0, 24)
    assert (round(low, 3), round(high, 3)) == (0.0, 0.138)
