"""Turns the written phrases into a plan: plain data that is quick to store, to read back and to follow.

Each word that any phrase knows is a symbol, one character; words that no phrase tells apart share one. What a text must
hold for a line of a phrase to be in it is worked out here, once: its *needs* are sets of which a word must be there.
The few rarest of them are looked for before anything else is done for that line.

A part of a phrase is one of five kinds of plain data (``Part``), which ``line.py`` follows:

- a string: one word out of these symbols;
- a number: a gap, or the start or end of a sentence;
- a tuple: parts one after the other;
- a list of two, the first of them None: a part that may be missing;
- a list of three: any of several parts. The first two are symbols, and for each a part that cannot be where it is not;
  the third are parts of which no one symbol can be said so.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from companion.escalation.normalise import TOKEN, fold
from companion.escalation.packing import as_bits, as_chunks, bits_of, pack
from companion.escalation.phrases import Edge, Gap, Node, Opt, Parser, PhraseError, Seq, Words, word_sets
from companion.escalation.watchlist_data import Family, Phrase, Vocabulary

Part = str | int | tuple[Any, ...] | list[Any]

FIRST_SYMBOL = 0x0100
# The end of a sentence. A gap does not cross it; words written next to each other do ("I. want. to. die.").
BREAK = "\x01"
# Every word that no phrase knows.
UNKNOWN = "\x02"
# Numbers among the parts. Below ACROSS: a gap of so many words in one sentence; from ACROSS on: over its end as well.
ANY_LENGTH = 0  # in place of the number of words
ACROSS = 32
START, END = 64, 65
SLOTS = 4  # so many needs of a line are looked for before it is tried (``Matcher._met`` looks at twice two)
STRETCH = 8  # words; a long text is looked at in stretches of this length
SPANS = (1, 2, 4)  # stretches; the lines of phrases that are no longer than this are looked for together
_DENSE = 24  # a symbol that more needs know is kept as packed bits
_MANY = 2  # alternatives; more are kept by a word
_FEW = 6  # words; a need of more is no good for that


# One need of a step of a line, and how many words after it that of the next may be at most (0: anywhere after it).
Step = tuple[str, int]
# Number of the phrase, its part, its steps in order.
Line = tuple[int, Part, tuple[Step, ...]]


@dataclass(frozen=True, slots=True)
class Plan:
    """Plain data, ready for ``marshal``: all that a running service needs of the list. See ``Matcher``."""

    version: str
    date: str
    signs: dict[str, str]
    families: tuple[tuple[str, Any, str], ...]  # name, route as written, title
    phrases: tuple[tuple[str, int, str], ...]  # id, number of its family, why
    fillers: str  # symbols
    table: dict[str, str]  # from words as typed to symbols
    lines: tuple[Line, ...]
    # Per symbol the needs it meets: bits slot * number of lines + line, packed, or chunks of them.
    slots: dict[str, bytes | tuple[int, ...]]
    spans: tuple[int, ...]  # for each of SPANS, as bits, the lines that are longer


@dataclass(frozen=True, slots=True)
class _Planned:
    part: Part
    needs: tuple[int, ...]  # set numbers
    longest: int | None  # words that are no fillers; None: any number


class _Planner:
    def __init__(self, symbols: dict[str, int], seen: Counter[str]) -> None:
        self._symbols = symbols
        self._seen: Counter[int] = Counter()
        for word, count in seen.items():
            if word in symbols:
                self._seen[symbols[word]] += count
        self._masks: list[int] = []
        self._weights: list[int] = []
        self._numbers: dict[int, int] = {}
        self._texts: dict[int, str] = {}
        self._known: dict[int, _Planned] = {}
        self._same: dict[tuple[object, ...], _Planned] = {}
        self._steps: dict[Step, Step] = {}

    def line(self, node: Node, where: str) -> tuple[_Planned, list[int]]:
        """One line of a phrase and its needs, rarest first. Raises PhraseError if it could be in any text."""
        planned = self.part(node)
        if not planned.needs:
            raise PhraseError(f"{where}: one of its lines could match anything")
        return planned, self._rarest(planned.needs, len(planned.needs))

    def in_order(self, node: Node) -> tuple[Step, ...]:
        """The rarest need of each step of a line, and how many words after each the next may be at most."""
        steps = [self.part(item) for item in node.items] if isinstance(node, Seq) else []
        at = [number for number, step in enumerate(steps) if step.needs]
        words = tuple(self.words(self._rarest(steps[number].needs, 1)[0]) for number in at)
        lengths = [[step.longest for step in steps[one : two + 1]] for one, two in pairwise(at)]
        most = tuple(0 if None in each else sum(filter(None, each)) - 1 for each in lengths)
        found = zip(words, (*most, 0), strict=True) if len(at) > 1 else ()
        return tuple(self._steps.setdefault(step, step) for step in found)

    def part(self, node: Node) -> _Planned:
        """Nodes are remembered by identity: classes are shared (the caller keeps them alive)."""
        known = self._known.get(id(node))
        if known is None:
            known = self._known[id(node)] = self._plan(node)
        return known

    def words(self, number: int) -> str:
        """The symbols of a set. The same set is the same string, which is so kept once."""
        if number not in self._texts:
            self._texts[number] = "".join(chr(FIRST_SYMBOL + symbol) for symbol in bits_of(self._masks[number]))
        return self._texts[number]

    def _rarest(self, needs: Sequence[int], most: int) -> list[int]:
        """The ``most`` needs that texts meet least often."""
        return sorted(needs, key=self._weights.__getitem__)[:most]

    def _plan(self, node: Node) -> _Planned:
        if isinstance(node, Words):
            number = self._number(self._mask(node.words))
            return _Planned(self.words(number), (number,), 1)
        if isinstance(node, Gap):
            return _Planned((ACROSS if node.across else 0) + (node.most or ANY_LENGTH), (), node.most)
        if isinstance(node, Edge):
            return _Planned(START if node.mark == "^" else END, (), 0)
        if isinstance(node, Opt):
            inner = self.part(node.item)
            return self._once([None, inner.part], (), inner.longest)
        planned = [self.part(item) for item in node.items]
        parts = [each.part for each in planned]
        lengths = [each.longest for each in planned]
        if isinstance(node, Seq):
            needs = tuple(dict.fromkeys(need for each in planned for need in each.needs))
            return self._once(tuple(parts), needs, None if None in lengths else sum(filter(None, lengths)))
        longest = None if None in lengths else max(filter(None, lengths), default=0)
        return self._once(self._by_word(planned), self._shared(planned), longest)

    def _by_word(self, planned: Sequence[_Planned]) -> list[Part]:
        """Alternatives by the words of the rarest need of each."""
        by_word: list[tuple[str, Part]] = []
        others: list[Part] = []
        for each in planned:
            words = self.words(self._rarest(each.needs, 1)[0]) if each.needs else ""
            if len(planned) > _MANY and isinstance(each.part, tuple) and 0 < len(words) <= _FEW:
                by_word += [(word, each.part) for word in words]
            else:
                others.append(each.part)
        return ["".join(word for word, _ in by_word), tuple(part for _, part in by_word), tuple(others)]

    def _shared(self, planned: Sequence[_Planned]) -> tuple[int, ...]:
        """Needs of alternatives: one need of each branch, the one met least often; then the next of each.

        Whichever branch matches, one of these words is there.
        """
        if not all(each.needs for each in planned):
            return ()
        ordered = [self._rarest(each.needs, SLOTS) for each in planned]
        joined: dict[int, None] = {}
        for at in range(max(map(len, ordered))):
            mask = 0
            for needs in ordered:
                mask |= self._masks[needs[min(at, len(needs) - 1)]]
            joined[self._number(mask)] = None
        return tuple(joined)

    def _once(self, part: Part, needs: tuple[int, ...], longest: int | None) -> _Planned:
        """Parts that are written alike are one, whatever phrases they are in."""
        key = (type(part), *_identities(part))
        planned = self._same.get(key)
        if planned is None:
            planned = self._same[key] = _Planned(part, needs, longest)
        return planned

    def _mask(self, words: Iterable[str]) -> int:
        mask = 0
        for word in words:
            mask |= 1 << self._symbols[word]
        return mask

    def _number(self, mask: int) -> int:
        number = self._numbers.get(mask)
        if number is None:
            number = self._numbers[mask] = len(self._masks)
            self._masks.append(mask)
            self._weights.append(sum(3 * self._seen[symbol] + 1 for symbol in bits_of(mask)))
        return number


def make_plan(vocabulary: Vocabulary, families: Sequence[Family], phrases: Sequence[Phrase]) -> Plan:
    """Read every phrase. Raises PhraseError naming the family and phrase that cannot be read."""
    parser = Parser(vocabulary.classes, vocabulary.expand)
    written: list[tuple[int, str, Node]] = []
    for number, phrase in enumerate(phrases):
        where = f"{phrase.family}/{phrase.id}"
        for say in phrase.say:
            try:
                written.append((number, where, parser.parse(say)))
            except PhraseError as error:
                raise PhraseError(f"{where}: {error}") from error
    symbols = _symbols([node for _, _, node in written], vocabulary.fillers)
    table = vocabulary.table(list(symbols))
    planner = _Planner(symbols, _seen(vocabulary, phrases, table))
    planned = [(number, node, *planner.line(node, where)) for number, where, node in written]
    signs: dict[int, str] = {}
    known = {word: signs.setdefault(at, chr(FIRST_SYMBOL + at)) for word, at in symbols.items()}
    numbers = {family.name: number for number, family in enumerate(families)}
    return Plan(
        vocabulary.version,
        vocabulary.date.isoformat(),
        dict(vocabulary.signs),
        tuple((family.name, family.route, family.title) for family in families),
        tuple((phrase.id, numbers[phrase.family], phrase.why) for phrase in phrases),
        "".join(sorted({known[word] for word in vocabulary.fillers})),
        _shared_strings({typed: [known.get(word, UNKNOWN) for word in words] for typed, words in table.items()}),
        tuple((number, line.part, planner.in_order(node)) for number, node, line, _ in planned),
        _slots([[planner.words(need) for need in needs[:SLOTS]] for *_, needs in planned]),
        tuple(_longer([line.longest for *_, line, _ in planned], STRETCH * span) for span in SPANS),
    )


def _seen(vocabulary: Vocabulary, phrases: Sequence[Phrase], table: dict[str, tuple[str, ...]]) -> Counter[str]:
    """How often each word is in the examples of the list: the measure of which needs are rare."""
    seen: Counter[str] = Counter()
    for phrase in phrases:
        for text in (*phrase.must_match, *phrase.must_not_match):
            for typed in TOKEN.findall(fold(text, vocabulary.signs).text):
                seen.update(table.get(typed, ()))
    return seen


def _slots(lines: Sequence[Sequence[str]]) -> dict[str, bytes | tuple[int, ...]]:
    """For each symbol the slots of the lines that it fills. A line with fewer needs has its last one in several."""
    found: dict[str, list[int]] = {}
    for line, needs in enumerate(lines):
        for slot in range(SLOTS):
            for symbol in needs[min(slot, len(needs) - 1)]:
                found.setdefault(symbol, []).append(slot * len(lines) + line)
    return {symbol: pack(as_bits(at)) if len(at) > _DENSE else as_chunks(at) for symbol, at in found.items()}


def _longer(lengths: Sequence[int | None], words: int) -> int:
    """The lines that may be longer than so many words, as bits."""
    return as_bits(line for line, length in enumerate(lengths) if length is None or length > words)


def _shared_strings(table: dict[str, list[str]]) -> dict[str, str]:
    """The same symbols are the same string."""
    kept: dict[str, str] = {}
    return {
        typed: symbols[0] if len(symbols) == 1 else kept.setdefault("".join(symbols), "".join(symbols))
        for typed, symbols in table.items()
    }


def _symbols(nodes: Sequence[Node], fillers: Sequence[str]) -> dict[str, int]:
    """A number for each word; words that no phrase tells apart share one."""
    members: dict[str, list[int]] = {}
    for index, words in enumerate(dict.fromkeys([frozenset(fillers), *word_sets(nodes)])):
        for word in words:
            members.setdefault(word, []).append(index)
    numbers: dict[tuple[int, ...], int] = {}
    return {word: numbers.setdefault(tuple(at), len(numbers)) for word, at in sorted(members.items())}


def _identities(part: Part) -> Iterable[object]:
    """What tells a part from others, if those inside it are kept once."""
    if isinstance(part, list) and part[0] is not None:
        words, by_word, others = part
        yield words
        yield from map(_identity, by_word + others)
    elif isinstance(part, tuple | list):
        yield from map(_identity, part)


def _identity(part: Part | None) -> object:
    return part if part is None or isinstance(part, int) else (id(part),)
