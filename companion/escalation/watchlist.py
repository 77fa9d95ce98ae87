"""The watch list: certain words are brought to a facilitator's attention sooner. It assesses nobody.

The list is plain data (companion/content/watchlist/*.yaml): phrase families, each with a route. ``page`` starts the
chain of people at once, ``notice`` asks for a reading by the next working day. A text either contains a phrase or it
does not: there is no score, and nothing in a text can stop a phrase from counting. No match never means "safe".
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import re2

from companion.escalation.normalise import REACHES_OVER_SPACE, SENTENCE_END, TOKEN, Folded, Speller, fold
from companion.escalation.phrases import (
    BREAK,
    UNKNOWN,
    Compiler,
    Node,
    Parser,
    PhraseError,
    rarest,
    required,
    word_sets,
)
from companion.escalation.watchlist_data import ROUTES, Family, Phrase, Route, Vocabulary, read_files

__all__ = ["Family", "Match", "Phrase", "PhraseError", "Route", "Verdict", "WatchList", "load_watchlist"]

DEFAULT_DIRECTORY = Path(__file__).parent.parent / "content" / "watchlist"
_SLOTS = 3
_FIRST_SYMBOL = 0x0100
_ORDINARY = 480  # characters; longer texts are read closely at once


@dataclass(frozen=True)
class Match:
    """One phrase found; ``start`` and ``end`` are places in the original text."""

    phrase: str
    family: str
    route: Route
    start: int
    end: int


@dataclass(frozen=True)
class Verdict:
    """What was found in one text."""

    matches: tuple[Match, ...]

    @property
    def route(self) -> Route | None:
        """``page`` if any family found is a page family, else ``notice`` if any was found."""
        routes = {match.route for match in self.matches}
        return next((route for route in ROUTES if route in routes), None)

    @property
    def families(self) -> tuple[str, ...]:
        """Families found, page families first, each once."""
        ordered = sorted(self.matches, key=lambda match: ROUTES.index(match.route))
        return tuple(dict.fromkeys(match.family for match in ordered))

    @property
    def phrases(self) -> tuple[str, ...]:
        """Ids of the phrases found, page families first, each once."""
        ordered = sorted(self.matches, key=lambda match: ROUTES.index(match.route))
        return tuple(dict.fromkeys(match.phrase for match in ordered))


@dataclass(frozen=True)
class _Pattern:
    phrase: Phrase
    route: Route
    node: Node


class WatchList:
    """A loaded list. Nothing about it changes after loading; threads may share it."""

    def __init__(self, vocabulary: Vocabulary, families: Sequence[Family]) -> None:
        self.version = vocabulary.version
        self.date = vocabulary.date
        self.families = tuple(families)
        self._signs = vocabulary.signs
        self._patterns = _parse(vocabulary, families)
        nodes = [pattern.node for pattern in self._patterns]
        self._symbols = _symbols(nodes, vocabulary.fillers)
        table = vocabulary.table(list(self._symbols))
        self._speller = Speller(table)
        self._table = {word: self._line(parts) for word, parts in table.items()}
        self._chunk = lru_cache(maxsize=16384)(self._read_chunk)
        compiler = Compiler(self._symbols, vocabulary.fillers)
        options = re2.Options()
        options.max_mem = 16 << 20
        options.log_errors = False
        self._regexes: list[Any] = [re2.compile(compiler.regex(node).encode(), options) for node in nodes]
        self._have, self._needs = _needs(nodes, self._symbols)

    def read(self, text: str) -> Verdict:
        """Every phrase of the list that the text contains. Takes any string; time linear in its length."""
        folded = fold(text, self._signs)
        if len(text) <= _ORDINARY and not REACHES_OVER_SPACE.search(folded.text):
            # The quick way for ordinary texts: chunk by chunk, most of them known. It only says that nothing is there.
            table = self._table
            line = "".join([table.get(chunk) or self._chunk(chunk) for chunk in folded.text.split()])
            if next(self._search(line), None) is None:
                return Verdict(())
        return self._read_closely(folded)

    def _read_closely(self, folded: Folded) -> Verdict:
        """Token by token, with places."""
        table = self._table
        parts = [table.get(word) or self._repair(word) for word in TOKEN.findall(folded.text)]
        matches: dict[str, Match] = {}
        places: list[tuple[int, int]] = []
        for pattern, first, last in self._search("".join(parts)):
            places = places or _places(folded, parts)
            phrase = pattern.phrase
            found = Match(phrase.id, phrase.family, pattern.route, places[first][0], places[last][1])
            matches.setdefault(phrase.id, found)
        return Verdict(tuple(matches.values()))

    def _search(self, line: str) -> Iterator[tuple[_Pattern, int, int]]:
        """Patterns found, with their first and last symbol.

        A pattern is tried only if each word it needs is somewhere in the text. ``have`` holds one bit for every
        pattern in each of ``_SLOTS`` stretches, one stretch for each needed word.
        """
        have = self._have
        needs = self._needs
        for symbol in set(line):
            have |= needs.get(symbol, 0)
        count = len(self._patterns)
        left = have & ((1 << count) - 1)
        for slot in range(1, _SLOTS):
            left &= have >> slot * count
        data = line.encode() if left else b""
        while left:
            lowest = left & -left
            left ^= lowest
            index = lowest.bit_length() - 1
            found = self._regexes[index].search(data)
            if found:
                first = len(data[: found.start()].decode())
                inside = found.group().decode()
                # A sentence end at either side belongs to the phrase's conditions, not to its words.
                first += len(inside) - len(inside.lstrip(BREAK))
                yield self._patterns[index], first, first + len(inside.strip(BREAK)) - 1

    def _read_chunk(self, chunk: str) -> str:
        """The symbols of what stands between two spaces."""
        return "".join(self._table.get(word) or self._repair(word) for word in TOKEN.findall(chunk))

    def _repair(self, word: str) -> str:
        return BREAK if word[0] in SENTENCE_END else self._line(self._speller.repair(word))

    def _line(self, words: Sequence[str]) -> str:
        return "".join(self._symbols.get(word, UNKNOWN) for word in words) or UNKNOWN


def _parse(vocabulary: Vocabulary, families: Sequence[Family]) -> list[_Pattern]:
    parser = Parser(vocabulary.classes, vocabulary.expand)
    patterns: list[_Pattern] = []
    known: dict[int, list[frozenset[str]]] = {}
    for family in families:
        for phrase in family.phrases:
            for say in phrase.say:
                try:
                    node = parser.parse(say)
                except PhraseError as error:
                    raise PhraseError(f"{family.name}/{phrase.id}: {error}") from error
                if not required(node, known):
                    raise PhraseError(f"{family.name}/{phrase.id}: {say!r} could match anything")
                patterns.append(_Pattern(phrase, family.route, node))
    return patterns


def _symbols(nodes: Sequence[Node], fillers: Sequence[str]) -> dict[str, str]:
    """One character for each word; words that no phrase tells apart share one."""
    members: dict[str, list[int]] = {}
    sets = dict.fromkeys([frozenset(fillers), *word_sets(nodes)])
    for index, words in enumerate(sets):
        for word in words:
            members.setdefault(word, []).append(index)
    numbers: dict[tuple[int, ...], int] = {}
    return {word: chr(_FIRST_SYMBOL + numbers.setdefault(tuple(at), len(numbers))) for word, at in members.items()}


def _needs(nodes: Sequence[Node], symbols: Mapping[str, str]) -> tuple[int, dict[str, int]]:
    """For each symbol, the bits it sets; and the bits that are set from the start because nothing is needed there."""
    count = len(nodes)
    start = 0
    needs: dict[str, int] = {}
    known: dict[int, list[frozenset[str]]] = {}
    for index, node in enumerate(nodes):
        chosen = rarest(required(node, known), _SLOTS)
        for slot in range(_SLOTS):
            bit = 1 << (slot * count + index)
            if slot >= len(chosen):
                start |= bit
                continue
            for symbol in {symbols[word] for word in chosen[slot]}:
                needs[symbol] = needs.get(symbol, 0) | bit
    return start, needs


def _places(folded: Folded, parts: Sequence[str]) -> list[tuple[int, int]]:
    """Where in the original text each symbol comes from."""
    spans = [folded.place(*found.span()) for found in TOKEN.finditer(folded.text)]
    return [span for span, part in zip(spans, parts, strict=True) for _ in part]


@lru_cache(maxsize=1)
def _default() -> WatchList:
    return WatchList(*read_files(DEFAULT_DIRECTORY, None))


def load_watchlist(source: Path | None = None, routes: Mapping[str, Route] | None = None) -> WatchList:
    """Load the list: the one that comes with the project (kept in memory), or a folder or file of your own.

    ``routes`` overrides what finding a family does, family by family (a setting of the deployment).
    Raises PhraseError if the list cannot be read as written, OSError if the files cannot be opened.
    """
    if source is None and not routes:
        return _default()
    return WatchList(*read_files(source or DEFAULT_DIRECTORY, routes))
