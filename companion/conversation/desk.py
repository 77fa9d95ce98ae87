"""Where every text is answered: the watch list first, then what it means, then who it is from.

Deciding is done by the flows, which are pure; this module gathers what they need to know and does what they decide.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from companion import when
from companion.content.catalogue import Text
from companion.conversation import (
    apply_around,  # noqa: F401 - so that `apply` knows its changes
    exchange,
)
from companion.conversation.apply import Scene, apply
from companion.conversation.around import facts, first_word, wants_cohorts
from companion.conversation.changes import CountAnswer, Erase
from companion.conversation.flows import booking, leaving_out, survey
from companion.conversation.flows.my_data import CONFIRM_ERASE
from companion.conversation.flows.routing import decide
from companion.conversation.intents import understand
from companion.conversation.known import NOTHING, CohortFacts, Colleague, Decision, Known, SessionFacts
from companion.conversation.own import earlier_answer, own_facts
from companion.conversation.staff import StaffDesk
from companion.conversation.taps import read_tap
from companion.escalation import episodes, relay
from companion.escalation.references import find_reference
from companion.escalation.routes import all_page, routed
from companion.escalation.watchlist import Verdict, WatchList
from companion.escalation.words import Voice
from companion.messaging import optout
from companion.messaging.inbound import Arrival
from companion.models import Address, Cohort, Flag, InboundMessage, Person, Reference, record
from companion.models.base import put
from companion.programme import places
from companion.programme.links import calendar_url, place_url
from companion.programme.sessions import next_session_for
from companion.programme.silence import back_again
from companion.rota.cover import cover_line
from companion.signposting import Directory

log = logging.getLogger(__name__)

COULD_NOT_BE_READ = "could not be read"
TOO_LONG = 0.2  # seconds; the watch list taking longer counts as not having read the text
# What is understood in full is not put before a person to read; anything else is.
HEARD_IN_FULL = frozenset(
    (
        *("join", "consent_yes", "consent_no", "stop", "start_again", "menu", "pause", "resume", "change_channel"),
        *(
            "book_yes",
            "book_no",
            "next_session",
            "join_link",
            "running_late",
            "checkin_score",
            "survey_yes",
            "survey_no",
            "thanks",
        ),
    )
)


ABOUT_SESSIONS = frozenset(("consent_yes", "book_yes", "book_no", "next_session", "join_link", "running_late"))
# Forgotten with the next text that is understood.
FOR_ONE_TEXT = frozenset(("menu", "menu_from", "misunderstood", "useful"))
LATER_QUESTIONS = ("none", "checkin_prompt")
STORED_FIRST = (Erase,)  # changes that find the text itself in the database
MAY_BOOK = ("book_yes", "book_no", "consent_yes")
SHORT_MEMORY = timedelta(hours=2)  # how long MORE works


@dataclass(frozen=True)
class Screened:
    """What the watch list found. `families` is empty when it found nothing."""

    route: str | None
    families: tuple[str, ...]
    phrases: tuple[str, ...]


class TextDesk:
    """Answers texts from anyone. Implements `companion.messaging.inbound.Desk`."""

    def __init__(
        self, watchlist: WatchList, directory: Directory, voice: Voice, routes: Callable[[], Mapping[str, str]]
    ) -> None:
        self._watchlist = watchlist
        self._routes = routes  # what was set for families here
        self._directory = directory
        self._voice = voice
        self._staff = StaffDesk(voice)
        self._settings = voice.settings
        self._words = voice.words

    def screen(self, arrival: Arrival) -> Screened:
        """Put the text through the watch list. Its failure, its slowness and pictures count as a flag."""
        started = time.thread_time()  # not the wall clock: a busy machine is not the list's doing
        try:
            verdict = self._as_set_here(self._watchlist.read(arrival.body))
            found = Screened(verdict.route, verdict.families, verdict.phrases)
        except Exception:
            log.exception("the watch list failed on text %s", arrival.sid)
            return Screened("page", (COULD_NOT_BE_READ,), ())
        if found.route == "page":
            return found
        if time.thread_time() - started > TOO_LONG:
            log.error("the watch list was too slow on text %s", arrival.sid)
            return Screened("page", (COULD_NOT_BE_READ,), ())
        if arrival.media_count and not arrival.body.strip():
            return Screened("page", (COULD_NOT_BE_READ,), ())
        return found

    def _as_set_here(self, verdict: Verdict) -> Verdict:
        """Return `verdict` with the routes that were set here; if they cannot be read, everything found pages."""
        if not verdict.found:
            return verdict
        try:
            return routed(verdict, self._routes())
        except Exception:
            log.exception("the routes of phrase families could not be read; what was found pages")
            return all_page(verdict)

    def answer(
        self, session: Session, arrival: Arrival, screened: Any, address: Address, row: InboundMessage, now: datetime
    ) -> tuple[Text, ...]:
        """Decide within the transaction and fill in `row`."""
        person = address.person
        row.route = screened.route
        if person is not None:
            back_again(person)
        if not arrival.sender.answerable and screened.route != "page":
            row.intent, row.needs_reading = "one_way", bool(arrival.body.strip())
            return ()
        if screened.route == "page":
            return self._flagged(session, arrival, screened, address, row, now)
        if person is not None and person.role != "trainee":
            row.intent, texts = self._staff.answer(session, person, address, arrival, now)
            return texts
        return self._trainee(session, arrival, screened, address, row, now)

    # words that suggest danger

    def _flagged(
        self,
        session: Session,
        arrival: Arrival,
        screened: Screened,
        address: Address,
        row: InboundMessage,
        now: datetime,
    ) -> tuple[Text, ...]:
        row.intent = "flagged"
        person = address.person
        session.add(row)
        session.flush()
        before = episodes.open_episode(session, address)
        in_full = episodes.crisis_reply_is_due(before, now)
        episode = episodes.flag(session, row, address, self._flag(screened, row, now), now, self._voice)
        texts: tuple[Text, ...]
        if person is not None and person.role != "trainee":
            texts = (self._words.render("crisis_facilitator"),)
            if read := self._staff.answer(session, person, address, arrival, now)[1]:
                texts += read if COULD_NOT_BE_READ not in screened.families else ()
        elif not in_full:
            texts = (self._words.render("crisis_again"),)
        elif COULD_NOT_BE_READ in screened.families:
            texts = (self._words.render("could_not_read"),)
        elif person is None:
            texts = (self._words.render("crisis_unknown_sender"),)
        else:
            nation = person.nation
            texts = (
                self._words.render("crisis_1"),
                self._words.render(
                    "crisis_2",
                    nhs_line=self._voice.nhs_line(nation, now),
                    cover=cover_line(session, self._words, person.group_id, now),
                ),
            )
        if person is not None and person.role == "trainee" and first_word(arrival.body) == "buddy":
            texts += (self._words.render("buddy_not_passed"),)
        if in_full:
            episode.last_crisis_reply_at = now
        return texts

    def _flag(self, screened: Screened, row: InboundMessage, now: datetime) -> Flag:
        return Flag(
            inbound=row,
            route=screened.route,
            families=list(screened.families),
            phrases=list(screened.phrases),
            list_version=self._watchlist.version,
            at=now,
        )

    # everything else

    def _trainee(
        self,
        session: Session,
        arrival: Arrival,
        screened: Screened,
        address: Address,
        row: InboundMessage,
        now: datetime,
    ) -> tuple[Text, ...]:
        known = self._known(session, arrival, address, now)
        row.dialogue = known.asked
        if screened.route == "notice":
            session.add(self._flag(screened, row, now))
        _audit_reference(session, arrival, now)
        if (heard := self._exchange(session, known, screened, address, row, now)) is not None:
            return heard
        decision = exchange.waits(address, session, known.text, now, self._voice) or self._respond(
            known, arrival, screened
        )
        row.intent = decision.heard_as or known.meant.intent
        scene = Scene(session, address, row, address.person, known.nation, self._voice, now)
        if any(isinstance(change, STORED_FIRST) for change in decision.changes):
            session.add(row)
            session.flush()
        for change in decision.changes:
            apply(change, scene)
        if scene.person is not None:
            _remember(scene, scene.person, decision, known)
            row.person_id = scene.person.id
        row.needs_reading = bool(arrival.body.strip()) and (
            decision.read_me
            or screened.route == "notice"
            or not (decision.heard_as or known.meant.intent in HEARD_IN_FULL)
        )
        return decision.replies

    def _exchange(
        self, session: Session, known: Known, screened: Screened, address: Address, row: InboundMessage, now: datetime
    ) -> tuple[Text, ...] | None:
        """Pass it on to the facilitator who has their episode; None when there is none, or a flow answers as well."""
        if known.colleagues and leaving_out.answer(known) is not None:
            return None  # whom they leave out may be the very one who would read this
        if known.stopped or not exchange.may_be_exchange(address.person, now):
            return None
        episode = relay.exchange_with(session, address)
        heard = exchange.hear(session, episode, known, row, now, self._voice) if episode is not None else None
        if heard is None:
            return None
        row.intent, row.needs_reading = heard[0], bool(known.text.strip())
        if screened.route == "notice" and not heard[1] and known.state == "joined":
            return self._support(known)
        return heard[1]

    def _respond(self, known: Known, arrival: Arrival, screened: Screened) -> Decision:
        if known.stopped:
            return decide(known)
        if known.over is not None:
            return Decision((known.say("tap_over", when=when.day_and_time(known.over, known.zone)),))
        if arrival.media_count:
            return Decision((known.say("media_not_read"),), read_me=True).and_then(
                decide(known) if known.text.strip() else Decision()
            )
        decision = decide(known)
        if (
            screened.route == "notice"
            and known.state == "joined"
            and known.meant.intent in ("unknown", "checkin_word", "feedback", "thanks")
        ):
            return Decision(self._support(known), decision.changes, decision.asks, read_me=True)
        if screened.route == "notice" and decision.heard_as == survey.ANSWERED:
            # A person reads it under the alias, so its words are kept there and not as words without a name.
            counted = tuple(each for each in decision.changes if isinstance(each, CountAnswer))
            return Decision(self._support(known), counted, NOTHING, read_me=True, heard_as=survey.ANSWERED)
        return decision

    def _support(self, known: Known) -> tuple[Text, ...]:
        """Return what is answered when words suggest that someone finds it hard: one resource, and the offer."""
        found = list(self._directory.find(known.text, known.nation, known.now).resources) or list(
            self._directory.by_topic("low mood", known.nation, known.now)
        )
        return (known.say("checkin_low", resource_line=found[0].line(known.now.date())),)

    def _known(self, session: Session, arrival: Arrival, address: Address, now: datetime) -> Known:
        person = address.person
        stopped = optout.is_stopped(session, address)
        asked, kept = _asked(person, now)
        if stopped:
            asked = "confirm_consent" if asked == "confirm_consent" else "after_stop"
        tap = read_tap(session, arrival, address, now)
        meant = understand(arrival.body, asked, payload=tap.payload)
        bare = meant.intent == "unknown" and asked in LATER_QUESTIONS and booking.bare_answer(arrival.body)
        if bare and person is not None and places.asked_about(session, person, now):
            # They were asked about a session, and about something else since: a plain answer still counts.
            meant = understand(arrival.body, "booking_offer")
        # Only what the meaning calls for is asked of the database.
        state = person.state if person else None
        cohorts = _open_cohorts(session) if wants_cohorts(meant.intents, arrival.body, state) else ()
        asked_of = str(tap.session) if tap.session is not None else kept.get("session")
        about = ABOUT_SESSIONS.intersection(meant.intents) or booking.needs_session(arrival.body)
        meeting = self._session(session, person, meant.intent, asked_of, now) if about and person is not None else None
        cohort = person.cohort if person is not None else None
        return Known(
            now=now,
            text=arrival.body,
            meant=meant,
            words=self._words,
            directory=self._directory,
            zone=ZoneInfo(cohort.time_zone) if cohort else self._settings.zone,
            channel=address.channel,
            sender_kind=arrival.sender.kind,
            provider_sid=arrival.sid,
            over=tap.over,
            stopped=stopped,
            role=person.role if person else None,
            state=person.state if person else None,
            nation=(person.nation if person else None) or self._settings.companion_nation,
            cohort=CohortFacts(cohort.id, cohort.code, cohort.name) if cohort else None,
            cohorts=cohorts,
            session=meeting,
            earlier=earlier_answer(session, person) if asked == "checkin_prompt" else None,
            calendar=self._calendar(person, arrival.body),
            asked=asked,
            kept=kept,
            colleagues=_colleagues(session) if leaving_out.asks(arrival.body) else (),
            public_url=self._settings.public_url,
            episode_open=asked == CONFIRM_ERASE and episodes.open_episode(session, address) is not None,
            around=facts(session, person, arrival.body, meant.intents, now),
            own=own_facts(session, person, arrival.body, self._settings, now),
            lives_in=person.nation if person else None,
        )

    def _session(
        self, session: Session, person: Person, intent: str, asked_of: str | None, now: datetime
    ) -> SessionFacts | None:
        """Return the session that was asked about last, or the next one; locked when a place in it may be taken."""
        wanted = uuid.UUID(asked_of) if asked_of is not None else None
        found = next_session_for(session, person, now, lock=intent in MAY_BOOK, wanted=wanted)
        if found is None:
            return None
        theirs = places.booking_of(session, found.id, person)
        has_place = theirs is not None and theirs.status in ("yes", "attended")
        group = found.group
        return SessionFacts(
            id=found.id,
            group=group.name,
            starts_at=found.starts_at,
            status=theirs.status if theirs else None,
            open=has_place or places.is_open_to(session, found, theirs),
            link=place_url(self._settings, theirs.id) if theirs is not None and has_place else "",
            dial_in=group.dial_in,
            dial_code=group.dial_code,
        )

    def _calendar(self, person: Person | None, text: str) -> tuple[int, str] | None:
        wanted = booking.calendar_asked(text)
        if wanted is None or person is None:
            return None
        number = person.calendar_number + 1 if wanted == "new" else max(person.calendar_number, 1)
        return number, calendar_url(self._settings, person.id, number)


def _audit_reference(session: Session, arrival: Arrival, now: datetime) -> None:
    """Record that a reference came from a number that has no business with one. Nothing else comes of it."""
    code = find_reference(arrival.body[:40])
    known = session.get(Reference, code) if code else None
    if known is not None:
        record(session, now, "reference from a wrong number", known.episode)


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


def _asked(person: Person | None, now: datetime) -> tuple[str, dict[str, Any]]:
    if person is None or person.dialogue_until is None or person.dialogue_until <= now:
        return "none", {}
    return person.dialogue or "none", person.dialogue_data or {}


def _remember(scene: Scene, person: Person, decision: Decision, known: Known) -> None:
    asks, now, kept = decision.asks, scene.now, scene.counted
    if asks is not None:
        until = now + asks.lasts if asks.lasts is not None else max(person.dialogue_until or now, now + SHORT_MEMORY)
        kept |= {"dialogue": asks.state, "dialogue_data": dict(asks.keep), "dialogue_until": until}
    elif known.kept.keys() & FOR_ONE_TEXT:
        kept |= {"dialogue_data": {k: v for k, v in known.kept.items() if k not in FOR_ONE_TEXT}}
    put(scene.session, person, **kept)
