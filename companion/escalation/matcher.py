"""Finds phrases in a text with whole numbers as sets of places.

Each word that any phrase knows is a symbol; a text is a string of symbols. A set of places in the text is a number
whose bit i stands for "before symbol i". A phrase is a function from the set of places where it may begin to the set of
places where it may have ended, built of one such function for each of its parts. So all ways to read a phrase are
followed at once and each part is looked at once: time is linear in the text times the length of the phrase, whatever
the text. Nothing is compiled ahead, and the first text takes no longer than the next.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from companion.escalation.phrases import Alt, Edge, Gap, Node, Opt, Seq, Words

# The end of a sentence. A gap does not cross it; words written next to each other do ("I. want. to. die.").
BREAK = "\x01"
# Every word that no phrase knows.
UNKNOWN = "\x02"
SLOTS = 3  # so many needs of a pattern are looked at before it is tried
_ANY = -1  # the set of all symbols
_FEW = 6  # words
_DOUBLINGS = 5  # steps of 1, 2, 4, 8, 16 words: enough for MAX_GAP
_COMMON_WORDS = """
    i am is are be to not it the a of in and my me do have can he she they you this that was so up on with for
    at out but if just go get got we all like what when know no one time think back will would could need want
    feel going from about too day now or as how him her them had has been more did there who off over by an
"""
_COMMON_COUNTS = 30  # one of the most common words makes a set this much easier to meet


class Symbol(NamedTuple):
    """A symbol's bit in sets of symbols, that bit's number from 1, and whether it is a filler."""

    bit: int
    number: int
    filler: bool


class Line:
    """A text as sets of places."""

    __slots__ = (
        *("_found", "_steps", "bits", "breaks", "end", "everywhere"),
        *("known", "loose", "possible", "small", "where"),
    )

    def __init__(self, line: str, symbols: Mapping[str, "Symbol"]) -> None:
        places: dict[str, int] = {}
        place = 1
        for symbol in line:
            places[symbol] = places.get(symbol, 0) | place
            place <<= 1
        self.end = place
        self.everywhere = (place << 1) - 1
        self.breaks = places.pop(BREAK, 0)
        places.pop(UNKNOWN, None)
        there = 1 << len(symbols)  # never empty
        small = 0
        self.where: dict[int, int] = {}
        for symbol, where in places.items():
            bit, number, filler = symbols[symbol]
            there |= bit
            self.where[number] = where
            if filler:
                small |= where
        self.bits = there
        self.small = small
        self.loose = small | self.breaks
        self._steps: list[int] = []
        self._found: dict[int, int] = {}
        # What alternatives found out about this text, by their own key: branches worth trying; ends from anywhere.
        self.possible: dict[int, list[Step]] = {}
        self.known: dict[int, int] = {}

    def find(self, words: int, key: int) -> int:
        """The places of any word of a set of symbols; ``key`` stands for the set (large numbers hash slowly)."""
        places = self._found.get(key)
        if places is None:
            places = 0
            there = words & self.bits
            while there:
                lowest = there & -there
                there ^= lowest
                places |= self.where[lowest.bit_length()]
            self._found[key] = places
        return places

    def steps(self) -> list[int]:
        """Places from which 1, 2, 4, 8, 16 words follow in the same sentence."""
        if not self._steps:
            step = (self.end - 1) & ~self.breaks
            self._steps.append(step)
            for at in range(1, _DOUBLINGS):
                step &= step >> (1 << (at - 1))
                self._steps.append(step)
        return self._steps


Step = Callable[[Line, int], int]


@dataclass(frozen=True, slots=True)
class Part:
    """A compiled part of a phrase; in any text it matches, each set of ``needs`` has a word (in any order)."""

    step: Step
    needs: tuple[int, ...]


def _spread(places: int, over: int) -> int:
    """``places`` and all places that follow them over a run of symbols of the set ``over``.

    Adding a run's lowest bits carries through the whole run, so one addition does it for all runs.
    """
    return places | ((places & over) + over) ^ over


class Compiler:
    """Builds parts; ``bits`` gives each word the bit of its symbol."""

    def __init__(self, bits: Mapping[str, int]) -> None:
        self._bits = bits
        self._common = self._set([word for word in _COMMON_WORDS.split() if word in bits])
        self._known: dict[int, Part] = {}

    def part(self, node: Node) -> Part:
        """Compile a node. Nodes are remembered by identity: classes are shared (the caller keeps them alive)."""
        known = self._known.get(id(node))
        if known is None:
            known = self._known[id(node)] = self._build(node)
        return known

    def rarest(self, needs: Sequence[int], most: int) -> list[int]:
        """The ``most`` needs that ordinary texts meet least often."""
        return sorted(needs, key=self._commonness)[:most]

    def _commonness(self, words: int) -> int:
        return words.bit_count() + _COMMON_COUNTS * (words & self._common).bit_count()

    def _set(self, words: Iterable[str]) -> int:
        joined = 0
        for word in words:
            joined |= self._bits[word]
        return joined

    def _build(self, node: Node) -> Part:
        if isinstance(node, Words):
            words = self._set(node.words)
            return Part(_word(words, id(node)), (words,))
        if isinstance(node, Seq):
            return self._sequence(node)
        if isinstance(node, Alt):
            parts = [self.part(item) for item in node.items]
            return Part(_Branches(self, parts).step, self._shared(parts))
        if isinstance(node, Opt):
            return Part(_optional(self.part(node.item).step), ())
        return Part(_gap(node) if isinstance(node, Gap) else _EDGES[node.mark], ())

    def _shared(self, parts: Sequence[Part]) -> tuple[int, ...]:
        """Needs of alternatives: one need of each branch, the one met least often; then the next of each.

        Whichever branch matches, one of these words is there.
        """
        if not all(part.needs for part in parts):
            return ()
        ordered = [self.rarest(part.needs, SLOTS) for part in parts]
        joined: dict[int, None] = {}
        for at in range(max(map(len, ordered))):
            words = 0
            for needs in ordered:
                words |= needs[min(at, len(needs) - 1)]
            joined[words] = None
        return tuple(joined)

    def _sequence(self, node: Seq) -> Part:
        """A gap does not cross the end of a sentence; two words written next to each other do.

        Fillers may stand at any joint.
        """
        steps: list[Step] = []
        needs: dict[int, None] = {}
        joint: Step | None = None
        for item in node.items:
            part = self.part(item)
            needs |= dict.fromkeys(part.needs)
            if isinstance(item, Gap):
                steps.append(part.step)
                joint = None
            elif isinstance(item, Edge):
                steps.append(part.step)
                joint = _over_fillers
            elif isinstance(item, Opt):
                # The joint goes with the optional word, so that nothing is asked for when the word is missing.
                inner = self.part(item.item).step
                steps.append(_optional(_chain([joint, inner] if joint else [inner, _over_joint])))
            else:
                steps.extend([joint, part.step] if joint else [part.step])
                joint = _over_joint
        return Part(_chain(steps), tuple(needs))


def _word(words: int, key: int) -> Step:
    def step(line: Line, places: int) -> int:
        return (places & line.find(words, key)) << 1

    return step


def _chain(steps: Sequence[Step]) -> Step:
    if len(steps) == 1:
        return steps[0]
    fixed = tuple(steps)

    def step(line: Line, places: int) -> int:
        for each in fixed:
            places = each(line, places)
            if not places:
                return 0
        return places

    return step


class _Branches:
    """The branches of alternatives, kept by a word that each needs, so that only those are tried that can match."""

    def __init__(self, compiler: "Compiler", parts: Sequence[Part]) -> None:
        self._by_word: dict[int, list[tuple[int, Step]]] = {}
        self._others: list[tuple[int, int, Step]] = []
        for part in parts:
            one, two = (compiler.rarest(part.needs, 2) * 2 or [_ANY, _ANY])[:2]
            if one == _ANY or one.bit_count() > _FEW:
                self._others.append((one, two, part.step))
                continue
            while one:
                number = one.bit_length()
                one ^= 1 << (number - 1)
                self._by_word.setdefault(number, []).append((two, part.step))

    def possible(self, line: Line) -> list[Step]:
        """The branches whose words are in a text."""
        there = line.bits
        by_word = self._by_word
        steps = [step for one, two, step in self._others if one & there and two & there]
        for number in by_word.keys() & line.where.keys():
            steps += [step for need, step in by_word[number] if need & there]
        return steps

    def step(self, line: Line, places: int) -> int:
        """Follow all branches at once."""
        anywhere = places == line.everywhere
        key = id(self)
        if anywhere and key in line.known:
            return line.known[key]
        possible = line.possible.get(key)
        if possible is None:
            possible = line.possible[key] = self.possible(line)
        found = 0
        for each in possible:
            found |= each(line, places)
        if anywhere:
            line.known[key] = found
        return found


def _optional(inner: Step) -> Step:
    def step(line: Line, places: int) -> int:
        return places | inner(line, places)

    return step


def _gap(gap: Gap) -> Step:
    if gap.most is None:
        return _to_the_end if gap.across else _over_sentence
    powers: list[int] = []
    left = gap.most
    power = 0
    while left:
        if left < 1 << power:
            power = left.bit_length() - 1
        powers.append(power)
        left -= 1 << power
        power += 1
    fixed = tuple(powers)
    if gap.across:

        def step_across(line: Line, places: int) -> int:
            for power in fixed:
                places |= places << (1 << power)
            return places & line.everywhere

        return step_across

    def step(line: Line, places: int) -> int:
        steps = line.steps()
        for power in fixed:
            places |= (places & steps[power]) << (1 << power)
        return places

    return step


def _over_fillers(line: Line, places: int) -> int:
    return _spread(places, line.small)


def _over_joint(line: Line, places: int) -> int:
    return _spread(places, line.loose)


def _over_sentence(line: Line, places: int) -> int:
    return _spread(places, line.steps()[0])


def _to_the_end(line: Line, places: int) -> int:
    return line.everywhere & -(places & -places)


def _start(line: Line, places: int) -> int:
    return (places & line.breaks) << 1 | places & 1


def _end(line: Line, places: int) -> int:
    places = _spread(places, line.small)
    return (places & line.breaks) << 1 | places & line.end


_EDGES: Mapping[str, Step] = {"^": _start, "$": _end}
