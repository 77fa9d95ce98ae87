"""What a database needs that was put back from a backup, before anything is sent.

What was due is dropped, as it may have gone out since; STOPs and erasures since are done again; and nothing but pages
and answers goes until Twilio has told what was texted since (`companion.messaging.outage.SINCE_BACKUP`).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from companion.crypto import CannotDecryptError
from companion.db import Database, keyed_hash
from companion.heartbeats import last_run, ran
from companion.machine.journal import Read, read
from companion.messaging.outage import SINCE_BACKUP
from companion.messaging.reconcile import RESTORED
from companion.models import Alarm, Keyring, OutboxMessage, raise_alarm, record, settle_alarm
from companion.models.texts import LANES, QUEUED, SENDING
from companion.privacy import wishes
from companion.privacy.wishes import Redone, Wish
from companion.services import Services

log = logging.getLogger(__name__)

MAY_HAVE_GONE = "restored"  # the reason of a text that waited in the backup and may have been sent since
NOT_KNOWN = "erasures_unknown"  # the alarm that nobody can say who was erased since the backup
NOT_KEPT = "journal_not_kept"  # the alarm that the journal cannot be written


@dataclass(frozen=True)
class MadeGood:
    """What was done. `dropped`: texts that are not sent again. `up_to`: until when all wishes are known (UTC), if any.

    `damaged`: lines of journals that cannot be used. `whole`: whether nothing is known to be missing.
    """

    dropped: int
    redone: Redone
    up_to: datetime | None
    damaged: int
    whole: bool


def make_good(database: Database, journals: Sequence[Path], there: Database | None, now: datetime) -> MadeGood:
    """Make a database good that was put back. `there` is the one that it takes the place of, if it is there still.

    All of it is one transaction.
    """
    made_at = last_run(database, "tick")
    with database.read() as session:
        mark = keyed_hash(session, "journal")
        found = [each for path in journals if (each := _read(session, path)) is not None]
    known = Read(
        tuple(wish for each in found for wish in each.wishes),
        max((each.up_to for each in found if each.up_to is not None), default=None),
        sum(each.damaged for each in found),
    )
    whole = known.up_to is not None and not known.damaged and (made_at is None or known.up_to >= made_at)
    if there is not None and (of_it := _ledger_of(there, mark)) is not None:
        known, whole = replace(known, wishes=known.wishes + of_it, up_to=now), True
    dropped, redone = _write(database, known.wishes, now, whole=whole)
    return MadeGood(dropped, redone, known.up_to, known.damaged, whole)


def keep_journal(services: Services) -> None:
    """Copy what is new in the ledger into the journal; where that knows more, a backup was put back: make it good."""
    journal, now = services.journal, services.clock.now()
    if journal is None:
        return
    try:
        known = journal.keep(now)
    except OSError as error:
        log.warning("the journal cannot be kept: %s", error.strerror)
        with services.database.write() as session:
            raise_alarm(session, now, NOT_KEPT)
        return
    if known is None:
        return
    with services.database.write() as session:
        settle_alarm(session, now, NOT_KEPT)
    if known.wishes:
        log.warning("the database is older than the journal beside the backups: what it lacks is done again")
        try:
            _write(services.database, known.wishes, now, whole=not known.damaged, by_itself=True)
        except IntegrityError:
            log.warning("another worker is at it")  # and has committed: its rows are what we ran into


def _read(session: Session, path: Path) -> Read | None:
    try:
        return read(session, path)
    except OSError as error:
        log.warning("%s cannot be read: %s", path, error.strerror)
        return Read(damaged=1)


def _write(
    database: Database, known: Sequence[Wish], now: datetime, *, whole: bool, by_itself: bool = False
) -> tuple[int, Redone]:
    with database.write() as session:
        there = wishes.ids(session)
        lacking = {wish.id: wish for wish in known if wish.id not in there}
        if by_itself and not lacking:
            return 0, Redone()  # another worker has done it since we looked
        dropped = _drop_what_was_due(session, now)
        redone = wishes.redo(session, list(lacking.values()), now)
        ran(session, RESTORED, now)
        raise_alarm(session, now, SINCE_BACKUP)
        if not whole:
            raise_alarm(session, now, NOT_KNOWN)
        ring = session.scalars(select(Keyring)).one()
        record(session, now, "backup restored", ring, dropped=dropped, erased=redone.erased + redone.waiting)
    return dropped, redone


def _drop_what_was_due(session: Session, now: datetime) -> int:
    """Settle the texts that waited when the backup was made and were due since: they may have gone out."""
    page = LANES.index("page")  # an episode goes on, and a page twice is better than none
    settled = session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.status.in_((QUEUED, SENDING)), OutboxMessage.lane != page, OutboxMessage.not_before <= now)
        .values(status="dropped", reason=MAY_HAVE_GONE, settled_at=now, updated_at=now, lease_until=None)
    )
    return int(settled.rowcount)  # type: ignore[attr-defined]


def _ledger_of(there: Database, mark: bytes) -> tuple[Wish, ...] | None:
    """Return the ledger of the database that is replaced; None if it cannot be read, is another, or lacks something."""
    try:
        there.unlock()
        with there.read() as session:
            lacks = select(Alarm.id).where(Alarm.kind == NOT_KNOWN, Alarm.settled_at.is_(None))
            if keyed_hash(session, "journal") != mark or session.scalar(lacks) is not None:
                return None
            return tuple(wishes.ledger(session))
    except (SQLAlchemyError, CannotDecryptError):
        return None
    finally:
        there.close()
