"""The pages of those who run the programme, under /console/.

Importing this is cheap: Flask-Security and the pages are loaded by `register`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from companion.clock import Clock
    from companion.db import Database
    from companion.escalation.words import Voice
    from companion.settings import Settings

__all__ = ["register"]


def register(app: Flask, *, database: Database, clock: Clock, settings: Settings, voice: Voice) -> None:
    """Mount the console on `app` under /console/. `voice` says what taking or passing on an episode makes us say."""
    # Flask-Security takes Twilio's client, if it is there, for codes by SMS, which we do not send: 5 MB of memory.
    with _as_if_missing("twilio.rest"):
        from companion.console.mount import mount  # noqa: PLC0415  (half a second that other commands save)

    mount(app, database=database, clock=clock, settings=settings, voice=voice)


@contextmanager
def _as_if_missing(module: str) -> Iterator[None]:
    """Within it, who tries to import a module that is not loaded yet goes on without it."""
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[module]
