"""Turns the written phrases into a plan: plain lists of numbers that are quick to store, to read back and to follow.

Each word that any phrase knows is a symbol; words that no phrase tells apart share one. A set of symbols, and each part
of a phrase, has a number. What a text must hold for a phrase to be in it is worked out here, once: its *needs* are
sets of which a word must be there, and the three rarest of them, in their order, are looked for before it is tried.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from companion.escalation.phrases import Edge, Gap, Node, Opt, Parser, PhraseError, Seq, Words, word_sets
from companion.escalation.watchlist_data import Family, Vocabulary

FIRST_SYMBOL = 0x0100
# The end of a sentence. A gap does not cross it; words written next to each other do ("I. want. to. die.").
BREAK = "\x01"
# Every word that no phrase knows.
UNKNOWN = "\x02"
SLOTS = 3  # so many needs of a phrase are looked for, in their order, before it is tried
NEAR = 12  # words; a phrase whose needs may be further apart is looked for in the whole text
_COMMON_WORDS = """
    i am is are be to not it the a of in and my me do have can he she they you this that was so up on with for
    at out but if just go get got we all like what when know no one time think back will would could need want
    feel going from about too day now or as how him her them had has been more did there who off over by an
"""
_COMMON_COUNTS = 30  # one of the most common words makes a set this much easier to meet


@dataclass(frozen=True, slots=True)
class Plan:
    """Plain data, ready for JSON. Lists of numbers; see ``Matcher`` for what they mean."""

    fillers: list[int]  # symbols
    table: dict[str, str]  # from words as typed to symbols
    sets: list[str]  # symbols of each set
    nodes: list[Any]  # parts: kind and what it needs; a part comes after the parts it is made of
    patterns: list[Any]  # phrase, part, needs in order, whether each may be far from the next, all needs


@dataclass(frozen=True, slots=True)
class _Part:
    number: int
    needs: tuple[int, ...]  # set numbers
    longest: int | None  # words that are no fillers; None: any number


class _Planner:
    def __init__(self, symbols: dict[str, int]) -> None:
        self._symbols = symbols
        self._common = self._mask([word for word in _COMMON_WORDS.split() if word in symbols])
        self._masks: list[int] = []
        self._weights: list[int] = []
        self._numbers: dict[int, int] = {}
        self._known: dict[int, _Part] = {}
        self._same: dict[str, _Part] = {}
        self.nodes: list[list[object]] = []

    def pattern(self, phrase: int, node: Node, where: str) -> list[object]:
        """One line of a phrase. Raises PhraseError if nothing particular need be in a text that matches."""
        part = self.part(node)
        if not part.needs:
            raise PhraseError(f"{where}: one of its lines could match anything")
        steps = [self.part(item) for item in node.items] if isinstance(node, Seq) else [part]
        best = [(self.rarest(step.needs, 1)[0], at) for at, step in enumerate(steps) if step.needs]
        chosen = sorted(sorted(best, key=lambda each: self._weights[each[0]])[:SLOTS], key=lambda each: each[1])
        far = [_far(steps[one[1] : two[1] + 1]) for one, two in pairwise(chosen)]
        return [phrase, part.number, [need for need, _ in chosen], far, self.rarest(part.needs, len(part.needs))]

    def part(self, node: Node) -> _Part:
        """Nodes are remembered by identity: classes are shared (the caller keeps them alive)."""
        known = self._known.get(id(node))
        if known is None:
            known = self._known[id(node)] = self._plan(node)
        return known

    def sets(self) -> list[str]:
        """Every set that was numbered, as symbols."""
        return ["".join(chr(FIRST_SYMBOL + symbol) for symbol in _bits(mask)) for mask in self._masks]

    def rarest(self, needs: Sequence[int], most: int) -> list[int]:
        """The ``most`` needs that ordinary texts meet least often."""
        return sorted(needs, key=self._weights.__getitem__)[:most]

    def _plan(self, node: Node) -> _Part:
        if isinstance(node, Words):
            number = self._number(self._mask(node.words))
            return self._add(["word", number], (number,), 1)
        if isinstance(node, Gap):
            return self._add(["gap", node.most, node.across], (), node.most)
        if isinstance(node, Edge):
            return self._add(["edge", node.mark], (), 0)
        if isinstance(node, Opt):
            inner = self.part(node.item)
            return self._add(["maybe", inner.number], (), inner.longest)
        parts = [self.part(item) for item in node.items]
        numbers = [part.number for part in parts]
        lengths = [part.longest for part in parts]
        if isinstance(node, Seq):
            needs = tuple(dict.fromkeys(need for part in parts for need in part.needs))
            return self._add(["row", numbers], needs, None if None in lengths else sum(filter(None, lengths)))
        pairs = [[*self.rarest(part.needs, 2), part.number] for part in parts]
        longest = None if None in lengths else max(filter(None, lengths), default=0)
        return self._add(["one of", pairs], self._shared(parts), longest)

    def _shared(self, parts: Sequence[_Part]) -> tuple[int, ...]:
        """Needs of alternatives: one need of each branch, the one met least often; then the next of each.

        Whichever branch matches, one of these words is there.
        """
        if not all(part.needs for part in parts):
            return ()
        ordered = [self.rarest(part.needs, SLOTS) for part in parts]
        joined: dict[int, None] = {}
        for at in range(max(map(len, ordered))):
            mask = 0
            for needs in ordered:
                mask |= self._masks[needs[min(at, len(needs) - 1)]]
            joined[self._number(mask)] = None
        return tuple(joined)

    def _add(self, node: list[object], needs: tuple[int, ...], longest: int | None) -> _Part:
        """Number a part; parts that are written alike are one, whatever phrases they are in."""
        written = repr(node)
        part = self._same.get(written)
        if part is None:
            part = self._same[written] = _Part(len(self.nodes), needs, longest)
            self.nodes.append(node)
        return part

    def _mask(self, words: Sequence[str] | frozenset[str]) -> int:
        mask = 0
        for word in words:
            mask |= 1 << self._symbols[word]
        return mask

    def _number(self, mask: int) -> int:
        number = self._numbers.get(mask)
        if number is None:
            number = self._numbers[mask] = len(self._masks)
            self._masks.append(mask)
            self._weights.append(mask.bit_count() + _COMMON_COUNTS * (mask & self._common).bit_count())
        return number


def make_plan(vocabulary: Vocabulary, families: Sequence[Family]) -> Plan:
    """Read every phrase. Raises PhraseError naming the family and phrase that cannot be read."""
    parser = Parser(vocabulary.classes, vocabulary.expand)
    written: list[tuple[int, str, Node]] = []
    phrases = [phrase for family in families for phrase in family.phrases]
    for number, phrase in enumerate(phrases):
        where = f"{phrase.family}/{phrase.id}"
        for say in phrase.say:
            try:
                written.append((number, where, parser.parse(say)))
            except PhraseError as error:
                raise PhraseError(f"{where}: {error}") from error
    symbols = _symbols([node for _, _, node in written], vocabulary.fillers)
    planner = _Planner(symbols)
    patterns = [planner.pattern(number, node, where) for number, where, node in written]
    table = {
        typed: "".join(chr(FIRST_SYMBOL + symbols[word]) if word in symbols else UNKNOWN for word in words)
        for typed, words in vocabulary.table(list(symbols)).items()
    }
    fillers = sorted({symbols[word] for word in vocabulary.fillers})
    return Plan(fillers, table, planner.sets(), planner.nodes, patterns)


def _symbols(nodes: Sequence[Node], fillers: Sequence[str]) -> dict[str, int]:
    """A number for each word; words that no phrase tells apart share one."""
    members: dict[str, list[int]] = {}
    for index, words in enumerate(dict.fromkeys([frozenset(fillers), *word_sets(nodes)])):
        for word in words:
            members.setdefault(word, []).append(index)
    numbers: dict[tuple[int, ...], int] = {}
    return {word: numbers.setdefault(tuple(at), len(numbers)) for word, at in sorted(members.items())}


def _far(steps: Sequence[_Part]) -> bool:
    """Whether a word of the last of some parts may stand further than NEAR from one of the first."""
    lengths = [step.longest for step in steps]
    return None in lengths or sum(filter(None, lengths)) > NEAR


def _bits(mask: int) -> list[int]:
    found = []
    while mask:
        lowest = mask & -mask
        mask ^= lowest
        found.append(lowest.bit_length() - 1)
    return found
