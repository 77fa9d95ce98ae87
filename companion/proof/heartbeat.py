"""Telling somebody outside, every minute, that all is well. Silence is the alarm, so it is silent when it is not."""

from __future__ import annotations

import logging

import requests

from companion.clock import Clock
from companion.db import Database
from companion.proof.health import wrong

log = logging.getLogger(__name__)

PATIENCE = 5.0  # seconds


def beat(database: Database, clock: Clock, url: str | None) -> bool:
    """Ask for `url` unless something is wrong; return whether it answered. Without a URL nothing happens."""
    if url is None:
        return False
    with database.read() as session:
        found = wrong(session, clock.now())
    if found is not None:
        log.warning("the heartbeat is withheld: %s", found)
        return False
    try:
        answer = requests.get(url, timeout=PATIENCE, allow_redirects=False)
    except requests.RequestException as error:
        # Its words hold the address, and that address is a secret.
        log.warning("the heartbeat did not arrive: %s", type(error).__name__)
        return False
    if not answer.ok:
        log.warning("the heartbeat was answered with HTTP %s", answer.status_code)
    return answer.ok
