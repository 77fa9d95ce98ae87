"""An episode that somebody of the programme raises about a person, without a text of theirs.

The person hears nothing of it: a text out of the blue that somebody has their text would be untrue, and might frighten.
What is said to them is for the facilitator who takes it to say. Only when they write something themselves that the
watch list knows do the crisis texts begin.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from companion.escalation.chain import people_to_page
from companion.escalation.closings import void
from companion.escalation.episodes import new_episode
from companion.escalation.news import tell_owner
from companion.escalation.paging import page_next
from companion.escalation.references import reference_for
from companion.escalation.standing import open_episode
from companion.escalation.steps import SECOND, one_up
from companion.escalation.words import Voice
from companion.messaging.addresses import addresses_of, usable
from companion.models import Address, Episode, Note, Person, record


class CannotRaiseError(Exception):
    """There is no number of this person, so no episode can be about them."""


def raise_concern(
    session: Session, about: Person, by: Person, words: str, now: datetime, voice: Voice
) -> tuple[Episode, str]:
    """Open an episode about someone, or add to the open one, with `words` as a note; return it and `by`'s reference.

    The chain is paged as for any other. If the one who raises it is the first in the chain, it begins with the second.
    The same words of the same person again, as by a second press, change nothing. Raises CannotRaiseError.
    """
    address = usable(session, about) or next(iter(addresses_of(session, about)), None)
    if address is None:
        raise CannotRaiseError
    episode = open_episode(session, address)
    if episode is not None and words and _said_last(session, episode, by) == words:
        return episode, reference_for(session, episode, by)
    if episode is None:
        episode = _open(session, address, by, now)
        _page_somebody_else(session, episode, by, now, voice)
    elif episode.owner is not None and episode.owner_id != by.id:
        tell_owner(session, episode, "concern_added", now, voice)
    elif episode.state == "open":
        episode.step = one_up(episode)
        page_next(session, episode, now, voice)
    void(session, episode, "concern", now)
    if words:
        session.add(Note(episode=episode, person_id=by.id, body=words, at=now))
    record(session, now, "concern raised", episode, actor=by.id)
    return episode, reference_for(session, episode, by)


def _said_last(session: Session, episode: Episode, by: Person) -> str | None:
    notes = select(Note.body).where(Note.episode_id == episode.id, Note.person_id == by.id)
    return session.scalar(notes.order_by(Note.at.desc(), Note.id.desc()).limit(1))


def _open(session: Session, address: Address, by: Person, now: datetime) -> Episode:
    episode = new_episode(session, address, now, raised_by=by.id)
    record(session, now, "episode opened", episode, actor=by.id)
    return episode


def _page_somebody_else(session: Session, episode: Episode, by: Person, now: datetime, voice: Voice) -> None:
    """Page the first of the chain, or the second if the first is who raised it: they know already."""
    if people_to_page(session, episode, now)[:1] == [by]:
        episode.step = SECOND
    page_next(session, episode, now, voice)
