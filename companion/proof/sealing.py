"""The chain over the audit: each entry's hash covers the entry and the hash before it, keyed with the index key.

Entries are sealed by the worker, a few seconds after they were written, in one order whoever wrote them: so a text's
transaction neither waits for another nor does more work. The database refuses to change or delete entries and seals;
the chain shows it where somebody got around that. Only the newest entries could be cut off unseen, so `companion audit
verify` prints the last position and hash: kept elsewhere, they prove that nothing before them was removed.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, exists, func, select
from sqlalchemy.orm import Session

from companion.db import keyed_hash
from companion.models import AuditEntry, AuditSeal
from companion.models.base import ask, found

BATCH = 2_000
LATE = 600_000  # milliseconds: the longest that a transaction may be under way and its entries still be sealed
_FIRST = b""

# Made once: asked every few seconds.
_LAST = select(AuditSeal.position, AuditSeal.hash, AuditSeal.audit_id).order_by(AuditSeal.position.desc()).limit(1)
_WAITING = (
    select(AuditEntry)
    .where(~exists().where(AuditSeal.audit_id == AuditEntry.id), AuditEntry.id >= bindparam("floor"))
    .order_by(AuditEntry.id)
    .limit(BATCH)
)


@dataclass(frozen=True)
class Verdict:
    """What a look at the whole chain found. `position` and `hash` are those of its end; 0 and "" of an empty one."""

    entries: int
    position: int
    hash: str
    wrong: tuple[str, ...]


def seal(session: Session, now: datetime) -> int:
    """Add to the chain what was written since; return how many entries. One at a time: see `companion.db.alone`."""
    last = ask(session, _LAST).first()
    position, before = (last.position, last.hash) if last else (0, _FIRST)
    entries = found(session, _WAITING, floor=_floor(last.audit_id) if last else uuid.UUID(int=0))
    for entry in entries:
        position += 1
        before = _link(session, position, before, entry)
        session.add(AuditSeal(position=position, audit_id=entry.id, at=now, hash=before))
    session.flush()
    return len(entries)


def verify(session: Session, kept: tuple[int, str] | None = None) -> Verdict:
    """Walk the whole chain. `kept` is a position and hash noted earlier, which must still be there.

    Wrong is a hash that does not fit, a link or an entry that is missing, an entry that was slipped in.
    """
    wrong: list[str] = []
    expected, before = 1, _FIRST
    rows = session.execute(
        select(AuditSeal, AuditEntry)
        .outerjoin(AuditEntry, AuditEntry.id == AuditSeal.audit_id)
        .order_by(AuditSeal.position)
        .execution_options(yield_per=BATCH)
    )
    count = 0
    for link, entry in rows:
        count += 1
        if link.position != expected:
            wrong.append(f"between {expected - 1} and {link.position}: links are missing")
        if entry is None:
            wrong.append(f"{link.position}: its entry is gone")
        elif _link(session, link.position, before, entry) != link.hash:
            wrong.append(f"{link.position}: the entry of {entry.at:%Y-%m-%d %H:%M} or its hash was changed")
        if kept is not None and link.position == kept[0] and link.hash.hex() != kept[1]:
            wrong.append(f"{link.position}: the hash is not the one that was noted")
        expected, before = link.position + 1, link.hash
    if kept is not None and kept[0] >= expected:
        wrong.append(f"the chain ends at {expected - 1}, and {kept[0]} was noted: the end was cut off")
    wrong += _beside(session)
    return Verdict(count, expected - 1, before.hex(), tuple(wrong))


def _beside(session: Session) -> Sequence[str]:
    """Return a line if there are entries that no link covers and that are too old to be waiting for one."""
    newest = session.scalar(select(AuditSeal.audit_id).order_by(AuditSeal.position.desc()).limit(1))
    if newest is None:
        return []
    count = session.scalar(
        select(func.count())
        .select_from(AuditEntry)
        .where(AuditEntry.id < _floor(newest), ~exists().where(AuditSeal.audit_id == AuditEntry.id))
    )
    return [f"{count} entries stand beside the chain: they were slipped in"] if count else []


def _link(session: Session, position: int, before: bytes, entry: AuditEntry) -> bytes:
    said: list[Any] = [
        position,
        before.hex(),
        str(entry.id),
        entry.at.isoformat(),
        str(entry.actor_id),
        entry.action,
        entry.subject_kind,
        str(entry.subject_id),
        entry.details,
    ]
    return keyed_hash(session, "audit:" + json.dumps(said, sort_keys=True, separators=(",", ":")))


def _floor(newest: uuid.UUID) -> uuid.UUID:
    """Return the smallest id that an entry written LATE before `newest` could have (ids begin with milliseconds)."""
    return uuid.UUID(int=max(0, (newest.int >> 80) - LATE) << 80)
