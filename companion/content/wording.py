"""One text: its wording in English and Welsh, and the same filled in and ready to send."""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Literal, Self

from companion.messaging.parts import gsm_safe

Kind = Literal["reply", "started", "crisis", "page", "notice", "fragment"]
Answer = Literal["number", "words"]
Language = Literal["en", "cy"]

LONGEST_NAME = 20  # characters of the name of a cohort, a group or a facilitator: texts have room for it in full

_ROOFS = str.maketrans("âêîôûŵŷïëáíóúẃÂÊÎÔÛŴŶÏËÁÍÓÚ", "aeiouwyieaiouwAEIOUWYIEAIOU")
_SPACES = re.compile(r"[^\S\n]+")


class Bilingual(str):
    """Words in English that know their Welsh: a day, a place. Put into a Welsh text, they are said in Welsh."""

    __slots__ = ("cy",)
    cy: str

    def __new__(cls, english: str, welsh: str) -> Self:
        """Return `english`, with `welsh` beside it."""
        self = super().__new__(cls, english)
        self.cy = welsh
        return self


def in_welsh(words: str) -> str:
    """Return the Welsh of words that know it, else the words."""
    return words.cy if isinstance(words, Bilingual) else words


@dataclass(frozen=True)
class Title:
    """The Welsh of a heading that texts name, such as a topic of the menu, and where it stands."""

    cy: str
    needs_translator: bool
    at: tuple[Path, int]


@dataclass(frozen=True)
class Text:
    """A text ready to send, in English and, where there is a wording, in Welsh.

    `version` names the wording it was made from, to be stored with a consent.
    """

    id: str
    version: str
    body: str
    values: Mapping[str, str] = field(default_factory=dict)  # what was filled in
    wording: Wording | None = field(default=None, repr=False, compare=False)
    whole: frozenset[str] = field(default=frozenset(), repr=False, compare=False)  # values that are never cut
    language: Language = "en"

    def said_in(self, language: Language) -> Text:
        """Return the text in a language: itself where there is no Welsh that may be sent."""
        wording = self.wording
        if language == "en" or wording is None or wording.welsh is None:
            return self
        values = {name: in_welsh(value) for name, value in self.values.items()}
        body = wording.filled(values, whole=self.whole, welsh=True)
        return replace(self, version=wording.welsh_version, body=body, language="cy")


@dataclass(frozen=True)
class Wording:
    """One entry of the catalogue.

    `values` maps each placeholder to its longest likely value; `optional` ones may be filled with
    nothing, `lines` ones may hold line breaks. `parts` is the most parts the text may cost. `signed` is
    the SHA-256 that locks a crisis text.
    """

    id: str
    kind: Kind
    text: str
    values: Mapping[str, str]
    parts: int
    file: Path
    line: int
    optional: frozenset[str] = frozenset()
    lines: frozenset[str] = frozenset()
    answer: Answer | None = None
    cy: str | None = None
    cy_of: str | None = None  # the version of the English that the Welsh was made from
    cy_at: tuple[Path, int] | None = None  # where the Welsh stands, if not beside the English
    needs_translator: bool = False
    signed: str | None = None
    signed_cy: str | None = None

    @property
    def welsh(self) -> str | None:
        """The Welsh that may be sent: of a crisis text only what is locked by `signed_cy`."""
        if self.kind == "crisis" and (self.cy is None or self.signed_cy != _signature(self.cy)):
            return None
        return self.cy

    @property
    def welsh_version(self) -> str:
        """The same of the Welsh wording."""
        return _version(f"{self.id}:cy", self.cy or "")

    @property
    def version(self) -> str:
        """A short hash of id and wording: it changes when a word changes."""
        return _version(self.id, self.text)

    @property
    def where(self) -> str:
        """File and line, for messages to people."""
        return f"{self.file}:{self.line}"

    def filled(self, values: Mapping[str, str], whole: Container[str] = (), *, welsh: bool = False) -> str:
        """Return the wording with `values` in place, cleaned and GSM-safe; those in `whole` are never cut."""
        ready = {
            name: clean(
                values[name],
                longest,
                keep_lines=name in self.lines,
                whole=self.kind == "crisis" or name in whole,
            )
            for name, longest in self.values.items()
        }
        text = _SPACES.sub(" ", ((self.cy or "") if welsh else self.text).format_map(ready))
        text = "\n".join(line.strip() for line in text.split("\n")).strip()
        return gsm_safe(_without_roofs(text) if welsh else text)

    def signature(self) -> str:
        """Return the SHA-256 of the wording, as it belongs into `signed`."""
        return _signature(self.text)


def clean(value: str, longest: str, *, keep_lines: bool = False, whole: bool = False) -> str:
    """Return `value` on one line, without control characters, cut to the length of `longest` if a name.

    A cut name is a name; a cut number, time or link is a wrong one. So a value whose longest example holds a digit
    or a link keeps its length, and so does everything in a crisis text (`whole`). Braces are plain characters here.
    """
    rows = value.splitlines() if keep_lines else [" ".join(value.splitlines())]
    text = "\n".join(" ".join(_printable(row).split()) for row in rows).strip()
    if whole or len(text) <= len(longest) or any(mark.isdigit() for mark in longest) or "://" in longest:
        return text
    return text[: len(longest) - 2].rstrip(" .,") + ".."


def placeholders(text: str) -> tuple[str, ...]:
    """Return the placeholders of `text`, each once. Raises ValueError for one that is not `{plain_name}`."""
    names: list[str] = []
    for _, name, spec, conversion in string.Formatter().parse(text):
        if name is None:
            continue
        if spec or conversion or not name.isidentifier():
            raise ValueError(f"{{{name}}} is not a plain placeholder such as {{name}}")
        if name not in names:
            names.append(name)
    return tuple(names)


def _without_roofs(text: str) -> str:
    """Return Welsh without the accents that GSM-7 lacks: one of them would double what the text costs."""
    return text.translate(_ROOFS)


def _version(text_id: str, wording: str) -> str:
    return sha256(f"{text_id}\n{wording}".encode()).hexdigest()[:12]


def _signature(wording: str) -> str:
    return sha256(wording.encode()).hexdigest()


def _printable(text: str) -> str:
    return "".join(" " if unicodedata.category(mark) in ("Cc", "Cs", "Co") else mark for mark in text)
