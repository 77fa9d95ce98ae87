"""From phrases found to intents in order: one small rule per state of the conversation.

Each rule takes what was found and returns the intents, main first, or nothing when it has no opinion. Clear wishes
(stop, delete, a person, a pause ...) are the same in every state; the rules here add what an answer means.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from companion.content.sayings import weighed_words
from companion.conversation.found import LOOSE, Found, Intents
from companion.conversation.phrases import Hit, is_number
from companion.conversation.score import read_score

_BEGINNING = 4  # words
_A_TALE = 30  # words: in so many a reason why not may be about anything
_NOWHERE = Hit("", "has", "", -1, -1)


def nothing_asked(found: Found) -> Intents:
    """Nothing waits for an answer: only what is said by itself counts."""
    if found.has("not_for_us"):
        return [intent for intent in found.others() if intent not in LOOSE]
    return [*found.others(), *_thanks(found)]


def confirm_consent(found: Found) -> Intents:
    """YES joins. A consent must be plain: any no, any doubt, any condition and it is not one."""
    others = ["help" if i in {"next_session", "feedback"} else i for i in found.others("join_link", "resume")]
    questions = [intent for intent in others if intent in {"help", "my_data"}]
    first_asks = found.asks and found.at("help") < found.at("no")  # "how do I leave if I don't like it"
    if found.has("no") and not first_asks and not (found.has("yes") and _corrected(found, "no", "yes")):
        return ["consent_no", *[i for i in others if i not in {"book_no", "join"}], *_thanks(found)]
    if found.has("book_no") and not found.has("yes"):
        return ["consent_no", *[i for i in others if i != "book_no"]]  # "I'll give it a miss"
    if found.has("undecided"):
        return [*_first("help", others), "unknown"] if questions else ["unknown"]
    if found.has("yes"):
        if _only_if(found):
            return ["help", *[i for i in others if i != "help"]]
        if questions and (
            _conditional(found)
            or found.said.raw.lower().startswith("yes?")
            or found.at("yes") > found.at("help", "my_data")
        ):
            return ["help", *[i for i in others if i != "help"]]
        if found.said.asks and not questions and len(found.said.words) == 1:
            return ["unknown"]
        return ["consent_yes", *[i for i in others if i != "join"]]
    if questions:
        return _first("help", others)
    if others:
        return others
    return ["help"] if found.asks and not found.has("not_for_us") else _thanks(found)


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
        return ["book_no", *[i for i in others if i != "running_late"], *_thanks(found)]
    if coming and "running_late" in others and not found.has("yes"):
        return [*_first("running_late", others), "book_yes"]
    if coming and not (found.asks and others and not found.has("yes", "yes_weak")):
        return ["book_yes", *others, *_thanks(found)]
    if found.has("book_yes") and set(others) <= {"practical_need"}:
        return ["book_yes", *others]  # "can I come? is there parking"
    return others or _thanks(found)


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


def checkin_prompt(found: Found) -> Intents:
    """How has your week been: a number, a word, or something else altogether."""
    others = _in_checkin(found)
    score = read_score(found.said)
    if score is not None and not ("help" in others and found.asks):
        return ["checkin_score", *others, *_thanks(found)]
    if found.has("not_for_us"):
        return others or ["unknown"]
    if found.has("mood") and found.at("mood") < min((found.at(i) for i in others), default=10_000):
        return ["checkin_word", *others]
    if others:
        return others
    thanks = _thanks(found)
    if found.has("skip_week"):
        return ["pause"]
    if thanks and found.hits["thanks"].place in {"whole", "starts"}:
        return thanks
    if found.has("mood"):
        return ["checkin_word"]
    if found.has("asks_help"):
        return []
    return [] if found.asks or _says_nothing(found) else ["checkin_word"]


def _in_checkin(found: Found) -> Intents:
    kept = found.firm()
    hit = found.hits.get("feedback")
    if hit and "feedback" not in kept and weighed_words().of_the_service & set(found.said.words[hit.start : hit.end]):
        kept.append("feedback")
    kept += [
        i
        for i in found.clear
        if i in {"book_no", "join_link", "next_session"} and i not in kept and _names_group(found, i)
    ]
    if "resume" in found.clear and "resume" not in kept and weighed_words().of_the_texts & set(found.said.words):
        kept.append("resume")  # "begin the weekly ones again" is no answer about the week
    return [intent for intent in kept if intent != "running_late"]


def _names_group(found: Found, intent: str) -> bool:
    hit = found.hits[intent]
    return bool(weighed_words().of_the_group & set(found.said.words[max(0, hit.start - 1) : hit.end + 2]))


def _says_nothing(found: Found) -> bool:
    """A number off the scale, or letters struck at random."""
    words = found.said.words
    if all(word[:1].isdigit() or is_number(word) for word in words):
        return True
    if len(words) > 1:
        return words[0] == "yes" and len(words) == 1
    word = words[0]
    return word in {"yes", "no", "y", "n"} or (word.isascii() and word.isalpha() and _random(word))


def _random(word: str) -> bool:
    return not set(word) & set("aeiouy") or any(run in word for run in ("asdf", "sdfg", "qwer", "zxcv", "hjkl", "dfgh"))


def survey_helpful(found: Found) -> Intents:
    """Was it helpful: yes, no, or words that say so."""
    others = found.firm()
    others = [i for i in others if i not in {"book_yes", "book_no", "feedback", "running_late"}]
    comment = ["survey_comment"] if len(found.said.words) > 3 else []
    sure_yes, sure_no = found.has("yes"), found.has("no")
    if sure_yes or sure_no:
        yes_first = found.at("yes") < found.at("no")
        return ["survey_yes" if yes_first else "survey_no", *others, *comment, *_thanks(found)]
    if others:
        return others
    if found.has("undecided"):
        return ["unknown"]
    if found.has("rather_yes", "rather_no", "yes_weak"):
        yes_first = found.at("rather_yes", "yes_weak") < found.at("rather_no")
        return ["survey_yes" if yes_first else "survey_no", *comment]
    if found.has("not_for_us") or _says_nothing(found):
        return ["unknown"]
    if _only_signs(found):
        return _thanks(found) or ["unknown"]
    return _thanks(found) or ([] if found.asks else ["survey_comment"])


def _only_signs(found: Found) -> bool:
    """Whether there is no word but stickers, of which none is a yes or a no: nothing that may be shown to anybody."""
    return all(word.startswith(":") for word in found.said.words)


def survey_words(found: Found) -> Intents:
    """Anything to add: whatever is not plainly a command is the comment."""
    strong = {"stop", "delete_my_data", "change_channel", "pause", "my_data"}
    strong |= {"talk_to_person"} if weighed_words().requests & set(found.said.words) else set()
    others = [
        i
        for i in found.clear
        if (i in strong or found.said.asks or found.hits[i].place == "whole" or _asks_when(found, i))
        and i not in {"feedback", "book_yes", "book_no", "resume", "join"}
        and (i != "practical_need" or found.said.asks)
    ]
    if others:
        return others
    if found.has("nothing_to_add") and len(found.said.words) < 6:
        return ["thanks"]  # nothing to add: the answer to the question before stays what it was
    whole_thanks = found.has("thanks") and found.hits["thanks"].place == "whole"
    if whole_thanks and weighed_words().nods & set(found.said.words):
        return ["thanks"]
    if found.has("not_for_us") or (_says_nothing(found) and not _marks(found)):
        return ["unknown"]
    if _only_signs(found):
        return ["thanks"]
    return ["survey_comment", *_thanks(found)]


def _marks(found: Found) -> bool:
    """Whether it is so many out of ten: of the group, where anything to add was asked."""
    return read_score(found.said) is not None and ("/" in found.said.raw or "of" in found.said.words)


def _asks_when(found: Found, intent: str) -> bool:
    if intent == "help":
        return found.said.words[0] in weighed_words().asks_who
    if intent == "menu":
        return found.said.words[0] in weighed_words().asks_what
    return intent in {"next_session", "join_link"} and found.said.words[0] in weighed_words().asks_when


def flag_followup(found: Found) -> Intents:
    """Would you like a facilitator to get in touch: in doubt about the way, it is a yes."""
    others = found.others("talk_to_person", "book_yes", "book_no", "running_late", "feedback", "resume", "pause")
    if found.has("talk_to_person") or "change_channel" in others:
        return ["talk_to_person", *[i for i in others if i != "change_channel"]]
    refuses = found.has("no", "fine_now")
    if found.has("pause") and not refuses:
        return ["pause", *others]
    if all(is_number(word) for word in found.said.words):
        return ["unknown"]  # a number is no answer to whether somebody may call
    agrees = found.has("yes", "yes_weak", "take_contact")
    if agrees and (not refuses or found.at("yes", "yes_weak", "take_contact") < found.at("no", "fine_now")):
        questions = found.said.asks and not found.has("yes") and others
        return [*others, "talk_to_person"] if questions else ["talk_to_person", *others]
    if others:
        return others
    if refuses:
        return ["thanks"]
    if found.has("undecided"):
        return ["unknown"]
    return _thanks(found)


def after_stop(found: Found) -> Intents:
    """All texts have ended: only a plain wish brings them back."""
    others = found.others("resume", "book_yes", "book_no", "pause", "feedback", "stop", "start_again")
    refuses = found.has("no") and found.said.words[0] == "no"
    starts = found.has("start_again") or (found.has("start_weak") and not refuses)
    if "delete_my_data" in others:
        return _first("delete_my_data", others)  # "I've left, please delete my answers as well"
    if "stop" in found.clear or (found.has("stop_weak") and not starts):
        return ["stop", *others]
    if found.asks and others and found.said.words[0] not in weighed_words().requests:
        return [*others, "start_again"] if starts else others
    if starts:
        return ["start_again", *others]
    if others:
        return others
    return ["start_again"] if found.has("yes") and "yes" in found.said.words else _thanks(found)


def _thanks(found: Found) -> Intents:
    return ["thanks"] if found.has("thanks") else []


def _first(intent: str, intents: Intents) -> Intents:
    return [intent, *[other for other in intents if other != intent]]


def _conditional(found: Found) -> bool:
    return bool(weighed_words().doubts & set(found.said.words))


def _only_if(found: Found) -> bool:
    """A yes that hangs on something: "yes but only if my supervisor can't see it"."""
    words = found.said.words
    said = found.at("yes")
    if "if i want" in " ".join(words):
        return False  # "yes, I'll text STOP if I want out" takes nothing back
    weighed, after = weighed_words(), set(words[said + 1 :])
    return bool(weighed.conditions & after) and not weighed.courtesies & after


def _corrected(found: Found, earlier: str, later: str) -> bool:
    return found.at(later) > found.at(earlier) and bool(weighed_words().corrections & set(found.said.words))


Rule = Callable[[Found], Intents]
RULES: Mapping[str, Rule] = {
    "none": nothing_asked,
    "confirm_consent": confirm_consent,
    "booking_offer": booking_offer,
    "reminder": reminder,
    "checkin_prompt": checkin_prompt,
    "survey_helpful": survey_helpful,
    "survey_words": survey_words,
    "flag_followup": flag_followup,
    "after_stop": after_stop,
}
