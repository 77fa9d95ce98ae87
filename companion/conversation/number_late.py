"""A number that answers the weekly question though something else was asked since: "rubbish, 2", "sorry late, 5"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from companion.content.sayings import said_by_trainees
from companion.conversation.incoming import Incoming
from companion.conversation.intents import Understanding, understand
from companion.conversation.known import ABOUT_A_PLACE
from companion.conversation.normalise import one_line, read
from companion.conversation.score import out_of_ten
from companion.conversation.wordlist import word_list
from companion.programme.checkins import question_in_hand

# What is heard in "4 - fine" where no week was asked about.
_MAY_BE_A_NUMBER = ("unknown", "book_yes", "thanks", "signpost")
_NUMBER_FIRST = re.compile(r"\s*(10|\d)(\s*/\s*10|ish)?\s*([-\u2013\u2014,.:;!]|$)")
_LAST_NUMBER = re.compile(r"(?<![\w.])(10|\d)(\s*/\s*10)?\W*$")
_ALONE = re.compile(
    r" (10|\d)(\s*/\s*10)?(?:\W|not \d+|\b(?:really|actually|instead|tbh|now|pls|please)\b)*", re.IGNORECASE
)


def question_before(text: Incoming, asked: str, kept: Mapping[str, Any], meant: Understanding) -> str | None:
    """Return the weekly question that a number answers, though something else was asked since; None for others.

    "7", "rubbish, 2" or "4 - knackered but fine": the words beside a number are said of the week, not of a place.
    """
    body = text.arrival.body
    if text.person is None or kept.get("menu"):
        return None
    put_right = said_by_trainees().puts_right.search(body)
    number = _ALONE.fullmatch(body, put_right.end()) if put_right else None
    if number is None and _answers_late(body, asked):
        number = _LAST_NUMBER.search(body)
    if number is None and meant.intent in _MAY_BE_A_NUMBER:
        number = _NUMBER_FIRST.match(body) or (_LAST_NUMBER.search(body) if meant.intent == "unknown" else None)
    rated = number is not None or _rates(body, meant)
    return question_in_hand(text.session, text.person, text.now) if rated else None


def _rates(body: str, meant: Understanding) -> bool:
    """Whether a number somewhere in a text is plainly one from 0 to 10: "id say a 4, was a 6", "4 out of 10 then"."""
    rates = said_by_trainees().rates.search(one_line(body)) is not None
    told = meant.guessed or meant.intent in _MAY_BE_A_NUMBER
    if not told or not any(map(str.isdecimal, body)) or (meant.intent == "signpost" and not rates):
        return False
    felt = understand(body, "checkin_prompt")
    return felt.intent == "checkin_score" and (rates or out_of_ten(read(body, word_list().spelling)))


def _answers_late(body: str, asked: str) -> bool:
    """Whether a text says that it answers late; "sorry late, 5" may be minutes where a place is spoken of."""
    listen, said = said_by_trainees(), one_line(body)
    if listen.seen_late.search(said):
        return True
    return asked not in ABOUT_A_PLACE and listen.sorry_late.search(said) is not None
