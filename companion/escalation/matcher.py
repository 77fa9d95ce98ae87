"""Finds the phrases of the list in a text that was turned into symbols (``plan.py``).

Most lines of phrases need not be looked at: each has up to four needs, and a text that does not meet them all within
the length of that line cannot hold it. Which lines have theirs met is worked out for all of them at once, with whole
numbers whose bits are the needs of all lines. The few that are left are followed through the text (``line.py``).
"""

from collections.abc import Iterator
from itertools import pairwise

from companion.escalation.line import Line
from companion.escalation.packing import unpack
from companion.escalation.plan import BREAK, SPANS, STRETCH, Part, Plan

_UNPACKED = 1024  # symbols whose needs are kept ready: four kilobytes each
_SHORT = STRETCH * 2  # symbols; a text no longer than this is one stretch


class Matcher:
    """Follows a plan. Nothing in it changes but what is kept ready; threads may share it."""

    def __init__(self, plan: Plan) -> None:
        self._lines = plan.lines
        self._slots = plan.slots
        self._ready: dict[str, int] = {}
        every = (1 << len(plan.lines)) - 1
        # For each of SPANS the lines that fit into it and not into the one before; then the lines that fit into none.
        self._fitting = [before & ~after for before, after in pairwise((every, *plan.spans, 0))]
        self._loose = frozenset(plan.fillers) | {BREAK}

    def search(self, symbols: str) -> Iterator[tuple[int, Part, Line]]:
        """Number of each phrase that is in the text, the part that was found, and the text as places."""
        candidates = self._candidates(symbols)
        if not candidates:
            return
        line = Line(symbols, self._loose)
        done = -1
        for number in _ascending(candidates):
            phrase, part, steps = self._lines[number]
            if phrase != done and line.near(steps) and line.follow(part, line.everywhere):
                done = phrase
                yield phrase, part, line

    def _candidates(self, symbols: str) -> int:
        """The lines worth trying, as bits."""
        if len(symbols) <= _SHORT:
            return self._met(self._needs(frozenset(symbols)))
        *fitting, longer = self._fitting
        stretches = self._stretches(symbols)
        found = 0
        for at in range(len(stretches)):
            # What begins in one stretch and is no longer than ``span`` of them ends in the next ``span`` at the latest.
            after = at
            needs = 0
            for span, lines in zip(SPANS, fitting, strict=True):
                for more in stretches[after : at + span + 1]:
                    needs |= more
                found |= self._met(needs) & lines
                after = at + span + 1
        whole = 0
        for more in stretches:
            whole |= more
        return found | self._met(whole) & longer

    def _stretches(self, symbols: str) -> list[int]:
        """The needs that each stretch of STRETCH words meets; fillers and ends of sentences do not count as words."""
        found = []
        start = words = 0
        for at, symbol in enumerate(symbols, 1):
            if symbol not in self._loose:
                words += 1
                if words == STRETCH:
                    found.append(self._needs(frozenset(symbols[start:at])))
                    start = at
                    words = 0
        if start < len(symbols):
            found.append(self._needs(frozenset(symbols[start:])))
        return found

    def _met(self, needs: int) -> int:
        """The lines that have every slot filled, as bits."""
        lines = len(self._lines)
        both = needs & needs >> 2 * lines
        return both & both >> lines

    def _needs(self, symbols: frozenset[str]) -> int:
        """The needs that some symbols meet, as bits."""
        slots, ready = self._slots, self._ready
        bits = 0
        for symbol in symbols:
            known = ready.get(symbol)
            if known is not None:
                bits |= known
                continue
            needs = slots.get(symbol)
            if needs.__class__ is bytes:
                bits |= self._unpack(symbol, needs)
            elif needs is not None:
                chunks = iter(needs)
                for begins, chunk in zip(chunks, chunks, strict=True):
                    bits |= chunk << begins
        return bits

    def _unpack(self, symbol: str, needs: bytes) -> int:
        """The needs that a symbol meets, kept for the next text that holds it."""
        if len(self._ready) >= _UNPACKED:
            self._ready.clear()
        bits = self._ready[symbol] = unpack(needs)
        return bits


def _ascending(bits: int) -> list[int]:
    """The places of the bits that are set."""
    found = []
    while bits:
        found.append(bits.bit_length() - 1)
        bits ^= 1 << found[-1]
    return found[::-1]
