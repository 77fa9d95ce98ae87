"""Whether help with a topic is wanted: by itself, or beside an answer or another wish in the same text.

What the text says is put to the search for help (`companion.signposting`). Words of an answer ("see you there") can
hide a need from it or look like another ("can someone ring me"), so the words beside the answer are searched by
themselves, and the whole text where these find nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from companion.content.sayings import weighed_words
from companion.conversation.finder import Hit
from companion.conversation.found import LOOSE, Found
from companion.conversation.normalise import Said
from companion.conversation.slots import named
from companion.conversation.wordlist import WordList

if TYPE_CHECKING:
    from companion.signposting import Directory

_ANSWERS = frozenset({"consent_yes", "consent_no", "book_yes", "book_no", "checkin_score", "survey_yes", "survey_no"})
# Wishes beside which a need is met that is said plainly in other words of the text.
_WISHES = frozenset({"talk_to_person", "next_session", "join_link", "running_late", "pause", "change_channel"})
# What says an answer or a wish, and nothing of a need.
_SAYS_AN_ANSWER = (
    *(*_ANSWERS, *_WISHES, "yes", "no", "yes_weak", "cant_weak", "take_contact", "thanks", "undecided"),
    *("for_a_while", "practical_need"),
)

# How likely a wish for help must be by the examples, from 0 to 1, where only a word or two speak of a topic.
_NO_NEED = 0.05
_SURELY_A_NEED = 0.99  # where words of another wish stand in the text
# Points of the search at which a need is said plainly; a word in passing has fewer. Chosen, as the share above, on
# texts that are not among the examples.
_PLAIN_NEED, _PLAIN_NEED_INDEED = 4.25, 5.2
_A_NEED_ASKED = 3.0  # after "no but"
_A_WORD_OF_NEED = 4.6  # "anxious all the time" has more
_LONG = {"join_link": 9, "practical_need": 9, "resume": 8, "next_session": 8}  # words; 7 for others
_OF_A_SESSION = frozenset(("next_session", "join_link", "practical_need", "running_late"))
# What a text about something else may look like, where nothing was asked.
_LOOKS_LIKE = LOOSE | {"menu", "pause", "change_channel", "my_data"}
_PASSED_OVER = LOOSE - {"book_yes", "book_no"}  # where a place was spoken of, these may well be the answer
_LOOKS = {"none": _LOOKS_LIKE, "reminder": _PASSED_OVER, "booking_offer": _PASSED_OVER}
_SAID_IN_PASSING = LOOSE - {"join"} | {"menu", "talk_to_person"}
# Topics whose words are those of what somebody needs at a meeting: "I use a wheelchair, can I get into the room".
_NEEDS_OF_A_MEETING = ("physical health", "new to the area")
_A_FEW = 3  # words: fewer are no need told beside something else


def with_help(intents: list[str], found: Found, state: str) -> list[str]:
    """Put help with a topic where it belongs: first when asked for outright, last when nothing else was meant."""
    if "stop" in intents:
        return intents
    if state == "survey_words" and (need := _need_in_a_comment(found)):
        return ["signpost"] if need == "alone" else [*intents, "signpost"]
    if found.has("topic_alone") and state == "none" and intents[:1] != ["join"]:
        return ["signpost", *intents]
    if found.has("topic_alone") and (not intents or state == "none"):
        return [*intents, "signpost"]
    if found.has("topic_asked") and state != "after_stop" and (state != "survey_words" or found.said.asks):
        return _asked_for(intents, found, state)
    return _unasked(intents, found, state)


def _unasked(intents: list[str], found: Found, state: str) -> list[str]:
    """The same where no topic is asked about by its name."""
    whole = found.hits.get(intents[0]) if intents else None
    said_whole = whole is not None and whole.place == "whole"
    if (not intents or intents[0] in _LOOKS.get(state, ())) and not said_whole and _is_a_need(found, state):
        return ["signpost"]  # "needle went through my glove, 20 min ago" is nobody running late
    if state == "none" and _in_passing(intents, found) and not _is_of_ours(found, state, _PLAIN_NEED_INDEED):
        topic, points = searched(found.said.raw)
        if points >= _PLAIN_NEED and (intents[0] != "practical_need" or topic not in _NEEDS_OF_A_MEETING):
            return ["signpost", *(i for i in intents if i == "talk_to_person")]
        if points >= _PLAIN_NEED and intents[0] == "talk_to_person":
            return [*intents, "signpost"]
    if _goes_on(intents, found, state):
        return [*intents, "signpost"]  # "yes but I can't sleep at all, is there anything for that?"
    if (intents and (intents != ["thanks"] or state != "none" or len(found.said.words) < 6)) or found.has("not_for_us"):
        return intents
    if state == "survey_words" or (found.has("yes", "no", "undecided", "thanks") and len(found.said.words) < 4):
        return intents
    if not searched(found.said.raw)[0]:
        return intents
    return ["signpost", *intents] if intents or not _about_us(found, state) else []


def _need_in_a_comment(found: Found) -> str:
    """Whether help is asked for where a comment was: "beside" one, "alone", or not at all, "".

    Alone is "no but I can't make the rent, is there any help?". Beside a comment only what is asked outright and
    plainly counts.
    """
    words, points = found.said.words, searched(found.said.raw)[1]
    if words[0] in weighed_words().nothing and (found.asks or found.has("asks_help", "needs")):
        return "alone" if points >= (_A_NEED_ASKED if "but" in words else _PLAIN_NEED) else ""
    if found.has("asks_outright") and points >= _PLAIN_NEED:
        return "alone"
    return "beside" if found.has("asks_help") and points >= _PLAIN_NEED else ""


def topic_of(said: Said, words: WordList) -> str | None:
    """The topic that a text speaks of, by the search for help or by our own few words."""
    return searched(said.raw)[0] or own_topic(said, words)


def own_topic(said: Said, words: WordList) -> str | None:
    """The topic whose name, or another word for it, stands in the text."""
    return named(said.words, words.topics)


def need_beside(found: Found) -> str:
    """The words of a text that are no part of an answer or a wish; empty where too few are left.

    What stands in one clause with a pause is its reason: "no texts until I am back from leave".
    """
    left = _left(found)
    return " ".join(left) + "?" * found.said.asks if _A_FEW <= len(left) < len(found.said.words) else ""


def _left(found: Found) -> list[str]:
    words = found.said.words
    taken = {at for at, word in enumerate(words) if word[0].isdigit()}
    for signal in _SAYS_AN_ANSWER:
        if (hit := found.hits.get(signal)) is not None:
            taken.update(_clause(found, hit) if signal == "pause" else range(hit.start, hit.end))
    return [word for at, word in enumerate(words) if at not in taken]


def _clause(found: Found, hit: Hit) -> range:
    starts = found.said.starts
    first = max((start for start in starts if start <= hit.start), default=0)
    return range(first, min((start for start in starts if start >= hit.end), default=hit.end))


def searched(text: str) -> tuple[str | None, float]:
    """The first topic that the search for help finds and its points. Imported late: most texts need no search.

    A deployment's mistake in its resources stops the start, not the reading of a text: our own few words stand in.
    """
    directory = _directory()
    if directory is None:
        return None, 0.0
    reading = directory.read(text)
    return (reading.topics[0], reading.points[reading.topics[0]]) if reading.topics else (None, 0.0)


def _asked_for(intents: list[str], found: Found, state: str) -> list[str]:
    """Help was asked for by the name of a topic: it comes after an answer to what was asked, before all else."""
    answers = [i for i in intents if i in _ANSWERS or (i == "talk_to_person" and state == "flag_followup")]
    if state == "survey_words" or (state == "flag_followup" and found.has("no")):
        answers = intents[:1]
    left_out = {*answers, "help", "thanks", "feedback"}
    return [*answers, "signpost", *[i for i in intents if i not in left_out]]


def _goes_on(intents: list[str], found: Found, state: str) -> bool:
    """Whether a need stands in the words after an answer, or plainly beside another wish."""
    if not intents or found.has("not_for_us") or state == "after_stop":
        return False
    if intents[0] in _ANSWERS:
        rest = need_beside(found)
        return (
            bool(_left(found))
            and len(found.said.words) > 4
            and bool(searched(found.said.raw)[0] or (rest and searched(rest)[1] >= _PLAIN_NEED))
        )
    rest = need_beside(found)
    if intents[0] == "practical_need":  # "exams and money and childcare help pls"
        topic, points = searched(rest) if rest else (None, 0.0)
        return points >= _PLAIN_NEED and topic not in (*_NEEDS_OF_A_MEETING, "rota and rest facilities")
    if intents[0] not in _WISHES:
        return False
    return bool(rest) and searched(rest)[1] >= _PLAIN_NEED


def _about_us(found: Found, state: str) -> bool:
    """Whether a text that has a word of some topic is, by the examples, about these texts and groups all the same."""
    if (same := found.likely.the_same(state)) is not None:
        return same != "signpost"
    return _is_of_ours(found, state, _A_WORD_OF_NEED)


def _is_a_need(found: Found, state: str) -> bool:
    """Whether the examples are near certain that help is wanted, and the search knows with what."""
    return _share_of_need(found, state, 0.0) >= _SURELY_A_NEED and bool(searched(found.said.raw)[0])


def _is_of_ours(found: Found, state: str, need: float) -> bool:
    """Whether the examples know a text as something else than a need, unless it tells one with so many points."""
    return _share_of_need(found, state, 1.0) < _NO_NEED and searched(found.said.raw)[1] < need


def _share_of_need(found: Found, state: str, unknown: float) -> float:
    """How likely help is wanted, by the examples; `unknown` where they know too little.

    A need is told whatever was asked, so the text is also taken as if nothing had been.
    """
    return max(found.likely.beside_needs(each).get("signpost", unknown) for each in {state, "none"})


def _in_passing(intents: list[str], found: Found) -> bool:
    """A wish that only some words in a longer text look like: "letter from the GMC, can't open it" wants no link."""
    weighed = weighed_words()
    about_us = not (weighed.our_texts | weighed.our_people).isdisjoint(found.said.words)
    if not intents or intents[0] not in _SAID_IN_PASSING or found.has("not_for_us") or about_us:
        return False
    if len(_OF_A_SESSION.intersection(intents)) > 1:
        return False  # "is there parking at the session and when is it"
    hit = found.hits.get(intents[0])
    if hit is not None and hit.start in found.said.starts and found.said.words[hit.start] in weighed.asking_of:
        return False  # "will there be food? coming straight from a long day"
    return len(found.said.words) >= _LONG.get(intents[0], 7) and (hit is None or hit.place == "has")


def _directory() -> Directory | None:
    from companion.signposting import DirectoryError, load_directory  # noqa: PLC0415

    try:
        return load_directory(None)  # the very directory that the service has, where it has none of its own
    except DirectoryError:
        return None
