"""The person whom an episode is about: how a number becomes theirs, and from when they write to whoever has it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from companion.escalation.words import Voice
from companion.models import Address, Episode, Person, record

EXCHANGE_LASTS = timedelta(days=2)  # since the last text either way


def meet(session: Session, address: Address, person: Person, now: datetime) -> None:
    """Let a number that was nobody's be that of `person`, who has just asked to join from it, on every channel.

    An open episode of it is about them from now on.
    """
    of_number = select(Address).where(Address.address_index == address.address_index)
    for each in session.scalars(of_number.where(Address.person_id.is_(None) | (Address.person_id == person.id))):
        each.person = person
        _meet_episode(session, each, person, now)


def _meet_episode(session: Session, address: Address, person: Person, now: datetime) -> None:
    for episode in session.scalars(
        select(Episode)
        .where(Episode.address_id == address.id, Episode.person_id.is_(None), Episode.state != "closed")
        .with_for_update()
    ):
        episode.person, episode.bundle = person, None  # from now on it is paged by itself, to the people of their group
        record(session, now, "episode has a person", episode)
        if episode.state == "open":
            episode.next_action_at = now
        else:
            begin_exchange(person, now)


def now_they_know(session: Session, episode: Episode, now: datetime, voice: Voice) -> None:
    """Tell the person, who has just sent a first text of danger, who has the concern that was raised about them."""
    if episode.state != "owned":
        return
    voice.tell_trainee_taken(session, episode, now)
    if episode.person is not None and episode.person.role == "trainee":
        begin_exchange(episode.person, now)


def begin_exchange(person: Person, now: datetime) -> None:
    """From now on what `person` writes is for whoever has their episode; what was asked before is forgotten."""
    person.exchange_until = now + EXCHANGE_LASTS
    person.dialogue, person.dialogue_data, person.dialogue_until = None, {}, None
