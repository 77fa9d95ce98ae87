"""From what a text means to the flow that answers it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from companion.content.sayings import said_by_trainees
from companion.conversation.changes import Unanswered, WantsPerson
from companion.conversation.flows import (
    a_person,
    booking,
    buddies,
    by_name,
    by_the_way,
    checkin,
    follow_up,
    help_pages,
    helping,
    inviting,
    joining,
    language,
    leaving,
    leaving_out,
    my_data,
    nation,
    needs,
    new_number,
    placing,
    quiet,
    second_thoughts,
    survey,
    weekly,
    whose_number,
)
from companion.conversation.intents import understand
from companion.conversation.known import ABOUT_A_PLACE, NOTHING, SILENCE, Decision, Known, says_nothing_else
from companion.conversation.normalise import one_line
from companion.conversation.number_beside import scores_beside

Flow = Callable[[Known], Decision]


def _reply(text_id: str, *, read_me: bool = False) -> Flow:
    return lambda known: Decision((known.say(text_id),), read_me=read_me)


MEMBER: dict[str, Flow] = {
    "join": joining.join,
    "consent_yes": joining.agree,
    "consent_no": joining.refuse,
    "stop": leaving.stop,
    "start_again": leaving.start,
    "help": help_pages.asked_for,
    "menu": helping.menu,
    "book_yes": booking.accept,
    "book_no": booking.decline,
    "next_session": booking.next_session,
    "join_link": booking.join_link,
    "running_late": booking.late,
    "checkin_score": checkin.scored,
    "checkin_word": checkin.in_words,
    "survey_yes": survey.answer,
    "survey_no": survey.nothing_to_add,
    "survey_comment": survey.comment,
    "talk_to_person": a_person.asked_for,
    "pause": leaving.pause,
    "resume": leaving.resume,
    "change_channel": leaving.change_channel,
    "my_data": my_data.ask_copy,
    "delete_my_data": my_data.ask_erase,
    "practical_need": needs.noted,
    "feedback": _reply("feedback_thanks", read_me=True),
    "thanks": _reply("thanks"),
    "signpost": helping.signpost,
}
# What is said in words of its own and is no intent: the first that knows the text answers it.
COMMANDS: tuple[Callable[[Known], Decision | None], ...] = (
    leaving_out.answer,
    second_thoughts.said,
    survey.may_show,
    buddies.said,
    inviting.said,
    needs.said,
    quiet.asked_for,
    nation.said,
    language.said,
    leaving.of_a_pause,
    joining.named_again,
    placing.group,
    placing.move,
    booking.said,
    weekly.my_weeks,
    weekly.asked_at,
    weekly.unwanted,
    by_name.said,
    by_the_way.said,
    help_pages.commands,
    help_pages.page,
    helping.keyword,
)
# A text that answers and asks gets both, as long as the second is not another answer to the same question.
ALSO_MET = (
    *("talk_to_person", "next_session", "join_link", "pause", "book_no", "change_channel", "practical_need"),
    "running_late",
)
WITH_THEIR_OWN_HELP = ("checkin_score", "checkin_word")  # a low answer names one place, and no more
STRANGER = ("join", "consent_yes", "consent_no", "stop", "start_again", "help")
ENDS_OR_JOINS = ("join", "consent_yes", "consent_no", "stop", "start_again", "my_data", "delete_my_data")
HAS_LEFT = (*STRANGER, "my_data", "delete_my_data")  # something may still be held about them
WHILE_STOPPED = ("join", "consent_yes", "consent_no", "start_again", "help", "stop")


def decide(known: Known) -> Decision:
    """Decide what is answered to a text that nothing on the watch list matched."""
    if (
        plain := new_number.answered(known)
        or new_number.copy_rests(known)
        or my_data.taken_back(known)
        or my_data.too_late(known)
        or follow_up.asks(known)
    ) is not None:
        return plain
    if known.stopped and known.meant.intent not in WHILE_STOPPED:
        return Decision(read_me=bool(known.text.strip()))
    asks_for_a_call = known.asked == "flag_followup" and known.meant.intent == "talk_to_person"
    if asks_for_a_call and not _left_out(known) and language.said(known) is None:
        return _wants_call(known)
    if (about_data := my_data.answered(known)) is not None:
        return about_data
    if helping.wants_more(known):
        return helping.more(known)
    if (asked_on := follow_up.said(known)) is not None:
        return asked_on
    if (about_help := helping.useful(known)) is not None:
        return about_help
    if known.kept.get("menu") and known.text.strip().isdecimal():
        return helping.signpost(known)
    if known.state != "joined":
        return (whose_number.said(known) if known.unsure else None) or _stranger(known)
    if (asked_for := next(filter(None, (command(known) for command in COMMANDS)), None)) is not None:
        return asked_for
    if known.asked == "flag_followup" and known.meant.intent == "thanks":
        return _waits(known) or _wants_no_call(known)  # somebody is paged about them all the same
    if known.asked == "survey_words" and known.meant.intent == "thanks":  # "no" to whether anything could be better
        return survey.nothing_to_add(known)
    return _member(known)


def _wants_call(known: Known) -> Decision:
    """They would like to be contacted; "the one about rest" only looks like it, and is asked about once more."""
    if known.meant.guessed and not _says_when(one_line(known.text)):
        return a_person.asked_for(known)
    return _with_help(known, checkin.followup_yes(known))


def _wants_no_call(known: Known) -> Decision:
    """They would rather not be contacted; "work mostly", which only looks like it, is asked about once more."""
    if known.meant.guessed and not known.kept.get("asked_again"):
        return a_person.asked_again(known)
    return _with_help(known, checkin.followup_no(known))


def _says_when(text: str) -> bool:
    return any(map(str.isdecimal, text)) or said_by_trainees().says_when.search(text) is not None


def _left_out(known: Known) -> bool:
    return known.meant.guessed and leaving_out.answer(known) is not None  # "EXCLUDE Dr Cole" is no yes to a call


def _waits(known: Known) -> Decision | None:
    """Say what is true to somebody whose text nobody has yet: no machine's answer stands between them and a person."""
    if known.waiting is None or known.opt_out_type == "STOP" or not says_nothing_else(known.meant, known.text):
        return None
    unsure = (known.say("stop_unsure"),) if known.meant.intent == "stop" else ()  # "cancel that" ends no texts
    return Decision((known.waiting, *unsure), read_me=True, heard_as="waits")


def _member(known: Known) -> Decision:
    if (waits := _waits(known)) is not None:
        return waits
    known = _without_late_rent(known)
    main = MEMBER.get(known.meant.intent)
    if known.meant.guessed and known.meant.intent == "thanks" and (troubled := checkin.by_the_way(known)) is not None:
        return troubled  # "not great"
    if (main is None or known.meant.guessed) and (told := checkin.scored_unasked(known)) is not None:
        return told
    if main is None:
        return _not_understood(known)
    if known.meant.intent in ("book_yes", "book_no") and scores_beside(known.meant):
        return _place_and_week(known, main(known))
    further = [intent for intent in known.meant.intents[1:] if intent in ALSO_MET and intent != known.meant.intent][:2]
    if known.meant.intent == "signpost" and further:  # the place that helps comes after, as it may wait for MORE
        return helping.besides(known, _both([MEMBER[intent](known) for intent in further]))
    if known.meant.intent == "book_no":
        # "stuck in theatre, might not make it": there is nothing to be late for, nor to be told of.
        further = [intent for intent in further if intent not in ("running_late", "next_session")]
    return _with_help(known, _both([main(known), *(MEMBER[intent](known) for intent in further)]))


def _place_and_week(known: Known, place: Decision) -> Decision:
    """Answer "yes. and 4": the place and the number. What a low number asks is what the answer then answers."""
    week = checkin.scored(known)
    return replace(place.and_then(week), asks=place.asks if week.asks is NOTHING else week.asks)


def _without_late_rent(known: Known) -> Known:
    """Leave out that they are late where no place is theirs and a text asks for help, or only looks like it."""
    has_place = known.session is not None and known.session.has_place
    intents = known.meant.intents
    if intents == ("running_late",) and known.meant.guessed and not has_place:
        return replace(known, meant=replace(known.meant, intents=("unknown",)))  # "evenings after 7"
    if has_place or "signpost" not in intents or "running_late" not in intents:
        return known
    left = tuple(intent for intent in intents if intent != "running_late")
    return replace(known, meant=replace(known.meant, intents=left))


def _with_help(known: Known, decision: Decision) -> Decision:
    """Add help with a topic where a text asks for it beside what it was answered to."""
    if known.by_the_way == helping.FAMILY_ILL and known.meant.intent not in WITH_THEIR_OWN_HELP:
        both = decision.and_then(Decision((helping.family_ill(known),)))
        return both if helping.parts_of(both.replies) <= helping.MOST_PARTS + 1 else decision
    if "signpost" in known.meant.intents[1:] and known.meant.intent not in WITH_THEIR_OWN_HELP:
        return helping.besides(known, decision)
    if known.meant.intent in ("book_yes", "book_no") and checkin.is_low(known.text):
        return replace(decision, read_me=True)  # "yes, been awful": a person knows of it
    return decision


def _both(decisions: list[Decision]) -> Decision:
    """Meet several wishes in one answer of two parts. A wish for a person is always said to have been heard."""
    whole, *others = decisions
    for other in others:
        new = tuple(each for each in other.replies if each not in whole.replies)
        together = whole.and_then(replace(other, replies=new))
        if helping.parts_of(together.replies) > helping.MOST_PARTS:
            replies = other.replies if _asks_for_person(other) else whole.replies
            together = replace(together, replies=replies, read_me=True)
        whole = together
    return whole


def _asks_for_person(decision: Decision) -> bool:
    return any(isinstance(change, WantsPerson) for change in decision.changes)


def _stranger(known: Known) -> Decision:
    intent = known.meant.intent
    if intent == "join" and "help" in known.meant.intents and "cohort_code" not in known.meant.slots:
        intent = "help"  # "saw a poster, what is this?": what it is comes before which cohort
    if (waits := _waits(known)) is not None:
        return waits
    if known.state == "asked" and known.asked == "none" and _agrees(known.text):
        return Decision((known.say("join_lapsed"),))
    ends_or_joins = intent in ENDS_OR_JOINS and not (intent == "my_data" and known.by_the_way)  # "how long is it kept"
    if not known.stopped and not ends_or_joins and (told := by_the_way.outside(known)) is not None:
        return told
    if intent in (HAS_LEFT if known.state and not known.unsure else STRANGER):
        return MEMBER[intent](known)
    if known.state and (spoken := language.said(known)) is not None:
        return spoken
    if (named := joining.only_named(known)) is not None:
        return named
    if intent == "menu":
        return help_pages.menu_outside(known)
    wants_help = intent == "signpost" or (intent == "talk_to_person" and known.directory.read(known.text).topics)
    if wants_help and known.sender_kind in joining.MAY_JOIN:
        return replace(helping.signpost(known), read_me=intent != "signpost")  # help is for whoever asks
    if known.unsure:
        return whose_number.shows_nothing(known)
    asked = known.asked == "confirm_consent"
    return Decision((known.say("help_asked" if asked else "unknown_sender"),), read_me=True)


def _agrees(text: str) -> bool:
    return understand(text, "confirm_consent").intent == "consent_yes"


_WORTH_LEARNING = 3  # words: fewer teach nothing


def _not_understood(known: Known) -> Decision:
    if not known.text.strip():
        return SILENCE if known.stopped else Decision((known.say("not_understood"),))
    if known.asked in ABOUT_A_PLACE and "undecided" in known.meant.slots:
        return Decision((known.say("place_undecided"),), heard_as="undecided")
    if (troubled := checkin.by_the_way(known)) is not None:
        return troubled
    if (number := checkin.off_scale(known)) is not None:
        return number
    if known.kept.get("person"):
        return a_person.told_more(known)
    listed = (Unanswered("unclear"),) if len(known.text.split()) >= _WORTH_LEARNING else ()
    if known.kept.get("misunderstood"):
        return Decision((known.say("not_understood_twice"),), listed, a_person.OFFERED, read_me=True)
    return Decision((known.say("not_understood"),), listed, known.still_asked(misunderstood=True), read_me=True)
