"""CONCERN: raising a concern about someone of one's own groups, by text."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta

from sqlalchemy import select

from companion.conversation.request import Answer, Request
from companion.escalation.concerns import CannotRaiseError, raise_concern
from companion.escalation.exclusions import may_see
from companion.models import GroupFacilitator, Person

LISTED = "concern_list"  # the dialogue in which numbers stand for the people of the last list
LIST_LASTS = timedelta(minutes=30)
_MOST = 12


def answer(request: Request) -> Answer | None:
    """Answer CONCERN; None for any other text."""
    words = request.words_after("concern about", "concern", "worried about")
    if words is None:
        return None
    people = _people(request)
    about, words = _which(request, people, words)
    if about is not None:
        try:
            _, reference = raise_concern(request.session, about, request.person, words, request.now, request.voice)
        except CannotRaiseError:
            return "concern", (request.say("concern_nobody"),)
        return "concern", (request.say("concern_raised", alias=about.alias, reference=reference),)
    if request.words_after("worried about") is not None:
        return None  # as likely a note as a concern
    if not people:
        return "concern", (request.say("concern_nobody"),)
    shown = people[:_MOST]
    request.person.dialogue, request.person.dialogue_until = LISTED, request.now + LIST_LASTS
    request.person.dialogue_data = {"people": [str(each.id) for each in shown]}
    listed = ", ".join(f"{number} {each.alias}" for number, each in enumerate(shown, start=1))
    return "concern", (request.say("concern_who", aliases=listed),)


def _people(request: Request) -> list[Person]:
    """Return the people it may be about, by alias: of one's own groups; for leads and coordinators, everyone."""
    wanted = select(Person).where(
        Person.role == "trainee", Person.state == "joined", may_see(request.person.id, Person.id)
    )
    if request.person.role == "facilitator":
        mine = select(GroupFacilitator.group_id).where(GroupFacilitator.person_id == request.person.id)
        wanted = wanted.where(Person.group_id.in_(mine))
    return list(request.session.scalars(wanted.order_by(Person.alias)))


def _which(request: Request, people: list[Person], words: str) -> tuple[Person | None, str]:
    """Return who is meant, by the number of the last list or by alias, and the rest of the words."""
    for person in sorted(people, key=lambda each: -len(each.alias)):
        named = re.match(rf"{re.escape(person.alias)}\b[\s:,.-]*", words, re.IGNORECASE)
        if named is not None:
            return person, words[named.end() :]
    number = re.match(r"(\d{1,2})\b[\s:,.-]*", words)
    listed = request.person
    if number is None or listed.dialogue != LISTED or (listed.dialogue_until or request.now) <= request.now:
        return None, words
    ids = listed.dialogue_data.get("people", [])
    if not 1 <= int(number[1]) <= len(ids):
        return None, words
    meant = uuid.UUID(ids[int(number[1]) - 1])
    return next((each for each in people if each.id == meant), None), words[number.end() :]
