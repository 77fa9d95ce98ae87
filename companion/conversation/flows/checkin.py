"""Answers to the weekly check-in. A number is never graded, banded or shown to anyone else."""

from __future__ import annotations

from datetime import timedelta

from companion.conversation.changes import CheckedIn, WantsPerson
from companion.conversation.known import NOTHING, Asked, Decision, Known

LOW = 3  # of 10
FALL = 4


def scored(known: Known) -> Decision:
    """Answer a number from 0 to 10."""
    score = int(known.meant.slots["score"])
    change = (CheckedIn(score),)
    last = known.earlier_scores[0] if known.earlier_scores else None
    again = last is not None and ((score <= LOW and last <= LOW) or last - score >= FALL)
    if again:
        text = known.say("checkin_low_again", resource_line=_resource(known))
        return Decision((text,), change, Asked("flag_followup", timedelta(days=2)))
    if score <= LOW:
        return Decision((known.say("checkin_low", resource_line=_resource(known)),), change, NOTHING)
    return Decision((known.say("checkin_thanks"),), change, NOTHING)


def in_words(known: Known) -> Decision:
    """Answer a word or a sentence; a person reads it."""
    change = (CheckedIn(None),)
    if known.meant.slots.get("low"):
        return Decision((known.say("checkin_low", resource_line=_resource(known)),), change, NOTHING, read_me=True)
    return Decision((known.say("checkin_thanks"),), change, NOTHING, read_me=True)


def followup_yes(known: Known) -> Decision:
    """They would like a facilitator to get in touch."""
    return Decision((known.say("contact_noted_plain"),), (WantsPerson("low check-ins"),), NOTHING)


def followup_no(known: Known) -> Decision:
    """They would rather not."""
    return Decision((known.say("contact_declined"),), asks=NOTHING)


def _resource(known: Known) -> str:
    found = [
        r for r in known.directory.by_topic("low mood", known.nation, known.now) if not r.crisis_service
    ] or known.directory.by_topic("low mood", known.nation, known.now)
    return found[0].line(known.now.date()) if found else ""
