"""SUPERVISION and SUPERVISED: asking for it sooner, and saying that it was had."""

from __future__ import annotations

from sqlalchemy import select

from companion.content.catalogue import Text
from companion.content.sayings import said_by_staff
from companion.conversation.request import Answer, Request, count_of
from companion.models import Person
from companion.programme import supervision


def answer(request: Request) -> Answer | None:
    """Answer SUPERVISION and SUPERVISED; None for any other text."""
    if request.is_just(said_by_staff().supervision):
        return "supervision", (_sooner(request) if request.person.role == "facilitator" else _who_waits(request),)
    words = request.words_after("supervised")
    if words is None:
        return None
    if request.person.role == "facilitator":
        return "supervised", (_had(request, request.person),)
    named = _named(request, words)
    return "supervised", (_had(request, named) if named else _who_waits(request),)


def next_date(request: Request, person: Person) -> str:
    """Return the sentence that says when supervision is."""
    return supervision.next_words(request.session, person, request.now, request.voice).body


def _sooner(request: Request) -> Text:
    told = supervision.ask_sooner(request.session, request.person, request.now, request.voice)
    date = next_date(request, request.person)
    if not told:
        return request.say("supervision_nobody", supervision=date)
    return request.say("supervision_asked_ok", leads=count_of(told, "lead", "leads"), supervision=date)


def _had(request: Request, person: Person) -> Text:
    who = "you" if person.id == request.person.id else person.label
    sessions = supervision.had(request.session, person, request.person, request.now)
    return request.say("supervision_had" if sessions else "supervision_not_due", who=who)


def _who_waits(request: Request) -> Text:
    names = ", ".join(each.person.label for each in supervision.waiting(request.session)[:6])
    return request.say("supervision_who", names=names) if names else request.say("supervision_nobody_waits")


def _named(request: Request, words: str) -> Person | None:
    """Return the facilitator whose name, or the last word of whose name, is `words`."""
    wanted = words.strip(" .!").lower()
    staff = request.session.scalars(select(Person).where(Person.role == "facilitator", Person.state == "staff"))
    names = [(person, person.label.lower()) for person in staff]
    found = [person for person, name in names if wanted and (name == wanted or name.split()[-1] == wanted)]
    return found[0] if len(found) == 1 else None
