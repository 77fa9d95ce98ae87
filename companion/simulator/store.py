"""The stand-in's own small database, so that a restarted demonstration keeps the phones' history."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class LedgerError(Exception):
    """The ledger's file cannot be used."""


class Store:
    """Plain data by kind and key, kept in one SQLite file, or nowhere when there is no path."""

    def __init__(self, path: Path | None) -> None:
        self._lock = threading.Lock()
        self._db: sqlite3.Connection | None = None
        self.path = path
        if path is None:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=OFF")  # a demonstration's history may lose its last second
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS things "
                "(number INTEGER PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL, data TEXT NOT NULL, "
                "UNIQUE (kind, key))"
            )
        except (OSError, sqlite3.Error) as error:
            raise LedgerError(
                f"The stand-in's ledger {path} cannot be used ({error}): remove it to begin anew"
            ) from None

    def put(self, kind: str, key: str, data: Any) -> None:
        """Keep `data`, in place of what was there; a first entry keeps its place in the order."""
        with self._lock:
            if self._db is None:
                return
            self._db.execute(
                "INSERT INTO things (kind, key, data) VALUES (?, ?, ?) "
                "ON CONFLICT (kind, key) DO UPDATE SET data = excluded.data",
                (kind, key, json.dumps(data)),
            )

    def drop(self, kind: str, key: str) -> None:
        """Forget an entry."""
        with self._lock:
            if self._db is not None:
                self._db.execute("DELETE FROM things WHERE kind = ? AND key = ?", (kind, key))

    def all(self, kind: str) -> Iterator[tuple[str, Any]]:
        """Yield key and data of a kind in the order in which they were first kept."""
        with self._lock:
            if self._db is None:
                return
            rows = self._db.execute("SELECT key, data FROM things WHERE kind = ? ORDER BY number", (kind,)).fetchall()
        for key, data in rows:
            yield key, json.loads(data)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._db is not None:
                self._db.close()
                self._db = None
