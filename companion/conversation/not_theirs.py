"""The phone of somebody who runs the programme answers as another's: "wrong number". No page goes to a stranger.

Whoever has the phone hears no name and nothing more from us. The number is no way to its person until a code that was
sent there has come back; what they were paged about goes on to the next, and coordinators and leads are told.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update

from companion.content.sayings import said_by_staff
from companion.conversation.request import Answer, Request
from companion.escalation.chain import open_to
from companion.escalation.references import find_reference
from companion.escalation.reopening import go_on_without
from companion.messaging.addresses import usable
from companion.messaging.outbox import enqueue
from companion.models import Address, Alarm, Episode, Person, raise_alarm, record
from companion.rota.readiness import missed_by
from companion.rota.ways import NOT_THEIRS, lose_number

_GOOD_FOR = timedelta(days=2)
_SURE = 30  # words; a longer text tells something else as well
_ASKED_BESIDE = frozenset(("order_ask", "order_unsure", "order_which", "note", "unknown"))


def answer(request: Request, address: Address) -> Answer | None:
    """Take the number from its person if that is surely what is said; None for any other text.

    From whoever has an item "wrong number" may be a note about its person's, and changes nothing by itself.
    """
    listen, words = said_by_staff(), _words(request)
    sure = listen.not_theirs.search(words) is not None and listen.of_them.search(words) is None
    sure = sure and len(words.split()) <= _SURE and find_reference(request.body) is None
    if not listen.wrong_phone.search(words) and (not sure or _has_an_item(request)):
        return None
    _lose(request, address)
    return "not_theirs", (request.say("staff_not_theirs", url=request.voice.console_url),)


def asked(request: Request, answer: Answer) -> Answer:
    """Return an answer with the question whose phone it is, where the text may mean that it is a stranger's."""
    listen, words = said_by_staff(), _words(request)
    may_be = listen.not_theirs.search(words) or listen.maybe_not_theirs.search(words)
    if answer[0] not in _ASKED_BESIDE or may_be is None:
        return answer
    question = request.say("staff_not_theirs_asked")
    return ("whose_phone", (question,)) if answer[0] == "unknown" else (answer[0], (*answer[1], question))


def _lose(request: Request, address: Address) -> None:
    session, person, now, voice = request.session, request.person, request.now, request.voice
    lose_number(session, person, address.address, now)
    session.expire(address)
    record(session, now, "phone said to be another's", person, way=address.channel)
    raise_alarm(session, now, NOT_THEIRS)
    if _tell(request):  # by name, so that the alarm need not be told as well
        alarm = update(Alarm).where(Alarm.kind == NOT_THEIRS, Alarm.settled_at.is_(None))
        session.execute(alarm.values(told_at=now))
    missed_by(session, person, now, voice)
    for reference in open_to(session, person, now):
        session.refresh(reference.episode, with_for_update=True)
        go_on_without(session, reference.episode, person, now, voice)


def _tell(request: Request) -> bool:
    """Tell every coordinator and lead who can be reached, whose phone it is; return whether there is any."""
    session, person, now, voice = request.session, request.person, request.now, request.voice
    told = False
    of_them = (Person.role.in_(("coordinator", "lead")), Person.state == "staff", Person.id != person.id)
    text = request.say("staff_not_theirs_told", who=person.label, url=voice.console_url)
    for other in session.scalars(select(Person).where(*of_them).order_by(Person.created_at)).all():
        if (to := usable(session, other)) is not None:
            key = f"not-theirs:{person.id}:{now.timestamp():.0f}:{other.id}"
            enqueue(session, key=key, lane="page", to=to, text=text, now=now, expires_at=now + _GOOD_FOR)
            told = True
    return told


def _has_an_item(request: Request) -> bool:
    theirs = select(Episode.id).where(Episode.owner_id == request.person.id, Episode.state != "closed")
    return request.session.scalar(theirs.limit(1)) is not None


def _words(request: Request) -> str:
    return request.body.replace("\u2019", "'")
