"""SCOTLAND, CYMRU, NI, "I'm in Glasgow now": where someone looks for help."""

from __future__ import annotations

import re

from companion.conversation.changes import LivesIn
from companion.conversation.known import Decision, Known
from companion.conversation.normalise import one_line

_SAID = {
    "england": "england",
    "wales": "wales",
    "cymru": "wales",
    "scotland": "scotland",
    "ni": "ni",
    "n ireland": "ni",
    "northern ireland": "ni",
}
# Towns that are in one nation alone.
_TOWNS = {
    "scotland": "glasgow edinburgh aberdeen dundee inverness stirling perth paisley kilmarnock",
    "wales": "cardiff swansea wrexham aberystwyth carmarthen merthyr",
    "ni": "belfast derry londonderry lisburn newry omagh enniskillen",
    "england": "london manchester liverpool leeds birmingham sheffield bristol nottingham leicester oxford",
}
_SAID |= {town: nation for nation, towns in _TOWNS.items() for town in towns.split()}
_WHERE = re.compile(
    r"(?:i ?'?a?m|i'?ve(?: just)? moved|i (?:work|live)|(?:just )?moved|based|working|living)"
    r"(?: (?:now|currently|based|working|living|back))*"
    r" (?:in|to) ([a-z ]+?)"
    r"(?: now| these days| at the moment| since \w+| from [a-z]+| (?:last|this) (?:week|month|year))?"
)
_SHOWN = {"england": "England", "wales": "Wales", "scotland": "Scotland", "ni": "Northern Ireland"}


def is_a_place(name: str) -> bool:
    """Whether this is a nation, or a town that is in one nation alone."""
    return name in _SAID


def shown(nation: str) -> str:
    """Return a nation's name as people read it."""
    return _SHOWN[nation]


def said(known: Known) -> Decision | None:
    """Answer a nation on its own, or where someone says they are; None when the text is neither."""
    text = one_line(re.sub("[.,!]", " ", known.text))
    where = _WHERE.fullmatch(text)
    nation = _SAID.get(where[1] if where else text)
    if nation is None:
        return None
    return Decision((known.say("nation_set", nation=_SHOWN[nation]),), (LivesIn(nation),))
