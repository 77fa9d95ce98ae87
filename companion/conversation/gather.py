"""Gathers what the flows need to know of a text's sender. Only what its meaning calls for is asked of the database."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from companion.content.catalogue import Text
from companion.content.sayings import said_by_trainees
from companion.conversation.around import Around, facts, wants_cohorts
from companion.conversation.asides import aside
from companion.conversation.flows import booking, leaving_out, second_thoughts
from companion.conversation.flows.joining import LAST_SHOWN
from companion.conversation.flows.my_data import CONFIRM_COPY, CONFIRM_ERASE
from companion.conversation.incoming import Incoming
from companion.conversation.intents import Understanding, understand
from companion.conversation.known import CohortFacts, Colleague, Known, Move, says_nothing_else
from companion.conversation.meaning import meaning
from companion.conversation.normalise import names, one_line
from companion.conversation.number_beside import number_beside, scores_beside
from companion.conversation.number_late import question_before
from companion.conversation.own import Own, earlier_answer, is_my_weeks, own_facts
from companion.conversation.session_facts import session_facts
from companion.conversation.taps import read_tap
from companion.escalation import standing
from companion.escalation.words import Voice
from companion.messaging import optout
from companion.messaging.addresses import addresses_of
from companion.models import Address, Cohort, ContactRequest, OutboxMessage, Person
from companion.privacy import moving
from companion.programme.links import calendar_url
from companion.settings import Settings
from companion.signposting import Directory

# What is remembered of a conversation that began after months of silence.
_LONGEST_ANSWER = 4  # words: "yes it is me"
_BEGUN_SINCE = ("confirm_consent", "flag_followup", "after_stop")


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
    takes_back = second_thoughts.takes_back(body)
    meant = meaning(text, asked, kept, tap, takes_back=takes_back)
    if (both := number_beside(text, asked, meant)) is not None:
        meant, kept = both[0], {**kept, "question": both[1]}
    elif (question := question_before(text, asked, kept, meant)) is not None:
        asked, kept = "checkin_prompt", {"question": question}
        meant = understand(body, asked)
    by_the_way = aside(body)
    state = person.state if person else None
    if person is not None and person.unsure_since is not None:
        state = "left"
    cohort = person.cohort if person is not None else None
    wants_copy = "my_data" in meant.intents or asked == CONFIRM_COPY or "copy" in kept or is_my_weeks(body)
    known = Known(
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
        session=session_facts(text, meant, tap, kept, settings),
        earlier=earlier_answer(session, person) if asked == "checkin_prompt" or scores_beside(meant) else None,
        calendar=_calendar(settings, person, body),
        asked=asked,
        kept=kept,
        colleagues=_colleagues(session) if leaving_out.asks(body) else (),
        public_url=settings.public_url,
        consent_held=stopped and asked == "confirm_consent" and _consent_held(session, person, address),
        call_waits=(asked == "flag_followup" or second_thoughts.no_is_about_a_call(body, kept))
        and _call_waits(session, person),
        episode_open=asked == CONFIRM_ERASE and standing.open_episode(session, address) is not None,
        waiting=_waiting(text, meant, voice, stopped=stopped),
        around=facts(session, person, body, meant.intents, by_the_way, now),
        by_the_way=by_the_way,
        takes_back=takes_back,
        own=own_facts(session, person, body, settings, now),
        has_joined=person is not None and person.joined_at is not None,
        erased=person is None and stopped and optout.ended_by_erasure(session, address),
        erasure_waits=person is not None and person.erase_asked_at is not None,
        stopped_on=_stopped_on(session, person) if "change_channel" in meant.intents else frozenset(),
        opt_out_type=arrival.opt_out_type,
        lives_in=person.nation if person else None,
        move=_about_a_move(text, asked),
        copy_from=moving.copy_rests_until(session, person, now) if person is not None and wants_copy else None,
    )
    return known if person is None or person.unsure_since is None else _as_of_a_stranger(known, person)


def _as_of_a_stranger(known: Known, person: Person) -> Known:
    """Leave out all that is known of a number's former owner, as it may be another's by now."""
    begun = known.asked in _BEGUN_SINCE
    return replace(
        known,
        unsure=True,
        owner_shown=names(known.text, person.alias) or _resumes(known, person),
        state="left",
        over=None,
        cohort=None,
        session=None,
        earlier=None,
        calendar=None,
        asked=known.asked if begun else "none",
        kept=known.kept if begun or known.asked == "none" else {},
        call_waits=False,
        around=Around(),
        own=Own(),
        has_joined=False,
        erasure_waits=False,
        stopped_on=frozenset(),
        lives_in=None,
    )


def _about_a_move(text: Incoming, asked: str) -> Move | None:
    """Return what a short text answers to one about another number; a question that was asked later comes first."""
    session, person, now, body = text.session, text.person, text.now, text.arrival.body
    if len(body.split()) > _LONGEST_ANSWER or asked in (CONFIRM_COPY, CONFIRM_ERASE):
        return None
    said, listen = one_line(body), said_by_trainees()
    if listen.keeps_number.search(said):
        return "kept" if person is not None and moving.open_of(session, person, now) is not None else None
    agrees = listen.moves_here.search(said) is not None
    if person is not None and person.state == "joined" and not agrees:
        return None  # a YES of theirs is about something else
    answer = "consent_yes" if agrees else understand(body, "confirm_consent").intent
    if answer not in ("consent_yes", "consent_no"):
        return None
    move = moving.open_at(session, text.address, now)
    if move is None:
        return None
    if asked == "confirm_consent" and person is not None and person.asked_at and person.asked_at > move.asked_at:
        return None
    if answer == "consent_no":
        return "refused"
    return "agreed" if moving.may_be_moved(session, move.person) else "gone"


def _resumes(known: Known, person: Person) -> bool:
    """Whether they end a pause by the word that only the text which confirmed it told."""
    return person.paused_until is not None and one_line(known.text).strip(" .!") == "resume"


def _asked(person: Person | None, now: datetime) -> tuple[str, dict[str, Any]]:
    if person is None or person.dialogue_until is None or person.dialogue_until <= now:
        return "none", {}
    return person.dialogue or "none", person.dialogue_data or {}


def _waiting(text: Incoming, meant: Understanding, voice: Voice, *, stopped: bool) -> Text | None:
    """Return what is true for somebody whose episode nobody has, where what they say has no answer of its own."""
    back = meant.intent == "start_again"  # whoever comes back hears it as well
    body = text.arrival.body
    if not back and (stopped or not (says_nothing_else(meant, body) or second_thoughts.is_against_a_call(body))):
        return None
    episode = standing.open_episode(text.session, text.address)
    if episode is None or not standing.nobody_has(episode) or not standing.person_knows(episode):
        return None
    return voice.nobody_yet(text.person.nation if text.person else None, text.now)


def _consent_held(session: Session, person: Person | None, address: Address) -> bool:
    """Whether the carrier held back what they were to read before they agree: it takes a STOP by SMS as its own."""
    if person is None or person.asked_at is None or not optout.held_by_carrier(session, address):
        return False
    arrived = select(OutboxMessage.id).where(
        OutboxMessage.address_id == address.id,
        OutboxMessage.purpose == LAST_SHOWN,
        OutboxMessage.created_at >= person.asked_at,
        OutboxMessage.status.in_(("accepted", "sent", "delivered", "read")),
    )
    return session.scalar(arrived.limit(1)) is None


def _call_waits(session: Session, person: Person | None) -> bool:
    if person is None:
        return False
    waiting = select(ContactRequest.id).where(
        ContactRequest.person_id == person.id, ContactRequest.settled_at.is_(None)
    )
    return session.scalar(waiting.limit(1)) is not None


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
