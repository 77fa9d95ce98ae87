"""The small language of `said_by_staff.yaml` and `said_by_trainees.yaml`, and what it is read as: one pattern a list.

    a/b       either word                       [a/b]    words that may be missing
    <day>     any line of the group "day"       {a/b}    words that may stand any number of times
    *         any word                          who*     a word that begins so; `*nt` one that ends so
    ..        anything, or nothing              ..20     at most so many characters of it
    ...       the same, after a space           -        marks and spaces, or nothing
    a~b       one character between, or none    !<day>   not where the group follows

Lists say where a phrase must stand: `whole` (the text), `starts` or `has` (anywhere, in words of their own). Capitals
are as small letters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import yaml

from companion.content.reader import ContentError, error_at, pairs_of

_PLACES = {"whole": r"\A(?:%s)\Z", "starts": r"\A(?:%s)", "has": "(?:%s)"}
_WHOLE = re.compile(r"[a-z0-9](?:[a-z0-9'-]*[a-z0-9])?")
_GAP = re.compile(r"(\.\.\.?)(\d*)")


class Language:
    """Reads the lists of one file. `groups` are its groups by name; those that no list uses are in `unused`."""

    def __init__(self, path: Path, groups: yaml.Node | None) -> None:
        self._path = path
        self._groups = {key.value: (key, lines) for key, lines in pairs_of(groups, path)} if groups is not None else {}
        self._read: dict[str, str] = {}
        self._within: list[str] = []  # the groups that are being read

    @property
    def unused(self) -> Mapping[str, yaml.Node]:
        """The groups that were not needed for any list read so far, each with its place in the file."""
        return {name: key for name, (key, _) in self._groups.items() if name not in self._read}

    def pattern(self, lists: yaml.Node) -> re.Pattern[str]:
        """Return what finds the phrases of lists by place. Raises ContentError naming file and line."""
        parts = []
        for place, lines in pairs_of(lists, self._path):
            if place.value not in _PLACES:
                raise error_at(self._path, place, f"{place.value!r} is none of {', '.join(_PLACES)}")
            parts.append(_PLACES[place.value] % self._any_line(lines))
        return re.compile("|".join(parts), re.IGNORECASE)

    def _any_line(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode) or node.style != "|":
            raise error_at(self._path, node, "lines of phrases are expected here (|)")
        first = node.start_mark.line + 2  # counted from 1, and the mark stands on the line before
        lines = enumerate(node.value.splitlines(), first)
        return "|".join(self._line(line, number) for number, line in lines if line.strip())

    def _line(self, line: str, number: int) -> str:
        """Return the pattern of one phrase. What may be missing brings its space along."""
        found, word_before = "", False
        for element in line.split():
            inner = element[1:-1]
            if gap := _GAP.fullmatch(element):
                found += (" " if len(gap[1]) == 3 else "") + (f".{{0,{gap[2]}}}" if gap[2] else ".*")
                word_before = False
            elif element == "-":
                found += r"\W*"
                word_before = False
            elif element.startswith("!"):
                found += f"(?! {self._either(element[1:], number)})"
            elif element.startswith("[") and element.endswith("]"):
                one = self._either(inner, number)
                found += f"(?: {one})?" if word_before else f"(?:{one} )?"
            elif element.startswith("{") and element.endswith("}"):
                one = self._either(inner, number)
                found += rf"(?:\W+{one})*" if word_before else rf"(?:{one}\W+)*"
            else:
                found += (" " if word_before else "") + self._either(element, number)
                word_before = True
        return found

    def _either(self, words: str, number: int) -> str:
        """Return the pattern of alternatives. Whole words are bounded together: that is read and found much faster."""
        each = words.split("/")
        if not all(word.strip("*") or word == "*" for word in each):
            raise ContentError(f"{self._path}:{number}: a word is missing beside a stroke in {words!r}")
        whole = [re.escape(word) for word in each if _WHOLE.fullmatch(word)]
        found = [rf"\b(?:{'|'.join(whole)})\b" if whole[1:] else rf"\b{whole[0]}\b"] if whole else []
        for word in each:
            if word.startswith("<"):
                found.append(self._group(word[1:-1], number))
            elif not _WHOLE.fullmatch(word):
                found.append(_part(word))
        return found[0] if len(found) == 1 else f"(?:{'|'.join(found)})"

    def _group(self, name: str, number: int) -> str:
        if name not in self._groups:
            raise ContentError(f"{self._path}:{number}: there is no group {name!r}")
        if name in self._within:
            raise ContentError(f"{self._path}:{number}: the group {name!r} stands within itself")
        if name not in self._read:
            self._within.append(name)
            self._read[name] = f"(?:{self._any_line(self._groups[name][1])})"
            self._within.pop()
        return self._read[name]


def _part(word: str) -> str:
    """Return the pattern of what is no plain word: open at an end, with any character within, or of marks."""
    if word == "*":
        return r"\w+"
    letters = word.strip("*")
    starts = r"\w*" if word.startswith("*") else r"\b" if letters[0].isalnum() else ""
    ends = r"\w*" if word.endswith("*") else r"\b" if letters[-1].isalnum() else ""
    return starts + ".?".join(map(re.escape, letters.split("~"))) + ends
