"""The journal: a copy of the ledger of STOPs and erasures, kept beside the backups, which is newer than any of them.

One line each, as JSON, with a code made from it under the index key: what is damaged, or of another database, does not
pass for a wish. The first line says up to when the ledger was copied; no other is ever changed.
"""

from __future__ import annotations

import fcntl
import json
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from companion.db import Database, keyed_hash
from companion.models import OptOut
from companion.privacy.wishes import Wish, ledger

NAME = "companion-journal.jsonl"
SAID_EVERY = timedelta(minutes=1)  # how often the first line is written anew
_COUNT = select(func.count()).select_from(OptOut)  # made once: asked every few seconds
_NEWEST = select(OptOut.id).order_by(OptOut.id.desc()).limit(1)


@dataclass(frozen=True)
class Read:
    """What a journal holds: the rows, up to when it was kept (UTC), and how many lines cannot be used."""

    wishes: tuple[Wish, ...] = ()
    up_to: datetime | None = None
    damaged: int = 0


class Journal:
    """The journal of a database in one folder. Several workers of a machine may keep it at once."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.file = folder / NAME
        self._database = database
        self._kept: tuple[object, ...] | None = None  # what ledger and file looked like when they were the same
        self._said: datetime | None = None

    def keep(self, now: datetime) -> Read | None:
        """Copy what is new in the ledger; return what stands here alone, as the database is an older backup of itself.

        None, at next to no cost, when neither has changed for less than a minute. Raises OSError.
        """
        with self._database.read() as session:
            ledger_now = session.scalar(_COUNT), session.scalar(_NEWEST)
        if self._kept == (ledger_now, self._looks()) and self._said and now - self._said < SAID_EVERY:
            return None
        # The ledger is read in a transaction that begins under the lock: what another worker wrote here is in it.
        with _locked(self.file) as file, self._database.read() as session:
            found = _parsed(session, file.read())
            here = {wish.id for wish in found.wishes}
            rows = ledger(session)
            new = [wish for wish in rows if wish.id not in here]
            _add(file, [_line(session, _as_json(wish)) for wish in new], _line(session, {"up_to": _moment(now)}))
        there = {wish.id for wish in rows}
        lacking = tuple(wish for wish in found.wishes if wish.id not in there)
        self._kept, self._said = (None if lacking else (ledger_now, self._looks())), now
        return replace(found, wishes=lacking)

    def read(self) -> Read | None:
        """Return what it holds, or None when there is none. Raises OSError."""
        with self._database.read() as session:
            return read(session, self.file)

    def _looks(self) -> tuple[int, int, int] | None:
        try:
            seen = self.file.stat()
        except FileNotFoundError:
            return None
        return seen.st_ino, seen.st_size, seen.st_mtime_ns


def read(session: Session, file: Path) -> Read | None:
    """Return what a journal holds under the index key of this database; None when there is none. Raises OSError."""
    try:
        return _parsed(session, file.read_bytes())
    except FileNotFoundError:
        return None


@contextmanager
def _locked(path: Path) -> Iterator[BinaryIO]:
    with open(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file


def _add(file: BinaryIO, lines: list[bytes], first: bytes) -> None:
    """Add lines, after the first one if the file is new; then say in that up to when it is kept."""
    file.seek(0)
    whole = file.read()
    whole = whole[: whole.rfind(b"\n") + 1]  # what a power cut broke off is among `lines`
    file.truncate(len(whole))
    file.seek(len(whole))
    file.write(b"".join(lines if whole else [first, *lines]))
    file.flush()
    os.fsync(file.fileno())
    if whole.find(b"\n") + 1 == len(first):
        file.seek(0)
        file.write(first)


def _parsed(session: Session, data: bytes) -> Read:
    wishes, up_to, damaged = [], None, 0
    for line in data.splitlines():
        try:
            text, code = line.decode("ascii").rsplit(" ", 1)
            if code != _code(session, text):
                raise ValueError
            said = json.loads(text)
            if "up_to" in said:
                up_to = datetime.fromisoformat(said["up_to"])
            else:
                wishes.append(_wish(said))
        except (ValueError, KeyError, TypeError):
            damaged += bool(line)
    return Read(tuple(wishes), up_to, damaged)


def _line(session: Session, said: dict[str, Any]) -> bytes:
    text = json.dumps(said, separators=(",", ":"))
    return f"{text} {_code(session, text)}\n".encode("ascii")


def _code(session: Session, text: str) -> str:
    return keyed_hash(session, f"journal {text}").hex()[:32]


def _as_json(wish: Wish) -> dict[str, Any]:
    return {
        **asdict(wish),
        "id": wish.id.hex,
        "address_index": wish.address_index.hex(),
        "at": wish.at.astimezone(UTC).isoformat(),
    }


def _wish(said: dict[str, Any]) -> Wish:
    return Wish(
        **{
            **said,
            "id": uuid.UUID(said["id"]),
            "address_index": bytes.fromhex(said["address_index"]),
            "at": datetime.fromisoformat(said["at"]),
        }
    )


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
