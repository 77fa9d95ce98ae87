"""The notation of topics.yaml: phrases with alternatives, sets and gaps, and where they stand in a text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, product
from typing import Generic, TypeVar

_PART = re.compile(r"\(([^()]*)\)|\{(\w+)\}|(\S+)")
T = TypeVar("T")
# A "*" stands for so many words at most.
GAP = 3


class PhraseError(ValueError):
    """A phrase is not in the notation; the message says what is wrong."""


@dataclass(frozen=True)
class Step:
    """One place of a phrase: any of `words`; `optional` may be left out; `gap` words may come before it."""

    words: frozenset[str]
    optional: bool = False
    gap: int = 0


@dataclass(frozen=True)
class Phrase:
    """A phrase ready to be looked for. `text` is how it was written, for explanations."""

    text: str
    steps: tuple[Step, ...]

    @property
    def length(self) -> int:
        """How many words it asks for at least."""
        return sum(not step.optional for step in self.steps)

    def match(self, words: Sequence[str], start: int) -> frozenset[int] | None:
        """Return the places of the words it takes when it begins at `start`, or None."""
        at = start
        for step in self.steps:  # most phrases are plain words in a row, and most do not stand there
            if step.gap or step.optional:
                return _match(self.steps, words, start)
            if at == len(words) or words[at] not in step.words:
                return None
            at += 1
        return frozenset(range(start, at))


def parse(text: str, sets: Mapping[str, Iterable[str]], plain: Callable[[str], list[str]]) -> tuple[Phrase, ...]:
    """Read a phrase. `plain` turns words into the words as they are compared.

    An alternative of several words makes a phrase of its own. Raises PhraseError.
    """
    places: list[list[tuple[Step, ...]]] = []
    gap = 0
    for alternatives, name, word in _PART.findall(text):
        if word == "*":
            gap = GAP
            continue
        if name and name not in sets:
            raise PhraseError(f"there is no set {{{name}}}")
        choices = list(sets[name]) if name else alternatives.split("|") if alternatives else [word]
        places.append(_choices(choices, gap, plain))
        gap = 0
    if not places or places[0][0][0].optional or places[0][0][0].gap:
        raise PhraseError(f"{text!r} must begin with a word")
    return tuple(Phrase(text, tuple(chain.from_iterable(steps))) for steps in product(*places))


def _choices(choices: list[str], gap: int, plain: Callable[[str], list[str]]) -> list[tuple[Step, ...]]:
    """Return the ways to go past one place: all single words as one step, each longer alternative as its own."""
    written = [plain(choice) for choice in choices]
    optional = any(not words for words in written)
    ways: list[tuple[Step, ...]] = []
    single = frozenset(words[0] for words in written if len(words) == 1)
    if single:
        ways.append((Step(single, optional, gap),))
    for words in written:
        if len(words) > 1:
            first, *rest = words
            ways.append((Step(frozenset({first}), gap=gap), *(Step(frozenset({word})) for word in rest)))
    if not ways:
        raise PhraseError("a place without words")
    return ways


def _match(steps: tuple[Step, ...], words: Sequence[str], at: int) -> frozenset[int] | None:
    if not steps:
        return frozenset()
    step, rest = steps[0], steps[1:]
    for place in range(at, min(at + step.gap + 1, len(words))):
        if words[place] in step.words:
            found = _match(rest, words, place + 1)
            if found is not None:
                return found | {place}
    if step.optional:
        return _match(rest, words, at)
    return None


def first_words(text: str, sets: Mapping[str, Iterable[str]]) -> list[str]:
    """Return the words that a phrase can begin with, as they are written. Raises PhraseError if it cannot begin."""
    for _, name, _ in _PART.findall(text):
        if name and name not in sets:
            raise PhraseError(f"there is no set {{{name}}}")
    alternatives, name, word = (_PART.findall(text) or [("", "", "*")])[0]
    choices = list(sets[name]) if name else alternatives.split("|") if alternatives else [word]
    if word == "*" or not all(choice.strip() for choice in choices):
        raise PhraseError(f"{text!r} must begin with a word")
    return choices


class Index(Generic[T]):
    """Many phrases, each with something that belongs to it, found in one pass over a text.

    A phrase is only worked out when a text has a word that begins as it does, so that one text is answered soon after
    the start. `begins` gives the words a phrase can begin with, `read` works it out.
    """

    def __init__(
        self,
        phrases: Iterable[tuple[str, T]],
        begins: Callable[[str], Iterable[str]],
        read: Callable[[str], tuple[Phrase, ...]],
    ) -> None:
        self._read = read
        self._waiting: dict[str, dict[tuple[str, T], None]] = {}
        self._ready: dict[str, dict[str, list[tuple[Phrase, T]]]] = {}
        for text, what in phrases:
            for word in begins(text):
                self._waiting.setdefault(_head(word), {})[text, what] = None

    def find(self, words: Sequence[str]) -> list[tuple[Phrase, T, frozenset[int]]]:
        """Return every phrase that stands in the text, with the places of its words."""
        return [
            (phrase, what, places)
            for start, word in enumerate(words)
            for phrase, what in self._beginning_with(word)
            if (places := phrase.match(words, start)) is not None
        ]

    def _beginning_with(self, word: str) -> list[tuple[Phrase, T]]:
        head = _head(word)
        ready = self._ready.get(head)
        if ready is None:
            ready = {}
            for text, what in self._waiting.get(head, ()):
                for phrase in self._read(text):
                    for first in phrase.steps[0].words:
                        if _head(first) == head:
                            ready.setdefault(first, []).append((phrase, what))
            self._ready[head] = ready
        return ready.get(word, [])


def _head(word: str) -> str:
    """Return the beginning that a word shares with its stem ("dying" and "die" begin alike)."""
    return word[:2].replace("y", "i")
