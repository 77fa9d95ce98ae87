"""Asking for a person of the programme: heard, asked about once more, and told more of."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from companion.conversation.changes import WantsPerson
from companion.conversation.known import Asked, Decision, Known

# What offers a person says how (CALL ME), and people answer YES. Not for long, as a reminder wants its own answer.
OFFERED = Asked("flag_followup", timedelta(hours=2))
ASKED = Asked("none", timedelta(hours=2), {"person": True})  # when, and what about, may follow


def asked_for(known: Known) -> Decision:
    """Someone wants a person of the programme, or seems to: then they are asked."""
    if known.meant.guessed and not known.kept.get("person"):
        return asked_again(known)
    noted = known.say("contact_noted_plain")
    return Decision((noted,), (WantsPerson("asked"),), known.still_asked(person=True), read_me=True)


def asked_again(known: Known) -> Decision:
    """Ask once more whether a person is to get in touch: what was said is no plain answer."""
    asks = replace(OFFERED, keep={"asked_again": True})
    return Decision((known.say("contact_unsure"),), asks=asks, read_me=True)


def told_more(known: Known) -> Decision:
    """Take what is said soon after asking for a person as a word to that person: "it's about work mostly"."""
    return Decision((known.say("contact_told_more"),), asks=known.still_asked(), read_me=True)
