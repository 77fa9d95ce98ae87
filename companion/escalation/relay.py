"""Texts between someone who has an episode and the person it is about, through our number: neither sees the other's."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from companion.content.catalogue import Text
from companion.escalation.person import begin_exchange
from companion.escalation.reach import takes_no_texts
from companion.escalation.standing import ABOUT, ASKS_FOR_HELP
from companion.escalation.words import Voice
from companion.messaging.addresses import addresses_of
from companion.messaging.optout import is_stopped
from companion.messaging.outbox import enqueue
from companion.messaging.outcomes import other_way
from companion.messaging.window import window_open
from companion.models import Address, Episode, InboundMessage, Person, RelayedText, record

# Made once: asked for every text while there may be an exchange.
_HAD = (
    select(Episode)
    .where(ABOUT, Episode.state.in_(("owned", "contacted")) | ASKS_FOR_HELP)
    .order_by(Episode.opened_at)
    .limit(1)
    .with_for_update(of=Episode)
)
LONGEST = 600  # characters of one text: four parts of SMS with the name before them


class CannotSendError(Exception):
    """The words were not sent; `why` is one of: not yours, no way, too long, empty."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def preview(voice: Voice, writer: Person, words: str) -> Text:
    """Return the text as the person would get it."""
    return voice.words.render("relay_to_trainee", caller=writer.label, said=words)


def say_to_person(
    session: Session, episode: Episode, writer: Person, words: str, key: uuid.UUID, now: datetime, voice: Voice
) -> None:
    """Send `words` to the person the episode is about, in the name of `writer`. Raises CannotSendError.

    `key` is the writer's press of a button or text: the same one again sends nothing more.
    """
    words = words.strip() if any(map(str.isalnum, words)) else ""  # "K7Q9?" says nothing to them
    if episode.owner_id != writer.id or episode.state not in ("owned", "contacted", "open"):
        raise CannotSendError("not yours")
    if not words:
        raise CannotSendError("empty")
    if len(words) > LONGEST:
        raise CannotSendError("too long")
    to = address_of_person(session, episode, now)
    if to is None:
        raise CannotSendError("no way")
    row = enqueue(
        session,
        key=f"relay:{key}",
        lane="page",
        to=to,
        text=preview(voice, writer, words),
        now=now,
    )
    if row is None:
        return
    session.add(RelayedText(episode_id=episode.id, person_id=writer.id, outbox_id=row.id, at=now))
    record(session, now, "text sent to the person", episode, actor=writer.id)
    about = episode.person
    if about is not None and about.role == "trainee":
        begin_exchange(about, now)


def address_of_person(session: Session, episode: Episode, now: datetime) -> Address | None:
    """Return where words reach the person now: the address they wrote from, else another of theirs; None if nowhere."""
    if takes_no_texts(session, episode):
        return None  # their last word was STOP, and it is not got round by another channel
    others = addresses_of(session, episode.person) if episode.person is not None else []
    working = [
        address
        for address in (episode.address, *others)
        if address.invalid_since is None and not is_stopped(session, address)
    ]
    for address in working:
        if window_open(address, now):
            return address
    # On WhatsApp, and longer ago than words may go there: by SMS, which people agree to on joining.
    return next((way for address in working if (way := other_way(session, address, now)) is not None), None)


def heard_from_person(session: Session, episode: Episode, inbound: InboundMessage, now: datetime, voice: Voice) -> None:
    """Tell the owner that the person wrote, and to sign in to read it: none of their words go to a phone."""
    record(session, now, "text from the person", episode, inbound=str(inbound.id))
    voice.tell_owner(session, episode, "page_new_text", now)


def exchange_with(session: Session, address: Address) -> Episode | None:
    """Return the episode about this address or its owner that somebody has, or None.

    Whoever reached the person and asks for help has it until somebody else takes it.
    """
    return session.scalar(_HAD, {"address": address.id, "person": address.person_id})
