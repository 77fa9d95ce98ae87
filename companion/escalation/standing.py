"""What is so of an episode, without changing it: whether one is open, who is there, what its person can know."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from companion.models import Address, Episode, Person
from companion.models.base import ask

REPEAT_CRISIS_REPLY = timedelta(minutes=30)
# Open again though its owner reached the person and is still there for them: they want others beside them.
ASKS_FOR_HELP = (Episode.state == "open") & Episode.contacted_at.is_not(None)
# Made once, as what every flagged text asks: putting a question together takes longer than asking it.
ABOUT = or_(Episode.address_id == bindparam("address"), Episode.person_id == bindparam("person"))
_OPEN = select(Episode).where(ABOUT, Episode.state != "closed").order_by(Episode.opened_at).limit(1).with_for_update()
_ANY_OPEN = select(Episode.id).where(ABOUT, Episode.state != "closed").limit(1)  # there seldom is one


def open_episode(session: Session, address: Address) -> Episode | None:
    """Return the episode about this address, or about its owner, that is not closed."""
    asked = {"address": address.id, "person": address.person_id}
    return session.scalar(_OPEN, asked) if ask(session, _ANY_OPEN, **asked).first() is not None else None


def open_episode_about(session: Session, person_id: uuid.UUID) -> bool:
    """Whether an episode about this person is open."""
    return (
        session.scalar(select(Episode.id).where(Episode.person_id == person_id, Episode.state != "closed").limit(1))
        is not None
    )


def nobody_has(episode: Episode) -> bool:
    """Whether nobody is there for the person: it is open, and not because who reached them wants others beside them."""
    return episode.state == "open" and episode.contacted_at is None


def person_knows(episode: Episode) -> bool:
    """Whether the person it is about can know of it: not of a concern about them while they sent no text of danger."""
    return episode.raised_by is None or episode.last_crisis_reply_at is not None


def is_kept(episode: Episode, person: Person) -> bool:
    """Whether it opened again, `person` was kept as its owner, and no contact is recorded since."""
    return episode.state == "open" and episode.owner_id == person.id and episode.contacted_at is None


def crisis_reply_is_due(episode: Episode, now: datetime) -> bool:
    """Whether the full crisis reply is due; within half an hour of the last a shorter one is sent instead."""
    last = episode.last_crisis_reply_at
    return last is None or now - last >= REPEAT_CRISIS_REPLY
