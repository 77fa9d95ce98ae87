"""What every measure of accuracy shares: rows of JSON lines, shares with counts, Wilson's interval."""

from __future__ import annotations

import json
from collections.abc import Iterator
from math import sqrt
from pathlib import Path
from typing import Any

Z = 1.96  # 95 %


def wilson(hits: int, rows: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of `hits` out of `rows`, as shares from 0 to 1; (0, 1) of nothing."""
    if rows == 0:
        return (0.0, 1.0)
    share, square = hits / rows, Z * Z
    middle = (share + square / (2 * rows)) / (1 + square / rows)
    half = Z * sqrt(share * (1 - share) / rows + square / (4 * rows * rows)) / (1 + square / rows)
    return (max(0.0, middle - half), min(1.0, middle + half))


def said(hits: int, rows: int) -> str:
    """Say a share with its counts and its interval: "8 of 10 = 0.800 (0.490 to 0.943)"."""
    if rows == 0:
        return "no rows"
    low, high = wilson(hits, rows)
    return f"{hits} of {rows} = {hits / rows:.3f} ({low:.3f} to {high:.3f})"


def read_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the objects of a file of JSON lines with their line numbers, from 1; blank lines are passed over.

    Raises OSError, or ValueError that names file and line.
    """
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise ValueError(f"{path}, line {number}: is not JSON: {error}") from None
        if not isinstance(row, dict):
            raise ValueError(f"{path}, line {number}: is not a JSON object")
        yield number, row
