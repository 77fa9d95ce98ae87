"""What stands on the page of an episode: its texts, who was paged, the notes, what happened, and how it closes."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from companion.console.audit_words import details_said, ids_in
from companion.console.conversations import Line, lines, mark_read, of_episode
from companion.console.desk import now
from companion.console.queries import LATEST
from companion.console.words import when
from companion.escalation import closings
from companion.models import (
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
class Happened:
    """One line of what happened: an entry of the audit in words, or how often somebody read the episode."""

    at: datetime
    action: str
    who: str
    said: str


@dataclass(frozen=True)
class File:
    """All that is shown about an episode."""

    episode: Episode
    lines: Sequence[Line]
    pages: Sequence[Page]
    answering: frozenset[uuid.UUID]  # the one page of each answer that it came to
    notes: Sequence[tuple[Note, Person]]
    history: Sequence[Happened]
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
    of = of_episode(session, episode)
    shown = lines(session, of, since=since or episode.opened_at, before=episode.closed_at, flagged_in=episode.id)
    mark_read(session, of, since=since or episode.opened_at, until=now())
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


def _history(session: Session, episode: Episode) -> Sequence[Happened]:
    """Return what happened, the latest first. How often each person read it is one line: it hides nothing else."""
    about = (AuditEntry.subject_kind == Episode.__tablename__, AuditEntry.subject_id == episode.id)
    entries = session.scalars(
        select(AuditEntry)
        .where(*about, AuditEntry.action != READ)
        .order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
        .limit(HISTORY)
    ).all()
    reads = session.execute(
        select(AuditEntry.actor_id, func.max(AuditEntry.at), func.min(AuditEntry.at), func.count())
        .where(*about, AuditEntry.action == READ)
        .group_by(AuditEntry.actor_id)
    ).all()
    wanted = {id_ for entry in entries for id_ in (entry.actor_id, *ids_in(entry)) if id_}
    wanted |= {actor for actor, *_ in reads if actor}
    names = {person.id: person.label for person in session.scalars(select(Person).where(Person.id.in_(wanted)))}

    def who(actor: uuid.UUID | None) -> str:
        return names.get(actor, "someone removed") if actor else "the service"

    shown = [Happened(each.at, each.action, who(each.actor_id), details_said(each, names)) for each in entries]
    for actor, last, first, times in reads:
        shown.append(Happened(last, READ, who(actor), f"{times} times, first {when(first)}" if times > 1 else ""))
    return sorted(shown, key=lambda each: each.at, reverse=True)
