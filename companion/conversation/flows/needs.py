"""NEED, and needs said in plain words: noted under a heading, for those who can act on them."""

from __future__ import annotations

import re
from datetime import timedelta

from companion.conversation.changes import NoteNeed
from companion.conversation.known import NOTHING, Asked, Decision, Known
from companion.programme.needs import OTHER, kind_of, kinds

WHICH = "need_which"  # the dialogue in which the next words name the need
_NEED = re.compile(r"needs?\b[\s:,.!?-]*(.*)", re.IGNORECASE | re.DOTALL)


def said(known: Known) -> Decision | None:
    """Answer NEED and NEED FOOD, and the words after NEED; None for any other text."""
    found = _NEED.fullmatch(known.text.strip())
    if found is not None and not found[1].strip():
        return Decision((known.say("need_which"),), asks=Asked(WHICH, timedelta(days=1)), heard_as="practical_need")
    if found is None and known.asked != WHICH:
        return None
    kind = kind_of(known.text)
    if kind is None or known.meant.intent in ("stop", "talk_to_person", "pause", "delete_my_data"):
        return None
    return _noted(known, kind)


def noted(known: Known) -> Decision:
    """Answer a need that was said in plain words; a person reads it too."""
    return _noted(known, kind_of(known.text) or OTHER)


def _noted(known: Known, kind: str) -> Decision:
    text = known.say("need_noted", need=known.words.titled(kinds()[kind].title))
    asks = NOTHING if known.asked == WHICH else None
    return Decision((text,), (NoteNeed(kind),), asks, read_me=True, heard_as="practical_need")
