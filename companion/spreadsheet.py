"""Files that spreadsheets open: CSV that no spreadsheet runs, in an encoding that all of them guess right."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

ENCODING = "utf-8-sig"  # the mark in front is what lets Excel read é and ŵ
_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")  # what begins one: OWASP, "CSV Injection"


def as_csv(rows: Iterable[Sequence[str | int]]) -> str:
    """Return rows as CSV. Words that a spreadsheet would take for a formula have an apostrophe in front."""
    file = io.StringIO()
    csv.writer(file).writerows([_plain(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return file.getvalue()


def _plain(words: str) -> str:
    return f"'{words}" if words.lstrip(" ").startswith(_FORMULAS) else words
