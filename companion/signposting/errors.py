"""What is wrong with a file of resources or topics, said for the person who edits it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError


class DirectoryError(ValueError):
    """A file of signposting cannot be used; the message names the file and the entry."""


def explain(path: Path, entry: str, error: ValidationError) -> str:
    """Return one line for each thing that is wrong with an entry."""
    return "\n".join(
        f"{path}: {entry}: {'.'.join(str(part) for part in fault['loc']) or 'entry'}: {fault['msg']}"
        for fault in error.errors()
    )
