"""Reads a YAML file of texts into plain entries that still know their file and line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SECTIONS = {"values", "texts", "rotation", "titles"}


class ContentError(ValueError):
    """A text, a value or a content file is not as it has to be. The message is for a person."""


@dataclass(frozen=True)
class Entry:
    """One text as it stands in a file. `line` counts from 1."""

    id: str
    data: Mapping[str, Any]
    file: Path
    line: int

    def error(self, what: str) -> ContentError:
        """Return an error that names file, line and id."""
        return ContentError(f"{self.file}:{self.line}: {self.id}: {what}")

    def text(self, name: str) -> str:
        """Return a field that must be there and hold words. Raises ContentError."""
        value = self.optional_text(name)
        if value is None:
            raise self.error(f"the field {name!r} is missing")
        return value

    def optional_text(self, name: str) -> str | None:
        """Return a field that may be missing. Raises ContentError if it is empty or no text."""
        value = self.data.get(name)
        if value is None:
            return None
        if not isinstance(value, str) or not value.strip():
            raise self.error(f"the field {name!r} must hold words")
        return value.strip()

    def names(self, name: str, known: tuple[str, ...]) -> frozenset[str]:
        """Return a list of placeholder names, each of which the text must have. Raises ContentError."""
        found = self.data.get(name, [])
        if not isinstance(found, list) or not set(found) <= set(known):
            raise self.error(f"the field {name!r} must be a list of values that the text has")
        return frozenset(found)

    def refuse_other_fields(self, allowed: set[str]) -> None:
        """Raise ContentError if the entry has a field that is not in `allowed`."""
        for name in self.data.keys() - allowed:
            raise self.error(f"there is no field {name!r} here")


@dataclass(frozen=True)
class Content:
    """One file: its entries, the longest likely value per placeholder, and the order of prompts, if any.

    `titles` are the headings that texts name, by their English words.
    """

    entries: tuple[Entry, ...]
    values: Mapping[str, str] = field(default_factory=dict)
    rotation: tuple[str, ...] = ()
    titles: tuple[Entry, ...] = ()


def read_entries(path: Path) -> Content:
    """Read one file of texts. Raises ContentError with file and line for anything that does not fit."""
    sections = {key.value: node for key, node in pairs_of(root_of(path), path)}
    for name in sections.keys() - _SECTIONS:
        raise error_at(path, sections[name], f"there is no section {name!r}: only {', '.join(sorted(_SECTIONS))}")
    values: dict[str, Any] = {}
    if "values" in sections:
        pairs_of(sections["values"], path)
        values = _plain(sections["values"])
        for name, longest in values.items():
            if not isinstance(longest, str):
                raise error_at(path, sections["values"], f"the longest value of {name!r} must be in quotes")
    rotation = _plain(sections["rotation"]) if "rotation" in sections else []
    if not isinstance(rotation, list) or not all(isinstance(name, str) for name in rotation):
        raise error_at(path, sections["rotation"], "rotation must be a list of ids")
    return Content(_entries("texts", sections, path), values, tuple(rotation), _entries("titles", sections, path))


def _entries(name: str, sections: Mapping[str, yaml.Node], path: Path) -> tuple[Entry, ...]:
    entries: dict[str, Entry] = {}
    for key, node in pairs_of(sections[name], path) if name in sections else ():
        if key.value in entries:
            raise error_at(path, key, f"{key.value}: this id exists twice")
        pairs_of(node, path)
        entries[key.value] = Entry(key.value, _plain(node), path, key.start_mark.line + 1)
    return tuple(entries.values())


def root_of(path: Path) -> yaml.Node:
    """Return what a file holds, with its lines. Raises ContentError for what is no YAML, and for an empty file."""
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=_Loader)
    except OSError as error:
        raise ContentError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ContentError(f"{path}: is not UTF-8 text") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ContentError(f"{path}:{line}: is not YAML: {error.problem}") from None
    except yaml.YAMLError as error:
        raise ContentError(f"{path}: is not YAML: {error}") from None
    if node is None:
        raise ContentError(f"{path}: is empty")
    return node


def pairs_of(node: yaml.Node, path: Path) -> list[tuple[yaml.ScalarNode, yaml.Node]]:
    """Return the keys and values of a mapping. Raises ContentError for anything else."""
    if not isinstance(node, yaml.MappingNode):
        raise error_at(path, node, "names and values are expected here (name: value)")
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise error_at(path, key, "a name is expected here")
    pairs: list[tuple[yaml.ScalarNode, yaml.Node]] = node.value
    return pairs


def _plain(node: yaml.Node) -> Any:
    return yaml.constructor.SafeConstructor().construct_document(node)


def error_at(path: Path, node: yaml.Node, what: str) -> ContentError:
    """Return an error that names file and line."""
    return ContentError(f"{path}:{node.start_mark.line + 1}: {what}")
