"""What stands on the page of an episode: its texts, who was paged, the notes, what happened, and how it closes."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from companion.console.audit_words import details_said, ids_in
from companion.console.conversations import Line, lines, mark_read
from companion.console.desk import now
from companion.console.queries import LATEST
from companion.console.words import when
from companion.escalation import closings
from companion.models import (
    Address,
    AuditEntry,
    ClosingProposal,
    Episode,
    Flag,
    InboundMessage,
    Note,
    Page,
    Person,
)
from companion.rota.ways import can_be_texted

HISTORY = 200  # entries of the audit shown with an episode, at most
READ = "episode read"


@dataclass(frozen=True)
class File:
    """All that is shown about an episode."""

    episode: Episode
    lines: Sequence[Line]
    pages: Sequence[Page]
    answering: frozenset[uuid.UUID]  # the one page of each answer that it came to
    notes: Sequence[tuple[Note, Person]]
    history: Sequence[tuple[AuditEntry, str, str]]
    closing: ClosingProposal | None  # the latest, whatever became of it
    asked_by_text: bool  # whether a text reaches who is asked to agree


def file_of(session: Session, episode: Episode) -> File:
    """Return all that is shown about an episode, whose texts count as read from now on."""
    closings.overtake(session, now(), episode)
    closing = closings.latest(session, episode)
    since = session.scalar(
        select(InboundMessage.received_at)
        .join(Flag, Flag.inbound_id == InboundMessage.id)
        .where(Flag.episode_id == episode.id)
        .order_by(InboundMessage.received_at)
        .limit(1)
    )
    same = Address.id == episode.address_id
    if episode.person_id is not None:
        same = same | (Address.person_id == episode.person_id)
    addresses = session.scalars(select(Address.id).where(same)).all()
    shown = lines(session, addresses, since=since or episode.opened_at, before=episode.closed_at, flagged_in=episode.id)
    mark_read(session, addresses, since=since or episode.opened_at, until=now())
    paged = session.scalars(
        select(Page)
        .where(Page.episode_id == episode.id)
        .options(joinedload(Page.person), joinedload(Page.outbox), joinedload(Page.call), joinedload(Page.email))
        .order_by(Page.at.desc())
        .limit(LATEST)
    ).all()
    return File(
        episode,
        shown,
        paged,
        _answering(paged),
        [
            (note, person)
            for note, person in session.execute(
                select(Note, Person)
                .join(Person, Person.id == Note.person_id)
                .where(Note.episode_id == episode.id)
                .order_by(Note.at)
                .limit(LATEST)
            )
        ],
        _history(session, episode),
        closing,
        closing is not None and can_be_texted(session, closing.asked),
    )


def _answering(paged: Sequence[Page]) -> frozenset[uuid.UUID]:
    """Return the page that each answer came to: the call in which a key was pressed, or else the latest text.

    An answer counts for all that its person was paged before; to show it beside each would say that they had heard
    the first.
    """
    found: dict[tuple[uuid.UUID, datetime], Page] = {}
    for page in sorted(paged, key=lambda page: (page.call is None, page.at)):
        if page.answered_at is not None:
            before = found.get((page.person_id, page.answered_at))
            if before is None or before.call is None or not before.call.digit:
                found[page.person_id, page.answered_at] = page
    return frozenset(page.id for page in found.values())


def _history(session: Session, episode: Episode) -> Sequence[tuple[AuditEntry, str, str]]:
    """Return what happened, the latest first: the entry, who did it, and its details in words.

    What one person read several times in a row is one line.
    """
    entries = session.scalars(
        select(AuditEntry)
        .where(AuditEntry.subject_kind == Episode.__tablename__, AuditEntry.subject_id == episode.id)
        .order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
        .limit(HISTORY)
    ).all()
    wanted = {id_ for entry in entries for id_ in (entry.actor_id, *ids_in(entry)) if id_}
    names = {person.id: person.label for person in session.scalars(select(Person).where(Person.id.in_(wanted)))}
    shown = []
    for (action, actor), several in groupby(entries, key=lambda entry: (entry.action, entry.actor_id)):
        rows = list(several)
        for entry in rows[:1] if action == READ else rows:
            times = f"{len(rows)} times, first {when(rows[-1].at)}" if entry.action == READ and len(rows) > 1 else ""
            who = names.get(actor, "someone removed") if actor else "the service"
            shown.append((entry, who, times or details_said(entry, names)))
    return shown
