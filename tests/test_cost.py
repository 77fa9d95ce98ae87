"""What a text is said to cost."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from companion.cli import main
from companion.messaging.cost import estimate


@pytest.mark.parametrize(
    ("body", "people", "pence", "words"),
    [
        ("a" * 160, 1, 4.0, "1 part of GSM-7, 1 for 1 person, about £0.04"),
        ("a" * 161, 120, 4.0, "2 parts of GSM-7, 240 for 120 people, about £9.60"),
        ("it’s fine – really", 10, 3.5, "1 part of GSM-7, 10 for 10 people, about £0.35"),
        ("🙂" + "a" * 69, 3, 4.0, "2 parts of UCS-2, 6 for 3 people, about £0.24"),
        ("a", 1, 0.4, "1 part of GSM-7, 1 for 1 person, about £0.01"),
    ],
)
def test_estimates_say_parts_and_pounds(body: str, people: int, pence: float, words: str) -> None:
    assert estimate(body, people, pence).in_words() == words


def test_the_command_needs_no_database() -> None:
    result = CliRunner().invoke(main, ["cost", "See you on Thursday", "--people", "6", "--pence", "5"])
    assert result.output == "1 part of GSM-7, 6 for 6 people, about £0.30\n"
