"""The watch list: certain words are brought to a facilitator's attention sooner. It assesses nobody.

The list is plain data (companion/content/watchlist/*.yaml): phrase families, each with a route. ``page`` starts the
chain of people at once, ``notice`` asks for a reading by the next working day. A text either contains a phrase or it
does not: there is no score, and nothing in a text can stop a phrase from counting. No match never means "safe".
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from companion.escalation.matcher import BREAK, SLOTS, UNKNOWN, Compiler, Line, Part, Symbol
from companion.escalation.normalise import REACHES_OVER_SPACE, SENTENCE_END, TOKEN, Folded, Speller, fold
from companion.escalation.phrases import Node, Parser, PhraseError, word_sets
from companion.escalation.watchlist_data import ROUTES, Family, Phrase, Route, Vocabulary, read_files

__all__ = ["Family", "Match", "Phrase", "PhraseError", "Route", "Verdict", "WatchList", "load_watchlist"]

DEFAULT_DIRECTORY = Path(__file__).parent.parent / "content" / "watchlist"
_FIRST_SYMBOL = 0x0100
_ORDINARY = 480  # characters; longer texts are read closely at once


@dataclass(frozen=True)
class Match:
    """One phrase found; ``start`` and ``end`` are places in the original text, of the first that was complete."""

    phrase: str
    family: str
    route: Route
    start: int
    end: int


@dataclass(frozen=True)
class Verdict:
    """What was found in one text: (route, family, phrase) of each phrase, page families first."""

    found: tuple[tuple[Route, str, str], ...]

    @property
    def route(self) -> Route | None:
        """``page`` if any family found is a page family, else ``notice`` if any was found."""
        return self.found[0][0] if self.found else None

    @property
    def families(self) -> tuple[str, ...]:
        """Families found, page families first, each once."""
        return tuple(dict.fromkeys(family for _, family, _ in self.found))

    @property
    def phrases(self) -> tuple[str, ...]:
        """Ids of the phrases found, page families first, each once."""
        return tuple(phrase for _, _, phrase in self.found)


@dataclass(frozen=True)
class _Pattern:
    phrase: Phrase
    route: Route
    part: Part
    more_needs: tuple[int, ...]


_NOTHING = Verdict(())


class WatchList:
    """A loaded list. Nothing about it changes after loading; threads may share it."""

    def __init__(self, vocabulary: Vocabulary, families: Sequence[Family]) -> None:
        self.version = vocabulary.version
        self.date = vocabulary.date
        self.families = tuple(families)
        self._signs = vocabulary.signs
        written = _parse(vocabulary, families)
        self._symbols = _symbols([node for _, _, node in written], vocabulary.fillers)
        small = {self._symbols[word] for word in vocabulary.fillers}
        distinct = dict.fromkeys(self._symbols.values())
        self._numbered = {symbol: Symbol(1 << at, at + 1, symbol in small) for at, symbol in enumerate(distinct)}
        table = vocabulary.table(list(self._symbols))
        self._speller = Speller(table)
        self._table = {word: self._line(parts) for word, parts in table.items()}
        self._chunk = lru_cache(maxsize=16384)(self._read_chunk)
        compiler = Compiler({word: self._numbered[symbol].bit for word, symbol in self._symbols.items()})
        self._patterns = [_compiled(compiler, *entry) for entry in written]
        self._have, self._needs = self._filter(compiler)
        self._same_phrase = _same_phrase(self._patterns)

    def read(self, text: str) -> Verdict:
        """Every phrase of the list that the text contains. Takes any string; time linear in its length."""
        folded = fold(text, self._signs)
        table = self._table
        if len(text) <= _ORDINARY and not REACHES_OVER_SPACE.search(folded.text):
            # The quick way for ordinary texts: chunk by chunk, most of them known.
            line = "".join([table.get(chunk) or self._chunk(chunk) for chunk in folded.text.split()])
        else:
            line = self._read_chunk(folded.text)
        found = [pattern for pattern, _ in self._search(line)]
        if not found:
            return _NOTHING
        found.sort(key=lambda pattern: ROUTES.index(pattern.route))
        return Verdict(tuple((each.route, each.phrase.family, each.phrase.id) for each in found))

    def find(self, text: str) -> tuple[Match, ...]:
        """What ``read`` finds, with the place of each phrase in the text: for people who ask why."""
        folded = fold(text, self._signs)
        parts = [self._table.get(word) or self._repair(word) for word in TOKEN.findall(folded.text)]
        places = _places(folded, parts)
        line = "".join(parts)
        matches: list[Match] = []
        for pattern, read in self._search(line):
            first, last = _where(pattern.part, read)
            while first < last and line[first] == BREAK:
                first += 1
            while first < last and line[last] == BREAK:
                last -= 1
            phrase = pattern.phrase
            matches.append(Match(phrase.id, phrase.family, pattern.route, places[first][0], places[last][1]))
        return tuple(sorted(matches, key=lambda match: ROUTES.index(match.route)))

    def _search(self, symbols: str) -> Iterator[tuple[_Pattern, Line]]:
        """The first pattern found of each phrase.

        A pattern is tried only if each word it needs is somewhere in the text. ``have`` holds one bit for every
        pattern in each of ``SLOTS`` stretches, one stretch for each needed word.
        """
        have = self._have
        needs = self._needs
        for symbol in set(symbols):
            have |= needs.get(symbol, 0)
        count = len(self._patterns)
        left = have & ((1 << count) - 1)
        for slot in range(1, SLOTS):
            left &= have >> slot * count
        if not left:
            return
        line = Line(symbols, self._numbered)
        while left:
            lowest = left & -left
            left ^= lowest
            index = lowest.bit_length() - 1
            pattern = self._patterns[index]
            there = line.bits
            if any(not need & there for need in pattern.more_needs):
                continue
            if pattern.part.step(line, line.everywhere):
                left &= ~self._same_phrase[pattern.phrase.id]
                yield pattern, line

    def _filter(self, compiler: Compiler) -> tuple[int, dict[str, int]]:
        """For each symbol, the bits it sets; and those set from the start because nothing is needed there."""
        count = len(self._patterns)
        start = 0
        needs: dict[int, int] = {}
        for index, pattern in enumerate(self._patterns):
            chosen = compiler.rarest(pattern.part.needs, SLOTS)
            for slot in range(SLOTS):
                bit = 1 << (slot * count + index)
                if slot >= len(chosen):
                    start |= bit
                else:
                    needs[chosen[slot]] = needs.get(chosen[slot], 0) | bit
        of_symbol: dict[str, int] = {}
        symbols = list(self._numbered)
        for words, wanted in needs.items():
            left = words
            while left:
                lowest = left & -left
                left ^= lowest
                symbol = symbols[lowest.bit_length() - 1]
                of_symbol[symbol] = of_symbol.get(symbol, 0) | wanted
        return start, of_symbol

    def _read_chunk(self, chunk: str) -> str:
        """The symbols of a text, or of what stands between two spaces."""
        table = self._table
        return "".join([table.get(word) or self._repair(word) for word in TOKEN.findall(chunk)])

    def _repair(self, word: str) -> str:
        return BREAK if word[0] in SENTENCE_END else self._line(self._speller.repair(word))

    def _line(self, words: Sequence[str]) -> str:
        return "".join(self._symbols.get(word, UNKNOWN) for word in words) or UNKNOWN


def _parse(vocabulary: Vocabulary, families: Sequence[Family]) -> list[tuple[Phrase, Route, Node]]:
    parser = Parser(vocabulary.classes, vocabulary.expand)
    written: list[tuple[Phrase, Route, Node]] = []
    for family in families:
        for phrase in family.phrases:
            for say in phrase.say:
                try:
                    written.append((phrase, family.route, parser.parse(say)))
                except PhraseError as error:
                    raise PhraseError(f"{family.name}/{phrase.id}: {error}") from error
    return written


def _symbols(nodes: Sequence[Node], fillers: Sequence[str]) -> dict[str, str]:
    """One character for each word; words that no phrase tells apart share one."""
    members: dict[str, list[int]] = {}
    sets = dict.fromkeys([frozenset(fillers), *word_sets(nodes)])
    for index, words in enumerate(sets):
        for word in words:
            members.setdefault(word, []).append(index)
    numbers: dict[tuple[int, ...], int] = {}
    return {word: chr(_FIRST_SYMBOL + numbers.setdefault(tuple(at), len(numbers))) for word, at in members.items()}


def _compiled(compiler: Compiler, phrase: Phrase, route: Route, node: Node) -> _Pattern:
    part = compiler.part(node)
    if not part.needs:
        raise PhraseError(f"{phrase.family}/{phrase.id}: one of its lines could match anything")
    return _Pattern(phrase, route, part, tuple(compiler.rarest(part.needs, len(part.needs))[SLOTS:]))


def _same_phrase(patterns: Sequence[_Pattern]) -> dict[str, int]:
    """For each phrase, the bits of its patterns."""
    same: dict[str, int] = {}
    for index, pattern in enumerate(patterns):
        same[pattern.phrase.id] = same.get(pattern.phrase.id, 0) | 1 << index
    return same


def _where(part: Part, line: Line) -> tuple[int, int]:
    """First and last symbol of the match that is complete first, and as short as it can be."""
    ends = part.step(line, line.everywhere)
    end = ends & -ends
    low, high = 0, end.bit_length() - 1  # the latest start from which the match still ends there
    while low < high:
        middle = (low + high + 1) // 2
        if part.step(line, line.everywhere >> middle << middle) & end:
            low = middle
        else:
            high = middle - 1
    return low, max(low, end.bit_length() - 2)


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
