"""What a text means where somebody was asked to tell: how the week was, whether a group helped, anything to add."""

from __future__ import annotations

from companion.content.sayings import weighed_words
from companion.conversation.found import Found, Intents
from companion.conversation.phrases import is_number
from companion.conversation.score import out_of_ten, read_score


def checkin_prompt(found: Found) -> Intents:
    """How has your week been: a number, a word, or something else altogether."""
    others = _in_checkin(found)
    score = read_score(found.said)
    if score is not None and not ("help" in others and found.asks):
        return ["checkin_score", *others, *found.thanks()]
    if found.has("not_for_us"):
        return others or ["unknown"]
    if found.has("mood") and found.at("mood") < min((found.at(i) for i in others), default=10_000):
        return ["checkin_word", *others]
    if others:
        return others
    thanks = found.thanks()
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


def survey_helpful(found: Found) -> Intents:
    """Was it helpful: yes, no, or words that say so."""
    others = found.firm()
    others = [i for i in others if i not in {"book_yes", "book_no", "feedback", "running_late"}]
    comment = ["survey_comment"] if len(found.said.words) > 3 else []
    sure_yes, sure_no = found.has("yes"), found.has("no")
    if sure_yes or sure_no:
        yes_first = found.at("yes") < found.at("no")
        return ["survey_yes" if yes_first else "survey_no", *others, *comment, *found.thanks()]
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
        return found.thanks() or ["unknown"]
    return found.thanks() or ([] if found.asks else ["survey_comment"])


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
    if found.has("not_for_us") or (_says_nothing(found) and not out_of_ten(found.said)):
        return ["unknown"]
    if _only_signs(found):
        return ["thanks"]
    return ["survey_comment", *found.thanks()]


def _asks_when(found: Found, intent: str) -> bool:
    if intent == "help":
        return found.said.words[0] in weighed_words().asks_who
    if intent == "menu":
        return found.said.words[0] in weighed_words().asks_what
    return intent in {"next_session", "join_link"} and found.said.words[0] in weighed_words().asks_when


def _says_nothing(found: Found) -> bool:
    """A number off the scale, or letters struck at random."""
    words = found.said.words
    if all(word[:1].isdigit() or is_number(word) for word in words):
        return True
    word = words[0]
    return len(words) == 1 and (
        word in {"yes", "no", "y", "n"} or (word.isascii() and word.isalpha() and _random(word))
    )


def _random(word: str) -> bool:
    return not set(word) & set("aeiouy") or any(run in word for run in ("asdf", "sdfg", "qwer", "zxcv", "hjkl", "dfgh"))


def _only_signs(found: Found) -> bool:
    """Whether there is no word but stickers, of which none is a yes or a no: nothing that may be shown to anybody."""
    return all(word.startswith(":") for word in found.said.words)
