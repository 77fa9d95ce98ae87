"""How fast each sender may send, in message parts a second, shared by all workers through the database.

Above its rate Twilio queues for hours what it accepted, the urgent behind the idle; so the queue stays here, where a
page overtakes. Pages and answers are never held back.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from companion.models import SenderRate
from companion.models.base import store_once

BURST = 5.0  # seconds' worth of parts that may go at once after a rest
_RATE = select(SenderRate).where(SenderRate.channel == bindparam("sender")).with_for_update()  # made once


class Budget:
    """What may still be sent within one claim. Holds the rate's rows locked until the transaction ends."""

    def __init__(self, session: Session, now: datetime, parts_per_second: dict[str, float]) -> None:
        self._session = session
        self._now = now
        self._rates = parts_per_second
        self._rows: dict[str, SenderRate] = {}

    def spend(self, channel: str, parts: int) -> timedelta | None:
        """Spend `parts` on `channel` and return None; or, with nothing left, return how long to wait."""
        behind = self._behind(channel)
        if behind > self._now:
            return behind - self._now
        self._row(channel).free_at = behind + timedelta(seconds=parts / self._rates[channel])
        return None

    def left(self) -> list[str]:
        """Return the channels on which something is left, the one that has sent least of its rate first."""
        return sorted((name for name in self._rates if self._behind(name) <= self._now), key=self._behind)

    def _behind(self, channel: str) -> datetime:
        """Return when all that was sent so far would have gone out at the rate; it may run ahead by the burst."""
        return max(self._row(channel).free_at, self._now - timedelta(seconds=BURST))

    def _row(self, channel: str) -> SenderRate:
        if channel not in self._rows:
            row = self._session.scalar(_RATE, {"sender": channel})
            if row is None:  # another worker may find the same at this moment
                store_once(
                    self._session, SenderRate(channel=channel, free_at=self._now - timedelta(seconds=BURST)), "channel"
                )
                row = self._session.scalars(_RATE, {"sender": channel}).one()
            if row.free_at > self._now + timedelta(days=1):  # the clock was moved back
                row.free_at = self._now
            self._rows[channel] = row
        return self._rows[channel]
