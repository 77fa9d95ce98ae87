"""Answers to the weekly check-in. A number is never graded, banded or shown to anyone else."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from itertools import chain

from companion.content.catalogue import Text
from companion.content.sayings import said_by_trainees
from companion.conversation.changes import CheckedIn, NeedsNobody, WantsPerson
from companion.conversation.flows import a_person, helping
from companion.conversation.intents import understand
from companion.conversation.known import NOTHING, Asked, Decision, Known
from companion.conversation.normalise import one_line
from companion.conversation.own import Earlier
from companion.signposting import Resource

LOW = 3  # of 10, and a word that says it is hard is as low
FALL = 4
# Which help fits a low answer, when the words name no need: by question.
_FITTING = {
    "checkin_rest": "sleep",
    "checkin_connection": "isolation",
    "checkin_load": "rota and rest facilities",
}
_USUAL = "low mood"
_A_NUMBER = re.compile(r"\s*-?\d{1,4}(?:[.,]\d+)?(?:\s*/\s*\d+|ish)?\W*")


def _was_low(earlier: Earlier) -> bool:
    return earlier.said_hard if earlier.score is None else earlier.score <= LOW


def scored(known: Known) -> Decision:
    """Answer a number from 0 to 10."""
    score = int(known.meant.slots["score"])
    last = known.earlier
    fell = last is not None and last.score is not None and last.score - score >= FALL
    low = score <= LOW
    if fell or (low and last is not None and _was_low(last)):
        return _low(known, CheckedIn(score), ask=True)
    return _low(known, CheckedIn(score), ask=False) if low else _noted(known, CheckedIn(score))


def in_words(known: Known) -> Decision:
    """Answer a word or a sentence; a person reads it."""
    low = bool(known.meant.slots.get("low")) or _nothing_good(known)
    change = CheckedIn(None, said_hard=low)
    if known.by_the_way == helping.FAMILY_ILL:
        return Decision((helping.family_ill(known),), (change,), a_person.OFFERED, read_me=True)
    if not low:
        return Decision(read_me=True).and_then(_noted(known, change))
    again = known.earlier is not None and _was_low(known.earlier)
    return Decision(read_me=True).and_then(_low(known, change, ask=again))


def _nothing_good(known: Known) -> bool:
    """Whether somebody who was asked for one good thing has none."""
    asked = known.kept.get("question") == "checkin_good_thing"
    return asked and said_by_trainees().nothing_good.search(one_line(known.text)) is not None


def is_low(text: str) -> bool:
    """Whether words that nothing asked for say that it is hard."""
    felt = understand(text, "checkin_prompt")
    return felt.intent == "checkin_word" and bool(felt.slots.get("low"))


def by_the_way(known: Known) -> Decision | None:
    """Answer "not great" or a sad face that nothing asked for as it would be answered had it been asked; else None."""
    if not is_low(known.text):
        return None
    return Decision(support(known), asks=a_person.OFFERED, read_me=True)


def scored_unasked(known: Known) -> Decision | None:
    """Answer "my week has been a 3" that nothing asked for, the low as a low answer; None for other texts."""
    if not said_by_trainees().of_the_week.search(known.text):
        return None
    felt = understand(known.text, "checkin_prompt")
    if felt.intent != "checkin_score":
        return None
    if int(felt.slots["score"]) > LOW:
        return Decision((known.say("too_early"),), read_me=True)
    return Decision(support(known), asks=a_person.OFFERED, read_me=True)


def off_scale(known: Known) -> Decision | None:
    """Answer a number that is on no scale, or that nothing asked for; None for other texts."""
    if not _A_NUMBER.fullmatch(known.text):
        return None
    if known.asked == "checkin_prompt":
        return Decision((known.say("checkin_off_scale"),), read_me=True)
    return Decision((known.say("too_early"),), read_me=True) if known.asked == "none" else None


def support(known: Known, spoken_of: str | None = None) -> tuple[Text, ...]:
    """Return what is said to somebody who finds it hard: one place (`place_for`), and the offer of a person."""
    place, warning = place_for(known, spoken_of)
    reply = known.say("checkin_low", resource_line=place.line(known.now.date()) if place else "")
    return (known.say(warning), reply) if warning else (reply,)


def followup_yes(known: Known) -> Decision:
    """They would like a facilitator to get in touch."""
    return Decision((known.say("contact_noted_plain"),), (WantsPerson("low check-ins"),), a_person.ASKED)


def followup_no(known: Known) -> Decision:
    """They would rather not. A wish for a person from before stands: only words about a call itself take it back."""
    if known.call_waits and not said_by_trainees().no_call.search(one_line(known.text)):
        return Decision((known.say("contact_still_listed"),), (), NOTHING, read_me=True)
    return Decision((known.say("contact_declined"),), (NeedsNobody(),), NOTHING)


def _noted(known: Known, change: CheckedIn) -> Decision:
    """Take note without a word on how high it was; with a need in the same text, help with that instead."""
    if "signpost" in known.meant.intents or helping.is_keyword(known):
        return Decision((), (change,), NOTHING).and_then(helping.signpost(known))
    return Decision((known.say("checkin_thanks"),), (change,), NOTHING)


def _low(known: Known, change: CheckedIn, *, ask: bool) -> Decision:
    """Thank, validate in a line, name one place that fits, offer a person; `ask` asks whether one may get in touch."""
    place, warning = place_for(known)
    line = place.line(known.now.date()) if place else ""
    if ask:
        text, asks = known.say("checkin_low_again", resource_line=line), Asked("flag_followup", timedelta(days=2))
    else:
        text, asks = known.say("checkin_low", resource_line=line), a_person.OFFERED
    asks = replace(asks, keep={"named": [place.id] if place else []})
    first: tuple[Text, ...] = (known.say(warning),) if warning else ()
    return Decision((*first, text), (change,), asks)


def place_for(known: Known, spoken_of: str | None = None) -> tuple[Resource | None, str | None]:
    """Return the place that fits somebody who finds it hard, and the warning that comes before it.

    It is for what the words speak of (`spoken_of` is a topic that is known already), else for what the question was
    about, and open now if one is. A crisis line only where the words speak of a crisis.
    """
    answer = known.directory.find(known.text, known.nation, known.now)
    topic = _FITTING.get(str(known.kept.get("question")), _USUAL)
    crisis = answer.topics[:1] == ("crisis",)
    unfit = answer.topics[:1] == (helping.AT_HOME,) or known.by_the_way == helping.FAMILY_ILL
    asked_for = () if unfit else answer.resources  # at home: never by the way
    topics = (spoken_of, topic, _USUAL) if spoken_of else (topic, _USUAL)
    listed = (
        known.directory.by_topic(each, known.nation, known.now) for each in topics
    )  # looked up as they are needed
    for found in listed if spoken_of else chain((asked_for,), listed):
        places = [place for place in found if crisis or not place.crisis_service]
        place = next((place for place in places if place.open_at(known.now) is not False), None)
        if place is not None:
            return place, place.warning or next((each.warning for each in found if spoken_of and each.warning), None)
    return None, None
