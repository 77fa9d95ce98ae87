"""Gathers what the flows need to know of a text's sender. Only what its meaning calls for is asked of the database."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from companion.content.catalogue import Text
from companion.content.sayings import said_by_trainees
from companion.conversation.around import facts, wants_cohorts
from companion.conversation.asides import aside
from companion.conversation.flows import booking, leaving_out, nation, second_thoughts
from companion.conversation.flows.my_data import CONFIRM_ERASE
from companion.conversation.incoming import Incoming
from companion.conversation.intents import Understanding, understand
from companion.conversation.known import ABOUT_A_PLACE, CohortFacts, Colleague, Known, SessionFacts, says_nothing_else
from companion.conversation.normalise import is_question, one_line
from companion.conversation.number_beside import number_beside
from companion.conversation.own import earlier_answer, own_facts
from companion.conversation.taps import Tap, read_tap
from companion.escalation import standing
from companion.escalation.words import Voice
from companion.messaging import optout
from companion.messaging.addresses import addresses_of
from companion.models import Cohort, Person
from companion.programme import places
from companion.programme.checkins import question_in_hand
from companion.programme.links import calendar_url, place_url
from companion.programme.sessions import next_session_for
from companion.settings import Settings
from companion.signposting import Directory

ABOUT_SESSIONS = frozenset(
    ("consent_yes", "start_again", "book_yes", "book_no", "next_session", "join_link", "running_late")
)
LATER_QUESTIONS = ("none", "checkin_prompt")
ABOUT_THE_GROUP = ("survey_helpful", "survey_words")
_OF_THE_SURVEY = ("survey_yes", "survey_no", "survey_comment")
_ASKED_BESIDE = ("signpost", "next_session", "join_link", "talk_to_person")
_PARTS = re.compile(r"[,;.!\n]|\b(?:and|but|also)\b", re.IGNORECASE)  # a question stands in one of them
MAY_BE_A_NUMBER = (
    "unknown",
    "book_yes",
    "thanks",
    "signpost",
)  # what is heard in "4 - fine" where no week was asked about
_NUMBER_FIRST = re.compile(r"\s*(10|\d)(\s*/\s*10|ish)?\s*([-\u2013\u2014,.:;!]|$)")
_LAST_NUMBER = re.compile(r"(?<![\w.])(10|\d)(\s*/\s*10)?\W*$")
_ALONE = re.compile(r" (10|\d)(\s*/\s*10)?(?:\W|not \d+)*", re.IGNORECASE)
MAY_BOOK = ("book_yes", "book_no", "consent_yes")


def gather(text: Incoming, voice: Voice, directory: Directory) -> Known:
    """Return all that may be considered when answering `text`."""
    session, arrival, address, person, now = text.session, text.arrival, text.address, text.person, text.now
    settings, body = voice.settings, text.arrival.body
    stopped = optout.is_stopped(session, address)
    asked, kept = _asked(person, now)
    if stopped:
        asked = "confirm_consent" if asked == "confirm_consent" else "after_stop"
    if asked == "flag_followup" and kept.get("aside") and said_by_trainees().nods.search(one_line(body)):
        asked = "none"
    tap = read_tap(session, arrival, address, now)
    meant = _meant(text, asked, kept, tap)
    if (both := number_beside(text, asked, meant)) is not None:
        meant, kept = both[0], {**kept, "question": both[1]}
    elif (question := _question_before(text, asked, kept, meant)) is not None:
        asked, kept = "checkin_prompt", {"question": question}
        meant = understand(body, asked)
    by_the_way = aside(body) if person is not None else None
    state = person.state if person else None
    cohort = person.cohort if person is not None else None
    return Known(
        now=now,
        text=body,
        meant=meant,
        words=voice.words,
        directory=directory,
        zone=ZoneInfo(cohort.time_zone) if cohort else settings.zone,
        channel=address.channel,
        sender_kind=arrival.sender.kind,
        over=tap.over,
        stopped=stopped,
        state=state,
        nation=(person.nation if person else None) or settings.companion_nation,
        cohort=CohortFacts(cohort.id, cohort.code, cohort.name) if cohort else None,
        cohorts=_open_cohorts(session) if wants_cohorts(meant.intents, body, state) else (),
        session=_session(text, meant, tap, kept, settings),
        earlier=earlier_answer(session, person) if asked == "checkin_prompt" or _scores_beside(meant) else None,
        calendar=_calendar(settings, person, body),
        asked=asked,
        kept=kept,
        colleagues=_colleagues(session) if leaving_out.asks(body) else (),
        public_url=settings.public_url,
        episode_open=asked == CONFIRM_ERASE and standing.open_episode(session, address) is not None,
        waiting=_waiting(text, meant, voice, stopped=stopped),
        around=facts(session, person, body, meant.intents, by_the_way, now),
        by_the_way=by_the_way,
        own=own_facts(session, person, body, settings, now),
        has_joined=person is not None and person.joined_at is not None,
        erased=person is None and stopped and optout.ended_by_erasure(session, address),
        erasure_waits=person is not None and person.erase_asked_at is not None,
        stopped_on=_stopped_on(session, person) if "change_channel" in meant.intents else frozenset(),
        opt_out_type=arrival.opt_out_type,
        lives_in=person.nation if person else None,
    )


def _asked(person: Person | None, now: datetime) -> tuple[str, dict[str, Any]]:
    if person is None or person.dialogue_until is None or person.dialogue_until <= now:
        return "none", {}
    return person.dialogue or "none", person.dialogue_data or {}


def _meant(text: Incoming, asked: str, kept: dict[str, Any], tap: Tap) -> Understanding:
    body, person = text.arrival.body, text.person
    meant = understand(body, asked, payload=tap.payload)
    if asked in ABOUT_THE_GROUP and not tap.payload:
        meant = _with_what_it_asks(body, meant)
    if asked in ABOUT_A_PLACE and kept.get("aside") and not tap.payload:
        meant = _after_an_aside(body, meant)
    if asked in ABOUT_A_PLACE and second_thoughts.takes_back(body):
        return Understanding(("book_no",), why="a yes that was a slip")
    if asked in ABOUT_A_PLACE and meant.intent == "book_no" and nation.beside(body) is not None:
        meant = _where_help_is_wanted(body, meant)
    if meant.guessed and meant.intent in ("book_yes", "book_no") and _may_be_anything(body, asked, meant):
        meant = _no_guess(body, meant)
    if _says_where_they_are(body, asked, meant):
        meant = replace(meant, intents=("next_session" if asked in ABOUT_A_PLACE else "unknown",), guessed=True)
    if kept.get("person") and said_by_trainees().when_to_call.search(one_line(body)):
        return Understanding(("talk_to_person",), why="when somebody may call")
    if kept.get("person") and (meant.guessed or meant.intent == "unknown"):
        when_to_call = understand(body, "flag_followup")  # "this evening after 6"
        meant = when_to_call if when_to_call.intent == "talk_to_person" else meant
    if text.arrival.opt_out_type == "STOP":  # Twilio has ended the texts, by whatever word a deployment chose there
        return Understanding(("stop",), why="a stop word of Twilio's Advanced Opt-Out")
    if text.arrival.opt_out_type == "START" and asked == "after_stop":
        return Understanding(("start_again",), why="a start word of Twilio's Advanced Opt-Out")
    bare = meant.intent == "unknown" and asked in LATER_QUESTIONS and booking.bare_answer(body)
    if bare and person is not None and places.asked_about(text.session, person, text.now):
        # They were asked about a session, and about something else since: a plain answer still counts.
        return understand(body, "booking_offer")
    return meant


def _with_what_it_asks(body: str, meant: Understanding) -> Understanding:
    """Add to what answers the survey what it asks: "it was ok but when is the next one". A question is no comment."""
    if meant.intent not in _OF_THE_SURVEY or not any(is_question(part) for part in _PARTS.split(body)):
        return meant
    asks = understand(body, "none")
    if asks.guessed or asks.intent not in _ASKED_BESIDE:
        return meant
    answers = tuple(each for each in meant.intents if each not in ("survey_comment", asks.intent))
    return replace(meant, intents=(*answers, asks.intent), slots=asks.slots, need=asks.need)


def _after_an_aside(body: str, meant: Understanding) -> Understanding:
    """What a text means when a place was asked about, and something else was spoken of since.

    YES and NO are still about the place, and so is what speaks of it by itself. What would be an answer but may as
    well be about anything else ("im in Glasgow", a thumb, "on nights") is told how things stand, and changes nothing.
    """
    if booking.bare_answer(body) or said_by_trainees().answers_first.search(one_line(body)):
        return meant
    alone = understand(body, "none")
    if alone.intent in ("unknown", "thanks") and not meant.guessed and meant.intent in ("book_yes", "book_no"):
        return replace(meant, intents=("next_session",), guessed=True)
    return alone


def _waiting(text: Incoming, meant: Understanding, voice: Voice, *, stopped: bool) -> Text | None:
    """Return what is true for somebody whose episode nobody has, where what they say has no answer of its own."""
    back = meant.intent == "start_again"  # whoever comes back hears it as well
    if not back and (stopped or not says_nothing_else(meant, text.arrival.body)):
        return None
    episode = standing.open_episode(text.session, text.address)
    if episode is None or not standing.nobody_has(episode) or not standing.person_knows(episode):
        return None
    return voice.nobody_yet(text.person.nation if text.person else None, text.now)


def _where_help_is_wanted(body: str, meant: Understanding) -> Understanding:
    """Of "im in glasgow, anything for money?" the need alone: where somebody is says no to no place."""
    alone = understand(body, "none")
    if alone.intent != "signpost" or said_by_trainees().answers_first.search(one_line(body)):
        return meant
    return meant if "book_no" in alone.intents else alone


def _may_be_anything(body: str, asked: str, meant: Understanding) -> bool:
    """Whether what only looks like an answer about a place answers nothing: no place was offered, or it asks."""
    return asked != "booking_offer" or (meant.intent == "book_yes" and is_question(body))  # "do I need a laptop?"


def _says_where_they_are(body: str, asked: str, meant: Understanding) -> bool:
    """Whether "on the ward" was taken for being late, or for a no to a place that is theirs or was not offered."""
    if meant.intent not in ("running_late", "book_yes", "book_no") or not (meant.guessed or asked == "reminder"):
        return False
    return said_by_trainees().where_they_are.search(one_line(body)) is not None


def _no_guess(body: str, meant: Understanding) -> Understanding:
    """What only looks like an answer about a place, where none is offered, takes no place and gives none up."""
    low = understand(body, "checkin_prompt").slots.get("low")  # "rubbish day on the ward"
    return replace(meant, intents=("unknown",) if low else ("next_session",))


def _question_before(text: Incoming, asked: str, kept: dict[str, Any], meant: Understanding) -> str | None:
    """Return the weekly question that a number answers, though something else was asked since; None for others.

    "7", "rubbish, 2" or "4 - knackered but fine": the words beside a number are said of the week, not of a place.
    """
    body = text.arrival.body
    if text.person is None or kept.get("menu"):
        return None
    put_right = said_by_trainees().puts_right.search(body)
    number = _ALONE.fullmatch(body, put_right.end()) if put_right else None
    if number is None and _answers_late(body, asked):
        number = _LAST_NUMBER.search(body)
    if number is None and meant.intent in MAY_BE_A_NUMBER:
        number = _NUMBER_FIRST.match(body) or (_LAST_NUMBER.search(body) if meant.intent == "unknown" else None)
    return question_in_hand(text.session, text.person, text.now) if number else None


def _scores_beside(meant: Understanding) -> bool:
    return "checkin_score" in meant.intents[1:]


def _answers_late(body: str, asked: str) -> bool:
    """Whether a text says that it answers late; "sorry late, 5" may be minutes where a place is spoken of."""
    listen, said = said_by_trainees(), one_line(body)
    if listen.seen_late.search(said):
        return True
    return asked not in ABOUT_A_PLACE and listen.sorry_late.search(said) is not None


def _session(
    text: Incoming, meant: Understanding, tap: Tap, kept: dict[str, Any], settings: Settings
) -> SessionFacts | None:
    """Return the session that was asked about last, or the next one; locked when a place in it may be taken."""
    session, person = text.session, text.person
    about = ABOUT_SESSIONS.intersection(meant.intents) or booking.needs_session(text.arrival.body)
    if not about or person is None:
        return None
    wanted = tap.session or (uuid.UUID(kept["session"]) if kept.get("session") else None)
    found = next_session_for(session, person, text.now, lock=meant.intent in MAY_BOOK, wanted=wanted)
    if found is None:
        return None
    theirs = places.booking_of(session, found.id, person)
    has_place = theirs is not None and theirs.status in ("yes", "attended")
    group = found.group
    return SessionFacts(
        id=found.id,
        group=group.name,
        starts_at=found.starts_at,
        ends_at=found.ends_at,
        status=theirs.status if theirs else None,
        open=has_place or places.is_open_to(session, found, theirs),
        link=place_url(settings, theirs.id) if theirs is not None and has_place else "",
        dial_in=group.dial_in,
        dial_code=group.dial_code,
    )


def _calendar(settings: Settings, person: Person | None, body: str) -> tuple[int, str] | None:
    wanted = booking.calendar_asked(body)
    if wanted is None or person is None:
        return None
    number = person.calendar_number + 1 if wanted == "new" else max(person.calendar_number, 1)
    return number, calendar_url(settings, person.id, number)


def _stopped_on(session: Session, person: Person | None) -> frozenset[str]:
    theirs = addresses_of(session, person) if person is not None else []
    return frozenset(address.channel for address in theirs if optout.is_stopped(session, address))


def _open_cohorts(session: Session) -> tuple[CohortFacts, ...]:
    wanted = select(Cohort).where(Cohort.is_open).order_by(Cohort.created_at, Cohort.code)
    found = session.scalars(wanted.options(selectinload(Cohort.aliases)))
    return tuple(
        CohortFacts(c.id, c.code, c.name, frozenset(alias.word for alias in c.aliases), c.nation) for c in found
    )


def _colleagues(session: Session) -> tuple[Colleague, ...]:
    may_be_paged = Person.role.in_(("facilitator", "lead", "coordinator"))
    found = session.scalars(select(Person).where(Person.state == "staff", may_be_paged).order_by(Person.created_at))
    return tuple(Colleague(person.id, person.label, person.is_external_lead) for person in found)
