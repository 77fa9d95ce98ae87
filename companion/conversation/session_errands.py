"""A facilitator's sessions by text: WHO, OFF, RUN, UNDO, SWAP TONIGHT, CAME."""

from __future__ import annotations

import re
from datetime import timedelta

from companion.content.catalogue import Text
from companion.content.sayings import said_by_staff
from companion.conversation import cannot_run
from companion.conversation.request import Answer, Request, count_of
from companion.escalation.exclusions import hidden_from
from companion.escalation.references import find_reference
from companion.models import GroupSession
from companion.programme import deciding, places, running, telling
from companion.programme.reminders import who_line

_SAME_DAY = timedelta(hours=24)  # sessions that begin so close to each other are shown together


def answer(request: Request) -> Answer | None:
    """Answer what is about a session; None for any other text."""
    listen = said_by_staff()
    if request.is_just(listen.session_who):
        return _who(request)
    if request.is_just(listen.session_off):
        return _off(request, None)
    if request.is_just(listen.session_swap):
        return _swap(request, None)
    if request.is_just(listen.session_on_again):
        return _undo(request)
    came = request.words_after("came")
    if came is None and request.is_just(listen.tells_who_came) and _all_or_none(request.body, set()) is not None:
        came = request.body  # "nobody came"
    if came is not None:
        return _came(request, came)
    code = find_reference(request.body)
    verb = re.match(r"[A-Za-z]+", request.body.strip())
    if code is None or verb is None or verb[0].lower() not in ("run", "off", "swap", "yes", "no", "who"):
        return None
    meeting = deciding.named(request.session, request.person, code, request.now)
    return None if meeting is None else _coded(request, meeting, verb[0].lower())


def _coded(request: Request, meeting: GroupSession, verb: str) -> Answer | None:
    if verb == "run":
        deciding.runs(request.session, meeting, request.person, request.now)
        return "session_runs", (request.say("session_runs", **deciding.which(meeting)),)
    if verb == "off":
        return _called_off(request, meeting)
    if verb == "swap":
        return _swap(request, meeting)
    if verb == "who":
        return "session_who", (listed(request, meeting),)
    yes = verb == "yes"
    asker = running.answer_other(request.session, meeting, request.person, request.now, request.voice, yes=yes)
    if asker is None:
        return None
    who = asker.label
    if yes:
        return "session_handed_over", (request.say("session_hand_yes_ok", who=who, **deciding.which(meeting)),)
    cannot_run.tell_leads_of_no(request, meeting, asker)
    return "session_not_handed_over", (request.say("session_hand_no_ok", who=who),)


def _next(request: Request) -> GroupSession | None:
    found = deciding.coming_for(request.session, request.person, request.now, limit=1)
    return found[0] if found else None


def _who(request: Request) -> Answer:
    found = deciding.coming_for(request.session, request.person, request.now, limit=2)
    if not found:
        return "session_who", (request.say("session_none"),)
    near = [each for each in found if each.starts_at - found[0].starts_at < _SAME_DAY]
    return "session_who", tuple(listed(request, each) for each in near)


def listed(request: Request, meeting: GroupSession) -> Text:
    """Return the text that says when a session is and who comes."""
    hidden = hidden_from(request.session, request.person.id)
    coming = places.coming(request.session, meeting.id)
    aliases = [booking.person.alias for booking in coming if booking.person_id not in hidden]
    waits = len(places.waiting(request.session, meeting.id))
    return request.say("session_who", coming=who_line(request.voice, aliases), count=waits, **deciding.which(meeting))


def _off(request: Request, meeting: GroupSession | None) -> Answer:
    meeting = meeting or _next(request)
    if meeting is None:
        return "session_off", (request.say("session_none"),)
    told = _told(request, meeting)
    code = deciding.code_of(meeting)
    return "session_off", (request.say("session_off_preview", told=told, code=code, **deciding.which(meeting)),)


def _told(request: Request, meeting: GroupSession) -> str:
    concerned = telling.concerned(request.session, meeting, but=request.person.id)
    return count_of(len(concerned.trainees) + len(concerned.staff))


def _called_off(request: Request, meeting: GroupSession) -> Answer:
    if not deciding.call_off(request.session, meeting, request.person, request.now):
        return "session_off", (request.say("session_none"),)
    text = request.say("session_off_soon", told=_told(request, meeting), **deciding.which(meeting))
    return "session_called_off", (text,)


def _undo(request: Request) -> Answer | None:
    meeting = deciding.keep_on(request.session, request.person, request.now)
    if meeting is None:
        return None  # there may be something else to undo
    return "session_undo", (request.say("session_off_undone", **deciding.which(meeting)),)


def _swap(request: Request, meeting: GroupSession | None) -> Answer:
    meeting = meeting or _next(request)
    if meeting is None:
        return "session_swap", (request.say("session_none"),)
    other = running.ask_other(request.session, meeting, request.person, request.now, request.voice)
    if other is None:
        code = deciding.code_of(meeting)
        return "session_swap", (request.say("session_hand_none", code=code, **deciding.which(meeting)),)
    text = request.say("session_hand_asked", who=other.label, **deciding.which(meeting))
    return "session_swap", (text,)


def _came(request: Request, words: str) -> Answer:
    meeting = running.last_session(request.session, request.person, request.now)
    if meeting is None:
        return "came", (request.say("roll_none"),)
    roll = running.roll_of(request.session, meeting)
    hidden = hidden_from(request.session, request.person.id)
    seen = {number: booking for number, booking in enumerate(roll, 1) if booking.person_id not in hidden}
    chosen = _chosen(words, set(seen))
    if chosen is None or not seen:
        listed = running.roll_line(roll, hidden) or request.say("nobody_coming").body
        return "came", (request.say("roll_which", group=meeting.group.name, roll=listed),)
    came = {seen[number].person_id for number in chosen}
    kept = {booking.person_id for booking in roll if booking.person_id in hidden and booking.status == "attended"}
    running.mark(request.session, meeting, came | kept, request.person.id, request.now)
    aliases = [booking.person.alias for booking in seen.values() if booking.person_id in came]
    text = request.say("roll_kept", group=meeting.group.name, coming=who_line(request.voice, aliases))
    return "came", (text,)


def _all_or_none(words: str, listed: set[int]) -> set[int] | None:
    plain = " ".join(re.sub(r"[^a-z0-9 ]", " ", words.lower()).split())
    if said_by_staff().all_came.search(plain):
        return listed
    return set() if said_by_staff().nobody_came.search(plain) else None


def _chosen(words: str, listed: set[int]) -> set[int] | None:
    """Return the numbers meant, of those listed, or None when they cannot be read or one stands for nobody."""
    if (found := _all_or_none(words, listed)) is not None:
        return found
    plain = " ".join(re.sub(r"[^a-z0-9 ]", " ", words.lower()).split())
    numbers = [part for part in plain.split() if part != "and"]
    if not numbers or not all(part.isdecimal() for part in numbers):
        return None
    found = {int(part) for part in numbers}
    return found if found <= listed else None
