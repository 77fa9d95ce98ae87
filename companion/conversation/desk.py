"""Where every text is answered: the watch list first, then what it means, then who it is from.

Deciding is done by the flows, which are pure: what they need to know is gathered before, what they decide is done here.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from companion import when
from companion.content.catalogue import Text
from companion.conversation import exchange, in_a_row, own_item
from companion.conversation.changes import CountAnswer, Erase, Stop
from companion.conversation.danger import answer_danger
from companion.conversation.doing import Scene, apply
from companion.conversation.echoes import Echoes
from companion.conversation.flows import a_person, checkin, leaving_out, survey
from companion.conversation.flows.routing import decide
from companion.conversation.gather import gather
from companion.conversation.incoming import COULD_NOT_BE_READ, Incoming, Screened
from companion.conversation.known import ABOUT_A_PLACE, NOTHING, Decision, Known
from companion.conversation.optout_words import is_stop_word
from companion.conversation.staff import StaffDesk
from companion.escalation import relay
from companion.escalation.references import find_reference
from companion.escalation.routes import as_set
from companion.escalation.watchlist import WatchList
from companion.escalation.words import Voice
from companion.messaging.inbound import Arrival
from companion.models import Address, InboundMessage, Person, Reference, raise_alarm, record
from companion.models.base import put
from companion.privacy import whose
from companion.programme.silence import back_again
from companion.signposting import Directory

log = logging.getLogger(__name__)

TOO_LONG = 0.2  # seconds; the watch list taking longer counts as not having read the text
# What is understood in full is not put before a person to read; anything else is.
HEARD_IN_FULL = frozenset(
    (
        *("join", "consent_yes", "consent_no", "stop", "start_again", "menu", "pause", "resume", "change_channel"),
        *("book_yes", "book_no", "next_session", "join_link", "running_late", "checkin_score"),
        *("survey_yes", "survey_no", "thanks"),
    )
)
# Forgotten with the next text that is understood.
FOR_ONE_TEXT = frozenset(("menu", "menu_from", "misunderstood", "useful"))
SHORT_MEMORY = timedelta(hours=2)  # how long MORE works
STORED_FIRST = (Erase,)  # changes that find the text itself in the database
MAY_HIDE_TROUBLE = ("unknown", "checkin_word", "feedback", "thanks")  # intents that say nothing of what troubles
MEETS_TROUBLE = ("signpost", "talk_to_person", "stop")  # and those that are right even where they are guessed


class TextDesk:
    """Answers texts from anyone. Implements `companion.messaging.inbound.Desk`."""

    def __init__(
        self,
        watchlist: WatchList,
        places: Callable[[Session, datetime], Directory],
        voice: Voice,
        routes: Callable[[], Mapping[str, str]],
    ) -> None:
        self._watchlist = watchlist
        self._routes = routes  # what was set for families here
        self._places = places  # the places that help, as they stand here at a moment
        self._voice = voice
        self._staff = StaffDesk(voice)
        self._echoes = Echoes()

    def screen(self, arrival: Arrival) -> Screened:
        """Put the text through the watch list. Its failure, its slowness and pictures count as a flag."""
        unread = Screened("page", (COULD_NOT_BE_READ,), (), self._watchlist.version)
        started = time.thread_time()  # not the wall clock: a busy machine is not the list's doing
        try:
            verdict = as_set(self._watchlist.read(arrival.body), self._routes)
            found = Screened(verdict.route, verdict.families, verdict.phrases, self._watchlist.version)
        except Exception:
            log.exception("the watch list failed on text %s", arrival.sid)
            return unread
        if found.route == "page":
            return found
        if time.thread_time() - started > TOO_LONG:
            log.error("the watch list was too slow on text %s", arrival.sid)
            return unread
        return unread if arrival.media_count and not arrival.body.strip() else found

    def answer(
        self, session: Session, arrival: Arrival, screened: Any, address: Address, row: InboundMessage, now: datetime
    ) -> tuple[Text, ...]:
        """Decide within the transaction and fill in `row`."""
        person = address.person
        if screened.route != "page" and in_a_row.may_go_on(address, now):
            screened = in_a_row.read_on(session, arrival, screened, address, self._watchlist, now)
        text = Incoming(session, arrival, screened, address, row, now)
        row.route = screened.route
        if person is not None:
            whose.look(session, address, person, now)
            back_again(person)
        if not arrival.sender.answerable and screened.route != "page":
            row.intent, row.needs_reading = "one_way", bool(arrival.body.strip())
            return ()
        if screened.route == "page":
            return answer_danger(text, self._staff, self._voice)
        if self._echoes.is_one(address.id, arrival.body, now) and not is_stop_word(arrival.body):
            row.intent = "echo"  # a stop word counts however often it comes, and words of danger have been answered
            raise_alarm(session, now, "answers_itself")
            return ()
        if person is not None and person.role != "trainee":
            return own_item.answer(text, self._staff, self._voice)
        return self._trainee(text)

    def _trainee(self, text: Incoming) -> tuple[Text, ...]:
        session, row, voice = text.session, text.row, self._voice
        known = gather(text, voice, self._places(session, text.now))
        row.dialogue = known.asked
        if text.screened.route == "notice":
            session.add(text.flag())
        _audit_reference(text)
        if (heard := self._exchange(text, known)) is not None:
            return heard
        decision = exchange.waits(text.address, session, known, text.now, voice) or self._respond(known, text)
        row.intent = decision.heard_as or known.meant.intent
        if any(isinstance(change, STORED_FIRST) for change in decision.changes):
            text.keep()
        scene = Scene(session, text.address, row, text.person, known.nation, voice, text.now)
        for change in decision.changes:
            apply(change, scene)
        if scene.person is not None:
            _remember(scene, scene.person, decision, known)
            row.person_id = scene.person.id
        in_full = decision.heard_as or known.meant.intent in HEARD_IN_FULL
        to_be_read = decision.read_me or text.screened.route == "notice" or not in_full
        row.needs_reading = bool(known.text.strip()) and to_be_read
        return decision.replies

    def _exchange(self, text: Incoming, known: Known) -> tuple[Text, ...] | None:
        """Pass it on to the facilitator who has their episode; None when there is none, or a flow answers as well."""
        if known.colleagues and leaving_out.answer(known) is not None:
            return None  # whom they leave out may be the very one who would read this
        if known.move is not None or not exchange.may_be_exchange(text.person):
            return None
        episode, hear = relay.exchange_with(text.session, text.address), exchange.hear
        if known.stopped:
            hear = exchange.hear_stopped
        heard = hear(text, episode, known, self._voice) if episode is not None else None
        if heard is None:
            if episode is not None and text.screened.route == "notice":  # whatever else answers it, they hear of it
                text.keep()
                relay.heard_from_person(text.session, episode, text.row, text.now, self._voice)
            return None
        text.row.intent, text.row.needs_reading = heard[0], bool(known.text.strip())
        if text.screened.route == "notice" and not heard[1] and known.supported:
            return self._support(known, text)
        return heard[1]

    def _respond(self, known: Known, text: Incoming) -> Decision:
        if known.stopped:
            return decide(known)
        if known.over is not None:
            return Decision((known.say("tap_over", when=when.day_and_time(known.over, known.zone)),))
        if text.arrival.media_count:
            return Decision((known.say("media_not_read"),), read_me=True).and_then(
                decide(known) if known.text.strip() else Decision()
            )
        decision, troubled = decide(known), text.screened.route == "notice"
        if troubled and any(isinstance(each, Stop) and each.source == "sentence" for each in decision.changes):
            # "I can't do this any more, stop" may be about anything but our texts: nothing is ended by it.
            replies = self._support(known, text) if known.supported else ()
            return Decision((*replies, known.say("stop_unsure")), read_me=True, heard_as="stop_unsure")
        may_hide = _may_hide_trouble(known) and known.waiting is None
        if troubled and known.supported and may_hide:
            asks = decision.asks if known.meant.intent == "checkin_word" else a_person.OFFERED
            return Decision(self._support(known, text), decision.changes, asks, read_me=True)
        if troubled and decision.heard_as == survey.ANSWERED:
            # A person reads it under the alias, so its words are kept there and not as words without a name.
            counted = tuple(each for each in decision.changes if isinstance(each, CountAnswer))
            return Decision(self._support(known, text), counted, NOTHING, read_me=True, heard_as=survey.ANSWERED)
        return decision

    def _support(self, known: Known, text: Incoming) -> tuple[Text, ...]:
        """Return what is answered when words suggest that someone finds it hard."""
        return checkin.support(known, "addiction" if "drinking_to_cope" in text.screened.families else None)


def _may_hide_trouble(known: Known) -> bool:
    """Whether what a text means says nothing of what troubles, or is a mere guess at something else."""
    meant = known.meant
    return meant.intent in MAY_HIDE_TROUBLE or (meant.guessed and meant.intent not in MEETS_TROUBLE)


def _audit_reference(text: Incoming) -> None:
    """Record that a reference came from a number that has no business with one. Nothing else comes of it."""
    code = find_reference(text.arrival.body[:40])
    known = text.session.get(Reference, code) if code else None
    if known is not None:
        record(text.session, text.now, "reference from a wrong number", known.episode)


def _remember(scene: Scene, person: Person, decision: Decision, known: Known) -> None:
    asks, now, kept = decision.asks, scene.now, scene.counted
    data = {k: v for k, v in known.kept.items() if k not in FOR_ONE_TEXT} if asks is None else dict(asks.keep)
    if known.asked in (*ABOUT_A_PLACE, "flag_followup") and decision.replies and (asks is None or asks.lasts is None):
        data["aside"] = True  # something else is spoken of now
    if asks is not None:
        until = now + asks.lasts if asks.lasts is not None else max(person.dialogue_until or now, now + SHORT_MEMORY)
        kept |= {"dialogue": asks.state, "dialogue_data": data, "dialogue_until": until}
    elif data != known.kept:
        kept |= {"dialogue_data": data}
    put(scene.session, person, **kept)
