"""EXCLUDE, NOT and ALLOW: whom a trainee does not want to see their texts."""

from __future__ import annotations

from companion.content.catalogue import Text
from companion.content.sayings import said_by_trainees
from companion.conversation.changes import LeaveOut, LetIn
from companion.conversation.known import Decision, Known
from companion.rota.names import meant, named

_LONGEST = 60  # characters of a name; what is longer is a sentence
_SHOWN = 5  # names in one text


def asks(text: str) -> tuple[str, str] | None:
    """Return what a text asks for ("exclude", "not" or "allow") and the name in it; None when it is no such text."""
    listen, text = said_by_trainees(), text.strip().replace("\u2019", "'")
    found = listen.of_who_sees.search(text)
    who = text[found.end() :].lstrip(" \t\n:,.-") if found else ""
    if found is None or len(who) > _LONGEST:
        return None
    kind = "exclude" if listen.leaves_out.search(text) else "not" if listen.keeps_from.search(text) else "allow"
    return kind, who.strip(" .!?")


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
        return Decision((_who(known, who),), read_me=bool(who)) if known.colleagues else None
    if kind == "allow":
        return Decision((known.say("let_in", who=found.label),), (LetIn(found.id),))
    if found.external:
        return Decision((known.say("left_out_not", who=found.label),), read_me=True)
    return Decision((known.say("left_out", who=found.label),), (LeaveOut(found.id),))


def _who(known: Known, given: str) -> Text:
    """Ask who is meant: of those who have that name when several do, else of all. Say when not all are named."""
    among = meant(given, known.colleagues) or known.colleagues
    names = ", ".join(each.label for each in among[:_SHOWN])
    if len(among) <= _SHOWN:
        return known.say("left_out_who", names=names)
    return known.say("left_out_who_more", names=names, more=str(len(among) - _SHOWN))
