"""A facilitator who leaves the programme: "this is my last week". Coordinators are told, nothing else changes."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from companion.content.sayings import said_by_staff
from companion.conversation import rota_errands
from companion.conversation.request import Answer, Request
from companion.messaging.addresses import usable
from companion.messaging.outbox import enqueue
from companion.models import Person, record

_GOOD_FOR = timedelta(days=2)


def answer(request: Request, words: str) -> Answer | None:
    """Say who was told, and what is still theirs; None for other texts, and for those that may be about a trainee."""
    listen = said_by_staff()
    if not listen.leaves_us.search(words) or listen.of_them.search(words) or listen.of_others.search(words):
        return None
    told = _tell(request)
    duties = rota_errands.mine(request)[1] if rota_errands.has_duties(request) else ()
    said = request.say("staff_leaving", who=" and ".join(told[:2])) if told else request.say("staff_leaving_untold")
    return "staff_leaving", (said, *duties)


def _tell(request: Request) -> list[str]:
    """Tell the coordinators, or where none can be texted the leads; return who hears of it."""
    session, person, now = request.session, request.person, request.now
    for role in ("coordinator", "lead"):
        told = []
        others = select(Person).where(Person.role == role, Person.state == "staff", Person.id != person.id)
        for other in session.scalars(others.where(Person.is_external_lead.is_(False)).order_by(Person.created_at)):
            to = usable(session, other)
            if to is None:
                continue
            text = request.say("staff_leaving_told", who=person.label, url=request.voice.console_url)
            key = f"stepping-down:{person.id}:{now.date()}:{other.id}"
            enqueue(session, key=key, lane="reply", to=to, text=text, now=now, expires_at=now + _GOOD_FOR)
            told.append(other.label)
        if told:
            record(session, now, "said to be leaving", person, actor=person.id)
            return told
    return []
