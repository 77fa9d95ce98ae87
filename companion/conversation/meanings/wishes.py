"""What a text means where nothing is asked, or something that a plain YES or NO answers: joining, a call, an end."""

from __future__ import annotations

from companion.content.sayings import weighed_words
from companion.conversation.found import LOOSE, Found, Intents, led_by
from companion.conversation.phrases import is_number


def nothing_asked(found: Found) -> Intents:
    """Nothing waits for an answer: only what is said by itself counts."""
    if found.has("not_for_us"):
        return [intent for intent in found.others() if intent not in LOOSE]
    return [*found.others(), *found.thanks()]


def confirm_consent(found: Found) -> Intents:
    """YES joins. A consent must be plain: any no, any doubt, any condition and it is not one."""
    others = ["help" if i in {"next_session", "feedback"} else i for i in found.others("join_link", "resume")]
    questions = [intent for intent in others if intent in {"help", "my_data"}]
    first_asks = found.asks and found.at("help") < found.at("no")  # "how do I leave if I don't like it"
    if found.has("no") and not first_asks and not (found.has("yes") and _corrected(found, "no", "yes")):
        return ["consent_no", *[i for i in others if i not in {"book_no", "join"}], *found.thanks()]
    if found.has("book_no") and not found.has("yes"):
        return ["consent_no", *[i for i in others if i != "book_no"]]  # "I'll give it a miss"
    if found.has("undecided"):
        return [*led_by("help", others), "unknown"] if questions else ["unknown"]
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
        return led_by("help", others)
    if others:
        return others
    return ["help"] if found.asks and not found.has("not_for_us") else found.thanks()


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
    only_then = (
        found.has("not_then") and found.has("yes", "yes_weak") and not found.has("no")
    )  # "fine but not before 6"
    if agrees and (
        only_then or not refuses or found.at("yes", "yes_weak", "take_contact") < found.at("no", "fine_now")
    ):
        questions = found.said.asks and not found.has("yes") and others
        return [*others, "talk_to_person"] if questions else ["talk_to_person", *others]
    if others:
        return others
    if refuses:
        return ["thanks"]
    if found.has("undecided"):
        return ["unknown"]
    return found.thanks()


def after_stop(found: Found) -> Intents:
    """All texts have ended: only a plain wish brings them back."""
    others = found.others("resume", "book_yes", "book_no", "pause", "feedback", "stop", "start_again")
    refuses = found.has("no") and found.said.words[0] == "no"
    starts = found.has("start_again") or (found.has("start_weak") and not refuses)
    if "delete_my_data" in others:
        return led_by("delete_my_data", others)  # "I've left, please delete my answers as well"
    if "stop" in found.clear or (found.has("stop_weak") and not starts):
        return ["stop", *others]
    if found.asks and others and found.said.words[0] not in weighed_words().requests:
        return [*others, "start_again"] if starts else others
    if starts:
        return ["start_again", *others]
    if others:
        return others
    return ["start_again"] if found.has("yes") and "yes" in found.said.words else found.thanks()


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
