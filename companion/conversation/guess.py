"""What a text means that no phrase settles: what the most similar examples mean, where nothing speaks against it."""

from __future__ import annotations

from companion.content.sayings import weighed_words
from companion.conversation.found import Found
from companion.conversation.topic_help import searched
from companion.programme.needs import kind_of

_TAKEN_BACK = frozenset({"not book_yes", "not yes"})  # what a phrase took back no likeness brings again


def guess(found: Found, state: str, *, cohort: bool) -> str | None:
    """The intent of the examples most like a text, or None. `cohort`: the text names one."""
    said = found.said
    like = found.likely.most(state, cohort=cohort)
    if like is None or found.likely.the_same(state) == like:
        return like
    if like == "signpost" and not searched(said.raw)[0]:
        return None  # like a need, but none that we know a place for: "sleep tight everyone"
    if like == "help" and weighed_words().of_a_number.intersection(said.words) and searched(said.raw)[0]:
        return "signpost"  # "whats the chaplain's number"
    if like == "practical_need" and kind_of(said.raw) is None:
        return None  # "will I get in trouble": nobody could act on it, and the answer says that somebody may
    if like == "book_yes" and (_TAKEN_BACK & found.hits.keys() or found.has("rather_no", "hard", "no")):
        return None  # "not great" takes no place
    return like
