"""A phrase that means nothing where it stands, seen by the examples: "on my way now" beside "my way of coping".

A phrase found somewhere in a text may belong to another wish. Where the examples, which weigh all words together, are
sure of something else and give the reading of the phrase next to nothing, they are believed. Not where the phrase is
all that is said, not of an answer that comes first ("3, can someone ring me"), and a grave wish (an end, a pause, a way
back, an erasure) needs a phrase of its own somewhere in the text.
"""

from __future__ import annotations

from companion.conversation.found import Found, Intents
from companion.conversation.phrases import words_of

# Chosen with each tenth of the examples left out in turn, so that what was right stays so.
_SURE, _NEXT_TO_NOTHING = 0.9999, 1e-5
_RATHER, _LITTLE = 0.5, 0.001  # where only the search for help took a word in passing for a need
_FEWEST = 4  # words: of fewer a phrase is most of what there is
# Answers, which come first whatever follows, and what is not made less of.
_STAYS = words_of("checkin_score consent_yes consent_no survey_yes survey_no survey_comment delete_my_data")
_FIRST_OF_TWO = words_of("running_late pause book_yes book_no")  # "half an hour late, which link is it"
_PLACES = words_of("book_yes book_no")  # an answer to what was offered, where words of one are found
_NEVER = words_of("consent_yes unknown survey_comment checkin_score")
# The phrases that a grave wish needs, one of them.
_NEEDS = {
    "stop": words_of("stop stop_weak uninterested"),
    "start_again": words_of("start_again start_weak"),
    "delete_my_data": words_of("delete_my_data"),
    "pause": words_of("pause for_a_while"),
    "join": words_of("join cohort_alone"),
}


def looked_at_again(intents: Intents, found: Found, state: str) -> Intents:
    """The intents, or the one that the examples are sure of where they contradict the first."""
    if not intents or len(found.said.words) < _FEWEST or found.has("undecided"):
        return intents
    if state == "flag_followup" and intents[0] == "talk_to_person" and found.has("yes", "yes_weak"):
        return intents  # "yes, not while I am on shift" is about when
    hit = found.hits.get(intents[0])
    if hit is not None and hit.place in {"whole", "clause"}:
        return intents
    likely = found.likely.beside_needs(state)
    best = max(likely, key=likely.__getitem__, default="unknown")
    if intents[0] in _STAYS or (intents[0] in _FIRST_OF_TWO and best in intents):
        return intents
    if intents[0] in _PLACES and found.has("yes", "no", intents[0]) and state != "none":
        return intents
    searched = intents[0] == "signpost" and not found.has("topic_alone", "topic_asked")
    sure, nothing = (_RATHER, _LITTLE) if searched else (_SURE, _NEXT_TO_NOTHING)
    kept = likely.get(intents[0], 0.0)
    if intents[0] == "signpost":  # a need is told whatever was asked
        kept = max(kept, found.likely.beside_needs("none").get("signpost", 0.0))
    if best in _NEVER or likely[best] <= sure or kept >= nothing:
        return intents
    if best in _NEEDS and not _NEEDS[best] & found.likely.signals:
        return intents
    if "stop" in {best, intents[0]} and not _may_turn(best, intents[0], found):
        return intents
    if best in intents:  # two things: both are met
        return intents if intents[0] == "signpost" else [best, *(intent for intent in intents if intent != best)]
    return [best, *intents[1:]]


def _may_turn(best: str, first: str, found: Found) -> bool:
    """Whether an end may take this place, or leave its own: it may take that of a pause, and a way back takes its."""
    if first == "stop":
        return best == "start_again"
    return first == "pause" and "not stop" not in found.hits  # "away and stop texting me"
