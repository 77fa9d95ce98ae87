"""SCOTLAND, CYMRU, NI, "I'm in Glasgow now": where someone looks for help."""

from __future__ import annotations

import re

from companion.content.sayings import said_by_trainees
from companion.conversation.changes import LivesIn
from companion.conversation.known import Decision, Known
from companion.conversation.normalise import one_line

_CLAUSES = re.compile(
    r"[.,;:!?\n]|\b(?:and|but|so|what|whats|who|how|where|is there|can|anything|any|need)\b", re.IGNORECASE
)
_MOVED_WHEN = re.compile(r"(\bmoved to \w+(?: ireland)?) in \w+$", re.IGNORECASE)
_SHOWN = {"england": "England", "wales": "Wales", "scotland": "Scotland", "ni": "Northern Ireland"}


def is_a_place(name: str) -> bool:
    """Whether this is a nation, or a town that is in one nation alone."""
    return _named(name) is not None


def beside(text: str) -> str | None:
    """The nation that somebody says they are in beside something else: "im in glasgow, anything for money"."""
    lives_in = said_by_trainees().lives_in
    clauses = (_clause(each) for each in _CLAUSES.split(text))
    return next((_named(clause) for clause in clauses if lives_in.search(clause)), None)


def shown(nation: str) -> str:
    """Return a nation's name as people read it."""
    return _SHOWN[nation]


def said(known: Known) -> Decision | None:
    """Answer a nation on its own, or where someone says they are; None when the text is neither."""
    nation = _named(one_line(re.sub("[.,!]", " ", known.text))) or _in_each_clause(known.text)
    if nation is None:
        return None
    return Decision((known.say("nation_set", nation=_SHOWN[nation]),), (LivesIn(nation),))


def _in_each_clause(text: str) -> str | None:
    """The nation of "im in scotland now, moved to aberdeen in aug", where each clause says the same."""
    clauses = [clause for each in re.split(r"[.,;!\n]", text) if (clause := _clause(each))]
    named = {_named(clause) for clause in clauses}
    return named.pop() if len(named) == 1 else None


def _clause(text: str) -> str:
    """One clause without when somebody moved: "moved to aberdeen in aug"."""
    return _MOVED_WHEN.sub(r"\1", one_line(text).strip())


def _named(text: str) -> str | None:
    listen = said_by_trainees()
    if not listen.in_a_nation.search(text):
        return None
    if listen.in_england.search(text):
        return "england"
    if listen.in_wales.search(text):
        return "wales"
    return "scotland" if listen.in_scotland.search(text) else "ni"
