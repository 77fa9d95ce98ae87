"""What a text means in view of what was asked last. Where a mistake would cost more than a question, less is read.

The reading itself is in `intents.py`; here it is weighed against what was asked, and what was spoken of since.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from companion.content.sayings import said_by_trainees
from companion.conversation.flows import booking, nation, second_thoughts
from companion.conversation.incoming import Incoming
from companion.conversation.intents import Understanding, understand
from companion.conversation.known import ABOUT_A_PLACE
from companion.conversation.normalise import is_question, one_line
from companion.conversation.taps import Tap
from companion.programme import places

_LATER_QUESTIONS = ("none", "checkin_prompt")
_ABOUT_THE_GROUP = ("survey_helpful", "survey_words")
_OF_THE_SURVEY = ("survey_yes", "survey_no", "survey_comment")
_ASKED_BESIDE = ("signpost", "next_session", "join_link", "talk_to_person")
# What phones send for a tap on a bubble: Liked "Your group meets ...". A nod, and no answer that changes anything.
_REACTION = re.compile(
    r"\s*(?:liked|loved|disliked|emphasi[sz]ed|questioned|laughed at|reacted \S+ to) [\"\u201c\u201d]", re.IGNORECASE
)
_TO_A_REACTION = {"confirm_consent": "help", "flag_followup": "talk_to_person"}  # told, or asked once more
_PARTS = re.compile(r"[,;.!\n]|\b(?:and|but|also)\b", re.IGNORECASE)  # a question stands in one of them


def meaning(text: Incoming, asked: str, kept: Mapping[str, Any], tap: Tap, *, takes_back: bool) -> Understanding:
    """Return what `text` means where `asked` was asked; `takes_back` says whether it tells that a yes was a slip."""
    if _REACTION.match(text.arrival.body):
        said = "next_session" if asked in ABOUT_A_PLACE else _TO_A_REACTION.get(asked, "thanks")
        return Understanding((said,), guessed=True, why="a tap on a bubble")
    return _in_words(text, asked, kept, tap, takes_back=takes_back)


def _in_words(text: Incoming, asked: str, kept: Mapping[str, Any], tap: Tap, *, takes_back: bool) -> Understanding:
    body, person = text.arrival.body, text.person
    meant = understand(body, asked, payload=tap.payload)
    if asked in _ABOUT_THE_GROUP and not tap.payload:
        meant = _with_what_it_asks(body, meant)
    if asked in ABOUT_A_PLACE and kept.get("aside") and not tap.payload:
        meant = _after_an_aside(body, meant)
    if kept.get(second_thoughts.WHICH_NO) and said_by_trainees().no_place.search(one_line(body)):
        return Understanding(("book_no",), why="which no it was")
    if asked in ABOUT_A_PLACE and takes_back:
        return Understanding(("book_no",), why="a yes that was a slip")
    if asked in ABOUT_A_PLACE and meant.intent == "book_no" and nation.beside(body) is not None:
        meant = _where_help_is_wanted(body, meant)
    if meant.guessed and meant.intent in ("book_yes", "book_no") and _may_be_anything(body, asked, meant):
        meant = _no_guess(body, meant)
    if _says_where_they_are(body, asked, meant):
        meant = replace(meant, intents=("next_session" if asked in ABOUT_A_PLACE else "unknown",), guessed=True)
    if kept.get("person") and said_by_trainees().when_to_call.search(one_line(body)):
        return Understanding(("talk_to_person",), why="when somebody may call")
    if kept.get("person") and (meant.guessed or meant.intent == "unknown"):
        when_to_call = understand(body, "flag_followup")  # "this evening after 6"
        meant = when_to_call if when_to_call.intent == "talk_to_person" else meant
    if text.arrival.opt_out_type == "STOP":  # Twilio has ended the texts, by whatever word a deployment chose there
        return Understanding(("stop",), why="a stop word of Twilio's Advanced Opt-Out")
    if text.arrival.opt_out_type == "START" and asked == "after_stop":
        return Understanding(("start_again",), why="a start word of Twilio's Advanced Opt-Out")
    bare = meant.intent == "unknown" and asked in _LATER_QUESTIONS and booking.bare_answer(body)
    if bare and person is not None and places.asked_about(text.session, person, text.now):
        # They were asked about a session, and about something else since: a plain answer still counts.
        return understand(body, "booking_offer")
    return meant


def _with_what_it_asks(body: str, meant: Understanding) -> Understanding:
    """Add to what answers the survey what it asks: "it was ok but when is the next one". A question is no comment."""
    if meant.intent not in _OF_THE_SURVEY or not any(is_question(part) for part in _PARTS.split(body)):
        return meant
    asks = understand(body, "none")
    if asks.guessed or asks.intent not in _ASKED_BESIDE:
        return meant
    answers = tuple(each for each in meant.intents if each not in ("survey_comment", asks.intent))
    return replace(meant, intents=(*answers, asks.intent), slots=asks.slots, need=asks.need)


def _after_an_aside(body: str, meant: Understanding) -> Understanding:
    """What a text means when a place was asked about, and something else was spoken of since.

    YES and NO are still about the place, and so is what speaks of it by itself. What would be an answer but may as
    well be about anything else ("im in Glasgow", a thumb, "on nights") is told how things stand, and changes nothing.
    """
    if booking.bare_answer(body) or said_by_trainees().answers_first.search(one_line(body)):
        return meant
    alone = understand(body, "none")
    if alone.intent in ("unknown", "thanks") and not meant.guessed and meant.intent in ("book_yes", "book_no"):
        return replace(meant, intents=("next_session",), guessed=True)
    return alone


def _where_help_is_wanted(body: str, meant: Understanding) -> Understanding:
    """Of "im in glasgow, anything for money?" the need alone: where somebody is says no to no place."""
    alone = understand(body, "none")
    if alone.intent != "signpost" or said_by_trainees().answers_first.search(one_line(body)):
        return meant
    return meant if "book_no" in alone.intents else alone


def _may_be_anything(body: str, asked: str, meant: Understanding) -> bool:
    """Whether what only looks like an answer about a place answers nothing: no place was offered, or it asks."""
    return asked != "booking_offer" or (meant.intent == "book_yes" and is_question(body))  # "do I need a laptop?"


def _says_where_they_are(body: str, asked: str, meant: Understanding) -> bool:
    """Whether "on the ward" was taken for being late, or for a no to a place that is theirs or was not offered."""
    if meant.intent not in ("running_late", "book_yes", "book_no") or not (meant.guessed or asked == "reminder"):
        return False
    return said_by_trainees().where_they_are.search(one_line(body)) is not None


def _no_guess(body: str, meant: Understanding) -> Understanding:
    """What only looks like an answer about a place, where none is offered, takes no place and gives none up."""
    low = understand(body, "checkin_prompt").slots.get("low")  # "rubbish day on the ward"
    return replace(meant, intents=("unknown",) if low else ("next_session",))
