"""SCOTLAND, CYMRU, NI: where someone looks for help."""

from __future__ import annotations

from companion.conversation.changes import LivesIn
from companion.conversation.known import Decision, Known

_SAID = {
    "england": "england",
    "wales": "wales",
    "cymru": "wales",
    "scotland": "scotland",
    "ni": "ni",
    "n ireland": "ni",
    "northern ireland": "ni",
}
_SHOWN = {"england": "England", "wales": "Wales", "scotland": "Scotland", "ni": "Northern Ireland"}


def shown(nation: str) -> str:
    """Return a nation's name as people read it."""
    return _SHOWN[nation]


def said(known: Known) -> Decision | None:
    """Answer a nation on its own; None when the text is none."""
    nation = _SAID.get(" ".join(known.text.lower().replace(".", " ").split()))
    if nation is None:
        return None
    return Decision((known.say("nation_set", nation=_SHOWN[nation]),), (LivesIn(nation),))
