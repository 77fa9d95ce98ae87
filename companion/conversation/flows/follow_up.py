"""What is said after places that help: "something else", "is there anything online", "for free", "in leeds"."""

from __future__ import annotations

import re
from dataclasses import replace

from companion.conversation.flows import helping, nation
from companion.conversation.known import ABOUT_A_PLACE, Decision, Known
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
    _BEFORE + _A_PLACE + r"(?:local(?:ly)?|nearby|(?:near|in|around) (?:me|here|my area)|(?:in|near|around) ([a-z]+))"
)
_OPEN = re.compile(
    r"(?:(?:ok|and|but|hi|thanks|great|so)[\s,.]+)*"
    r"(?:(?:is|are) (?:it|that|this|they|those|these|the lines?|that one)(?: line)? (?:still )?open\b.{0,25}"
    r"|open (?:now|today|tonight|at (?:night|weekends?)|on [a-z]+days?)"
    r"|(?:(?:what|which) (?:times?|hours|days)|when) (?:is|are|does|do|will) (?:it|that|they|the line|those|these)"
    r"(?: be)? (?:open|close|shut)\b.{0,15}"
    r"|(?:what are )?(?:the|its|their) (?:opening )?(?:hours|times)|opening (?:hours|times))"
)
_WEB = re.compile(r"\b[\w-]+\.(?:org|uk|com|net|wales|scot)\b")


def asks(known: Known) -> Decision | None:
    """Answer what is plainly a question about places, whatever was asked last; None for another text."""
    if known.state != "joined" or known.stopped or known.kept.get("menu"):
        return None
    text = one_line(known.text).strip(" .?!")
    if _OPEN.fullmatch(text) and known.by_the_way is None and ("open" in text or known.kept.get("named")):
        return _hours(known)
    near = _NEAR.fullmatch(text)
    if near is None or near[1] is not None or (known.asked in ABOUT_A_PLACE and "more" not in known.kept):
        return None
    return _by_nation(known)


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
    return _by_nation(known) if near is not None and near[1] and nation.is_a_place(near[1]) else None


def _by_nation(known: Known) -> Decision:
    where = nation.shown(known.nation)
    return Decision((known.say("signpost_by_nation", nation=where),), heard_as="signpost")


def _hours(known: Known) -> Decision:
    """Say of the places named last whether they are open now; ask which one is meant where none was."""
    named = [place for place in map(known.directory.get, known.kept.get("named", [])) if place is not None]
    if not named:
        return Decision((known.say("hours_of_which"),), heard_as="signpost")
    for shown in range(len(named), 0, -1):
        lines = "\n".join(_open_or_not(known, each) for each in named[:shown])
        reply = known.say("signpost_hours", lines=lines)
        if helping.parts_of((reply,)) <= helping.MOST_PARTS:
            break
    return Decision((reply,), heard_as="signpost")


def _open_or_not(known: Known, place: Resource) -> str:
    """Return its line, and whether it is open. Bank holidays are not known here."""
    open_now = place.open_at(known.now)
    always = place.opening is not None and place.opening.always
    state = "always" if always else {True: "open", False: "closed", None: "unknown"}[open_now]
    return known.say(f"hours_{state}", line=place.line(known.now.date())).body


def _only(known: Known, found: list[Resource]) -> Decision:
    """Name those that are as was asked; the others still wait for MORE."""
    if not found:
        return Decision((known.say("signpost_none_such"),), heard_as="signpost")
    first = found[: helping.AT_ONCE]
    rest = [each for each in helping.waiting(known) if each not in first]
    named = helping.others(known, first)
    return replace(named, asks=known.still_asked(more=[each.id for each in rest], menu=False, useful=None))
