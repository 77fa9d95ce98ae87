"""What is said after places that help: "something else", "is there anything online", "for free", "in leeds"."""

from __future__ import annotations

import re
from dataclasses import replace

from companion.conversation.flows import helping, nation
from companion.conversation.known import Decision, Known
from companion.conversation.normalise import one_line
from companion.signposting import Resource

_BEFORE = (
    r"(?:(?:no|nah|ok|but|and|hmm|sorry|i meant|i mean|is there|have you|do you have|got|not that|can i have|i want)"
    r"[\s,.]+)*"
)
_OTHERS = re.compile(
    _BEFORE + r"(?:not (?:that|those|them|these|it|helpful|useful|what i (?:need|want|mean|meant))(?: ones?)?"
    r"|(?:something|anything|someone|anyone|what) else|(?:any )?others?|another(?: one)?|(?:a )?different ones?)"
)
_A_PLACE = r"(?:(?:something|anything|one|help|a place)(?: that'?s| that is)? )?"
_ONLINE = re.compile(
    _BEFORE
    + _A_PLACE
    + r"(?:online|on the (?:web|internet)|(?:i can |to )?read|an? (?:website|web ?site|app|link))(?: instead)?"
)
_FREE = re.compile(_BEFORE + _A_PLACE + r"(?:for )?free(?: of charge)?")
_NEAR = re.compile(
    _BEFORE + _A_PLACE + r"(?:(?:in|near|around) ([a-z]+)|local(?:ly)?|nearby|(?:near|in|around) (?:me|here|my area))"
)
_WEB = re.compile(r"\b[\w-]+\.(?:org|uk|com|net|wales|scot)\b")


def said(known: Known) -> Decision | None:
    """Answer what is asked of places that were just named; None when none were, or for another text."""
    if "more" not in known.kept or known.kept.get("menu") or known.state != "joined":
        return None
    text = one_line(known.text).strip(" .?!")
    if _OTHERS.fullmatch(text):
        return helping.more(known)
    if _ONLINE.fullmatch(text):
        return _only(known, [each for each in helping.waiting(known) if _WEB.search(each.line(known.now.date()))])
    if _FREE.fullmatch(text):
        return _only(known, [each for each in helping.waiting(known) if each.free])
    near = _NEAR.fullmatch(text)
    if near is not None and (near[1] is None or nation.is_a_place(near[1])):
        where = nation.shown(known.nation)
        return Decision((known.say("signpost_by_nation", nation=where),), heard_as="signpost")
    return None


def _only(known: Known, found: list[Resource]) -> Decision:
    """Name those that are as was asked; the others still wait for MORE."""
    if not found:
        return Decision((known.say("signpost_none_such"),), heard_as="signpost")
    first = found[: helping.AT_ONCE]
    rest = [each for each in helping.waiting(known) if each not in first]
    named = helping.others(known, first)
    return replace(named, asks=known.still_asked(more=[each.id for each in rest], menu=False, useful=None))
