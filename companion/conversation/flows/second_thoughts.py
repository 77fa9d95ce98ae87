"""What is taken back after a yes: "sorry i meant no". What can't be taken back is said to be so."""

from __future__ import annotations

import re

from companion.content.sayings import said_by_trainees
from companion.conversation.changes import NeedsNobody
from companion.conversation.flows import booking, survey
from companion.conversation.known import Decision, Known
from companion.conversation.normalise import one_line

JOINED = "joined"  # kept while the offer of a place that came with the welcome stands


def takes_back(text: str) -> bool:
    """Whether a text says that a yes was a slip: "sorry, i meant no", "yes was a mistake"."""
    return said_by_trainees().meant_no.search(one_line(re.sub(r"[^\w']", " ", text))) is not None


def _calls_off(known: Known) -> bool:
    """Whether whoever has just asked for a person wants none after all; a "no" may be to what was asked before."""
    text = one_line(known.text)
    if known.takes_back or said_by_trainees().no_call_after_all.search(text):
        return True
    return known.asked == "none" and said_by_trainees().plain_no.search(text) is not None


def said(known: Known) -> Decision | None:
    """Take back what was agreed to last; None for other texts, and where there was no yes."""
    if known.kept.get("person") and _calls_off(known):
        return Decision((known.say("contact_called_off"),), (NeedsNobody(),), read_me=True, heard_as="no call")
    if not known.takes_back:
        return None
    if known.asked == "survey_words":
        return Decision((known.say("survey_counted"),), heard_as=survey.ANSWERED)
    if known.kept.get(JOINED):
        return Decision((known.say("joined_meant_no"),), heard_as="meant no")
    session = known.session
    return booking.decline(known) if session is not None and session.has_place else None
