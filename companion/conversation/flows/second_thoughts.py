"""What is taken back after a yes: "sorry i meant no". What can't be taken back is said to be so."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from companion import when
from companion.content.sayings import said_by_trainees
from companion.conversation.changes import NeedsNobody
from companion.conversation.flows import booking, survey
from companion.conversation.known import ABOUT_A_PLACE, Decision, Known
from companion.conversation.normalise import one_line

JOINED = "joined"  # kept while the offer of a place that came with the welcome stands
WHICH_NO = "which_no"  # kept once they were asked whether a no is about a call or about a place
_WHERE_NO_IS_OPEN = ABOUT_A_PLACE | {"none", "checkin_prompt"}  # what was asked, where a plain no may be about a call


def takes_back(text: str) -> bool:
    """Whether a text says that a yes was a slip: "sorry, i meant no", "yes was a mistake"."""
    return said_by_trainees().meant_no.search(one_line(re.sub(r"[^\w']", " ", text))) is not None


def no_is_about_a_call(text: str, kept: Mapping[str, Any]) -> bool:
    """Whether the text is a no that may be about a call: to one they have just asked for, or to any."""
    return bool(kept.get("person")) or is_against_a_call(text)


def is_against_a_call(text: str) -> bool:
    """Whether a text wants no call, in whatever words."""
    return wants_no_call(text) or said_by_trainees().no_call.search(one_line(text)) is not None


def wants_no_call(text: str) -> bool:
    """Whether a text is NO CALL, the word for it."""
    return said_by_trainees().no_call_word.search(one_line(text)) is not None


def _of_a_call(known: Known) -> Decision | None:
    """Take back a wish for a person; ask which is meant where a plain no may as well be about a place."""
    listen, text = said_by_trainees(), one_line(known.text)
    if wants_no_call(text):
        if known.waiting is None and not known.call_waits:
            return Decision((known.say("contact_declined"),), heard_as="no call")
        return no_call(known)
    if not known.kept.get("person"):
        return None
    if known.takes_back or listen.no_call_after_all.search(text):
        return no_call(known)
    if not known.call_waits or known.asked not in _WHERE_NO_IS_OPEN or not listen.plain_no.search(text):
        return None
    session = known.session
    if session is None or session.status not in ("offered", "yes", "waiting"):
        return no_call(known)
    when_it_is = when.day_and_time(session.starts_at, known.zone)
    asks = known.still_asked(**{WHICH_NO: True})
    return Decision((known.say("no_to_which", when=when_it_is),), (), asks, read_me=True, heard_as="no to which")


def no_call(known: Known) -> Decision:
    """Call off the call that they asked for. Where there is none and people are paged about them, these still are."""
    if known.waiting is not None and not known.call_waits:
        return Decision((known.waiting,), read_me=True, heard_as="waits")
    return Decision((known.say("contact_called_off"),), (NeedsNobody(),), read_me=True, heard_as="no call")


def said(known: Known) -> Decision | None:
    """Take back what was agreed to last; None for other texts, and where there was no yes."""
    if (of_a_call := _of_a_call(known)) is not None:
        return of_a_call
    if (of_words := survey.taken_back(known)) is not None:
        return of_words
    if not known.takes_back:
        return None
    if known.asked == "survey_words":
        return Decision((known.say("survey_counted"),), heard_as=survey.ANSWERED)
    if known.kept.get(JOINED):
        return Decision((known.say("joined_meant_no"),), heard_as="meant no")
    session = known.session
    if session is not None and session.has_place:
        return booking.decline(known)
    return Decision((known.say("no_need_sorry"),), heard_as="meant no") if known.asked == "none" else None
