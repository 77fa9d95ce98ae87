"""A text as sets of places, and how the parts of a phrase are followed through it.

A set of places is a whole number whose bit i stands for "before symbol i". A part of a phrase (``plan.py``) leads from
the set of places where it may begin to the set of places where it may have ended. So all ways to read a phrase are
followed at once and each part is looked at once: time is linear in the text times the length of the phrase, whatever
the text. Nothing is made ready beforehand: the first text is as quick as any other.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

from companion.escalation.phrases import MAX_GAP
from companion.escalation.plan import ACROSS, ANY_LENGTH, BREAK, START, Part, Step

_DOUBLINGS = 5  # steps of 1, 2, 4, 8, 16 words: enough for MAX_GAP

_set: Callable[[str], frozenset[str]] = lru_cache(maxsize=4096)(frozenset)


def _doubled(words: int) -> tuple[int, ...]:
    """Steps that together reach every place up to so many words on."""
    steps: list[int] = []
    while sum(steps) < words:
        steps.append(min(sum(steps) + 1, words - sum(steps)))
    return tuple(steps)


_DOUBLED = [_doubled(words) for words in range(MAX_GAP * 8)]


class _Places(dict[str, int]):
    """Where the symbols of a text are and, once somebody asks, where any symbol of a set is."""

    __slots__ = ("_there",)

    def __init__(self, there: frozenset[str]) -> None:
        super().__init__(dict.fromkeys(there, 0))
        self._there = there

    def __missing__(self, words: str) -> int:
        places = 0
        if len(words) > 1:
            for symbol in self._there & _set(words):
                places |= self[symbol]
        self[words] = places
        return places


class Line:
    """A text as sets of places."""

    __slots__ = (
        "_breaks",
        "_counted",
        "_end",
        "_found",
        "_known",
        "_loose",
        "_small",
        "_steps",
        "_there",
        "everywhere",
    )

    def __init__(self, line: str, loose: frozenset[str]) -> None:
        """``loose``: the fillers and the end of a sentence."""
        self._there = there = frozenset(line)
        self._found = found = _Places(there)
        # The same with what is loose left out of the count; the same sets if there is none.
        loose &= there
        self._counted = counted = _Places(there) if loose else found
        place = count = 1
        for symbol in line:
            found[symbol] |= place
            place <<= 1
            if loose:
                counted[symbol] |= count
                if symbol not in loose:
                    count <<= 1
        self._end = place
        self.everywhere = (place << 1) - 1
        self._breaks = found.get(BREAK, 0)
        self._loose = 0
        for symbol in loose:
            self._loose |= found[symbol]
        self._small = self._loose & ~self._breaks
        self._steps: list[int] = []
        self._known: dict[int, int] = {}  # where alternatives may have ended that began anywhere, by their identity

    def near(self, steps: Iterable[Step]) -> bool:
        """Whether words of some sets are in the text in this order, none further after the one before than it may be.

        Much quicker than to follow a whole line of a phrase, and most lines that a text does not hold fail here.
        """
        known = self._counted
        reach = -1
        for words, words_after in steps:
            reach &= known[words]
            if not reach:
                return False
            if words_after:
                for by in _DOUBLED[words_after]:
                    reach |= reach << by
            else:
                reach = -(reach & -reach)
        return True

    def follow(self, part: Part, places: int) -> int:
        """Where a part may have ended that began at one of some places."""
        if part.__class__ is tuple:
            return self._row(part, places)
        if isinstance(part, str):
            return (places & self._found[part]) << 1
        if isinstance(part, int):
            return self._move(part, places)
        if places != self.everywhere:
            return self._either(part, places)
        key = id(part)
        ends = self._known.get(key)
        if ends is None:
            ends = self._known[key] = self._either(part, places)
        return ends

    def first(self, part: Part) -> tuple[int, int]:
        """First and last symbol of the match that is complete first, and as short as it can be."""
        ends = self.follow(part, self.everywhere)
        end = ends & -ends
        low, high = 0, end.bit_length() - 1  # the latest start from which the match still ends there
        while low < high:
            middle = (low + high + 1) // 2
            if self.follow(part, self.everywhere >> middle << middle) & end:
                low = middle
            else:
                high = middle - 1
        return low, max(low, end.bit_length() - 2)

    def _row(self, row: Sequence[Any], places: int) -> int:
        """One part after the other.

        A gap does not cross the end of a sentence; two words written next to each other do. Fillers may stand at any
        joint: ``over`` is what may be passed over there. Adding a run's lowest bits to the run carries through it, so
        that one addition passes over all runs.
        """
        found = self._found
        over = 0
        for part in row:
            kind = part.__class__
            if kind is str:
                passed = places & over
                if passed:
                    places |= (passed + over) ^ over
                places &= found[part]
                if not places:
                    return 0
                places <<= 1
                over = self._loose
            elif kind is int:
                places = self._move(part, places)
                over = self._small if part >= START else 0
            elif kind is list and part[0] is None:
                # The joint goes with the optional part, so that nothing is asked for when it is missing.
                if over:
                    places |= self.follow(part[1], _pass(places, over))
                else:
                    places |= _pass(self.follow(part[1], places), self._loose)
            else:
                places = self.follow(part, _pass(places, over))
                over = self._loose
            if not places:
                return 0
        return places

    def _either(self, part: Any, places: int) -> int:
        """Follow all alternatives at once, but for those that cannot be in this text."""
        if part[0] is None:
            return places | self.follow(part[1], places)
        words, by_word, others = part
        found = self._found
        ends = 0
        for other in others:
            if other.__class__ is str:
                ends |= (places & found[other]) << 1
            else:
                ends |= self.follow(other, places)
        if words:
            for word in self._there & _set(words):
                at = words.find(word)
                while at >= 0:
                    row = by_word[at]
                    first = row[0]
                    if first.__class__ is not str or found[first] & places:
                        ends |= self._row(row, places)
                    at = words.find(word, at + 1)
        return ends

    def _move(self, step: int, places: int) -> int:
        """Over a gap, or on to the start or end of a sentence."""
        if step >= START:
            if step == START:
                return (places & self._breaks) << 1 | places & 1
            places = _pass(places, self._small)
            return (places & self._breaks) << 1 | places & self._end
        if step == ACROSS + ANY_LENGTH:
            return self.everywhere & -(places & -places)
        across = step >= ACROSS
        left = step - ACROSS if across else step
        steps = self._steps or self._set_steps()
        if left == ANY_LENGTH:
            return _pass(places, steps[0])
        power = 0
        while left:
            if left < 1 << power:
                power = left.bit_length() - 1
            places |= (places if across else places & steps[power]) << (1 << power)
            left -= 1 << power
            power += 1
        return places & self.everywhere

    def _set_steps(self) -> list[int]:
        """Places from which 1, 2, 4, 8, 16 words follow in the same sentence."""
        step = (self._end - 1) & ~self._breaks
        self._steps.append(step)
        for at in range(1, _DOUBLINGS):
            step &= step >> (1 << (at - 1))
            self._steps.append(step)
        return self._steps


def _pass(places: int, over: int) -> int:
    """``places`` and all places that follow them over a run of symbols of the set ``over``."""
    passed = places & over
    return places | (passed + over) ^ over if passed else places
