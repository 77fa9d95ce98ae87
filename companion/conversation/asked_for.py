"""What one of those who run the programme was asked and answers without the code: a test page, a duty, a session.

"ok got it" to a test page shows that pages reach them as well as the code does. A bare yes or no counts when there is
one question it can be about; otherwise what was asked is said again, and nothing is changed.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from companion.content.sayings import said_by_staff
from companion.conversation import rota_errands, session_errands
from companion.conversation.request import Answer, Request
from companion.models import Cover, GroupSession, Person, ReadinessCheck, SessionLeave
from companion.programme import deciding
from companion.rota import readiness, swaps

_TEST_LASTS = timedelta(hours=2)  # since it was sent
_OVER_LATELY = timedelta(days=1)  # so long a yes may be to an offer that is over
_AHEAD = 20  # sessions among which one is looked for


def answered(request: Request) -> Answer | None:
    """Take a plain answer to the one thing that was asked; None when nothing was, or when it may be anything else."""
    said, listen = _words(request.body), said_by_staff()
    yes, no = _is(said, listen.yes_words, listen.beside_yes), _is(said, listen.no_words, listen.beside_no)
    if (check := _test_page(request)) is not None:
        if yes or _is(said, listen.seen_words | listen.yes_words, listen.beside_seen):
            text_id = readiness.answer(request.session, request.person, check.code, request.now)
            return None if text_id is None else ("test_page", (request.say(text_id),))
        return None
    if not yes and not no:
        return None
    covers, sessions = _offers(request), _sessions(request)
    if not covers and not sessions and _was_withdrawn(request):
        return rota_errands.over(request)
    if len(covers) + len(sessions) != 1:
        return asked_again(request)
    word = "YES" if yes else "NO"
    if covers:
        return rota_errands.answer(replace(request, body=f"{covers[0].code} {word}"))
    return session_errands.answer(replace(request, body=f"{word} {deciding.code_of(sessions[0][1])}"))


def asked_again(request: Request) -> Answer | None:
    """Say once more what waits for an answer of theirs, with its code; None when nothing does."""
    if (check := _test_page(request)) is not None:
        return "test_page_waits", (request.say("test_page_waits", code=check.code),)
    offered = [swaps.with_code(request.session, cover.code) for cover in _offers(request)]
    texts = [swaps.question(request.session, covers, request.voice) for covers in offered]
    for asker, meeting in _sessions(request):
        which = deciding.which(meeting)
        texts.append(request.say("session_hand_ask", who=asker.label, code=deciding.code_of(meeting), **which))
    return ("asked_again", tuple(texts[:2])) if texts else None


def _words(body: str) -> list[str]:
    return re.findall(r"[a-z]+|[👍✅]", re.sub(r"['\u2019]", "", body.lower()))


def _is(said: list[str], one_of: frozenset[str], beside: frozenset[str]) -> bool:
    """Whether a text has one of some words, and nothing else but these, small ones and those that may stand beside."""
    return not one_of.isdisjoint(said) and (one_of | beside | said_by_staff().small_words).issuperset(said)


def _test_page(request: Request) -> ReadinessCheck | None:
    return request.session.scalar(
        select(ReadinessCheck)
        .where(
            ReadinessCheck.person_id == request.person.id,
            ReadinessCheck.answered_at.is_(None),
            ReadinessCheck.sent_at > request.now - _TEST_LASTS,
            ReadinessCheck.duty_ends_at > request.now,
        )
        .order_by(ReadinessCheck.sent_at.desc())
        .limit(1)
    )


def _offers(request: Request) -> list[Cover]:
    """Return the first part of each offer that waits for an answer of theirs."""
    found = request.session.scalars(
        select(Cover)
        .where(Cover.state == "offered", Cover.asked_of == request.person.id, Cover.ends_at > request.now)
        .order_by(Cover.offered_at, Cover.id)
    )
    return list({cover.code: cover for cover in found}.values())


def _was_withdrawn(request: Request) -> bool:
    """Whether the last offer of a duty to them ended lately, before they answered it."""
    latest = select(Cover).where(Cover.asked_of == request.person.id).order_by(Cover.offered_at.desc(), Cover.id.desc())
    last = request.session.scalar(latest.limit(1))
    ended = last.answered_at if last is not None and last.state in ("withdrawn", "lapsed") else None
    return ended is not None and request.now - ended < _OVER_LATELY


def _sessions(request: Request) -> list[tuple[Person, GroupSession]]:
    """Return the sessions that they were asked to run alone, each with who asked."""
    coming = {each.id: each for each in deciding.coming_for(request.session, request.person, request.now, limit=_AHEAD)}
    leaves = request.session.scalars(
        select(SessionLeave).where(
            SessionLeave.session_id.in_(coming),
            SessionLeave.state == "asked",
            SessionLeave.person_id != request.person.id,
        )
    )
    return [(request.session.get_one(Person, each.person_id), coming[each.session_id]) for each in leaves]
