"""Loads every text the service sends from YAML, and fills one in when it is needed.

Ours stand in `texts/`, a file for each kind of conversation, and in `prompts.yaml`, their Welsh in `welsh.yaml`. A
deployment's own directory may be laid over them: `texts.yaml`, `texts/*.yaml`, `prompts.yaml` and `welsh.yaml` there
hold only the ids whose wording they change. What code may rely on (the ids, the values each takes, the kind) comes
from ours.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import cast, get_args

from companion.content.reader import ContentError, Entry, read_entries
from companion.content.wording import (
    Answer,
    Bilingual,
    Kind,
    Language,
    Text,
    Title,
    Wording,
    clean,
    in_welsh,
    placeholders,
)

__all__ = [
    "HERE",
    "Bilingual",
    "Catalogue",
    "Language",
    "Text",
    "Wording",
    "clean",
    "in_welsh",
    "load_catalogue",
    "placeholders",
]

HERE = Path(__file__).parent
WELSH = "welsh.yaml"
# What a deployment's own directory may hold besides the folder `texts`; the last three are read by other rooms.
_LAID_OVER = frozenset({"texts.yaml", "prompts.yaml", WELSH, "resources.yaml", "topics.yaml", "reviews.yaml"})
OWN_WORDING = {"text", "cy", "needs_translator", "signed", "signed_cy", "signed_by"}
_WELSH_FIELDS = {"cy", "of", "translator", "signed_cy"}
_FIELDS = OWN_WORDING | {"kind", "parts", "optional", "lines", "answer"}


@dataclass(frozen=True)
class Catalogue:
    """Every text, by id. Read-only; `standing` values fill their placeholders in every text that has them."""

    wordings: Mapping[str, Wording]
    rotation: tuple[str, ...] = ()
    standing: Mapping[str, str] = field(default_factory=dict)
    titles: Mapping[str, Title] = field(default_factory=dict)  # of topics and needs, by their English

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

    def titled(self, title: str) -> str:
        """Return the title of a topic or a need with its Welsh, where that is known."""
        known = self.titles.get(title)
        return Bilingual(title, known.cy) if known else title

    def prompt(self, turn: int) -> Wording:
        """Return the check-in question for `turn` (0, 1, 2 ...): the rotation, over and over."""
        return self.wording(self.rotation[turn % len(self.rotation)])

    def nhs_line(self, nation: str | None, number: str) -> str:
        """Return the sentence on urgent NHS help for a nation; empty when it or the number is unknown."""
        text_id = f"nhs_line_{nation}"
        return self.render(text_id, nhs_number=number).body if number and text_id in self.wordings else ""


def load_catalogue(overlay: Path | None = None, ours: Path = HERE) -> Catalogue:
    """Return our texts (or a copy of them in `ours`), with those of the directory `overlay` laid over. Cached.

    Raises ContentError that names file and line for anything that does not fit.
    """
    return _load(overlay.resolve() if overlay else None, ours)


def _words(value: object) -> str:
    if isinstance(value, Text):
        return Bilingual(value.body, value.said_in("cy").body)
    return value if isinstance(value, str) else str(value)


@lru_cache(maxsize=8)
def _load(overlay: Path | None, folder: Path) -> Catalogue:
    wordings: dict[str, Wording] = {}
    rotation: tuple[str, ...] = ()
    ours = [read_entries(path) for path in _files(folder)]
    given = Counter(name for content in ours for name in content.values)
    shared = {name: value for content in ours for name, value in content.values.items() if given[name] == 1}
    for content in ours:
        longest = {**shared, **content.values}  # what a file says of a value holds in that file
        for entry in content.entries:
            if entry.id in wordings:
                raise entry.error("this id exists twice")
            wordings[entry.id] = _wording(entry, longest)
        rotation = content.rotation or rotation
    if overlay:
        _refuse_strange_files(overlay)
    titles: dict[str, Title] = {}
    for file in (folder / WELSH, *([overlay / WELSH] if overlay and (overlay / WELSH).exists() else [])):
        welsh = read_entries(file)
        wordings.update(_welsh_ones(welsh.entries, wordings))
        titles.update(map(_title, welsh.titles))
    for content in map(read_entries, _files(overlay) if overlay else ()):
        wordings.update({entry.id: _laid_over(entry, wordings) for entry in content.entries})
        rotation = content.rotation or rotation
    for prompt_id in rotation:
        if prompt_id not in wordings:
            raise ContentError(f"rotation names {prompt_id!r}, which does not exist")
    return Catalogue(wordings, rotation, titles=titles)


def _refuse_strange_files(overlay: Path) -> None:
    """Raise ContentError for a YAML file that nothing would read, so that its words would be missing in silence."""
    for path in sorted(each for each in overlay.rglob("*") if each.suffix in (".yaml", ".yml")):
        texts = path.parent == overlay / "texts" and path.suffix == ".yaml"
        if not texts and path.relative_to(overlay).as_posix() not in _LAID_OVER:
            raise ContentError(
                f"{path}: nothing reads this file. Texts stand in texts.yaml or in the folder texts, and there may be "
                f"{', '.join(sorted(_LAID_OVER - {'texts.yaml'}))}"
            )


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


def _title(entry: Entry) -> tuple[str, Title]:
    entry.refuse_other_fields({"cy", "translator"})
    waits = entry.optional_text("translator") is None
    return entry.id, Title(entry.text("cy"), waits, (entry.file, entry.line))


def _welsh_ones(entries: Iterable[Entry], ours: Mapping[str, Wording]) -> Iterator[tuple[str, Wording]]:
    """Yield the wordings for which there is Welsh. The English that it was made from is named by its version."""
    for entry in entries:
        if entry.id not in ours:
            raise entry.error("there is no text with this id")
        entry.refuse_other_fields(_WELSH_FIELDS)
        wording = ours[entry.id]
        yield (
            entry.id,
            replace(
                wording,
                cy=_welsh(entry, tuple(wording.values)),
                cy_of=entry.text("of"),
                cy_at=(entry.file, entry.line),
                needs_translator=entry.optional_text("translator") is None,
                signed_cy=entry.optional_text("signed_cy"),
            ),
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
        cy_of=None,
        cy_at=None,
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
