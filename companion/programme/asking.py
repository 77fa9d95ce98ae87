"""Questions whose YES or NO belongs to nothing else: while one waits, no other question may take the answer."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BindParameter, ColumnElement

from companion.models import Person

OF_ONES_DATA = ("confirm_erase", "confirm_copy")  # open for an hour
FIRST = (*OF_ONES_DATA, "flag_followup")  # the last asks whether a facilitator may get in touch


def waits_for_answer(person: Person, now: datetime, questions: tuple[str, ...] = FIRST) -> bool:
    """Whether one of `questions` has been put to someone and may still be answered."""
    return person.dialogue in questions and person.dialogue_until is not None and person.dialogue_until > now


def may_be_asked(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """Return the condition that no question of FIRST waits for a person's answer."""
    return Person.dialogue.is_(None) | Person.dialogue.not_in(FIRST) | (Person.dialogue_until <= now)
