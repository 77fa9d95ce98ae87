"""The settings file `.env`: read, and written so that what a person wrote around the settings stays."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from io import StringIO
from pathlib import Path

from dotenv import dotenv_values

EXAMPLE = Path(__file__).resolve().parent.parent.parent / ".env.example"
_PLAIN = re.compile(r"[^\s'\"#\\$`]+( [^\s'\"#\\$`]+)*")


def read(path: Path) -> dict[str, str]:
    """Return the settings of the file that hold something; none when there is no file. Raises OSError."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    found = dotenv_values(stream=StringIO(text), interpolate=False)
    return {name: value for name, value in found.items() if value}


def write(path: Path, values: Mapping[str, str]) -> None:
    """Put `values` into the file, each where its name stands, set or commented out, and the others at the end.

    A new file begins as `.env.example`. It is written whole or not at all, and only its owner may read it. Raises
    OSError.
    """
    begin = path if path.exists() else EXAMPLE
    lines = begin.read_text(encoding="utf-8").splitlines() if begin.exists() else []
    for name, value in values.items():
        _set(lines, name, f"{name}={_quoted(value)}")
    with tempfile.NamedTemporaryFile("w", dir=path.parent, encoding="utf-8", delete=False) as file:  # mode 600
        file.write("\n".join(lines) + "\n")
    os.replace(file.name, path)


def _set(lines: list[str], name: str, line: str) -> None:
    for pattern in (rf"\s*(export\s+)?{name}\s*=", rf"#\s*{name}="):
        found = [at for at, there in enumerate(lines) if re.match(pattern, there)]
        if found:
            lines[found[-1]] = line  # of a name that is set twice the last one counts
            return
    lines.append(line)


def _quoted(value: str) -> str:
    if not value or _PLAIN.fullmatch(value):
        return value
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
