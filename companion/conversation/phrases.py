"""Finding phrases in a text: the small language in which `content/intents.yaml` lists them.

A phrase is a line of words. `a/b` is either word, `[a/b]` may be missing, `..` is up to three words of any kind and
`...` up to ten, `<day>` one of a named group, `<n>` a number. Lists say where a phrase must stand:
`whole` (the message), `clause`, `starts`, `ends` or `has` (anywhere); words of courtesy at the edges do not count. A
phrase under `not` that touches a found one takes it back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise, product

from companion.conversation.normalise import Said, Spelling

PLACES = ("whole", "clause", "starts", "ends", "has", "not")
GAPS = {"..": 3, "...": 10}
NUMBER = "<n>"
NUMBER_WORDS = {
    word: number
    for number, words in enumerate(
        (
            "zero nought nil nowt",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
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


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase found at words `start` to `end` (exclusive)."""

    signal: str
    place: str
    source: str
    start: int
    end: int


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
        words = frozenset(spelling.one.get(word, word) for word in listed)
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
            shorter = (*way[:at], one, *way[at + 2 :])
            yield shorter
            yield from _joined(shorter, spelling)


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


class Finder:
    """All phrases, indexed by their first word. `find` takes time in proportion to the text."""

    def __init__(self, phrases: list[Phrase], courtesy: frozenset[str]) -> None:
        self.courtesy = courtesy
        self._by_first: dict[str, list[Phrase]] = {}
        for phrase in phrases:
            first = phrase.elements[0]
            for word in first if isinstance(first, frozenset) else ():
                self._by_first.setdefault(word, []).append(phrase)

    def find(self, said: Said) -> dict[str, Hit]:
        """The first hit of every signal that the text holds and no `not` phrase takes back."""
        hits: dict[str, list[Hit]] = {}
        vetoes: dict[str, list[Hit]] = {}
        for hit in self._all(said):
            (vetoes if hit.place == "not" else hits).setdefault(hit.signal, []).append(hit)
        found = {}
        for signal, all_hits in hits.items():
            kept = [hit for hit in all_hits if not any(_touch(hit, veto) for veto in vetoes.get(signal, ()))]
            if kept:
                found[signal] = min(kept, key=lambda hit: (hit.start, -hit.end))
        return found

    def trim(self, words: tuple[str, ...], start: int, end: int) -> tuple[int, int]:
        """The span without words of courtesy at its edges; the whole span when there is nothing else."""
        first, last = start, end
        while first < last and words[first] in self.courtesy:
            first += 1
        while last > first and words[last - 1] in self.courtesy:
            last -= 1
        return (first, last) if first < last else (start, end)

    def _all(self, said: Said) -> Iterator[Hit]:
        words = said.words
        clauses = [self._edges(words, *span) for span in pairwise(said.starts)]
        whole = self._edges(words, 0, len(words))
        edges = {"whole": _spans([whole]), "clause": _spans(clauses)}
        starts = whole[0] | (clauses[0][0] if clauses else set())
        for at, word in enumerate(words):
            for phrase in self._begun_by(word):
                allowed: set[int] | None = None
                if phrase.place in edges:
                    allowed = edges[phrase.place].get(at)
                    if allowed is None:
                        continue
                elif phrase.place == "starts" and at not in starts:
                    continue
                elif phrase.place == "ends":
                    allowed = whole[1]
                end = _match(phrase.elements, 1, words, at + 1, allowed)
                if end:
                    yield Hit(phrase.signal, phrase.place, phrase.source, at, end)

    def _edges(self, words: tuple[str, ...], start: int, end: int) -> tuple[set[int], set[int]]:
        """Where a phrase may begin and end in this span, when only words of courtesy are left outside it."""
        firsts, lasts = {start}, {end}
        while start < end and (words[start] in self.courtesy or words[start] == "but"):
            start += 1
            firsts.add(start)
        while end > start and words[end - 1] in self.courtesy:
            end -= 1
            lasts.add(end)
        if start == end:  # courtesy only: "ok thanks"
            lasts |= firsts
        return firsts, lasts

    def _begun_by(self, word: str) -> list[Phrase]:
        begun = self._by_first.get(word, [])
        if is_number(word) and NUMBER in self._by_first:
            return begun + self._by_first[NUMBER]
        return begun


def _spans(edges: list[tuple[set[int], set[int]]]) -> dict[int, set[int]]:
    spans: dict[int, set[int]] = {}
    for firsts, lasts in edges:
        for first in firsts:
            spans.setdefault(first, set()).update(lasts)
    return spans


def is_number(word: str) -> bool:
    """Whether a word is a number in figures or in words."""
    return (word.isascii() and word.isdigit()) or word in NUMBER_WORDS


def _fits(element: frozenset[str], word: str) -> bool:
    return word in element or (NUMBER in element and is_number(word))


def _match(elements: tuple[Element, ...], index: int, words: tuple[str, ...], at: int, allowed: set[int] | None) -> int:
    """Where the rest of a phrase ends when it goes on at word `at`, or 0."""
    if index == len(elements):
        return at if allowed is None or at in allowed else 0
    element = elements[index]
    if isinstance(element, int):
        for skip in range(element + 1):
            if at + skip >= len(words):
                return 0
            end = _match(elements, index + 1, words, at + skip, allowed)
            if end:
                return end
        return 0
    if at < len(words) and _fits(element, words[at]):
        return _match(elements, index + 1, words, at + 1, allowed)
    return 0


def _touch(hit: Hit, veto: Hit) -> bool:
    return hit.start <= veto.end and veto.start <= hit.end
