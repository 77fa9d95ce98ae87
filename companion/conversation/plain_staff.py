"""What those who run the programme say in plain words, read as a trainee's text is: "can't make Thursday", "link?".

Nothing is called off, handed over or sent to a group by it: they are shown how things stand, and the word that does it.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from companion.content.catalogue import Text
from companion.conversation import concern, session_errands
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
_WORRIED = re.compile(
    r"\b(?:worr(?:ied|y|ies)|concern(?:ed|s)?) (?:me )?(?:about|for)\b.{0,20}\b(?:trainees?|doctors?|members?|person"
    r"|people|some(?:one|body)|one of|him|her|them)\b",
    re.I,
)
_SIGN_IN = re.compile(r"\b(?:log(?:ging)? ?(?:in|on)|login|sign(?:ing)? ?in|passwords?|passkey|authenticator)\b", re.I)
_OF_MINE = re.compile(r"\b(?:how|where|i|im|i'm|my|me|cant|can't|forgot|lost|link)\b", re.I)
_OF_THEM = re.compile(r"\b(?:she|he|they|her|him|them|shes|hes)\b", re.I)
_LONG = 12  # words; a longer text tells something, and asks nothing about signing in
_AWAY = re.compile(r"\b(?:away|on holiday|annual leave|on leave)\b", re.I)
_A_SESSION = re.compile(r"\b(?:session|group|(?:mon|tues?|wednes|thurs?|fri|satur|sun)(?:day)?)\b", re.I)
_DUTY = re.compile(
    r"\b(?:cover|swap|take|hand(?:ing)? ?over)\b.*\b(?:on[ -]?calls?|dut(?:y|ies)|shifts?)\b|\bon[ -]?call swap\b", re.I
)
_NEW_PHONE = re.compile(
    r"\b(?:lost|broke|broken|stolen|new|dropped|changed) (?:my )?(?:work )?(?:phone|mobile|sim|number)\b"
    r"|\bmy (?:work )?(?:phone|mobile|sim|number) (?:has |is |was |will )?(?:been )?"
    r"(?:changed?|changing|stolen|lost|broken|dead)\b",
    re.I,
)
_MOVE = re.compile(r"\b(?:move|reschedul|postpon|another day|different (?:day|time))", re.I)
_CANT_RUN = re.compile(r"\b(?:cover|swap|stand in|step in|instead of me|call (?:it )?off|cancel)\b", re.I)
_WHO_COMES = re.compile(
    r"\b(?:how many|any|any(?:one|body)|whos?|who['\u2019]s)\b.*\b(?:coming|booked|bookings|in)\b", re.I
)
_FEELS = "low mood"  # the topic of what is offered to those who run the programme when they find it hard themselves


def answer(request: Request) -> Answer | None:
    """Answer plain words about a session, a trainee, being away, or oneself; None for what is about none of these."""
    if _WORRIED.search(request.body):
        return concern.answer(replace(request, body="concern"))
    if _SIGN_IN.search(request.body):
        return "sign_in", (request.say("staff_sign_in", url=request.voice.console_url),)
    said = aside(request.body)
    if said == "new_number" or _NEW_PHONE.search(request.body):
        return "new_number", (request.say("staff_new_number", url=request.voice.console_url),)
    away = said == "pause_how" or _AWAY.search(request.body) is not None
    if _DUTY.search(request.body) or (away and _A_SESSION.search(request.body) is None):
        return "away", (request.say("staff_away", url=request.voice.console_url),)
    meant = understand(request.body, "none")
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


def beside_an_item(request: Request) -> Answer | None:
    """Answer what is surely about no item, from somebody to whom one is open; None for what may be about it."""
    if (asked := signing_in(request)) is not None:
        return asked
    if _OF_THEM.search(request.body) is None and understand(request.body, "checkin_prompt").slots.get("low"):
        return "staff_support", _support(request)
    return None


def signing_in(request: Request) -> Answer | None:
    """Answer how to sign in, asked by whoever writes about themselves; None for other texts, as a note may be."""
    words = request.body.replace("\u2019", "'")
    if len(words.split()) > _LONG or _SIGN_IN.search(words) is None or _OF_THEM.search(words) is not None:
        return None
    if _OF_MINE.search(words) is None:
        return None
    return "sign_in", (request.say("staff_sign_in", url=request.voice.console_url),)


def _about(request: Request, meant: Understanding, meeting: GroupSession) -> Answer | None:
    if _MOVE.search(request.body):
        text = request.say("session_move", url=request.voice.console_url, **session_errands.which(meeting))
        return "session_move", (text,)
    if meant.intent == "book_no" or _CANT_RUN.search(request.body):
        code = deciding.code_of(meeting)
        return "session_cant", (request.say("session_cant", code=code, **session_errands.which(meeting)),)
    if meant.intent == "running_late" and meeting.starts_at - request.now < _LATE_FOR:
        late = _late(request, meeting)
        if late is not None:
            return late
    if meant.intent in ("next_session", "join_link", "running_late") or _WHO_COMES.search(request.body):
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
        return "session_late", (request.say("session_hand_none", code=code, **session_errands.which(meeting)),)
    tell_runners(request.session, meeting, request.person, "late", request.now, request.voice)
    who = " and ".join(each.label for each in others)
    return "session_late", (request.say("session_late_told", who=who, **session_errands.which(meeting)),)
