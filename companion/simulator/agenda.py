"""What is still to happen: messages that move on, receipts that will be posted."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Step:
    """One thing to happen: a message moves to a status, a receipt with that status is posted, or a call goes on."""

    kind: str  # "move", "receipt", "call" or "call_receipt"
    sid: str
    status: str
    code: int | None = None


class Agenda:
    """Steps by the moment at which they fall due. Safe to use from several threads."""

    def __init__(self) -> None:
        self._heap: list[tuple[datetime, int, Step]] = []
        self._numbers = itertools.count()
        self.changed = threading.Condition()

    def add(self, due: datetime, step: Step) -> None:
        """Plan a step for `due` (aware, UTC). Steps of one moment happen in the order they were added."""
        with self.changed:
            heapq.heappush(self._heap, (due, next(self._numbers), step))
            self.changed.notify_all()

    def pop_due(self, now: datetime, wanted: Callable[[Step], bool] = lambda _: True) -> Step | None:
        """Take and return the earliest wanted step that is due at `now`, or None."""
        with self.changed:
            if self._heap and self._heap[0][0] <= now and wanted(self._heap[0][2]):
                return heapq.heappop(self._heap)[2]
            fitting = [entry for entry in self._heap if entry[0] <= now and wanted(entry[2])]
            if not fitting:
                return None
            first = min(fitting)
            self._heap.remove(first)
            heapq.heapify(self._heap)
            return first[2]

    def next_due(self) -> datetime | None:
        """Return when the next step falls due, or None."""
        with self.changed:
            return self._heap[0][0] if self._heap else None
