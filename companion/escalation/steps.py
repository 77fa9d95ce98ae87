"""The clock of the chain, as data: which step is when, whom it brings in, and how they are reached.

Minutes from when nobody has it (settings): 0 the first, by text; +2 the first, by call; +5 the second, by both;
+10 everyone, by text and call; then everyone again every 10, without end.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from companion.models import Episode
from companion.settings import Settings

Who = Literal["first", "second", "everyone"]
TEXTS = ("sms", "whatsapp")
CALL = ("call",)


@dataclass(frozen=True)
class Step:
    """Who is paged, and by which ways at once."""

    who: Who
    ways: tuple[str, ...]


STEPS = (
    Step("first", TEXTS),
    Step("first", CALL),
    Step("second", TEXTS + CALL),
    Step("everyone", TEXTS + CALL),
)
SECOND = 2
EVERYONE = 3  # this step, and every one after it


def step(number: int) -> Step:
    """Return the step with this number; the last one is repeated for ever."""
    return STEPS[min(number, EVERYONE)]


def due_at(episode: Episode, settings: Settings) -> datetime:
    """Return when the next step of `episode` is due (UTC): so long after the one before."""
    if episode.step <= 0 or episode.last_paged_at is None:
        return episode.started_at
    minutes = (0, settings.page_call_first_after, settings.page_second_after, settings.page_lead_after)
    if episode.step > EVERYONE:
        gap = settings.page_again_every
    else:
        gap = max(0, minutes[episode.step] - minutes[episode.step - 1])
    return episode.last_paged_at + timedelta(minutes=gap)


def reached_by(waited: timedelta, settings: Settings) -> int:
    """Return the step that is due when nobody has had it for so long: what a worker that was down left out is over."""
    minutes = (0, settings.page_call_first_after, settings.page_second_after, settings.page_lead_after)
    return max(number for number, after in enumerate(minutes) if waited >= timedelta(minutes=after))


def one_up(episode: Episode) -> int:
    """Return the step that brings in somebody more than those paged so far: the second, or everyone."""
    return SECOND if episode.step <= SECOND else EVERYONE
