"""Files for spreadsheets: nothing in them is run, and every letter arrives."""

from __future__ import annotations

import csv
import io

import pytest

from companion.spreadsheet import ENCODING, as_csv


@pytest.mark.parametrize("words", ['=HYPERLINK("https://example.org")', "+44", "-1", "@SUM(A1)", "\t=1", "\n=1", " =1"])
def test_no_words_begin_a_formula(words: str) -> None:
    assert next(csv.reader(io.StringIO(as_csv([[words]])))) == [f"'{words}"]


def test_numbers_and_usual_words_stay_and_accents_arrive() -> None:
    rows: list[list[str | int]] = [["Mess, “Tŷ Gŵyr”", -3], ["Café = 1", 0]]
    read = csv.reader(io.StringIO(as_csv(rows).encode(ENCODING).decode("utf-8-sig"), newline=""))
    assert list(read) == [["Mess, “Tŷ Gŵyr”", "-3"], ["Café = 1", "0"]]
    assert as_csv(rows).encode(ENCODING).startswith(b"\xef\xbb\xbf")
