"""Loads every text the service sends from YAML, and fills one in when it is needed.

Ours stand in `texts/`, a file for each kind of conversation, and in `prompts.yaml`. A deployment's own directory may be
laid over them: its `texts.yaml`, `texts/*.yaml` or `prompts.yaml` hold only the ids whose wording they change. What
code may rely on (the ids, the values each takes, the kind) comes from our own files.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Literal, Self, cast, get_args

from companion.content.reader import ContentError, Entry, read_entries
from companion.messaging.parts import gsm_safe

Kind = Literal["reply", "started", "crisis", "page", "notice", "fragment"]
Answer = Literal["number", "words"]
Language = Literal["en", "cy"]

HERE = Path(__file__).parent
OWN_WORDING = {"text", "cy", "needs_translator", "signed", "signed_cy", "signed_by"}
_FIELDS = OWN_WORDING | {"kind", "parts", "optional", "lines", "answer"}
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

    def said_in(self, language: Language) -> Text:
        """Return the text in a language: itself where there is no Welsh that may be sent."""
        wording = self.wording
        if language == "en" or wording is None or wording.welsh is None:
            return self
        values = {name: value.cy if isinstance(value, Bilingual) else value for name, value in self.values.items()}
        body = wording.filled(values, whole=self.whole, welsh=True)
        return replace(self, version=wording.welsh_version, body=body)


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


@dataclass(frozen=True)
class Catalogue:
    """Every text, by id. Read-only; `standing` values fill their placeholders in every text that has them."""

    wordings: Mapping[str, Wording]
    rotation: tuple[str, ...] = ()
    standing: Mapping[str, str] = field(default_factory=dict)

    def with_standing(self, **values: str) -> Catalogue:
        """Return a catalogue that knows `values` (service name, crisis numbers) for every text."""
        return replace(self, standing={**self.standing, **values})

    def wording(self, text_id: str) -> Wording:
        """Return the entry `text_id`. Raises ContentError for an id that does not exist."""
        try:
            return self.wordings[text_id]
        except KeyError:
            raise ContentError(f"there is no text {text_id!r}") from None

    def render(self, text_id: str, **values: object) -> Text:
        """Fill in one text. Raises ContentError naming id and value when one is missing, extra or empty."""
        wording = self.wording(text_id)
        given = {**self.standing, **{name: _words(value) for name, value in values.items()}}
        for name in values.keys() - wording.values.keys():
            raise ContentError(f"{wording.where}: {text_id} does not take the value {name!r}")
        for name in wording.values:
            if name not in given:
                raise ContentError(f"{wording.where}: {text_id} needs the value {name!r}")
            if name not in wording.optional and not given[name].strip():
                raise ContentError(f"{wording.where}: {text_id} needs the value {name!r}, which is empty")
        body = wording.filled(given, whole=self.standing)
        filled = {name: given[name] for name in wording.values}
        return Text(text_id, wording.version, body, filled, wording, frozenset(self.standing))

    def prompt(self, turn: int) -> Wording:
        """Return the check-in question for `turn` (0, 1, 2 ...): the rotation, over and over."""
        return self.wording(self.rotation[turn % len(self.rotation)])

    def nhs_line(self, nation: str | None, number: str) -> str:
        """Return the sentence on urgent NHS help for a nation; empty when it or the number is unknown."""
        text_id = f"nhs_line_{nation}"
        return self.render(text_id, nhs_number=number).body if number and text_id in self.wordings else ""


def load_catalogue(overlay: Path | None = None) -> Catalogue:
    """Return our texts, with those of the directory `overlay` laid over them. Cached per directory.

    Raises ContentError that names file and line for anything that does not fit.
    """
    return _load(overlay.resolve() if overlay else None)


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


def _words(value: object) -> str:
    if isinstance(value, Text):
        return Bilingual(value.body, value.said_in("cy").body)
    return value if isinstance(value, str) else str(value)


def _version(text_id: str, wording: str) -> str:
    return sha256(f"{text_id}\n{wording}".encode()).hexdigest()[:12]


def _signature(wording: str) -> str:
    return sha256(wording.encode()).hexdigest()


def _printable(text: str) -> str:
    return "".join(" " if unicodedata.category(mark) in ("Cc", "Cs", "Co") else mark for mark in text)


@lru_cache(maxsize=8)
def _load(overlay: Path | None) -> Catalogue:
    wordings: dict[str, Wording] = {}
    rotation: tuple[str, ...] = ()
    ours = [read_entries(path) for path in _files(HERE)]
    longest = {name: value for content in ours for name, value in content.values.items()}
    for content in ours:
        for entry in content.entries:
            if entry.id in wordings:
                raise entry.error("this id exists twice")
            wordings[entry.id] = _wording(entry, longest)
        rotation = content.rotation or rotation
    for content in map(read_entries, _files(overlay) if overlay else ()):
        wordings.update({entry.id: _laid_over(entry, wordings) for entry in content.entries})
        rotation = content.rotation or rotation
    for prompt_id in rotation:
        if prompt_id not in wordings:
            raise ContentError(f"rotation names {prompt_id!r}, which does not exist")
    return Catalogue(wordings, rotation)


def _files(folder: Path) -> list[Path]:
    single = [folder / "texts.yaml", folder / "prompts.yaml"]
    return [*sorted(folder.glob("texts/*.yaml")), *filter(Path.exists, single)]


def _wording(entry: Entry, longest: Mapping[str, str]) -> Wording:
    entry.refuse_other_fields(_FIELDS)
    kind = entry.text("kind")
    if kind not in get_args(Kind):
        raise entry.error(f"kind is {kind!r}, not one of {', '.join(get_args(Kind))}")
    answer = entry.data.get("answer")
    if answer not in (None, *get_args(Answer)):
        raise entry.error(f"answer is {answer!r}, not one of {', '.join(get_args(Answer))}")
    parts = entry.data.get("parts", 1 if kind == "page" else 2)
    if not isinstance(parts, int) or not 1 <= parts <= 4:
        raise entry.error("parts must be a number from 1 to 4")
    names = _names(entry, entry.text("text"))
    for name in names:
        if name not in longest:
            raise entry.error(f"{{{name}}} is in no table of values: add its longest likely value to texts/values.yaml")
    return Wording(
        id=entry.id,
        kind=cast(Kind, kind),
        text=entry.text("text"),
        values={name: longest[name] for name in names},
        parts=parts,
        file=entry.file,
        line=entry.line,
        optional=entry.names("optional", names),
        lines=entry.names("lines", names),
        answer=cast("Answer | None", answer),
        cy=_welsh(entry, names),
        needs_translator=bool(entry.data.get("needs_translator", False)),
        signed=entry.optional_text("signed"),
        signed_cy=entry.optional_text("signed_cy"),
    )


def _laid_over(entry: Entry, ours: Mapping[str, Wording]) -> Wording:
    if entry.id not in ours:
        raise entry.error("there is no text with this id to change")
    entry.refuse_other_fields(OWN_WORDING)
    original = ours[entry.id]
    for name in _names(entry, entry.text("text")):
        if name not in original.values:
            raise entry.error(f"{{{name}}} is not a value of this text: it has {', '.join(original.values) or 'none'}")
    return replace(
        original,
        text=entry.text("text"),
        cy=_welsh(entry, tuple(original.values)),
        needs_translator=bool(entry.data.get("needs_translator", False)),
        signed=entry.optional_text("signed"),
        signed_cy=entry.optional_text("signed_cy"),
        file=entry.file,
        line=entry.line,
    )


def _welsh(entry: Entry, names: tuple[str, ...]) -> str | None:
    text = entry.optional_text("cy")
    if text is not None:
        for name in _names(entry, text):
            if name not in names:
                raise entry.error(f"the Welsh text has {{{name}}}, the English has not")
    return text


def _names(entry: Entry, text: str) -> tuple[str, ...]:
    try:
        return placeholders(text)
    except ValueError as error:
        raise entry.error(str(error)) from None
