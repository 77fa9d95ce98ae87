"""EXCLUDE, NOT and ALLOW: whom a trainee does not want to see their texts."""

from __future__ import annotations

import re

from companion.conversation.changes import LeaveOut, LetIn
from companion.conversation.known import Decision, Known
from companion.rota.names import named

_ASKS = re.compile(
    r"(?:please )?(?P<verb>exclude|leave out|not|don'?t (?:tell|show|involve)|hide (?:me |this )?from|allow|let in)\b"
    r"[\s:,.-]*(?P<who>.*)",
    re.IGNORECASE | re.DOTALL,
)
_LONGEST = 60  # characters of a name; what is longer is a sentence
_SHOWN = 5


def asks(text: str) -> tuple[str, str] | None:
    """Return what a text asks for ("exclude", "not" or "allow") and the name in it; None when it is no such text."""
    found = _ASKS.fullmatch(text.strip().replace("\u2019", "'"))
    if found is None or len(found["who"]) > _LONGEST:
        return None
    verb = found["verb"].lower()
    kind = "allow" if verb in ("allow", "let in") else "exclude" if verb in ("exclude", "leave out") else "not"
    return kind, found["who"].strip(" .!?")


def answer(known: Known) -> Decision | None:
    """Answer; None when nobody is meant. Only the word EXCLUDE says by itself that somebody is."""
    asked = asks(known.text)
    if asked is None:
        return None
    kind, who = asked
    found = named(who, known.colleagues)
    if found is None:
        if kind != "exclude":
            return None
        names = ", ".join(each.label for each in known.colleagues[:_SHOWN])
        return Decision((known.say("left_out_who", names=names),), read_me=bool(who)) if names else None
    if kind == "allow":
        return Decision((known.say("let_in", who=found.label),), (LetIn(found.id),))
    if found.external:
        return Decision((known.say("left_out_not", who=found.label),), read_me=True)
    return Decision((known.say("left_out", who=found.label),), (LeaveOut(found.id),))
