"""The rota by text: ROTA, HAND OVER, SWAP, and the codes of test pages and offers."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from companion.content.catalogue import Text
from companion.content.sayings import said_by_staff
from companion.conversation.request import Answer, Request
from companion.escalation.references import find_reference
from companion.models import Cover, Person
from companion.programme import deciding
from companion.rota import readiness, swaps
from companion.rota.codes import new_code
from companion.rota.duties import RotaError, TwiceError, check_not_twice
from companion.rota.names import named
from companion.rota.schedule import Turn
from companion.rota.swaps import Stretch, span

ASKS = "rota_confirm"  # what the last text asked, in the person's row
REMEMBERED = timedelta(hours=2)
SHOWN = 2
_SESSIONS = 20  # among which one on a day is looked for


def answer(request: Request) -> Answer | None:
    """Answer what is about the rota; None for any other text."""
    code = find_reference(request.body)
    if code is not None:
        return _with_code(request, code)
    listen = said_by_staff()
    if request.is_just(listen.my_duties):
        return mine(request)
    for verb, starts in (("hand_over", ("hand over", "handover", "cover me")), ("swap", ("swap",))):
        words = request.words_after(*starts)
        if words is not None and listen.one_session.search(words) is None:
            return _ask(request, verb, words)
    if _asked(request) is not None and (request.is_just(listen.confirms) or request.is_just(listen.refuses)):
        return _confirmed(request, yes=request.is_just(listen.confirms))
    return None


def _with_code(request: Request, code: str) -> Answer | None:
    said = readiness.answer(request.session, request.person, code, request.now)
    if said is not None:
        return "test_page", (request.say(said),)
    word = _word(request, code)
    asked = _asked(request)
    if asked is not None and asked["code"] == code and word is not None:
        return _confirmed(request, yes=word)
    covers = [c for c in swaps.with_code(request.session, code) if c.asked_of == request.person.id]
    if not covers:
        return None
    return _answer_offer(request, covers, yes=word)


def _word(request: Request, code: str) -> bool | None:
    rest = request.body.upper().replace(code, " ").lower()
    first = next(iter("".join(mark if mark.isalpha() or mark == "'" else " " for mark in rest).split()), "")
    listen = said_by_staff()
    return True if first in listen.takes_duty else False if first in listen.refuses_duty else None


def mine(request: Request) -> Answer:
    """Return the next duties of whoever asks."""
    turns = swaps.my_turns(request.session, request.person, request.now)
    if not turns:
        return "rota", (request.say("rota_nothing", url=request.voice.console_url),)
    lines = "\n".join(f"{turn.role}: {span(turn, request.voice)}" for turn in turns[:SHOWN])
    return "rota", (request.say("rota_next", duties=lines),)


def has_duties(request: Request) -> bool:
    """Whether any duty of whoever asks is within the days that are shown."""
    return bool(swaps.my_turns(request.session, request.person, request.now))


def _ask(request: Request, verb: str, words: str) -> Answer:
    turns = swaps.my_turns(request.session, request.person, request.now)
    day, words = _day(request, words)
    meant = [turn for turn in turns if day is None or _is_on(request, turn, day)]
    if not meant:
        return "rota", (*_not_then(request, turns), *_session_then(request, day))
    mine, others = meant[0], _others(request, meant[0])
    free = [each for each in others if _place(request, each, mine) is None]
    other = named(words, others) if words else (free[0] if len(free) == 1 else None)
    if other is None:
        listed = ", ".join(p.label for p in (others if verb == "swap" else free)[:5])
        if not listed:
            return "rota", (request.say("rota_nobody", url=request.voice.console_url),)
        if day is not None:
            return "rota", (request.say("rota_who_then", names=listed, span=span(mine, request.voice)),)
        return "rota", (request.say("rota_who", names=listed),)
    who, code, ours = other.label, new_code(request.session), span(mine, request.voice)
    kept = {"verb": verb, "other": str(other.id), "code": code, "starts_at": mine.starts_at.isoformat()}
    if verb == "swap":
        theirs = _for_mine(request, other, mine)
        if theirs is None:
            return "rota", (request.say("rota_no_swap", who=who),)
        kept["their_start"] = theirs.starts_at.isoformat()
        their_span = span(theirs, request.voice)
        said = request.say("rota_confirm_swap", span=ours, other_span=their_span, who=who, code=code)
        if their_span == ours:
            said = request.say(
                "rota_confirm_places", span=ours, role=theirs.role, other_role=mine.role, who=who, code=code
            )
    elif (place := _place(request, other, mine)) is not None:
        return "rota", (request.say("rota_twice", who=who, role=place),)
    else:
        said = request.say("rota_confirm_hand_over", role=mine.role, span=ours, who=who, code=code)
    person = request.person
    person.dialogue, person.dialogue_data, person.dialogue_until = ASKS, kept, request.now + REMEMBERED
    return "rota", (said,)


def _day(request: Request, words: str) -> tuple[str | None, str]:
    """Return the day that is named, as "thu" or as a date, and what else is said."""
    listen, today = said_by_staff(), request.now.astimezone(request.voice.settings.zone).date()
    for named_so, day in ((listen.today, today), (listen.tomorrow, today + timedelta(days=1))):
        if (found := named_so.search(words)) is not None:
            return day.isoformat(), _without(words, found)
    found = listen.a_day.search(words)
    return (None, words) if found is None else (found[0].lower()[:3], _without(words, found))


def _without(words: str, found: re.Match[str]) -> str:
    rest = f"{words[: found.start()]} {words[found.end() :]}"
    return "" if said_by_staff().of_a_day.fullmatch(" ".join(rest.split())) else rest.strip()


def _is_on(request: Request, turn: Turn, day: str) -> bool:
    """Whether a duty begins on a day, or is going on and is that of today."""
    begins = max(turn.starts_at, request.now).astimezone(request.voice.settings.zone)
    return day in (begins.strftime("%a").lower(), begins.date().isoformat())


def _not_then(request: Request, turns: Sequence[Turn]) -> tuple[Text, ...]:
    """Say that no duty of theirs is then, and which ones there are."""
    if not turns:
        return (request.say("rota_nothing", url=request.voice.console_url),)
    lines = "\n".join(f"{turn.role}: {span(turn, request.voice)}" for turn in turns[:SHOWN])
    return (request.say("rota_not_then", duties=lines),)


def _session_then(request: Request, day: str | None) -> tuple[Text, ...]:
    """Return how to hand over the next session of theirs, where one is on the day or none was named."""
    for meeting in deciding.coming_for(request.session, request.person, request.now, limit=_SESSIONS):
        begins = meeting.starts_at.astimezone(ZoneInfo(meeting.group.time_zone))
        if day in (None, begins.strftime("%a").lower(), begins.date().isoformat()):
            return (request.say("session_cant", code=deciding.code_of(meeting), **deciding.which(meeting)),)
    return ()


def _place(request: Request, other: Person, turn: Turn) -> str | None:
    """Return as what `other` is on duty at the hours of `turn` already, for the same people; None when they are not."""
    try:
        check_not_twice(request.session, other, [turn])
    except TwiceError as error:
        return error.role
    return None


def _for_mine(request: Request, other: Person, mine: Turn) -> Turn | None:
    """Return the duty of `other` to have for `mine`: their place at these hours, else the next that can be."""
    theirs = [turn for turn in swaps.my_turns(request.session, other, request.now) if turn.duty_id != mine.duty_id]
    beside = [t for t in theirs if t.starts_at < mine.ends_at and t.ends_at > mine.starts_at and t.role != mine.role]
    for turn in [*beside, *(t for t in theirs if t.starts_at > request.now)]:
        try:
            swaps.check_places(
                request.session,
                [Stretch(mine, request.person.id, other.id), Stretch(turn, other.id, request.person.id)],
            )
        except TwiceError:
            continue
        return turn
    return None


def _asked(request: Request) -> dict[str, str] | None:
    person = request.person
    if person.dialogue != ASKS or person.dialogue_until is None or person.dialogue_until <= request.now:
        return None
    return dict(person.dialogue_data)


def _confirmed(request: Request, *, yes: bool) -> Answer:
    kept = _asked(request) or {}
    person = request.person
    person.dialogue, person.dialogue_data, person.dialogue_until = None, {}, None
    other = request.session.get(Person, uuid.UUID(kept["other"])) if kept else None
    mine = _turn_at(request, person, kept.get("starts_at"))
    if other is None or mine is None or not yes:
        return "rota", (request.say("rota_gone", url=request.voice.console_url),)
    what = [Stretch(mine, person.id, other.id)]
    if kept["verb"] == "swap":
        theirs = _turn_at(request, other, kept.get("their_start"))
        if theirs is None:
            return "rota", (request.say("rota_gone", url=request.voice.console_url),)
        what.append(Stretch(theirs, other.id, person.id))
    try:
        swaps.offer(request.session, person, other, what, request.now, request.voice)
    except TwiceError as error:
        return "rota", (request.say("rota_twice", who=other.label, role=error.role),)
    except RotaError:
        return "rota", (request.say("rota_cannot", who=other.label),)
    return "rota", (request.say("rota_asked", who=other.label),)


def _turn_at(request: Request, person: Person, starts_at: str | None) -> Turn | None:
    begins = datetime.fromisoformat(starts_at) if starts_at else None
    turns = swaps.my_turns(request.session, person, request.now)
    return next((turn for turn in turns if turn.starts_at == begins), None)


def _answer_offer(request: Request, covers: Sequence[Cover], *, yes: bool | None) -> Answer:
    asker = request.session.get_one(Person, covers[0].asked_by)
    if yes is None:
        return "rota", (swaps.question(request.session, covers, request.voice),)
    try:
        done = swaps.answer(request.session, covers, request.person, yes=yes, now=request.now)
    except TwiceError:
        return "rota", (request.say("rota_twice_now", who=asker.label),)
    except RotaError:
        return "rota", (request.say("rota_cannot", who=request.person.label),)
    if not done:
        return "rota", (request.say("rota_gone", url=request.voice.console_url),)
    told = "rota_agreed_for_you" if yes else "rota_declined"
    swaps.tell_asker(request.session, covers, told, request.now, request.voice)
    if not yes:
        return "rota", (request.say("rota_declined_ok", who=asker.label),)
    taken = next(cover for cover in covers if cover.to_id == request.person.id)
    return "rota", (request.say("rota_agreed", span=span(taken, request.voice), role=taken.duty.role),)


def over(request: Request) -> Answer:
    """Say that what they were asked is over, and what stands: what they asked somebody themselves, or their duties."""
    asks = select(Cover).where(Cover.state == "offered", Cover.asked_by == request.person.id)
    mine_waits = request.session.scalar(asks.where(Cover.ends_at > request.now).limit(1))
    stands = mine(request)[1]
    if mine_waits is not None:
        stands = (request.say("rota_asked", who=request.session.get_one(Person, mine_waits.asked_of).label),)
    return "rota", (request.say("rota_gone", url=request.voice.console_url), *stands)


def _others(request: Request, turn: Turn) -> list[Person]:
    """Return who could take a duty: leads for a lead's, else facilitators before leads."""
    roles = ("lead",) if turn.role == "lead" else ("facilitator", "lead")
    found = request.session.scalars(
        select(Person)
        .where(Person.state == "staff", Person.role.in_(roles), Person.id != request.person.id)
        .order_by(Person.role, Person.created_at, Person.id)
    ).all()
    facilitators = [p for p in found if p.role == "facilitator"]
    return facilitators + [p for p in found if p.role == "lead" and not p.is_external_lead]
