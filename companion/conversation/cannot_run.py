"""A facilitator who cannot run a session, and is ill: "got covid, can't do Thursday's group".

Saying so is as sure as SWAP when it names a session of theirs: whoever else runs it is asked to run it alone, and the
leads are told. Nothing is called off by it, and where the session is a guess, nobody is told.
"""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from companion.content.catalogue import Text
from companion.content.sayings import said_by_staff
from companion.conversation import rota_errands
from companion.conversation.request import Answer, Request
from companion.models import GroupSession, OutboxMessage, Person, SessionLeave
from companion.programme import deciding, running
from companion.programme.sessions import runners
from companion.rota import swaps

_SOON = timedelta(days=7)  # a day that is named is the next of its name


def is_ill(words: str) -> bool:
    """Whether somebody says that they are not well, or that somebody at home is not; trainees are others."""
    listen = said_by_staff()
    of_others = listen.of_them.search(words) or listen.of_others.search(words)
    return listen.unwell.search(words) is not None and not of_others


def answer(request: Request, words: str, meeting: GroupSession | None, *, cannot: bool) -> Answer:
    """Answer somebody who is ill: ask and tell others if it is sure which session they cannot run, else say how."""
    if meeting is None:
        return "staff_ill", (request.say("staff_ill", url=request.voice.console_url), *_duties(request))
    if cannot and _is_named(request, words, meeting):
        return "session_cant", (_ask_others(request, meeting), *_duties(request))
    said = request.say("session_ill", code=deciding.code_of(meeting), **deciding.which(meeting))
    return "session_cant", (said, *_duties(request))


def tell_leads_of_no(request: Request, meeting: GroupSession, asker: Person) -> None:
    """Tell the leads that whoever else runs a session cannot do so alone, if they heard that `asker` is ill."""
    told = select(OutboxMessage.id).where(OutboxMessage.key.startswith(_key(meeting, asker))).limit(1)
    if request.session.scalar(told) is not None:
        _tell_leads(request, meeting, asker, "session_cant_nobody", "nobody")


def _ask_others(request: Request, meeting: GroupSession) -> Text:
    session, person = request.session, request.person
    which, code = deciding.which(meeting), deciding.code_of(meeting)
    leave = session.get(SessionLeave, (meeting.id, person.id))
    if leave is not None and leave.state == "out":
        return request.say("session_cant_settled", **which)
    others = [each for each in runners(session, meeting) if each.id != person.id]
    other = others[0] if others else None
    if leave is None:
        other = running.ask_other(session, meeting, person, request.now, request.voice)
    elif leave.state == "refused":
        other = None
    if other is None:
        _tell_leads(request, meeting, person, "session_cant_nobody", "nobody")
        return request.say("session_cant_alone", code=code, **which)
    _tell_leads(request, meeting, person, "session_cant_lead", "asked", other=other.label)
    return request.say("session_cant_asked", who=other.label, code=code, **which)


def _tell_leads(
    request: Request, meeting: GroupSession, person: Person, text_id: str, what: str, **values: object
) -> None:
    leads = select(Person).where(Person.role == "lead", Person.state == "staff", Person.is_external_lead.is_(False))
    for lead in request.session.scalars(leads.where(Person.id != person.id)).all():
        key = f"{_key(meeting, person)}{what}"
        said = {"who": person.label, **values}
        deciding.tell(request.session, meeting, lead, key, text_id, request.now, request.voice, **said)


def _key(meeting: GroupSession, person: Person) -> str:
    return f"cannot-run:{meeting.id}:{person.id}:"


def _duties(request: Request) -> tuple[Text, ...]:
    """Return their next duties with how to hand one over, if they have any within days."""
    turns = swaps.my_turns(request.session, request.person, request.now)
    return rota_errands.mine(request)[1] if turns and turns[0].starts_at - request.now < _SOON else ()


def _is_named(request: Request, words: str, meeting: GroupSession) -> bool:
    """Whether `meeting` is surely the one: it is on the day that is named, or none is and it is within a week."""
    listen, zone = said_by_staff(), ZoneInfo(meeting.group.time_zone)
    begins, today = meeting.starts_at.astimezone(zone), request.now.astimezone(zone).date()
    if listen.today.search(words):
        return begins.date() == today
    if listen.tomorrow.search(words):
        return begins.date() == today + timedelta(days=1)
    if meeting.starts_at - request.now > _SOON:
        return False
    weekday = begins.strftime("%A").lower()
    return any(day.startswith(weekday[:3]) for day in _days(words)) if _days(words) else True


def _days(words: str) -> list[str]:
    return [found[0].lower() for found in said_by_staff().a_day.finditer(words)]
