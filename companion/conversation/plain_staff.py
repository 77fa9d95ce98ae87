"""What those who run the programme say in plain words, read as a trainee's text is: "can't make Thursday", "link?".

Nothing is called off, handed over or sent to a group by it: they are shown how things stand, and the word that does it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from companion.content.catalogue import Text
from companion.content.sayings import said_by_staff
from companion.conversation import cannot_run, concern, session_errands, stepping_down
from companion.conversation.asides import aside
from companion.conversation.flows.helping import AT_ONCE
from companion.conversation.intents import Understanding, understand
from companion.conversation.request import Answer, Request
from companion.models import GroupSession
from companion.programme import deciding
from companion.programme.notices import tell_runners
from companion.programme.sessions import runners

_LATE_FOR = timedelta(hours=12)  # "running late" is said of a session that is so near
_AHEAD = 20  # sessions among which a day is looked for
_LONG = 12  # words; a longer text tells something, and asks nothing about signing in
_FEELS = "low mood"  # the topic of what is offered to those who run the programme when they find it hard themselves


def answer(request: Request) -> Answer | None:
    """Answer plain words about a session, a trainee, being away, or oneself; None for what is about none of these."""
    listen, words = said_by_staff(), _words(request)
    if listen.worried.search(words):
        return concern.answer(replace(request, body="concern"))
    if listen.sign_in.search(words):
        return "sign_in", (request.say("staff_sign_in", url=request.voice.console_url),)
    if (leaving := stepping_down.answer(request, words)) is not None:
        return leaving
    said = aside(request.body)
    if said == "new_number" or listen.new_phone.search(words):
        return "new_number", (request.say("staff_new_number", url=request.voice.console_url),)
    away = said == "pause_how" or listen.away.search(words) is not None
    if listen.duty.search(words) or (away and listen.a_session.search(words) is None):
        return "away", (request.say("staff_away", url=request.voice.console_url),)
    meant = understand(request.body, "none")
    if (said_so := _cannot(request, meant)) is not None:
        return said_so
    if understand(request.body, "checkin_prompt").slots.get("low"):
        return "staff_support", _support(request)
    if meant.intent == "signpost":
        return _places(request)
    if meant.intent == "thanks":
        return "thanks", (request.say("thanks"),)
    if meant.intent == "pause" or said == "pause_how":
        return "away", (request.say("staff_away", url=request.voice.console_url),)
    meeting = _meeting(request, meant)
    return _about(request, meant, meeting) if meeting is not None else None


def _cannot(request: Request, meant: Understanding) -> Answer | None:
    """Answer somebody who cannot run a session, or is ill; None for what they cannot that is no session."""
    listen, words = said_by_staff(), _words(request)
    of_session = listen.a_session.search(words) is not None or listen.run_it.search(words) is not None
    cannot = of_session and listen.cannot.search(words) is not None
    if cannot_run.is_ill(words):
        return cannot_run.answer(request, words, _meeting(request, meant), cannot=cannot)
    if (
        not cannot
        or listen.of_them.search(words)
        or listen.of_others.search(words)
        or (meeting := _meeting(request, meant)) is None
    ):
        return None
    if listen.move_session.search(words):
        return None
    support = _support(request) if understand(request.body, "checkin_prompt").slots.get("low") else ()
    code = deciding.code_of(meeting)
    said = request.say("session_cant", code=code, **deciding.which(meeting))
    return "session_cant", (said, *support)


def beside_an_item(request: Request) -> Answer | None:
    """Answer what is surely about no item, from somebody to whom one is open; None for what may be about it."""
    if (asked := signing_in(request)) is not None:
        return asked
    words = _words(request)
    if cannot_run.is_ill(words) and said_by_staff().a_session.search(words):
        return _cannot(request, understand(request.body, "none"))
    of_them = said_by_staff().of_them.search(_words(request)) is not None
    if not of_them and understand(request.body, "checkin_prompt").slots.get("low"):
        return "staff_support", _support(request)
    return None


def from_an_owner(request: Request) -> Answer | None:
    """Answer what is surely no note about the person whom somebody has; None for everything else, which is one."""
    words = _words(request)
    if cannot_run.is_ill(words) and said_by_staff().leads_it.search(words):
        return _cannot(request, understand(request.body, "none"))
    return signing_in(request)


def signing_in(request: Request) -> Answer | None:
    """Answer how to sign in, asked by whoever writes about themselves; None for other texts, as a note may be."""
    listen, words = said_by_staff(), _words(request)
    if len(words.split()) > _LONG or listen.of_them.search(words):
        return None
    if listen.broken_link.search(words):
        return "sign_in", (request.say("staff_link_dead", url=request.voice.console_url),)
    if not (listen.sign_in.search(words) and listen.of_mine.search(words)):
        return None
    return "sign_in", (request.say("staff_sign_in", url=request.voice.console_url),)


def _words(request: Request) -> str:
    return request.body.replace("\u2019", "'")


def _about(request: Request, meant: Understanding, meeting: GroupSession) -> Answer | None:
    listen, words = said_by_staff(), _words(request)
    if listen.move_session.search(words):
        text = request.say("session_move", url=request.voice.console_url, **deciding.which(meeting))
        return "session_move", (text,)
    if meant.intent == "book_no" or listen.cant_run.search(words):
        code = deciding.code_of(meeting)
        return "session_cant", (request.say("session_cant", code=code, **deciding.which(meeting)),)
    if meant.intent == "running_late" and meeting.starts_at - request.now < _LATE_FOR:
        late = _late(request, meeting)
        if late is not None:
            return late
    if meant.intent in ("next_session", "join_link", "running_late") or listen.who_comes.search(words):
        link = (request.say("session_link", link=meeting.group.join_link),) if meant.intent == "join_link" else ()
        return "session_who", (session_errands.listed(request, meeting), *link)
    return None


def _support(request: Request) -> tuple[Text, ...]:
    """Return what is said to one of those who run the programme who finds it hard: their supervision, and one place."""
    found = request.voice.directory.by_topic(_FEELS, _nation(request), request.now)
    line = next((place.line(request.now.date()) for place in found if not place.crisis_service), "")
    return (request.say("staff_support", resource_line=line),)


def _places(request: Request) -> Answer | None:
    found = request.voice.directory.find(request.body, _nation(request), request.now)
    lines = [place.line(request.now.date()) for place in found.resources[:AT_ONCE]]
    return ("staff_places", (request.say("staff_places", lines="\n".join(lines)),)) if lines else None


def _nation(request: Request) -> str:
    return request.person.nation or request.voice.settings.companion_nation


def _meeting(request: Request, meant: Understanding) -> GroupSession | None:
    """Return the next session of the day that is named, else the next of all."""
    found = deciding.coming_for(request.session, request.person, request.now, limit=_AHEAD)
    day = str(meant.slots.get("day", "")).lower()
    of_day = (each for each in found if _weekday(each) == day)
    return next(of_day, found[0] if found else None)


def _weekday(meeting: GroupSession) -> str:
    return meeting.starts_at.astimezone(ZoneInfo(meeting.group.time_zone)).strftime("%A").lower()


def _late(request: Request, meeting: GroupSession) -> Answer | None:
    """Tell whoever else runs it; None when they do not run it themselves."""
    running = runners(request.session, meeting)
    others = [each for each in running if each.id != request.person.id]
    if len(others) == len(running):
        return None
    if not others:
        code = deciding.code_of(meeting)
        return "session_late", (request.say("session_hand_none", code=code, **deciding.which(meeting)),)
    tell_runners(request.session, meeting, request.person, "late", request.now, request.voice)
    who = " and ".join(each.label for each in others)
    return "session_late", (request.say("session_late_told", who=who, **deciding.which(meeting)),)
