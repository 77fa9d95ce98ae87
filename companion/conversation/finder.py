"""Finds in a text the phrases that are written as `phrases` says. What is found first, and not taken back, counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from companion.conversation.normalise import Said
from companion.conversation.phrases import NUMBER, PLACES, Element, Phrase, PhraseError, is_number

# A clause with more words that count holds more than one wish.
_MOST_ALONE = 7
_LONGEST_ALONE = 25


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase found at words `start` to `end` (exclusive)."""

    signal: str
    place: str
    source: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Begun:
    """Phrases that begin with one word: by the word after it, and those that any word may follow."""

    then: Mapping[str, tuple[Phrase, ...]]
    rest: tuple[Phrase, ...]


class Finder:
    """All phrases, indexed by their first two words. `find` takes time in proportion to the text.

    `courtesy` are words that do not count at the edges of a message, `small` those that do not count anywhere in a
    clause that holds nothing but a phrase.
    """

    def __init__(self, phrases: list[Phrase], courtesy: frozenset[str], small: frozenset[str] = frozenset()) -> None:
        self.courtesy = courtesy
        self._small = courtesy | small
        self._by_first: dict[str, list[Phrase]] = {}
        self._alone: dict[str, list[Phrase]] = {}
        self._begun: dict[str, _Begun] = {}
        for phrase in phrases:
            index = self._alone if phrase.place == "alone" else self._by_first
            for word in self._anchors(phrase):
                index.setdefault(word, []).append(phrase)

    def _anchors(self, phrase: Phrase) -> Iterable[str]:
        """The words that a phrase can be found by: its first; of one that stands alone the first that is not small."""
        if phrase.place != "alone":
            return phrase.elements[0] if isinstance(phrase.elements[0], frozenset) else ()
        words: set[str] = set()
        for element in phrase.elements:
            listed = element if isinstance(element, frozenset) else frozenset()
            words |= listed - self._small
            if listed and not listed & self._small:
                return words
        raise PhraseError(f"{phrase.signal}, alone: {phrase.source!r} needs a word that is not a small one, and no gap")

    def find(self, said: Said) -> dict[str, Hit]:
        """The first hit of every signal that the text holds and no `not` phrase takes back.

        Where one could take back a signal, it is there under "not" and the signal, for those who look further.
        """
        hits: dict[str, list[Hit]] = {}
        vetoes: dict[str, list[Hit]] = {}
        for hit in self._all(said):
            (vetoes if hit.place == "not" else hits).setdefault(hit.signal, []).append(hit)
        found = {f"not {signal}": taken[0] for signal, taken in vetoes.items()}
        for signal, all_hits in hits.items():
            kept = [hit for hit in all_hits if not any(_touch(hit, veto) for veto in vetoes.get(signal, ()))]
            if kept:
                found[signal] = min(kept, key=lambda hit: (hit.start, -hit.end, PLACES.index(hit.place), hit.source))
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
            for phrase in self._beginning(word, words[at + 1] if at + 1 < len(words) else ""):
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
        for start, end in {*pairwise(said.starts), (0, len(words))}:
            yield from self._standing_alone(words, start, end)

    def _standing_alone(self, words: tuple[str, ...], start: int, end: int) -> Iterator[Hit]:
        """The phrases that are all there is between two words but for small ones."""
        if end - start > _LONGEST_ALONE:
            return
        counting = [at for at in range(start, end) if words[at] not in self._small]
        if not counting or len(counting) > _MOST_ALONE:
            return
        for phrase in self._alone.get(words[counting[0]], ()):
            if len(phrase.elements) < len(counting):
                continue
            found = _match_alone(phrase.elements, 0, words, start, end, self._small)
            if found is not None:
                yield Hit(phrase.signal, "clause", phrase.source, found[0], found[-1] + 1)

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

    def _beginning(self, word: str, after: str) -> Iterable[Phrase]:
        """The phrases that begin with a word and may go on with the one after it. Worked out once for each word."""
        begun = self._begun.get(word)
        if begun is None:
            phrases = self._by_first.get(word, ())
            if is_number(word):
                phrases = [*phrases, *self._by_first.get(NUMBER, ())]
            begun = _by_second(phrases)
            if phrases:  # so that what strangers send cannot fill the memory
                self._begun[word] = begun
        return (*begun.rest, *begun.then.get(after, ()))


def _by_second(phrases: Iterable[Phrase]) -> _Begun:
    then: dict[str, list[Phrase]] = {}
    rest: list[Phrase] = []
    for phrase in phrases:
        second = phrase.elements[1] if len(phrase.elements) > 1 else 0
        if isinstance(second, int) or NUMBER in second:
            rest.append(phrase)
            continue
        for word in second:
            then.setdefault(word, []).append(phrase)
    return _Begun({word: tuple(found) for word, found in then.items()}, tuple(rest))


def _spans(edges: list[tuple[set[int], set[int]]]) -> dict[int, set[int]]:
    spans: dict[int, set[int]] = {}
    for firsts, lasts in edges:
        for first in firsts:
            spans.setdefault(first, set()).update(lasts)
    return spans


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


def _match_alone(
    elements: tuple[Element, ...], index: int, words: tuple[str, ...], at: int, end: int, small: frozenset[str]
) -> list[int] | None:
    """The places of the words that a phrase takes, where small words may stand between; None when others do."""
    if index == len(elements):
        return None if any(word not in small for word in words[at:end]) else []
    element = elements[index]
    for place in range(at, end):
        if isinstance(element, frozenset) and _fits(element, words[place]):
            rest = _match_alone(elements, index + 1, words, place + 1, end, small)
            if rest is not None:
                return [place, *rest]
        if words[place] not in small:
            return None
    return None


def _touch(hit: Hit, veto: Hit) -> bool:
    return hit.start <= veto.end and veto.start <= hit.end
