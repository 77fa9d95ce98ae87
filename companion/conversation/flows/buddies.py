"""BUDDY: being introduced to one other person of the cohort, writing to them, and BYE BUDDY."""

from __future__ import annotations

import re
from datetime import timedelta

from companion.content.sayings import said_by_trainees
from companion.conversation.changes import LeaveBuddy, TellBuddy, WantBuddy
from companion.conversation.intents import understand
from companion.conversation.known import NOTHING, Asked, Decision, Known
from companion.conversation.normalise import one_line
from companion.programme.buddies import LONGEST, STATE
from companion.programme.masking import without_contacts

HEARD = "buddy"
_OFFER_LASTS = timedelta(hours=48)
_BUDDY = re.compile(r"(?:my buddy[\s.!?]*|buddy\b[\s:,.!-]*(.*))", re.IGNORECASE | re.DOTALL)


def said(known: Known) -> Decision | None:
    """Answer what is about a buddy; None for any other text."""
    text = " ".join(known.text.split())
    if known.asked == STATE and (answered := _answer(known)) is not None:
        return answered
    if known.asked == STATE and said_by_trainees().asks_about_it.search(one_line(known.text).strip(" ?!.")):
        return _offer(known)  # "whats that"
    here = known.around.buddy
    listen = said_by_trainees()
    alone = listen.bye_alone.search(text.strip(".! ")) and here is not None and here.paired
    if listen.bye_buddy.search(text.rstrip(".!")) or alone:
        return _bye(known)
    found = _BUDDY.fullmatch(text)
    if found is None:
        return _asked_about(known)
    if here is None or not here.paired:
        return _offer(known)
    words = (found[1] or "").strip()
    return _tell(known, words) if words else _say(known, "buddy_how")


def _asked_about(known: Known) -> Decision | None:
    """Answer what is said of one's buddy and is no text to them; None where there is none, nor a wish for one."""
    listen, here, text = said_by_trainees(), known.around.buddy, one_line(known.text)
    if here is not None and not here.paired and listen.wants_a_buddy.search(text):
        return _offer(known)
    if here is None or not (here.paired or here.waiting) or not listen.of_a_buddy.search(text):
        return None
    if listen.no_more_buddy.search(text):
        return _bye(known)
    return _say(known, "buddy_how" if here.paired else "buddy_waiting")


def _answer(known: Known) -> Decision | None:
    meant = understand(known.text, "survey_helpful").intent
    if meant == "survey_yes":
        return Decision((known.say("buddy_wished"),), (WantBuddy(),), NOTHING, heard_as=HEARD)
    if meant == "survey_no":
        return Decision((known.say("buddy_no"),), asks=NOTHING, heard_as=HEARD)
    return None


def _offer(known: Known) -> Decision:
    if known.around.buddy is not None and known.around.buddy.waiting:
        return _say(known, "buddy_waiting")
    cohort = known.cohort.name if known.cohort else ""
    return Decision((known.say("buddy_offer", cohort=cohort),), asks=Asked(STATE, _OFFER_LASTS), heard_as=HEARD)


def _tell(known: Known, words: str) -> Decision:
    if known.around.buddy is None or known.around.buddy.partner_away:
        return _say(known, "buddy_away")
    if len(words) > LONGEST:
        return Decision((known.say("buddy_too_long", over=len(words) - LONGEST),), heard_as=HEARD)
    masked = without_contacts(words)
    text = known.say("buddy_sent_without" if masked.removed else "buddy_sent")
    return Decision((text,), (TellBuddy(masked.words),), heard_as=HEARD)


def _bye(known: Known) -> Decision:
    here = known.around.buddy
    if here is None or not (here.paired or here.waiting):
        return _say(known, "buddy_none")
    return Decision((known.say("buddy_left"),), (LeaveBuddy(),), heard_as=HEARD)


def _say(known: Known, text_id: str) -> Decision:
    return Decision((known.say(text_id),), heard_as=HEARD)
