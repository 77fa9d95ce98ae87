"""Four characters that stand for one episode to one facilitator: never reused, never a word."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from companion.escalation.bundles import Item
from companion.models import Episode, Person, Reference
from companion.models.base import ask, store_once
from companion.short_codes import PATTERN, random_code

_KNOWN = select(Reference.episode_id, Reference.code).where(  # made once: asked for every page
    Reference.person_id == bindparam("person"), Reference.episode_id.in_(bindparam("episodes", expanding=True))
)


def reference_for(session: Session, episode: Episode, person: Person) -> str:
    """Return the reference under which `person` knows `episode`, made if there is none yet."""
    return references_for(session, [episode], person)[0]


def references_for(session: Session, episodes: Sequence[Episode | Item], person: Person) -> list[str]:
    """Return the same for each of several episodes, in their order, by one question."""
    asked = ask(session, _KNOWN, person=person.id, episodes=[episode.id for episode in episodes])
    known = dict(asked.tuples().all())
    return [known.get(episode.id) or _new_reference(session, episode, person) for episode in episodes]


def _new_reference(session: Session, episode: Episode | Item, person: Person) -> str:
    while True:
        reference = Reference(code=random_code(), episode_id=episode.id, person_id=person.id)
        if store_once(session, reference, "code"):
            return reference.code


def find_reference(text: str) -> str | None:
    """Return the first thing in `text` that has the shape of a reference, in capitals."""
    found = PATTERN.search(text.upper())
    return found.group() if found else None


def find_references(text: str) -> set[str]:
    """Return all in `text` that has the shape of a reference, in capitals."""
    return {found.group() for found in PATTERN.finditer(text.upper())}


def apart(text: str, verbs: Sequence[str]) -> str:
    """Return `text` with a space between a reference and one of `verbs` that was written right against it."""
    either, code = "|".join(verbs), PATTERN.pattern.strip(r"\b")
    text = re.sub(rf"\b({code})({either})\b", r"\1 \2", text, flags=re.IGNORECASE)
    return re.sub(rf"\b({either})({code})\b", r"\1 \2", text, flags=re.IGNORECASE)
