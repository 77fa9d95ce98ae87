"""What is said after places that help: "something else", "is there anything online", "for free", "in leeds"."""

from __future__ import annotations

import re
from dataclasses import replace

from companion.content.sayings import said_by_trainees
from companion.conversation.flows import helping, nation
from companion.conversation.known import ABOUT_A_PLACE, Decision, Known
from companion.conversation.normalise import one_line
from companion.signposting import Resource

_WEB = re.compile(r"\b[\w-]+\.(?:org|uk|com|net|wales|scot)\b")


def asks(known: Known) -> Decision | None:
    """Answer what is plainly a question about places, whatever was asked last; None for another text."""
    if known.state != "joined" or known.stopped or known.kept.get("menu"):
        return None
    listen, text = said_by_trainees(), one_line(known.text).strip(" .?!")
    if listen.asks_hours.search(text) and known.by_the_way is None and ("open" in text or known.kept.get("named")):
        return _hours(known)
    if known.kept.get("named") and listen.that_again.search(text):
        return helping.these(known, _named(known))
    if "named" in known.kept and listen.place_by_text.search(text):
        return _by_text(known)
    about_a_session = known.asked in ABOUT_A_PLACE and "more" not in known.kept
    return _by_nation(known) if listen.place_near_me.search(text) and not about_a_session else None


def said(known: Known) -> Decision | None:
    """Answer what is asked of places that were just named; None when none were, or for another text."""
    if "more" not in known.kept or known.kept.get("menu") or known.state != "joined":
        return None
    listen, text = said_by_trainees(), one_line(known.text).strip(" .?!")
    if listen.another_place.search(text):
        return helping.more(known)
    if listen.place_online.search(text):
        return _only(known, [each for each in helping.waiting(known) if _WEB.search(each.line(known.now.date()))])
    if listen.place_at_night.search(text):
        return _only(
            known, [each for each in helping.waiting(known) if each.opening is not None and each.opening.always]
        )
    if listen.place_free.search(text):
        return _only(known, [each for each in helping.waiting(known) if each.free])
    in_a_town = listen.place_in_a_town.search(text) and nation.is_a_place(text.split()[-1])
    return _by_nation(known) if in_a_town else None


def _by_text(known: Known) -> Decision:
    """Name who can be texted: among those that wait, else anybody."""
    every = dict.fromkeys([*helping.waiting(known), *known.directory.resources])
    texted = [each for each in every if known.nation in each.nations and _can_be_texted(known, each)]
    return _only(known, texted)


def _can_be_texted(known: Known, place: Resource) -> bool:
    """Whether its line names a word to text, which it may not on every day."""
    text = place.contact.text
    return text is not None and f"text {text.keyword}" in place.line(known.now.date())


def _by_nation(known: Known) -> Decision:
    where = nation.shown(known.nation)
    return Decision((known.say("signpost_by_nation", nation=where),), heard_as="signpost")


def _named(known: Known) -> list[Resource]:
    return [place for place in map(known.directory.get, known.kept.get("named", [])) if place is not None]


def _hours(known: Known) -> Decision:
    """Say of the places named last whether they are open now; ask which one is meant where none was."""
    named = _named(known)
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
