"""`companion signpost`: a line in, a line out; why; and how much is found."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from companion.signposting.cli import signpost


def test_the_command_answers_every_line_in_order() -> None:
    lines = [
        '{"text": "cant sleep"}',
        '{"text": "thanks"}',
        "not json",
        '["a list"]',
        '{"text": 5}',
        '{"text": "sleep", "nation": "mars"}',
        '{"text": "need help now", "nation": "wales"}',
    ]
    result = CliRunner().invoke(signpost, input="\n".join(lines), env={"COMPANION_NATION": "scotland"})
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 0
    assert [answer["topics"] for answer in answers] == [["sleep"], [], [], [], [], [], ["crisis"]]
    assert ["error" in answer for answer in answers] == [False, False, True, True, True, True, False]
    assert answers[0]["resources"][0] == "bma-counselling"
    assert answers[6]["resources"][:2] == ["emergency-999", "nhs-111-wales"]


def test_the_command_explains_a_text() -> None:
    result = CliRunner().invoke(signpost, ["explain", "cant sleep in Cardiff"])
    assert "topics: sleep" in result.stdout
    assert "nation: wales" in result.stdout


def test_a_nation_of_the_programme_that_does_not_exist_stops_the_command() -> None:
    result = CliRunner().invoke(signpost, input='{"text": "sleep"}\n', env={"COMPANION_NATION": "mars"})
    assert result.exit_code == 1
    assert "COMPANION_NATION is 'mars'" in result.stderr


def test_the_command_measures_and_lists_misses(tmp_path: Path) -> None:
    rows = [
        {"text": "cant sleep", "topics": ["sleep"], "nation": "wales"},
        {"text": "my husband hit me", "topics": ["money"]},
        {"text": "zxcv", "topics": ["domestic abuse"]},
        {"text": "thanks", "topics": []},
    ]
    file = tmp_path / "rows.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in rows))
    said = CliRunner().invoke(signpost, ["measure", str(file), "--misses"]).stdout
    assert "topic hit@2          1 of 3 = 0.333 (0.061 to 0.792)" in said
    assert "nation fit           1 of 1 = 1.000" in said
    assert "no-answer precision  1 of 2 = 0.500" in said
    assert "no-answer recall     1 of 1 = 1.000" in said
    assert "misses on domestic abuse: 1\n  zxcv" in said
