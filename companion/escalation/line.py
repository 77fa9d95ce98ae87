"""A text as sets of places: whole numbers whose bit i stands for "before symbol i" (``matcher.py``)."""

from __future__ import annotations

from collections.abc import Callable

from companion.escalation.plan import BREAK, FIRST_SYMBOL

_DOUBLINGS = 5  # steps of 1, 2, 4, 8, 16 words: enough for MAX_GAP


class Line:
    """A text as sets of places."""

    __slots__ = (
        *("_steps", "bits", "breaks", "end", "everywhere", "found"),
        *("known", "loose", "possible", "small", "where"),
    )

    def __init__(self, line: str, fillers: int) -> None:
        places: dict[str, int] = {}
        place = 1
        for symbol in line:
            places[symbol] = places.get(symbol, 0) | place
            place <<= 1
        self.end = place
        self.everywhere = (place << 1) - 1
        self.breaks = 0
        bits = small = 0
        self.where: dict[int, int] = {}
        for symbol, where in places.items():
            number = ord(symbol) - FIRST_SYMBOL
            if number >= 0:
                bits |= 1 << number
                self.where[number] = where
                if fillers >> number & 1:
                    small |= where
            elif symbol == BREAK:
                self.breaks = where
        self.bits = bits
        self.small = small
        self.loose = small | self.breaks
        self._steps: list[int] = []
        self.found: dict[int, int] = {}
        # What alternatives found out about this text, by their own number: branches worth trying; ends from anywhere.
        self.possible: dict[int, list[Step]] = {}
        self.known: dict[int, int] = {}

    def find(self, words: int, key: int) -> int:
        """The places of any word of a set of symbols, kept in ``found`` under ``key`` (large numbers hash slowly)."""
        places = 0
        there = words & self.bits
        while there:
            lowest = there & -there
            there ^= lowest
            places |= self.where[lowest.bit_length() - 1]
        self.found[key] = places
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


# From the places where a part of a phrase may begin to those where it may have ended.
Step = Callable[[Line, int], int]
