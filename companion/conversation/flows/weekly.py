"""MY WEEKS: a person's own numbers. CHECKIN TUE 7PM, CHECKIN OFF: when their weekly question comes, and whether."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

from companion import when
from companion.content.catalogue import Bilingual
from companion.content.sayings import said_by_trainees
from companion.conversation.changes import AskAt, AskWeekly
from companion.conversation.known import NOTHING, Decision, Known
from companion.conversation.normalise import one_line
from companion.conversation.own import is_my_weeks
from companion.messaging.quiet import end_of_quiet

SHOWN = 6  # numbers in one text
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CHECKIN = re.compile(r"check[\s-]?ins?\b(.*)", re.DOTALL)
_DAY = re.compile(r"\b(mon|tues?|wed(?:nes)?|thu(?:r|rs)?|fri|sat(?:ur)?|sun)(?:day)?s?\b")
_TIME = re.compile(when.A_TIME)
_A_MONDAY = date(2024, 1, 1)


def my_weeks(known: Known) -> Decision | None:
    """Answer MY WEEKS with the numbers and a link to a picture of them; None for other texts."""
    if not is_my_weeks(known.text):
        return None
    if not known.own.weeks:
        return Decision((known.say("weeks_none"),), heard_as="weeks")
    shown = known.own.weeks[-SHOWN:]
    numbers = "\n".join(f"{day.day} {day:%b}: {score}" for day, score in shown)
    text = known.say("weeks", numbers=numbers, link=known.own.link)
    return Decision((text,), heard_as="weeks")


def unwanted(known: Known) -> Decision | None:
    """Answer a wish for no weekly question that leaves the other texts as they are; None for other texts."""
    listen, text = said_by_trainees(), one_line(known.text)
    if known.meant.intent in ("pause", "resume") or listen.all_of_it.search(text):
        return None
    return _no_question(known) if listen.no_question.search(text) else None


def _no_question(known: Known) -> Decision:
    return Decision((known.say("checkin_off"),), (AskWeekly(wanted=False),), NOTHING, heard_as="checkin time")


def asked_at(known: Known) -> Decision | None:
    """Answer CHECKIN with a day and time, OFF or ON; None for other texts."""
    found = _CHECKIN.fullmatch(known.text.strip().lower().strip(".!"))
    if found is None:
        return None
    rest = " ".join(found[1].replace(",", " ").split())
    listen = said_by_trainees()
    if listen.checkin_usual.search(rest):
        return Decision((known.say("checkin_usual"),), (AskAt(None, None),), heard_as="checkin time")
    if listen.checkin_off.search(rest):
        return _no_question(known)
    if listen.checkin_on.search(rest):
        return Decision((known.say("checkin_on"),), (AskWeekly(wanted=True),), heard_as="checkin time")
    day, written = _DAY.search(rest), _TIME.search(_DAY.sub(" ", rest))
    # Nobody asks for a question at five in the morning without saying so.
    at = when.time_in(written[0], afternoon=True) if written else None
    if day is None or at is None:
        return Decision((known.say("checkin_how"),), heard_as="checkin time") if len(rest.split()) < _SHORT else None
    weekday = next(number for number, name in enumerate(_DAYS) if day[1].startswith(name))
    shown = _named(weekday, at)
    if known.own.quiet and _quiet_at(known, weekday, at):
        start, end = (when.clock_time(moment) for moment in known.own.quiet)
        return Decision((known.say("checkin_quiet", when=shown, start=start, end=end),), heard_as="checkin time")
    return Decision((known.say("checkin_set", when=shown),), (AskAt(weekday, at),), heard_as="checkin time")


_SHORT = 5  # words


def _quiet_at(known: Known, weekday: int, at: time) -> bool:
    today = known.now.astimezone(known.zone).date()
    on = today + timedelta(days=(weekday - today.weekday()) % 7)
    moment = datetime.combine(on, at, known.zone).astimezone(UTC)
    return known.own.quiet is not None and end_of_quiet(*known.own.quiet, known.zone, moment) is not None


def _named(weekday: int, at: time) -> Bilingual:
    day = _A_MONDAY + timedelta(days=weekday)
    return Bilingual(f"{day:%A}s at {when.clock_time(at)}", f"{_DAYS_CY[weekday]} am {when.clock_time(at)}")


_DAYS_CY = ("dydd Llun", "dydd Mawrth", "dydd Mercher", "dydd Iau", "dydd Gwener", "dydd Sadwrn", "dydd Sul")
