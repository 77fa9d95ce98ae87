"""Phones that answer our answers by themselves: "I am driving, I'll text you later", for ever.

Twilio stops a chain of more than 15 answers, each within 30 seconds of the last (error 14107), but what it did not send
we would send again later: two machines could text each other for days.
"""

from __future__ import annotations

import hashlib
import uuid
from collections import OrderedDict
from datetime import datetime, timedelta
from threading import Lock

IN_A_ROW = 12  # the same words, word for word; nobody texts MENU that often within minutes
APART = timedelta(minutes=2)  # a text that comes later than this begins anew
_MOST = 1_000  # addresses remembered


class Echoes:
    """Counts, in this process alone, how often in a row each address has sent the very same words."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._seen: OrderedDict[uuid.UUID, tuple[bytes, int, datetime]] = OrderedDict()

    def is_one(self, address: uuid.UUID, body: str, now: datetime) -> bool:
        """Count a text; say whether a machine seems to send it."""
        words = hashlib.blake2b(body.encode("utf-8", "replace"), digest_size=16).digest()
        with self._lock:
            before, count, at = self._seen.pop(address, (b"", 0, now))
            count = count + 1 if before == words and now - at <= APART else 1
            self._seen[address] = (words, count, now)
            if len(self._seen) > _MOST:
                self._seen.popitem(last=False)
        return count > IN_A_ROW
