"""The safety file names tests that exist and words that are sent."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

from companion.content.catalogue import load_catalogue
from companion.proof.words_sheet import sheet

HERE = Path(__file__).resolve().parents[2]
SAFETY = HERE / "docs" / "safety"


def test_every_control_in_the_hazard_log_names_a_test_that_exists() -> None:
    there = {
        name
        for file in (HERE / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", file.read_text(), re.MULTILINE)
    }
    log, _, rating = (SAFETY / "hazards.md").read_text().partition("## The rating sheet")
    rows = re.findall(r"^\| \d.*$", log, re.MULTILINE)
    assert len(rows) >= 15
    numbers = [row.split()[1] for row in rows]
    assert re.findall(r"^\| (\d+)", rating, re.MULTILINE) == numbers == [str(n + 1) for n in range(len(rows))]
    for row in rows:
        named = re.findall(r"`(test_\w+)`", row)
        assert named, row
        assert set(named) <= there, set(named) - there


def test_the_sheet_of_words_is_what_the_command_makes() -> None:
    assert (SAFETY / "words.md").read_text() == sheet(load_catalogue()), "companion report words > docs/safety/words.md"


def test_the_fallback_says_what_the_service_would() -> None:
    [given] = re.findall(r"```xml\n(.*?)```", (SAFETY / "fallback.md").read_text(), re.DOTALL)
    [message] = ElementTree.fromstring(given.encode())
    assert message.tag == "Message"
    numbers = {"emergency": "999", "samaritans": "116 123", "shout": "85258"}
    expected = load_catalogue().wording("system_down").text.format(**numbers)
    assert message.text == expected
