"""Where what is said about an episode reaches the person concerned: where they wrote from last."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy.orm import Session

from companion.messaging.addresses import addresses_of
from companion.messaging.optout import is_stopped
from companion.models import Address, Episode

_NEVER = datetime.min.replace(tzinfo=UTC)


def address_to_tell(session: Session, episode: Episode) -> Address:
    """Return the address that they wrote from last, of those that work; the episode's own if none does."""
    theirs = [episode.address, *(addresses_of(session, episode.person) if episode.person is not None else ())]
    working = [address for address in theirs if address.invalid_since is None]
    return max(working, key=lambda address: address.last_inbound_at or _NEVER, default=episode.address)


def takes_no_texts(session: Session, episode: Episode) -> bool:
    """Whether they have said STOP where they wrote from last."""
    return is_stopped(session, address_to_tell(session, episode))
