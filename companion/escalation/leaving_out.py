"""Leaving somebody out while an episode is open: they lose it, hear no more of it, and the next is paged."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from companion.escalation.carriers import keep_from
from companion.escalation.closings import void, waiting
from companion.escalation.exclusions import exclude
from companion.escalation.paging import page_next
from companion.escalation.reopening import take_from
from companion.escalation.words import Voice
from companion.models import Episode, Page, Person


def leave_out(
    session: Session, trainee: Person, other: Person, now: datetime, voice: Voice, by: uuid.UUID | None = None
) -> None:
    """Leave `other` out. Raises CannotExcludeError, with nothing changed, for whoever cannot be.

    What they have is taken from them. Where they were the only one paged, the chain begins anew without them.
    """
    _void_theirs(session, trainee, other, now)
    owned = exclude(session, trainee, other, now, by)
    if owned is not None:
        take_from(session, owned, other, now, voice)
    open_one = session.scalar(
        select(Episode).where(Episode.person_id == trainee.id, Episode.state == "open").with_for_update()
    )
    if open_one is None:
        return
    keep_from(session, open_one, other, now, voice)
    paged = set(
        session.scalars(
            select(Page.person_id).where(Page.episode_id == open_one.id, Page.at >= open_one.started_at).distinct()
        )
    )
    if paged == {other.id}:
        open_one.step = 0
        page_next(session, open_one, now, voice)


def _void_theirs(session: Session, trainee: Person, other: Person, now: datetime) -> None:
    """Make void what `other` proposed about closing: whoever may not see an episode does not close it."""
    for episode in session.scalars(select(Episode).where(Episode.person_id == trainee.id, Episode.state != "closed")):
        proposal = waiting(session, episode)
        if proposal is not None and proposal.proposed_by == other.id:
            void(session, episode, "proposer left out", now)
