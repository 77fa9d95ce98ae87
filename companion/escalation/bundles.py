"""Unknown numbers that write within minutes of each other: each is answered and has an episode, and is paged as one.

The oldest open episode of a bundle speaks for it. The others go with its pages, and whoever takes it takes them all.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from companion.models import Episode, Page

WITHIN = timedelta(minutes=10)


@dataclass(frozen=True)
class Item:
    """What a page has to know of an episode."""

    id: uuid.UUID
    person_id: uuid.UUID | None
    bundle: uuid.UUID | None


def bundle_for(session: Session, now: datetime) -> uuid.UUID | None:
    """Return the bundle that an unknown number writing at `now` belongs to, or None if it begins one."""
    return session.scalar(
        select(Episode.bundle)
        .where(Episode.bundle.is_not(None), Episode.state == "open", Episode.opened_at > now - WITHIN)
        .order_by(Episode.opened_at)
        .limit(1)
    )


def speaker(session: Session, episode: Episode) -> Episode:
    """Return the episode that speaks for the bundle of this one: itself when it is in none."""
    return (_oldest(session, episode.bundle) if episode.bundle is not None else None) or episode


def speaks(session: Session, item: Item) -> bool:
    """Whether an open episode speaks for its bundle, or is in none."""
    oldest = _oldest(session, item.bundle) if item.bundle is not None else None
    return oldest is None or oldest.id == item.id


def _oldest(session: Session, bundle: uuid.UUID) -> Episode | None:
    in_it = select(Episode).where(Episode.bundle == bundle, Episode.state == "open")
    return session.scalar(in_it.order_by(Episode.opened_at, Episode.id).limit(1))


def others_open(session: Session, episode: Episode) -> list[Episode]:
    """Return the other open episodes of the same bundle."""
    if episode.bundle is None:
        return []
    return list(
        session.scalars(
            select(Episode)
            .where(Episode.bundle == episode.bundle, Episode.state == "open", Episode.id != episode.id)
            .order_by(Episode.opened_at)
            .with_for_update()
        )
    )


def size(session: Session, episode: Episode | Item) -> int:
    """Return how many open episodes are paged as one with this one."""
    if episode.bundle is None:
        return 1
    found = select(func.count()).where(Episode.bundle == episode.bundle, Episode.state == "open")
    return max(1, session.scalar(found) or 0)


def follow(session: Session, episode: Episode, now: datetime) -> bool:
    """Let `episode` go with the pages of the one that speaks for its bundle; False when it speaks for itself."""
    leader = speaker(session, episode)
    if leader.id == episode.id:
        return False
    pages = session.scalars(
        select(Page).where(or_(Page.episode_id == episode.id, Page.episode_id == leader.id), Page.step == leader.rounds)
    ).all()
    known = {(page.person_id, page.way) for page in pages if page.episode_id == episode.id}
    for page in pages:
        if page.episode_id == leader.id and (page.person_id, page.way) not in known:
            session.add(
                Page(
                    episode_id=episode.id,
                    person_id=page.person_id,
                    way=page.way,
                    step=leader.rounds,
                    at=page.at,
                    outbox_id=page.outbox_id,
                    call_id=page.call_id,
                    email_id=page.email_id,
                    failed_at=now,  # what becomes of it is the leader's to look after
                )
            )
    episode.step, episode.rounds, episode.last_paged_at = leader.step, leader.rounds, leader.last_paged_at
    # A second after the leader's own moment, so that its pages are there to go with.
    episode.next_action_at = max(now, leader.next_action_at or now) + timedelta(seconds=1)
    return True
