"""One text to many people: shown before it goes, scheduled, and stopped again within a minute.

    preview    what it will read, who gets it and who does not, when, in how many parts, for how many pounds
    schedule   put it into the outbox, in the lane `bulk`, to leave a minute later
    undo       withdraw what has not left: within the minute that is all of it

Only people who have joined get it. STOP, a pause, quiet hours and the sender's rate hold as for everything in `bulk`.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from companion.content.catalogue import Text
from companion.content.checks import forbidden_words
from companion.messaging.cost import Estimate, estimate
from companion.messaging.outbox import enqueue
from companion.messaging.quiet import over_at
from companion.models import LANES, Broadcast, Group, GroupFacilitator, OutboxMessage, Person, record
from companion.programme import needs
from companion.programme.audience import Audience, belongs, group_of, members, reachable, some_chose_welsh
from companion.speaker import Speaker

LONGEST = 220  # characters of the author's words: with who it is from and STOP, two parts
UNDO_WITHIN = timedelta(minutes=1)
GOOD_FOR = timedelta(hours=24)
DRAFT_LASTS = timedelta(minutes=30)


class BroadcastError(Exception):
    """It cannot be sent like this; `reason` is one of: not yours, empty, too long, nobody."""

    def __init__(self, reason: str, over: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.over = over  # characters too many


@dataclass(frozen=True)
class Preview:
    """What would happen. `left_out` counts by reason: paused, stopped, no number. `leaves_at` is UTC."""

    text: Text
    welsh: Text | None  # what those read who chose Welsh; None where nobody did, or where it is the same
    people: int
    left_out: Mapping[str, int]
    in_quiet_hours: int  # of `people`: they get it when these are over
    leaves_at: datetime
    cost: Estimate  # of the dearer wording
    unsuitable: tuple[str, ...]  # words that do not belong on a locked screen, or that our texts do not use


@dataclass(frozen=True)
class Undone:
    """How many people do not get it now, and for how many it was too late."""

    withdrawn: int
    gone: int


def preview(session: Session, author: Person, audience: Audience, words: str, now: datetime, voice: Speaker) -> Preview:
    """Return what sending `words` would do, changing nothing. Raises BroadcastError."""
    text = _text(session, author, audience, words, voice)
    everyone = members(session, author, audience)
    addresses, left_out = reachable(session, everyone, now)
    reached = [person for person in everyone if person.id in addresses]
    leaves_at = now + UNDO_WITHIN
    welsh = text.said_in("cy") if some_chose_welsh(session, audience, reached) else text
    pence = voice.settings.companion_part_pence
    costs = [estimate(each.body, len(reached), pence) for each in (text, welsh)]
    return Preview(
        text=text,
        welsh=welsh if welsh.body != text.body else None,
        people=len(reached),
        left_out=left_out,
        in_quiet_hours=sum(1 for person in reached if over_at(person, leaves_at) is not None),
        leaves_at=leaves_at,
        cost=max(costs, key=lambda each: each.parts.parts),
        unsuitable=unsuitable(words),
    )


def schedule(
    session: Session, author: Person, audience: Audience, words: str, now: datetime, voice: Speaker
) -> Broadcast:
    """Put it into the outbox, to leave in a minute. Raises BroadcastError, also when there is nobody to get it."""
    text = _text(session, author, audience, words, voice)
    reached, _ = reachable(session, members(session, author, audience), now)
    if not reached:
        raise BroadcastError("nobody")
    broadcast = _draft_of(session, author, now) or _new(session, author, audience, now)
    broadcast.audience, broadcast.audience_key = audience.kind, audience.key
    broadcast.purpose, broadcast.body = text.id, words
    broadcast.state, broadcast.leaves_at = "scheduled", now + UNDO_WITHIN
    session.flush()
    for person_id, address in reached.items():
        enqueue(
            session,
            key=f"broadcast:{broadcast.id}:{person_id}",
            lane="bulk",
            to=address,
            text=text,
            now=now,
            not_before=broadcast.leaves_at,
            expires_at=now + GOOD_FOR,
        )
    broadcast.people = len(reached)
    if audience.kind == "need":
        needs.acted(session, audience.key or needs.OTHER, words, broadcast, author, now)
    counted = {} if few(broadcast) else {"people": len(reached)}
    record(session, now, "message scheduled", broadcast, actor=author.id, audience=audience.kind, **counted)
    return broadcast


def undo(session: Session, broadcast: Broadcast, by: Person, now: datetime) -> Undone:
    """Withdraw what has not left. Raises BroadcastError ("not yours") unless the author, a lead or a coordinator asks.

    A second undo withdraws nothing more and does no harm.
    """
    if by.id != broadcast.author_id and by.role not in ("lead", "coordinator"):
        raise BroadcastError("not yours")
    withdrawn: CursorResult[Any] = session.execute(  # type: ignore[assignment]
        update(OutboxMessage)
        .where(
            OutboxMessage.status == "queued",
            OutboxMessage.lane == LANES.index("bulk"),  # with the status, what the index of due texts has
            OutboxMessage.key.like(f"broadcast:{broadcast.id}:%"),
        )
        .values(status="dropped", reason="undone", settled_at=now, updated_at=now)
        .execution_options(synchronize_session=False)
    )
    if broadcast.state == "scheduled" and withdrawn.rowcount:
        broadcast.state, broadcast.undone_at = "undone", now
        if broadcast.audience == "need" and withdrawn.rowcount == broadcast.people:
            needs.reopen(session, broadcast)
    counted = {} if broadcast.audience == "need" else {"withdrawn": withdrawn.rowcount}
    record(session, now, "message undone", broadcast, actor=by.id, **counted)
    return Undone(withdrawn.rowcount, broadcast.people - withdrawn.rowcount)


def withdraw_moved(session: Session, person: Person, now: datetime) -> None:
    """Withdraw what was written to a group, session or cohort and waits, where `person` belongs there no more."""
    session.flush()
    waits = select(OutboxMessage).where(
        OutboxMessage.status == "queued",
        OutboxMessage.lane == LANES.index("bulk"),
        OutboxMessage.person_id == person.id,
        OutboxMessage.key.like("broadcast:%"),
    )
    for row in session.scalars(waits.with_for_update(of=OutboxMessage)).all():
        written = session.get(Broadcast, uuid.UUID(row.key.split(":")[1]))
        if written is not None and not belongs(session, person, Audience(written.audience, written.audience_key)):  # type: ignore[arg-type]
            row.status, row.reason, row.settled_at, row.updated_at = "dropped", "moved", now, now


def few(broadcast: Broadcast) -> bool:
    """Whether how many got it must not be said: it answers a need that fewer than FEWEST people have."""
    return broadcast.audience == "need" and broadcast.people < needs.FEWEST


def draft(
    session: Session, author: Person, audience: Audience, words: str, now: datetime, voice: Speaker
) -> tuple[Broadcast, Preview]:
    """Keep words until the author says SEND, and return them with what sending them would do.

    Each author has one draft, and a new one takes the old one's place. Raises BroadcastError, also when there is
    nobody to get it.
    """
    shown = preview(session, author, audience, words, now, voice)
    if not shown.people:
        raise BroadcastError("nobody")
    kept = session.scalar(select(Broadcast).where(Broadcast.author_id == author.id, Broadcast.state == "draft"))
    kept = kept or _new(session, author, audience, now)
    kept.audience, kept.audience_key, kept.body, kept.created_at = audience.kind, audience.key, words, now
    session.flush()
    return kept, shown


def send_draft(session: Session, author: Person, now: datetime, voice: Speaker) -> Broadcast | None:
    """Schedule the author's draft; None when there is none, or when it is older than DRAFT_LASTS."""
    kept = _draft_of(session, author, now)
    if kept is None or kept.body is None:
        return None
    return schedule(session, author, Audience(kept.audience, kept.audience_key), kept.body, now, voice)  # type: ignore[arg-type]


def last_scheduled(session: Session, author: Person) -> Broadcast | None:
    """Return the last that the author sent and has not undone."""
    return session.scalar(
        select(Broadcast)
        .where(Broadcast.author_id == author.id, Broadcast.state == "scheduled")
        .order_by(Broadcast.leaves_at.desc())
        .limit(1)
    )


def unsuitable(words: str) -> tuple[str, ...]:
    """Return the words in `words` that do not belong on a locked screen, or that our texts do not use."""
    lists = forbidden_words()
    return tuple(found[0] for pattern, _, _ in lists.everywhere + lists.started if (found := pattern.search(words)))


def _new(session: Session, author: Person, audience: Audience, now: datetime) -> Broadcast:
    broadcast = Broadcast(
        author_id=author.id, audience=audience.kind, audience_key=audience.key, purpose="broadcast", state="draft"
    )
    broadcast.created_at = now
    session.add(broadcast)
    return broadcast


def _draft_of(session: Session, author: Person, now: datetime) -> Broadcast | None:
    return session.scalar(
        select(Broadcast).where(
            Broadcast.author_id == author.id, Broadcast.state == "draft", Broadcast.created_at > now - DRAFT_LASTS
        )
    )


def _text(session: Session, author: Person, audience: Audience, words: str, voice: Speaker) -> Text:
    """Return the text as it will be read. Raises BroadcastError."""
    group = group_of(session, audience)
    if author.role == "facilitator" and (group is None or not _runs(session, author, group)):
        raise BroadcastError("not yours")
    words = " ".join(words.split())
    if not words:
        raise BroadcastError("empty")
    if len(words) > LONGEST:
        raise BroadcastError("too long", len(words) - LONGEST)
    if audience.kind == "need":
        title = needs.kinds()[audience.key or needs.OTHER].title
        return voice.words.render("need_done", need=voice.words.titled(title), words=words)
    who = author.label if author.role == "facilitator" else voice.settings.companion_name
    sender = f"{who}, {group.name}" if group else who
    return voice.words.render("broadcast", sender=sender, words=words)


def _runs(session: Session, person: Person, group: Group) -> bool:
    return session.get(GroupFacilitator, (group.id, person.id)) is not None
