"""Texts from those who run the programme: taking and passing pages, notes, HELP and STOP."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from companion import when
from companion.content.catalogue import Text
from companion.conversation import errands
from companion.conversation.optout_words import is_start_word, is_stop_word
from companion.conversation.orders import Order, read_order
from companion.conversation.request import Request
from companion.escalation import episodes
from companion.escalation.words import Voice
from companion.messaging import optout
from companion.messaging.inbound import Arrival
from companion.models import Address, Episode, Note, Person, Reference, raise_alarm, record


class StaffDesk:
    """Answers facilitators, leads and coordinators."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice

    def answer(
        self, session: Session, person: Person, address: Address, arrival: Arrival, now: datetime
    ) -> tuple[str, tuple[Text, ...]]:
        """Return the intent and what is answered, having done what was asked."""
        if is_stop_word(arrival.body) or arrival.opt_out_type == "STOP":
            optout.stop(session, address, source="word", sender=arrival.to, sid=arrival.sid, now=now)
            raise_alarm(session, now, "facilitator_stopped")
            record(session, now, "facilitator stopped texts", person)
            return "stop", ()
        if is_start_word(arrival.body) and optout.is_stopped(session, address):
            optout.start(session, address, sender=arrival.to, sid=arrival.sid, now=now)
            return "start_again", (self._voice.words.render("facilitator_help", url=self._voice.console_url),)
        errand = errands.run(Request(session, person, arrival.body, now, self._voice))
        return errand or self._order(session, person, read_order(arrival.body), now)

    def _order(self, session: Session, person: Person, order: Order, now: datetime) -> tuple[str, tuple[Text, ...]]:
        say = self._voice.words.render
        mine = episodes.open_to(session, person)
        if order.verb == "help" and order.reference is None:
            return "help", (say("facilitator_help", url=self._voice.console_url),)
        if order.reference is not None:
            found = session.get(Reference, order.reference)
            if found is None or found.person_id != person.id:
                record(session, now, "unknown reference", person)
                return "order_unknown", (say("page_unknown_reference"),)
            if found.episode.state == "closed":
                return "order_closed", (say("page_closed"),)
            return self._carry_out(session, person, order, found, now)
        if order.verb is None:
            return self._without_reference(session, person, order, mine, now)
        if not mine:
            return "order_none", (say("page_unknown_reference"),)
        if len(mine) > 1:
            return "order_which", (say("page_which", references=", ".join(r.code for r in mine[:5])),)
        return self._carry_out(session, person, order, mine[0], now)

    def _without_reference(
        self, session: Session, person: Person, order: Order, mine: list[Reference], now: datetime
    ) -> tuple[str, tuple[Text, ...]]:
        owned = [r for r in mine if r.episode.owner_id == person.id]
        if len(owned) == 1 and order.words:
            return self._note(session, person, order, owned[0], now)
        if mine:
            return "order_which", (
                self._voice.words.render("page_which", references=", ".join(r.code for r in mine[:5])),
            )
        return "unknown", (self._voice.words.render("facilitator_help", url=self._voice.console_url),)

    def _carry_out(
        self, session: Session, person: Person, order: Order, reference: Reference, now: datetime
    ) -> tuple[str, tuple[Text, ...]]:
        say = self._voice.words.render
        episode = _locked(session, reference.episode)
        if order.verb == "take":
            owner = episodes.take(session, episode, person, now, self._voice)
            if owner.id != person.id:
                return "take_late", (say("page_taken_already", who=owner.name or owner.alias),)
            by = when.time_by(episode.contact_by or now, now, self._voice.settings.zone)
            return "take", (say("page_taken_ok", reference=reference.code, by=by, url=self._voice.console_url),)
        if order.verb == "pass":
            episodes.pass_on(session, episode, person, now, self._voice)
            return "pass", (say("page_passed"),)
        return self._note(session, person, order, reference, now)

    def _note(
        self, session: Session, person: Person, order: Order, reference: Reference, now: datetime
    ) -> tuple[str, tuple[Text, ...]]:
        session.add(Note(episode=reference.episode, person_id=person.id, body=order.words, at=now))
        record(session, now, "note kept", reference.episode, actor=person.id)
        return "note", (self._voice.words.render("note_kept", reference=reference.code),)


def _locked(session: Session, episode: Episode) -> Episode:
    session.refresh(episode, with_for_update=True)
    return episode
