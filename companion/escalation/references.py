"""Four characters that stand for one episode to one facilitator: never reused, never a word."""

from __future__ import annotations

import re
import secrets

from sqlalchemy import select
from sqlalchemy.orm import Session

from companion.models import Episode, Person, Reference

ALPHABET = "ACDEFHJKMNPQRTUVWXY"  # no letter that looks like a digit or another letter
DIGITS = "34679"
PATTERN = re.compile(rf"\b(?=[A-Z]*[{DIGITS}])[{ALPHABET}{DIGITS}]{{4}}\b")


def reference_for(session: Session, episode: Episode, person: Person) -> str:
    """Return the reference under which `person` knows `episode`, made if there is none yet."""
    known = session.scalar(
        select(Reference.code).where(Reference.episode_id == episode.id, Reference.person_id == person.id)
    )
    if known:
        return known
    while True:
        code = _random_code()
        if session.get(Reference, code) is None:
            session.add(Reference(code=code, episode_id=episode.id, person_id=person.id))
            session.flush()
            return code


def find_reference(text: str) -> str | None:
    """Return the first thing in `text` that has the shape of a reference, in capitals."""
    found = PATTERN.search(text.upper())
    return found.group() if found else None


def _random_code() -> str:
    while True:
        code = "".join(secrets.choice(ALPHABET + DIGITS) for _ in range(4))
        if any(mark in DIGITS for mark in code):  # a digit in it: no English word, none of Twilio's
            return code
