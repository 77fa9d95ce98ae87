"""One text that answers two questions: about a place, and with a number that of the week ("yes. and 4")."""

from __future__ import annotations

import re
from dataclasses import replace
from types import MappingProxyType

from companion.conversation.flows import booking
from companion.conversation.incoming import Incoming
from companion.conversation.intents import Understanding
from companion.conversation.known import ABOUT_A_PLACE
from companion.programme.checkins import question_in_hand

# A number beside a yes or a no about a place: "yes. and 4", "4 and yes".
_AND_A_NUMBER = re.compile(
    r"\D*?(?:[.,;:!&+\n-]|\band\b|\bplus\b)\s*(?:(?:and|an?|about|it'?s|im|i'm|my|the|week|was|been|is)\s+)*"
    r"(10|\d)(?:\s*/\s*10|\s*out of 10|ish)?(?:\s+(?:for|this|the|my|week|question))*\W*",
    re.IGNORECASE,
)
_A_NUMBER_AND = re.compile(r"\s*(10|\d)(?:\s*/\s*10|ish)?\s*(?:[.,;&+\n!-]+|\band\b)\s*(?:and\s+)?(\D+)", re.IGNORECASE)


def number_beside(text: Incoming, asked: str, meant: Understanding) -> tuple[Understanding, str] | None:
    """Return the meaning with the number, and the weekly question, of a text that answers both about a place and it."""
    if (
        text.person is None
        or asked not in ABOUT_A_PLACE
        or meant.guessed
        or meant.intent not in ("book_yes", "book_no")
    ):
        return None
    after, before = _AND_A_NUMBER.fullmatch(text.arrival.body), _A_NUMBER_AND.fullmatch(text.arrival.body)
    if before is not None and not booking.bare_answer(before[2]):
        before = None
    if (number := after or before) is None:
        return None
    question = question_in_hand(text.session, text.person, text.now)
    if question is None:
        return None
    scored = replace(
        meant,
        intents=(*meant.intents, "checkin_score"),
        slots=MappingProxyType({**meant.slots, "score": int(number[1])}),
    )
    return scored, question


def scores_beside(meant: Understanding) -> bool:
    """Whether a text answers the weekly question with a number beside what else it says."""
    return "checkin_score" in meant.intents[1:]
