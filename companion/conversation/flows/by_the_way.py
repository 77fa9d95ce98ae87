"""What people ask or say by the way, which is no command and no topic: each has an answer of its own."""

from __future__ import annotations

from dataclasses import replace

from companion.content.sayings import said_by_trainees
from companion.conversation.flows import booking, helping, second_thoughts
from companion.conversation.known import ABOUT_A_PLACE, NOTHING, Decision, Known
from companion.conversation.normalise import is_question, one_line

# A wish for an end that leaves some of the texts: what stays is named after "but" or "just".
_ENDS = ("stop", "delete_my_data", "change_channel", "pause")
_ABOUT_A_PLACE = ("book_yes", "book_no", "next_session", "running_late")
_OWN_WORDS = ("checkin_prompt", "survey_helpful", "survey_words", "flag_followup")  # unless it is asked about us
# What a question about the group may look like in place of an answer to the weekly one.
_NO_NUMBER = ("practical_need", "next_session", "book_yes", "join_link", "signpost", "checkin_word")
_OF_THE_GROUP = ("survey_helpful", "survey_words")
_NO_ANSWER = ("survey_comment", "practical_need", "unknown")  # "can I bring a friend?"
# For what is asked, what answers those who have not joined.
_OUTSIDE = {
    **{text_id: f"{text_id}_outside" for text_id in ("about_the_group", "by_video", "camera_how", "who_is_there")},
    **{text_id: f"{text_id}_outside" for text_id in ("not_recorded", "group_private", "who_runs", "name_how")},
    **{text_id: f"{text_id}_outside" for text_id in ("how_it_works", "who_sees_this", "bot_or_person", "who_for")},
    "needs_app": "by_video_outside",
    "new_number": "new_number_outside",
    "told_tpd": "who_sees_this_outside",
    "how_long_kept": "how_long_kept",
    "other_language": "other_language",
    "costs": "costs",
}
_OF_WHO_IS_THERE = ("help", "who_is_there", "how_it_works", "bot_or_person", "no_need_sorry", "tell_us")
# "no texts on Sundays" is no to no place, nor is the no of another language.
_NO_TO_NO_PLACE = ("quiet_how", "text_times", "stop_in_part", "pause_how", "other_language")
# The number may be another's now, or no longer the one to ring; or nobody knows yet what it is about.
_READ_ALL_THE_SAME = ("stop_in_part", "shared_phone", "somebody_else", "new_number", "tell_us", "other_language")


def said(known: Known) -> Decision | None:
    """Answer what is asked or said by the way; None for other texts, and where one's own words are awaited."""
    listen, text, intent = said_by_trainees(), one_line(known.text), known.meant.intent
    if intent == "stop" and listen.stop_in_part.search(text):
        return Decision((known.say("stop_in_part"),), read_me=True, heard_as="stop in part")
    if listen.sorry.search(text) and known.waiting is None and (nothing_to_forgive := _sorry(known)) is not None:
        return nothing_to_forgive
    if known.asked in _OF_THE_GROUP and (said_of_it := _beside_the_survey(known)) is not None:
        return said_of_it
    asks_of_it = known.asked == "checkin_prompt" and known.by_the_way in _OUTSIDE and is_question(known.text)
    if known.asked in _OWN_WORDS and intent not in ("help", "unknown") and not (asks_of_it and intent in _NO_NUMBER):
        return None
    if intent not in _ENDS and listen.no_call.search(text):
        return second_thoughts.no_call(known)
    text_id = known.by_the_way
    if text_id in _OF_WHO_IS_THERE and known.waiting is not None:
        return None  # "hello?" and "who's there" of somebody who waits for a person
    if text_id is None or (
        intent in _ENDS and text_id not in ("quiet_how", "text_times", "stop_in_part", "new_number")
    ):
        return None
    if (text_id == "pause_how" and intent != "unknown") or (text_id == "quiet_how" and intent in _ABOUT_A_PLACE):
        return None  # "can't, on nights"
    if text_id == helping.FAMILY_ILL and intent in _ABOUT_A_PLACE and not known.meant.guessed:
        return None  # "can't make it, my son is ill": the place is given up, and it is said beside that
    if text_id == "by_video" and known.kept.get("named") and listen.where_is_it.search(text):
        return None  # of a place that was just named
    answer = _answered(known, text_id)
    if answer is not None and text_id not in _NO_TO_NO_PLACE and _answers_first(known, text):
        place = booking.accept(known) if intent == "book_yes" else booking.decline(known)
        return replace(place.and_then(answer), asks=place.asks, heard_as=intent)  # "yes. is it recorded?"
    return answer


def _answers_first(known: Known, text: str) -> bool:
    """Whether a text says yes or no to a place before it asks something."""
    plain = known.meant.intent in ("book_yes", "book_no") and not known.meant.guessed
    about_a_place = known.asked in ABOUT_A_PLACE and known.session is not None
    return plain and about_a_place and said_by_trainees().answers_first.search(text) is not None


def outside(known: Known) -> Decision | None:
    """Answer what a doctor asks who has not joined and thinks of it; None for other texts."""
    text_id = _OUTSIDE.get(known.by_the_way or "")
    if text_id is None and known.asked != "confirm_consent":
        asks_when = known.meant.intent == "next_session" and not known.meant.guessed and not known.unsure
        text_id = "when_outside" if asks_when else None
    if text_id is None:
        return None
    read_me = known.by_the_way in _READ_ALL_THE_SAME
    if "next_step" not in known.words.wording(text_id).values:
        return Decision((known.say(text_id),), read_me=read_me, heard_as=text_id)
    step = known.say("step_yes" if known.asked == "confirm_consent" else "step_join")
    return Decision((known.say(text_id, next_step=step),), read_me=read_me, heard_as=text_id)


def _answered(known: Known, text_id: str) -> Decision | None:
    values: dict[str, str] = {}
    if text_id == "name_how":
        values = {"alias": known.around.alias}
    elif text_id in ("signpost_general", helping.FAMILY_ILL):
        values = {"resource_line": helping.for_any_doctor(known)}
    elif text_id == "faith_how":
        values = {"resource_line": helping.line_of(known, "local-chaplaincy")}
    elif text_id == "who_runs":
        if known.around.run_by is None:
            return None  # they have no group yet
        values = {"group": known.around.run_by.group, "names": ", ".join(known.around.run_by.names)}
    return Decision((known.say(text_id, **values),), read_me=text_id in _READ_ALL_THE_SAME, heard_as=text_id)


def _beside_the_survey(known: Known) -> Decision | None:
    """Answer somebody who was not there, and what is asked in place of an answer: neither says how the group was."""
    if known.by_the_way == "missed_it" and not is_question(known.text):
        return Decision((known.say("missed_it"),), asks=NOTHING, heard_as="missed_it")
    if known.by_the_way is not None and known.meant.intent in _NO_ANSWER and is_question(known.text):
        return _answered(known, known.by_the_way)
    return None


def _sorry(known: Known) -> Decision | None:
    """Answer "sorry": as a no it is heard where a place is offered, and never gives one up that is theirs."""
    session = known.session
    offered = known.asked == "booking_offer" and known.meant.intent == "book_no"
    if session is not None and offered and session.status != "no":
        return None
    if session is not None and known.asked == "reminder" and session.has_place:
        return booking.next_session(known)
    return Decision((known.say("no_need_sorry"),), heard_as="thanks")
