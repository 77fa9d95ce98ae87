"""The clock on the page of the phones: what happens next, and moving the hands."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable
from zoneinfo import ZoneInfo

import requests
from flask import Blueprint, Response, jsonify
from werkzeug.exceptions import BadRequest

from companion.simulator.door import asked
from companion.simulator.view import next_thing

if TYPE_CHECKING:
    from companion.simulator.standin import StandIn

PATIENCE = 5.0  # seconds that a move of the clock waits for what is due already
LONDON = ZoneInfo("Europe/London")


@runtime_checkable
class Movable(Protocol):
    """A clock with hands that can be moved."""

    def now(self) -> datetime: ...
    def move_to(self, moment: datetime) -> None: ...
    def advance(self, by: timedelta) -> None: ...


def clock_routes(room: Blueprint, standin: StandIn, next_due_url: str | None) -> None:
    """Let the page move the clock. `next_due_url` is where the service says what it does next."""

    @room.post("/clock")
    def move() -> Response:
        clock, data = standin.clock, asked()
        if not isinstance(clock, Movable):
            raise BadRequest("This clock cannot be moved.")
        _let_it_finish(next_due_url)
        now = clock.now()
        target = _target(data, now, lambda: coming(standin, next_due_url))
        if target < now:
            raise BadRequest("The clock only goes forwards.")
        clock.move_to(target) if "advance" not in data else clock.advance(target - now)
        standin.state.log("clock", f"Moved to {target.astimezone(LONDON):%a %d %b %Y, %H:%M}")
        with standin.agenda.changed:
            standin.agenda.changed.notify_all()
        return jsonify(now=clock.now().isoformat())


def _target(data: dict[str, Any], now: datetime, ask_next: Callable[[], dict[str, Any]]) -> datetime:
    """Return where the clock is asked to go. Raises BadRequest in words for the page."""
    try:
        if "advance" in data:
            return now + timedelta(seconds=float(data["advance"]))
        if "to" in data:
            return datetime.fromisoformat(str(data["to"])).replace(tzinfo=LONDON).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadRequest("That is no date and time.") from None
    thing = ask_next()
    if thing["at"] is None:
        raise BadRequest("Nothing is due. Move the clock by hand, or text something first.")
    return max(datetime.fromisoformat(thing["at"]), now)


def _let_it_finish(next_due_url: str | None) -> None:
    """Wait until the service has sent what is due: after a move it might be too late for that, and be dropped."""
    until = time.monotonic() + PATIENCE
    while next_due_url and _fetched(next_due_url).get("busy") and time.monotonic() < until:
        time.sleep(0.1)


def coming(standin: StandIn, next_due_url: str | None) -> dict[str, Any]:
    """Return what happens next, at the service or at the stand-in."""
    theirs = _ask(next_due_url) if next_due_url else None
    return next_thing(theirs, standin.next_due(), standin.clock.now())


def _ask(url: str) -> tuple[datetime, str] | None:
    """Ask the service what it will do next. None when it does not say."""
    data = _fetched(url)
    try:
        at = datetime.fromisoformat(data["at"])
    except (ValueError, KeyError, TypeError):
        return None
    return (at.astimezone(UTC), str(data.get("what") or "")) if at.tzinfo else None


def _fetched(url: str) -> dict[str, Any]:
    """Return the service's `{"at": ISO 8601 or null, "what": "...", "busy": true or false}`; {} when there is none."""
    with requests.Session() as session:
        session.trust_env = False
        try:
            data = session.get(url, timeout=3).json()
        except (requests.RequestException, ValueError):
            return {}
    return data if isinstance(data, dict) else {}
