"""Finds phrases in a text with whole numbers as sets of places.

A text is a string of symbols (``plan.py``). A set of places in the text is a number whose bit i stands for "before
symbol i". A phrase is a function from the set of places where it may begin to the set of places where it may have
ended, built of one such function for each of its parts. So all ways to read a phrase are followed at once and each
part is looked at once: time is linear in the text times the length of the phrase, whatever the text.

Each function is made when a text first asks for it, which costs some millionths of a second, and kept.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from companion.escalation.line import Line, Step
from companion.escalation.plan import BREAK, FIRST_SYMBOL, NEAR, Plan

_FEW = 6  # words


class Matcher:
    """Follows a plan. Threads may share it: what is made twice is the same."""

    def __init__(self, plan: Plan) -> None:
        self._nodes = plan.nodes
        self._sets = plan.sets
        self._patterns = plan.patterns
        self._small = sum(1 << symbol for symbol in plan.fillers)
        self._masks: dict[int, int] = {}
        self._tried: dict[int, tuple[int, Step, tuple[int, ...]]] = {}
        self._steps: dict[int, Step] = {}
        same: dict[int, int] = {}
        for at, pattern in enumerate(self._patterns):
            same[pattern[0]] = same.get(pattern[0], 0) | 1 << at
        self._others = {phrase: ~bits for phrase, bits in same.items()}
        self._plan_search()

    def search(self, symbols: str) -> Iterator[tuple[int, int, Line]]:
        """Number of each phrase that is in the text, the part that was found, and the text as places."""
        left = self._candidates(symbols)
        if not left:
            return
        line = Line(symbols, self._small)
        there = line.bits
        while left:
            lowest = left & -left
            left ^= lowest
            number = lowest.bit_length() - 1
            phrase, step, needs = self._tried.get(number) or self._try(number)
            for need in needs:
                if not need & there:
                    break
            else:
                if step(line, line.everywhere):
                    left &= self._others[phrase]
                    yield phrase, self._patterns[number][1], line

    def _try(self, number: int) -> tuple[int, Step, tuple[int, ...]]:
        """Phrase, function and those needs of a pattern that ``_candidates`` has not looked for."""
        phrase, part, seen, _, needs = self._patterns[number]
        unseen = tuple(self.mask(need) for need in needs if need not in seen)
        tried = self._tried[number] = (phrase, self.step(part), unseen)
        return tried

    def _plan_search(self) -> None:
        """For each symbol, the patterns whose third, second and first need it is among.

        A pattern is tried when its needs were met in their order, none far from the one before. A pattern with fewer
        needs has its last ones only; what comes before counts as met from the start.
        """
        self._start = [0, 0]
        self._far = [0, 0]
        by_set: dict[tuple[int, int], int] = {}
        for at, (_, _, needs, far, _) in enumerate(self._patterns):
            bit = 1 << at
            first = 3 - len(needs)
            for slot, need in enumerate(needs, first):
                by_set[slot, need] = by_set.get((slot, need), 0) | bit
            for slot in range(2):
                if slot < first:
                    self._start[slot] |= bit
                elif far[slot - first]:
                    self._far[slot] |= bit
        self._wanted: dict[int, list[int]] = {}
        for (slot, need), bits in by_set.items():
            for sign in self._sets[need]:
                symbol = ord(sign) - FIRST_SYMBOL
                entry = self._wanted.get(symbol)
                if entry is None:
                    entry = self._wanted[symbol] = [0, 0, 0]
                entry[slot] |= bits

    def _candidates(self, symbols: str) -> int:
        """The patterns worth trying, as bits.

        ``one`` and ``two`` hold the patterns whose first and second need was met not long ago: all met in this and
        the last stretch of NEAR words, and those that may be far apart.
        """
        wanted = self._wanted
        small = self._small
        one, two = self._start
        new_one, new_two = one, two
        found = 0
        words = 0
        for symbol in symbols:
            number = ord(symbol) - FIRST_SYMBOL
            if number < 0:
                words += symbol != BREAK
            else:
                entry = wanted.get(number)
                if entry is not None:
                    first, second, third = entry
                    if third:
                        found |= third & two
                    if second:
                        second &= one
                        if second:
                            two |= second
                            new_two |= second
                    if first:
                        one |= first
                        new_one |= first
                if not small >> number & 1:
                    words += 1
            if words >= NEAR:
                words = 0
                one, two = new_one, new_two
                new_one = new_one & self._far[0] | self._start[0]
                new_two = new_two & self._far[1] | self._start[1]
        return found

    def mask(self, number: int) -> int:
        """A set of symbols as bits."""
        mask = self._masks.get(number)
        if mask is None:
            mask = 0
            for sign in self._sets[number]:
                mask |= 1 << ord(sign) - FIRST_SYMBOL
            self._masks[number] = mask
        return mask

    def step(self, number: int) -> Step:
        """The function of a part."""
        step = self._steps.get(number)
        if step is None:
            step = self._steps[number] = self._make(number)
        return step

    def _make(self, number: int) -> Step:
        node = self._nodes[number]
        kind = node[0]
        if kind == "word":
            return _word(self.mask(node[1]), node[1])
        if kind == "row":
            return self._row(node[1])
        if kind == "one of":
            return _Branches(self, number, node[1]).step
        if kind == "maybe":
            return _optional(self.step(node[1]))
        return _gap(node[1], node[2]) if kind == "gap" else _EDGES[node[1]]

    def _row(self, numbers: Sequence[int]) -> Step:
        """A gap does not cross the end of a sentence; two words written next to each other do.

        Fillers may stand at any joint.
        """
        steps: list[Step] = []
        joint: Step | None = None
        for number in numbers:
            node = self._nodes[number]
            step = self.step(number)
            if node[0] == "gap":
                steps.append(step)
                joint = None
            elif node[0] == "edge":
                steps.append(step)
                joint = _over_fillers
            elif node[0] == "maybe":
                # The joint goes with the optional word, so that nothing is asked for when the word is missing.
                inner = self.step(node[1])
                steps.append(_optional(_chain([joint, inner] if joint else [inner, _over_joint])))
            else:
                steps.extend([joint, step] if joint else [step])
                joint = _over_joint
        return _chain(steps)


class _Branches:
    """The branches of alternatives, kept by a word that each needs, so that only those are tried that can match."""

    def __init__(self, matcher: Matcher, number: int, branches: Sequence[Any]) -> None:
        self._matcher = matcher
        self._number = number
        self._by_word: dict[int, list[tuple[int, int]]] = {}
        self._others: list[tuple[int, int, int]] = []  # masks that a text must meet, and the part
        for *needs, part in branches:
            one, two = (needs * 2)[:2] or (-1, -1)
            words = matcher._sets[one] if needs else ()
            if not needs:
                self._others.append((-1, -1, part))
            elif len(words) > _FEW:
                self._others.append((matcher.mask(one), matcher.mask(two), part))
            for word in words if len(words) <= _FEW else ():
                self._by_word.setdefault(ord(word) - FIRST_SYMBOL, []).append((matcher.mask(two), part))
        self._words = sum(1 << word for word in self._by_word)

    def _possible(self, line: Line) -> list[Step]:
        """The branches whose words are in a text."""
        there = line.bits
        step = self._matcher.step
        steps = [step(part) for one, two, part in self._others if one < 0 or (one & there and two & there)]
        words = self._words & there
        while words:
            lowest = words & -words
            words ^= lowest
            for need, part in self._by_word[lowest.bit_length() - 1]:
                if need & there:
                    steps.append(step(part))
        return steps

    def step(self, line: Line, places: int) -> int:
        """Follow all branches at once."""
        anywhere = places == line.everywhere
        key = self._number
        if anywhere and key in line.known:
            return line.known[key]
        possible = line.possible.get(key)
        if possible is None:
            possible = line.possible[key] = self._possible(line)
        found = 0
        for each in possible:
            found |= each(line, places)
        if anywhere:
            line.known[key] = found
        return found


def where(step: Step, line: Line) -> tuple[int, int]:
    """First and last symbol of the match that is complete first, and as short as it can be."""
    ends = step(line, line.everywhere)
    end = ends & -ends
    low, high = 0, end.bit_length() - 1  # the latest start from which the match still ends there
    while low < high:
        middle = (low + high + 1) // 2
        if step(line, line.everywhere >> middle << middle) & end:
            low = middle
        else:
            high = middle - 1
    return low, max(low, end.bit_length() - 2)


def _spread(places: int, over: int) -> int:
    """``places`` and all places that follow them over a run of symbols of the set ``over``.

    Adding a run's lowest bits carries through the whole run, so one addition does it for all runs.
    """
    return places | ((places & over) + over) ^ over


def _word(words: int, key: int) -> Step:
    def step(line: Line, places: int) -> int:
        found = line.found.get(key)
        return (places & (line.find(words, key) if found is None else found)) << 1

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


def _optional(inner: Step) -> Step:
    def step(line: Line, places: int) -> int:
        return places | inner(line, places)

    return step


def _gap(most: int | None, across: bool) -> Step:
    if most is None:
        return _to_the_end if across else _over_sentence
    powers: list[int] = []
    left = most
    power = 0
    while left:
        if left < 1 << power:
            power = left.bit_length() - 1
        powers.append(power)
        left -= 1 << power
        power += 1
    fixed = tuple(powers)
    if across:

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
    over = line.loose
    return places | ((places & over) + over) ^ over  # as ``_spread``, which is called most of all from here


def _over_sentence(line: Line, places: int) -> int:
    return _spread(places, line.steps()[0])


def _to_the_end(line: Line, places: int) -> int:
    return line.everywhere & -(places & -places)


def _start(line: Line, places: int) -> int:
    return (places & line.breaks) << 1 | places & 1


def _end(line: Line, places: int) -> int:
    places = _spread(places, line.small)
    return (places & line.breaks) << 1 | places & line.end


_EDGES: dict[str, Step] = {"^": _start, "$": _end}
