"""What a text means where a place in a session was offered, or the group meets today."""

from __future__ import annotations

from companion.content.sayings import weighed_words
from companion.conversation.finder import Hit
from companion.conversation.found import Found, Intents, led_by

_BEGINNING = 4  # words
_A_TALE = 30  # words: in so many a reason why not may be about anything
_NOWHERE = Hit("", "has", "", -1, -1)


def booking_offer(found: Found) -> Intents:
    """A place is offered."""
    return _place(found, weak_yes=True)


def reminder(found: Found) -> Intents:
    """The group meets today: a nod needs nothing, a yes says they still come."""
    nod = found.has("thanks") and found.hits["thanks"].place == "whole" and found.said.words[0] not in {"yes", "no"}
    if nod and not found.clear:
        return ["thanks"]
    return _place(found, weak_yes=False)


def _place(found: Found, *, weak_yes: bool) -> Intents:
    others = found.others("book_yes", "book_no")
    if found.has("not_for_us"):
        others = [intent for intent in others if intent != "practical_need"]  # "dinner at 7, love?"
    asks_place = found.asks and not found.has("yes") and found.hits.get("book_yes", _NOWHERE).place != "whole"
    coming = (
        _says(found, "yes") or (weak_yes and _says(found, "yes_weak")) or (found.has("book_yes") and not asks_place)
    )
    away = (
        _says(found, "no")
        or found.has("book_no")
        or (found.has("cant_weak") and _weak_away(found, coming, weak_yes=weak_yes))
    )
    if coming and away and found.said.words[0] != "yes" and _but_cannot(found):
        coming = False
    if found.has("pause") and not found.has("no", "yes"):
        return ["pause", *[i for i in others if i != "pause"], *(["book_no"] if away else [])]
    if coming and away:
        coming = _prefers_yes(found)
        away = not coming
    if found.has("undecided") and not _settled(found):
        return others or ["unknown"]
    if coming and not away and _answers_first(found):
        return ["book_yes", *others]  # "can do. whats the passcode again"
    if "join_link" in others and not found.has("yes", "no"):
        return others
    if away:
        return ["book_no", *[i for i in others if i != "running_late"], *found.thanks()]
    if coming and "running_late" in others and not found.has("yes"):
        return [*led_by("running_late", others), "book_yes"]
    if coming and not (found.asks and others and not found.has("yes", "yes_weak")):
        return ["book_yes", *others, *found.thanks()]
    if found.has("book_yes") and set(others) <= {"practical_need"}:
        return ["book_yes", *others]  # "can I come? is there parking"
    return others or found.thanks()


def _says(found: Found, signal: str) -> bool:
    """Whether a yes or a no was found; in a long story only at its beginning: "i do not know why" answers nothing."""
    hit = found.hits.get(signal)
    return hit is not None and (len(found.said.words) <= _A_TALE or hit.start < _BEGINNING)


def _answers_first(found: Found) -> bool:
    """Whether the text begins with a clause that is a yes and nothing else, and goes on."""
    ends = found.said.starts[1]
    hits = [hit for signal in ("yes_weak", "book_yes") if (hit := found.hits.get(signal))]
    return ends < len(found.said.words) and any(hit.start == 0 and hit.end == ends for hit in hits)


def _weak_away(found: Found, coming: bool, *, weak_yes: bool) -> bool:
    """Whether a reason such as "on call" stands for a no: not beside a yes, a question, or "late" on the day."""
    if coming:
        return _but_cannot(found)
    if len(found.said.words) > _A_TALE:
        return False  # "a run of nights" in the story of a bad week is no answer
    if found.asks and found.clear:
        return False  # "what time does it finish thurs"
    return weak_yes or not found.has("running_late", "join_link", "thanks")


def _but_cannot(found: Found) -> bool:
    """A wish, then the reason why not: "would love to but I am working"."""
    words = found.said.words
    return "but" in words and bool(weighed_words().wishes & set(words[: words.index("but")]))


def _prefers_yes(found: Found) -> bool:
    """Of a yes and a no in one text, whether the yes is the answer."""
    yes, no = found.at("yes", "yes_weak", "book_yes"), found.at("no", "book_no")
    if weighed_words().corrections & set(found.said.words[min(yes, no) :]):
        return yes > no
    said_coming = found.has("book_yes") and found.said.words[found.hits["book_yes"].start] in weighed_words().coming
    if said_coming and not found.has("book_no"):
        return True
    return yes < no


def _settled(found: Found) -> bool:
    """Whether a yes or a no stands beside the doubt: "should be home by then, so yes"."""
    doubt = found.at("undecided")
    if found.hits["undecided"].end - doubt == len(found.said.words):
        return False  # "yes no"
    if found.said.words[-1] == "yes":
        return True  # "yes if my swap goes through, actually it has so yes"
    if found.has("no", "book_no"):
        return True
    if not found.has("yes"):
        return False
    on_condition = bool(weighed_words().hangs_on & set(found.said.words))
    return found.hits["yes"].place == "ends" or found.at("yes") > doubt or not on_condition
