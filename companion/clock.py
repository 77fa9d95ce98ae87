"""Where the time comes from. Nothing else in the product asks the machine for it."""

from __future__ import annotations

import os
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """Tells the time. Every value is aware and in UTC."""

    def now(self) -> datetime:
        """Return the present moment in UTC."""
        ...


class SystemClock:
    """The machine's own clock: the only one there is in production."""

    def now(self) -> datetime:
        """Return the present moment in UTC."""
        return datetime.now(UTC)


class FixedClock:
    """A clock that stands still until it is moved. For tests within one process."""

    def __init__(self, start: datetime) -> None:
        self._now = _aware(start)

    def now(self) -> datetime:
        """Return the moment it was last moved to, in UTC."""
        return self._now

    def move_to(self, moment: datetime) -> None:
        """Go to `moment`, forwards or backwards. Raises ValueError for a naive value."""
        self._now = _aware(moment)

    def advance(self, by: timedelta) -> None:
        """Go `by` further."""
        self._now += by


class MovableClock:
    """A running clock that can be moved, shared between processes by one small file.

    The file holds the distance from the machine's clock in seconds. A missing or broken file means no distance.
    For the demonstration and for tests; settings refuse it beside the real Twilio.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def now(self) -> datetime:
        """Return the machine's time plus the shared distance, in UTC."""
        return datetime.now(UTC) + self._distance()

    def move_to(self, moment: datetime) -> None:
        """Go to `moment`, for every process that shares the file. Raises ValueError for a naive value."""
        self._write(_aware(moment) - datetime.now(UTC))

    def advance(self, by: timedelta) -> None:
        """Go `by` further, for every process that shares the file."""
        self._write(self._distance() + by)

    def _distance(self) -> timedelta:
        try:
            return timedelta(seconds=float(self._path.read_text()))
        except (OSError, ValueError, OverflowError):
            return timedelta()

    def _write(self, distance: timedelta) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self._path.parent)
        with os.fdopen(handle, "w") as file:
            file.write(repr(distance.total_seconds()))
        Path(name).replace(self._path)


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return moment.astimezone(UTC)
