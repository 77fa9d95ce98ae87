"""The small language in which `content/intents.yaml` lists phrases, read here and found by `finder`.

A phrase is a line of words. `a/b` is either word, `[a/b]` may be missing, `..` is up to three words of any kind and
`...` up to ten, `<day>` one of a named group, `<n>` a number. Lists say where a phrase must stand:
`whole` (the message), `clause`, `starts`, `ends` or `has` (anywhere); words of courtesy at the edges do not count.
`alone`: its words, in this order, are all that a clause holds but for small words ("would you just stop it now").
A phrase under `not` that touches a found one takes it back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise, product

from companion.conversation.normalise import Spelling

PLACES = ("whole", "clause", "alone", "starts", "ends", "has", "not")
GAPS = {"..": 3, "...": 10}
NUMBER = "<n>"
NUMBER_WORDS = {
    word: number
    for number, words in enumerate(
        (
            "zero nought nil nowt",
            "one",
            "two dau dwy",
            "three tri tair",
            "four pedwar pedair",
            "five pump",
            "six chwech",
            "seven saith",
            "eight wyth",
            "nine naw",
            "ten",
            "eleven",
            "twelve",
        )
    )
    for word in words.split()
} | {"fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fortyfive": 45}

Element = frozenset[str] | int  # a number is a gap of up to so many words


class PhraseError(ValueError):
    """A phrase in the word lists cannot be read; the message names the list and the phrase."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """One way of writing a phrase: `signal` is what it speaks for, `source` the line it came from."""

    signal: str
    place: str
    source: str
    elements: tuple[Element, ...]


def words_of(text: str) -> frozenset[str]:
    """The words of a line, as a set."""
    return frozenset(text.split())


def parse(line: str, signal: str, place: str, groups: Mapping[str, frozenset[str]], spelling: Spelling) -> list[Phrase]:
    """All ways of writing one line of the lists, respelt as texts are. Raises PhraseError."""
    parts: list[tuple[tuple[Element, ...], ...]] = []
    for part in line.split():
        if part in GAPS:
            parts.append(((GAPS[part],),))
            continue
        optional = part.startswith("[") and part.endswith("]")
        listed = _words(part.strip("[]"), groups, f"{signal}, {place}: {line!r}")
        words = _shared(frozenset(spelling.one.get(word, word) for word in listed))
        parts.append(((words,), ()) if optional else ((words,),))
    written = [tuple(element for piece in way for element in piece) for way in product(*parts)]
    if any(not way or isinstance(way[0], int) or isinstance(way[-1], int) for way in written):
        raise PhraseError(f"{signal}, {place}: {line!r} must begin and end with a word that is not optional or a gap")
    joined = [other for way in written for other in _joined(way, spelling)]
    return [Phrase(signal, place, line, way) for way in [*written, *joined]]


def _joined(way: tuple[Element, ...], spelling: Spelling) -> Iterator[tuple[Element, ...]]:
    """The same phrase with two words as the one that texts are respelt with: "what is" is read as "whats"."""
    for at, (first, second) in enumerate(pairwise(way)):
        if isinstance(first, int) or isinstance(second, int):
            continue
        one = frozenset(spelling.two[pair] for pair in product(first, second) if pair in spelling.two)
        if one:
            shorter = (*way[:at], _shared(one), *way[at + 2 :])
            yield shorter
            yield from _joined(shorter, spelling)


@cache
def _shared(words: frozenset[str]) -> frozenset[str]:
    """The same set for the same words: thousands of places hold one of a few."""
    return words


def _words(part: str, groups: Mapping[str, frozenset[str]], where: str) -> frozenset[str]:
    words: set[str] = set()
    for word in part.split("/"):
        if word == NUMBER or not word.startswith("<"):
            words.add(word)
            continue
        if word.strip("<>") not in groups:
            raise PhraseError(f"{where}: no group is called {word}")
        words |= groups[word.strip("<>")]
    if "" in words:
        raise PhraseError(f"{where}: a word is missing beside a stroke")
    return frozenset(words)


def is_number(word: str) -> bool:
    """Whether a word is a number in figures or in words."""
    return (word.isascii() and word.isdigit()) or word in NUMBER_WORDS
