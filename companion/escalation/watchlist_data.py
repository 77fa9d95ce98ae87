"""Reads the watch list's YAML files into plain values and says exactly what is wrong with them.

``words.yaml`` holds version, date, spellings and synonym classes; every other file in the folder holds one family, or a
part of one (``part_of``).
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

from companion.escalation.normalise import slips
from companion.escalation.phrases import PhraseError

Route = Literal["page", "notice"]
ROUTES: tuple[Route, ...] = get_args(Route)
WORDS_FILE = "words.yaml"
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Phrase:
    """One entry of the list, as written."""

    id: str
    family: str
    say: tuple[str, ...]
    must_match: tuple[str, ...]
    must_not_match: tuple[str, ...]
    why: str


@dataclass(frozen=True)
class Family:
    """A family of phrases and what finding one of them does."""

    name: str
    route: Route
    title: str


@dataclass(frozen=True)
class Vocabulary:
    """Version and date of the list, synonym classes, and how words are written."""

    version: str
    date: dt.date
    classes: Mapping[str, tuple[str, ...]]
    spelling: Mapping[str, tuple[str, ...]]
    signs: Mapping[str, str]
    slips: tuple[str, ...]
    leave_alone: tuple[str, ...]
    fillers: tuple[str, ...]

    def expand(self, word: str) -> tuple[str, ...]:
        """The words that one written word stands for ("dont": do not)."""
        return self.spelling.get(word) or self.spelling.get(word.replace("'", "")) or (word,)

    def table(self, known: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Every way of typing that is looked up directly, for the words that phrases know."""
        table: dict[str, tuple[str, ...]] = {word: (word,) for word in (*self.fillers, *known)}
        table |= {word: (word,) for parts in self.spelling.values() for word in parts}
        table |= self.spelling
        for word in self.leave_alone:
            table.setdefault(word, (word,))
        for word in self.slips:
            for typed in slips(word):
                table.setdefault(typed, table.get(word, (word,)))
        return table


def files_of(source: Path) -> list[Path]:
    """The files of a list: those of a folder, or the one file that holds everything."""
    return sorted(source.glob("*.yaml")) if source.is_dir() else [source]


def read_files(source: Path) -> tuple[Vocabulary, tuple[Family, ...], tuple[Phrase, ...]]:
    """Read a folder of files, or one file that holds everything: its words, families, and the phrases of each family.

    Raises PhraseError if something is missing or wrong, OSError if nothing can be read.
    """
    documents = {path.name: _document(path) for path in files_of(source)}
    if source.is_dir():
        if WORDS_FILE not in documents:
            raise PhraseError(f"{source} holds no {WORDS_FILE}")
        words = documents.pop(WORDS_FILE)
        families = list(documents.items())
    else:
        words = documents[source.name]
        families = [(source.name, entry) for entry in words.get("families", [])]
    classes = dict(_classes(WORDS_FILE, words))
    for name, document in families:
        for key, entries in _classes(name, document).items():
            if key in classes:
                raise PhraseError(f"{name}: class <{key}> is already defined elsewhere")
            classes[key] = entries
    read, phrases = _families(families)
    _check_ids(phrases)
    return _vocabulary(words, classes), read, phrases


def _document(path: Path) -> dict[str, Any]:
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 (a safe loader)
    except yaml.YAMLError as error:
        raise PhraseError(f"{path.name} is not readable YAML: {error}") from error
    if not isinstance(document, dict):
        raise PhraseError(f"{path.name} does not hold keys and values")
    return document


def _classes(name: str, document: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {key: _texts(f"{name}: class <{key}>", entries) for key, entries in (document.get("classes") or {}).items()}


def _texts(where: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list) or not value or not all(isinstance(entry, str) for entry in value):
        raise PhraseError(f"{where} must be a list of texts (quote words like no, yes, on, off)")
    return tuple(value)


def _families(
    documents: Sequence[tuple[str, Mapping[str, Any]]],
) -> tuple[tuple[Family, ...], tuple[Phrase, ...]]:
    """Every family, and the phrases of each: those of its own file first and then those of its parts."""
    parts: dict[str, list[Phrase]] = {}
    for name, document in documents:
        if family := document.get("part_of"):
            extra = set(document) - {"part_of", "classes", "phrases"}
            if extra:
                raise PhraseError(
                    f"{name}: {', '.join(sorted(extra))} belongs in the family's own file, that of {family}"
                )
            parts.setdefault(family, []).extend(_phrases(name, family, document))
    families: list[Family] = []
    phrases: list[Phrase] = []
    for name, document in documents:
        if not document.get("part_of"):
            families.append(_family(name, document))
            phrases += _phrases(name, families[-1].name, document)
            phrases += parts.pop(families[-1].name, [])
    if parts:
        raise PhraseError(f"there are parts of families that the list does not have: {', '.join(sorted(parts))}")
    return tuple(families), tuple(phrases)


def _family(name: str, document: Mapping[str, Any]) -> Family:
    for key in ("family", "route", "title"):
        if not document.get(key):
            raise PhraseError(f"{name}: {key} is missing")
    if document["route"] not in ROUTES:
        route, family = document["route"], document["family"]
        raise PhraseError(f"{name}: the route of {family} is {route!r}; it must be page or notice")
    return Family(document["family"], document["route"], document["title"])


def _phrases(name: str, family: str, document: Mapping[str, Any]) -> tuple[Phrase, ...]:
    if not document.get("phrases"):
        raise PhraseError(f"{name}: phrases is missing")
    return tuple(_phrase(family, entry) for entry in document["phrases"])


def _phrase(family: str, entry: Mapping[str, Any]) -> Phrase:
    name = entry.get("id")
    if not isinstance(name, str):
        raise PhraseError(f"a phrase of {family} has no id")
    extra = set(entry) - {"id", "say", "match", "not", "why"}
    if extra:
        raise PhraseError(f"{family}/{name}: what is {', '.join(sorted(map(str, extra)))}?")
    for key in ("say", "match", "not"):
        if key not in entry:
            raise PhraseError(f"{family}/{name}: {key} is missing")
    texts = {key: _texts(f"{family}/{name}: {key}", entry[key]) for key in ("say", "match", "not")}
    return Phrase(name, family, texts["say"], texts["match"], texts["not"], entry.get("why", ""))


def _check_ids(phrases: Sequence[Phrase]) -> None:
    seen: set[str] = set()
    for phrase in phrases:
        if phrase.id in seen:
            raise PhraseError(f"two phrases are called {phrase.id}")
        seen.add(phrase.id)


def _vocabulary(words: Mapping[str, Any], classes: Mapping[str, tuple[str, ...]]) -> Vocabulary:
    for key in ("version", "date"):
        if not words.get(key):
            raise PhraseError(f"{WORDS_FILE}: {key} is missing")
    if not isinstance(words["date"], dt.date):
        raise PhraseError(f"{WORDS_FILE}: date must be a date like 2026-11-23")
    spelling: dict[str, tuple[str, ...]] = {}
    for meant, typed in (words.get("spelling") or {}).items():
        for form in typed.split():
            if form in spelling:
                raise PhraseError(f"{WORDS_FILE}: {form!r} is spelt out twice: {' '.join(spelling[form])}, {meant}")
            spelling[form] = tuple(meant.split())
    chained = {part for parts in spelling.values() for part in parts} & set(spelling)
    if chained:
        raise PhraseError(f"{WORDS_FILE}: {', '.join(sorted(chained))}: both a spelling and what one stands for")
    signs = {sign: f" {meant} " for meant, typed in (words.get("emoji") or {}).items() for sign in typed.split()}
    return Vocabulary(
        str(words["version"]),
        words["date"],
        classes,
        spelling,
        signs,
        tuple((words.get("slips") or "").split()),
        tuple((words.get("leave_alone") or "").split()),
        tuple((words.get("fillers") or "").split()),
    )
