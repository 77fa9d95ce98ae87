"""Places in a session: offered, taken, given up, waited for, and how to get there."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Literal

from companion import when
from companion.content.catalogue import Bilingual
from companion.content.sayings import said_by_trainees
from companion.conversation.changes import Book, GiveCalendar, JoinBy, SayCantGetIn, SayLate
from companion.conversation.known import NOTHING, Asked, Decision, Known, SessionFacts
from companion.conversation.normalise import one_line
from companion.conversation.optout_words import bare
from companion.conversation.until import day_meant, weekday_meant

LATE_FROM = timedelta(hours=12)  # before the start: being late is only of use to know on the day
RECONSIDER = timedelta(hours=24)  # how long a bare YES is understood after a NO
_DOORS_OPEN = timedelta(minutes=30)  # before the start


def offer(known: Known) -> Decision:
    """Offer a place in the next session, when there is one."""
    session = known.session
    if session is None:
        return Decision((known.say("offer_none"),))
    text = known.say("offer_session", group=session.group, when=_when(known, session))
    return Decision((text,), (Book(session.id, "offered"),), _asks(known, session))


def accept(known: Known) -> Decision:
    """Take a place; with none left, the waiting list."""
    session = known.session
    if session is None:
        return Decision((known.say("offer_none"),), asks=NOTHING)
    if session.has_place and _means_another_session(known, session):
        return Decision((known.say("one_at_a_time", when=_when(known, session)),))
    if _means_another_day(known, session):
        return next_session(known)
    if session.open:
        text, status = known.say("booked", when=_when(known, session)), "yes"
    else:
        text, status = known.say("booked_waiting", when=_when(known, session)), "waiting"
    # "Reply NO" is what the text says, so NO must be understood for as long as it may be said.
    later = Asked("reminder", session.starts_at - known.now, {"session": str(session.id)})
    return Decision((text,), (Book(session.id, status),), later)


def _means_another_day(known: Known, session: SessionFacts) -> bool:
    """Whether a place is asked for on a day that the group does not meet: "can I come Thursday?" for a Tuesday.

    A yes to what was offered is one, whatever day is named beside it.
    """
    named = weekday_meant(str(known.meant.slots.get("day", "")))
    if named is None or session.has_place or said_by_trainees().says_yes.search(known.text):
        return False
    return named != session.starts_at.astimezone(known.zone).weekday()


def _means_another_session(known: Known, session: SessionFacts) -> bool:
    """Whether somebody who has a place asks for one in another session as well, by its day or "the one after"."""
    if said_by_trainees().another_session.search(one_line(known.text)):
        return True
    said, ours = str(known.meant.slots.get("day", "")), session.starts_at.astimezone(known.zone)
    if (weekday := weekday_meant(said)) is not None:
        return weekday != ours.weekday()
    named = day_meant(said, known.now.astimezone(known.zone).date() - timedelta(days=1))
    return named is not None and any(map(str.isdecimal, said)) and named != ours.date()


def decline(known: Known) -> Decision:
    """Give up a place, or say no to one."""
    session = known.session
    if session is None:
        return Decision((known.say("offer_none"),), asks=NOTHING)
    text = known.say("declined", when=_when(known, session))
    # YES to what this text says takes a place in the very session it names.
    again = Asked("booking_offer", min(session.starts_at - known.now, RECONSIDER), {"session": str(session.id)})
    return Decision((text,), (Book(session.id, "no"),), again)


def next_session(known: Known) -> Decision:
    """Say when the next session is, and until when."""
    session = known.session
    if session is None:
        return Decision((known.say("offer_none"),))
    if session.has_place and said_by_trainees().another_session.search(one_line(known.text)):
        return Decision((known.say("one_at_a_time", when=_when(known, session)),))
    fragment = {"yes": "place_booked", "attended": "place_booked", "no": "place_declined"}.get(
        session.status or "", "place_offered"
    )
    if fragment == "place_offered" and not session.open:
        fragment = "place_full"
    if session.status == "waiting":
        fragment = "place_held" if session.open else "place_waiting"
    state = known.say(fragment)
    end = when.clock_time(session.ends_at.astimezone(known.zone))
    text = known.say("next_session", group=session.group, when=_when(known, session), end=end, place_state=state)
    if session.later:
        days = [when.day(each, known.zone) for each in session.later]
        dates = Bilingual(", ".join(days), ", ".join(each.cy for each in days))
        text = known.say(
            "session_dates", group=session.group, when=_when(known, session), dates=dates, place_state=state
        )
    return Decision((text,), asks=None if session.has_place else _asks(known, session))


def asks_for_dates(text: str) -> bool:
    """Whether a text asks when the group meets after the next time, or how often."""
    return said_by_trainees().more_dates.search(one_line(text).strip(" .?!")) is not None


def join_link(known: Known) -> Decision:
    """Give their own page to those who have a place, or the number to those who dial in."""
    session = known.session
    if session is None:
        return Decision((known.say("offer_none"),))
    if not session.has_place:
        return _no_link_yet(known, session)
    return Decision((known.say("join_link", when=_when(known, session), link=session.link),))


def _no_link_yet(known: Known, session: SessionFacts) -> Decision:
    """Say why there is no way in for somebody without a place: not booked, full, or waiting."""
    waits = "link_waiting" if session.status == "waiting" else "link_full"
    text = known.say("link_not_booked" if session.open else waits, when=_when(known, session))
    return Decision((text,), asks=_asks(known, session))


def late(known: Known) -> Decision:
    """Tell the facilitators of today's session, by alias; a person reads it when there is none today."""
    session = known.session
    if session is None:
        return Decision((known.say("offer_none"),), read_me=True)
    taken = "book_yes" in known.meant.intents and session.open  # by this very text: "yes but might be 10 mins late"
    if not (session.has_place or taken):
        return replace(_no_link_yet(known, session), read_me=True)
    on_the_way = said_by_trainees().on_the_way.search(one_line(known.text))
    if session.has_place and known.now < session.starts_at and on_the_way:
        return join_link(known) if session.starts_at - known.now <= LATE_FROM else next_session(known)
    if session.starts_at - known.now > LATE_FROM:
        return Decision((known.say("late_noted"),), read_me=True)
    return Decision((known.say("late_told"),), (SayLate(session.id),))


def said(known: Known) -> Decision | None:
    """Answer DIAL, CALENDAR and what belongs to them; None when the text is neither."""
    text, listen = bare(known.text), said_by_trainees()
    if _locked_out(known.text) and (heard := _cant_get_in(known)) is not None:
        return heard
    if _asks_to_dial(known.text):
        return _dial(known)
    if _asks_which_number(known.text) and known.session is not None and known.session.has_place:
        return _dial(known)
    always_dials = listen.dial_always.search(text) is not None
    if always_dials or listen.by_video.search(text):
        by = "phone" if always_dials else "video"
        return Decision((known.say(f"joins_by_{by}"),), (JoinBy(by),), heard_as="joins_by")
    if known.calendar is not None:
        number, url = known.calendar
        return Decision((known.say("calendar_link", link=url),), (GiveCalendar(number),), heard_as="calendar")
    return None


def needs_session(text: str) -> bool:
    """Whether answering a text that is no intent takes the next session."""
    return _asks_to_dial(text) or _asks_which_number(text) or _locked_out(text)


def bare_answer(text: str) -> bool:
    """Whether a text is YES or NO and nothing else: if nothing else asked for it, it is about the next session."""
    return said_by_trainees().bare_answer.search(bare(text)) is not None


def calendar_asked(text: str) -> Literal["same", "new"] | None:
    """Whether a text asks for the link of one's calendar, or for a new one in place of the old."""
    listen, text = said_by_trainees(), bare(text)
    return "new" if listen.calendar_new.search(text) else "same" if listen.calendar.search(text) else None


def _asks_to_dial(text: str) -> bool:
    listen = said_by_trainees()
    return (listen.dial_in.search(bare(text)) or listen.by_phone.search(one_line(text))) is not None


def _asks_which_number(text: str) -> bool:
    return said_by_trainees().which_number.search(one_line(text)) is not None


def _locked_out(text: str) -> bool:
    return said_by_trainees().locked_out.search(one_line(text)) is not None


def _cant_get_in(known: Known) -> Decision | None:
    """Tell those who run a session that is about to begin, or has begun, and name the other way in; None otherwise."""
    session = known.session
    if session is None or not session.has_place:
        return None
    if not session.starts_at - _DOORS_OPEN <= known.now < session.ends_at:
        return None
    if session.dial_in:
        text = known.say("cant_get_in_dial", call=_call(known, session.dial_in, session.dial_code))
    else:
        text = known.say("cant_get_in", link=session.link)
    return Decision((text,), (SayCantGetIn(session.id),), read_me=True, heard_as="cant_get_in")


def _call(known: Known, number: str, code: str | None) -> str:
    if code:
        return known.say("call_with_code", number=number, dial_code=code).body
    return known.say("call", number=number).body


def _dial(known: Known) -> Decision:
    session = known.session
    if session is None:
        return Decision((known.say("offer_none"),))
    if not session.has_place:
        return _no_link_yet(known, session)
    if session.dial_in is None:
        return Decision((known.say("dial_none", link=session.link),), heard_as="dial")
    call = _call(known, session.dial_in, session.dial_code)
    return Decision((known.say("dial", when=_when(known, session), call=call),), heard_as="dial")


def _asks(known: Known, session: SessionFacts) -> Asked:
    return Asked("booking_offer", session.starts_at - known.now, {"session": str(session.id)})


def _when(known: Known, session: SessionFacts) -> str:
    return when.day_and_time(session.starts_at, known.zone)
