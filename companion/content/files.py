"""Checks of content files as files: can they be read, where does an entry stand, do they hold a forbidden contact."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from companion.signposting.checks import ForbiddenFile, find_forbidden

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# What of a checkout is read for contacts that must not be shown, besides the package itself.
_AROUND = ("docs", "migrations", "tests", "bench", "deploy")
_KINDS = {
    ".py",
    ".yaml",
    ".yml",
    ".md",
    ".html",
    ".txt",
    ".css",
    ".js",
    ".json",
    ".jsonl",
    ".toml",
    ".svg",
    ".cfg",
    ".sh",
}


@dataclass(frozen=True)
class Problem:
    """One thing to mend. `line` counts from 1; 0 when it concerns the whole file."""

    file: Path
    line: int
    id: str
    what: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else str(self.file)
        return f"{place}: {self.id}: {self.what}" if self.id else f"{place}: {self.what}"


def unreadable(folder: Path) -> Iterator[Problem]:
    """Yield what keeps a YAML file of a folder from being read, and a name that stands twice: the last would win."""
    for path in sorted(folder.rglob("*.yaml")):
        try:
            node = yaml.compose(path.read_text(encoding="utf-8"), Loader=_Loader)
        except yaml.MarkedYAMLError as error:
            yield Problem(
                path, error.problem_mark.line + 1 if error.problem_mark else 1, "", f"is not YAML: {error.problem}"
            )
        except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
            yield Problem(path, 0, "", f"cannot be read: {error}")
        else:
            yield from _twice(node, path) if node is not None else ()


def _twice(node: yaml.Node, path: Path) -> Iterator[Problem]:
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _twice(item, path)
    elif isinstance(node, yaml.MappingNode):
        names: set[str] = set()
        for key, value in node.value:
            if key.value in names:
                yield Problem(path, key.start_mark.line + 1, "", f"the name {key.value!r} stands twice here")
            names.add(key.value)
            yield from _twice(value, path)


def line_of(path: Path, entry: str) -> int:
    """Return the line on which the entry with this id begins, 0 when there is none."""
    found = re.compile(rf"^.*\bid:\s*[\"']?{re.escape(entry)}[\"']?\s*(?:[,}}#].*)?$", re.MULTILINE)
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    match = found.search(text)
    return text.count("\n", 0, match.start()) + 1 if match else 0


def forbidden_contacts(files: Iterable[Path], forbidden: ForbiddenFile) -> Iterator[Problem]:
    """Look through text files for contacts that must not be shown anywhere."""
    for path in files:
        try:
            text = path.read_text(encoding="utf-8")
        except (UnicodeDecodeError, OSError):
            continue
        for number, line in enumerate(text.splitlines(), start=1):
            if not line.lstrip().startswith(("sha256:", "signed:")):
                yield from (Problem(path, number, "", sentence) for sentence in find_forbidden(line, forbidden))


def project_files(package: Path) -> Iterator[Path]:
    """Yield the text files of the package but those in `content`, and, in a checkout, of all that stands around it."""
    root = package.parent
    checkout = (root / "pyproject.toml").exists()
    if checkout:
        yield from sorted(path for path in root.iterdir() if path.is_file() and path.suffix in _KINDS)
    for folder in (package, *(root / name for name in _AROUND if checkout)):
        for path in sorted(folder.rglob("*")):
            if path.suffix in _KINDS and path.is_file() and package / "content" not in path.parents:
                yield path
