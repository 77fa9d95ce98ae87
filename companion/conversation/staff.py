"""Texts from those who run the programme: taking and passing pages, words for the person, notes, HELP and STOP."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from companion import when
from companion.content.catalogue import Text
from companion.content.orders import Verb
from companion.content.sayings import said_by_staff, said_by_trainees
from companion.conversation import asked_for, errands, not_theirs, plain_staff, staff_stop
from companion.conversation.normalise import one_line
from companion.conversation.optout_words import bare
from companion.conversation.orders import Order, read_order, without_reference
from companion.conversation.request import Request
from companion.escalation import episodes, relay, reopening, standing
from companion.escalation.chain import left_out, open_to
from companion.escalation.closings import CannotCloseError
from companion.escalation.references import find_references
from companion.escalation.relay import CannotSendError
from companion.escalation.words import Voice
from companion.messaging.inbound import Arrival
from companion.models import Address, Episode, Note, Person, Reference, record

Answer = tuple[str, tuple[Text, ...]]

_REACHED_ASKED = "reached_asked"  # what was asked last, in the person's row: whether they reached somebody themselves
_REMEMBERED = timedelta(minutes=30)


class StaffDesk:
    """Answers facilitators, leads and coordinators."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice

    def answer(
        self,
        session: Session,
        person: Person,
        address: Address,
        arrival: Arrival,
        now: datetime,
        *,
        in_danger: bool = False,
    ) -> Answer:
        """Return the intent and what is answered, having done what was asked.

        Words that may be of their own danger are read as an order, and as nothing else: nobody is told of it as of
        being late for a session.
        """
        request = Request(session, person, arrival.body, now, self._voice)
        if (ended := staff_stop.answer(request, address, arrival)) is not None:
            return ended
        answer = self._says_reached(request) or errands.run(request)
        if answer is None and not in_danger:
            answer = not_theirs.answer(request, address)
        answer = answer or self._order(session, person, arrival.body, now)
        if arrival.media_count and answer[0] in ("relay", "note"):
            answer = answer[0], (*answer[1], self._say("relay_words_only"))
        return answer if in_danger else self._plainly(request, not_theirs.asked(request, answer))

    def _plainly(self, request: Request, answer: Answer) -> Answer:
        """Answer plain words where no order was found; other answers stand."""
        session, person, now = request.session, request.person, request.now
        if answer[0] in ("unknown", "order_none"):
            if (answered := asked_for.answered(request)) is not None:
                return answered
            plain = plain_staff.answer(request) if answer[0] == "unknown" else None
            return plain or asked_for.asked_again(request) or answer
        if answer[0] in ("order_unsure", "order_which"):
            return self._beside(plain_staff.beside_an_item(request), session, person, now) or answer
        return answer

    def _says_reached(self, request: Request) -> Answer | None:
        """Take a yes to "have you reached them yourself?", which a note is answered with; None for other texts."""
        person = request.person
        if person.dialogue != _REACHED_ASKED or (person.dialogue_until or request.now) <= request.now:
            return None
        code = str(person.dialogue_data["reference"])
        person.dialogue, person.dialogue_data, person.dialogue_until = None, {}, None
        if not request.is_just(said_by_staff().says_so):
            return None  # a later yes may be to something else
        return self._order(request.session, person, f"{code} REACHED", request.now)

    def _order(self, session: Session, person: Person, text: str, now: datetime) -> Answer:
        if bare(text) == "menu":
            return "menu", (self._say("facilitator_menu"),)
        order = read_order(text)
        if order.verb == "help" and order.reference is None:
            return "help", (self._say("facilitator_help", url=self._voice.console_url),)
        if order.reference is not None:
            found = session.get(Reference, order.reference)
            if found is None and (plain := without_reference(order, text)) is not None:
                return self._without_reference(session, person, plain, now)
            if found is None or found.person_id != person.id or left_out(session, found.episode, person, now):
                record(session, now, "unknown reference", person)
                return "order_unknown", (self._no_such(session, person, now),)
            if found.episode.state == "closed":
                record(session, now, "order too late", found.episode, actor=person.id)
                return "order_closed", (self._say("page_closed"),)
            intent, said = self._about(session, person, order, found, now)
            return intent, (*said, *self._unheard(session, person, text, found, now))
        return self._without_reference(session, person, order, now)

    def _without_reference(self, session: Session, person: Person, order: Order, now: datetime) -> Answer:
        """Plain words count when exactly one item can be meant; an owner's other words become a note."""
        mine = open_to(session, person, now)
        owned = [r for r in mine if r.episode.owner_id == person.id and r.episode.state != "open"]
        if order.verb in ("take", "pass", "reached"):
            kept = [r for r in mine if standing.is_kept(r.episode, person)]
            meant = _meant(mine, [*owned, *kept] if order.verb == "reached" else owned, order.verb)
            if not meant:
                return "order_none", (self._say("page_none_open", url=self._voice.console_url),)
            if len(meant) == 1 or (order.every and order.verb != "reached"):
                done = [self._do(session, person, order, each, now) for each in meant]
                return done[0][0], tuple({text.body: text for _, texts in done for text in texts}.values())
            return self._which(meant, "page_which_reached" if order.verb == "reached" else "page_which")
        # What others have is nothing that unsure words of theirs can be about.
        live = [each for each in mine if each in owned or each.episode.state == "open"]
        if len(owned) == 1 and order.words:
            intent, kept_as = self._from_owner(session, person, order, owned[0], now)
            waiting = [each for each in live if each.episode.state == "open"]
            more = (self._say("page_still_waits", references=_codes(waiting)),) if waiting else ()
            return intent, (*kept_as, *more)
        if len(live) == 1 and order.verb == "ask":
            return self._cannot_say(live[0], person)
        if len(live) == 1:
            return "order_unsure", (self._unsure(live[0].code),)
        if live:
            if live == owned:
                return self._which(live, "page_which_note", url=self._voice.console_url)
            return self._which(live)
        return "unknown", (self._say("facilitator_help", url=self._voice.console_url),)

    def _which(self, references: list[Reference], text_id: str = "page_which", **more: str) -> Answer:
        return "order_which", (self._say(text_id, references=_codes(references), **more),)

    def _beside(self, answer: Answer | None, session: Session, person: Person, now: datetime) -> Answer | None:
        """Return an answer that is about no item together with the items that wait all the same."""
        waiting = [each for each in open_to(session, person, now) if each.episode.state == "open"]
        if answer is None or not waiting:
            return answer
        return answer[0], (*answer[1], self._say("page_still_waits", references=_codes(waiting)))

    def _cannot_say(self, reference: Reference, person: Person) -> Answer:
        text_id = "order_ask_yours" if reference.episode.owner_id == person.id else "order_ask"
        return "order_ask", (self._say_of(reference, text_id),)

    def _from_owner(
        self, session: Session, person: Person, order: Order, reference: Reference, now: datetime
    ) -> Answer:
        """Answer what an owner texts that is no order: what is no note is told from one, and anything else is kept."""
        if order.verb == "ask" or said_by_staff().how_to_write.search(one_line(order.words)):
            return self._cannot_say(reference, person)
        if order.verb == "close":
            return "close_how", (self._close_how(reference),)
        if said_by_trainees().only_angry.search(one_line(order.words)):
            url = self._voice.item_url(reference.code)
            return self._which([reference], "page_which_note", url=url)  # no note about anybody
        request = Request(session, person, order.words, now, self._voice)
        if (asked := plain_staff.from_an_owner(request)) is not None:
            return asked
        return self._note(session, person, order, reference, now)

    def _unheard(
        self, session: Session, person: Person, text: str, heard: Reference, now: datetime
    ) -> tuple[Text, ...]:
        """Say it where a text names other items of theirs as well: "K7Q9 take, M4XT pass" takes, and does no more."""
        named = find_references(text) - {heard.code}
        others = [each for each in open_to(session, person, now) if each.code in named]
        return (self._say("page_one_each", references=_codes(others)),) if others else ()

    def _close_how(self, reference: Reference) -> Text:
        text_id = "close_how" if reference.episode.state == "contacted" else "close_how_no_contact"
        return self._say_of(reference, text_id)

    def _no_such(self, session: Session, person: Person, now: datetime) -> Text:
        """Return what is said to a reference that is not theirs, with those that they may have meant."""
        waiting = [each for each in open_to(session, person, now) if each.episode.state == "open"]
        if waiting:
            return self._say("page_wrong_reference", references=_codes(waiting))
        return self._say("page_unknown_reference")

    def _unsure(self, reference: str) -> Text:
        return self._say("order_unsure", reference=reference, url=self._voice.item_url(reference))

    def _about(self, session: Session, person: Person, order: Order, reference: Reference, now: datetime) -> Answer:
        """Do what stands after a reference: an order, or words for the person from whoever has the episode."""
        if order.verb in ("take", "pass", "reached"):
            return self._do(session, person, order, reference, now)
        episode = _locked(session, reference.episode)
        if episode.owner_id != person.id:
            record(session, now, "order not understood", episode, actor=person.id)
            if episode.state == "open" and order.verb == "ask":
                return self._cannot_say(reference, person)
            if order.verb == "say" or episode.state != "open":
                return "relay_refused", (self._say("relay_not_yours", reference=reference.code),)
            return "order_unsure", (self._unsure(reference.code),)
        if order.verb in ("ask", "close", "tried") and episode.state != "open":
            return self._from_owner(session, person, order, reference, now)
        if order.maybe == "pass" and order.verb != "say":
            return "relay_unsure", (self._say("relay_unsure", reference=reference.code),)
        if (order.maybe is not None or order.about_them) and order.verb != "say":
            closing = (self._close_how(reference),) if order.maybe in ("close", "reached") else ()
            return "relay_unsure", (self._say("relay_about_them", reference=reference.code), *closing)
        try:
            relay.say_to_person(session, episode, person, order.words, uuid.uuid4(), now, self._voice)
        except CannotSendError as error:
            record(session, now, "text not sent to the person", episode, actor=person.id, why=error.why)
            return "relay_refused", (self._not_sent(error.why, reference.code),)
        return "relay", (self._say("relay_sent", reference=reference.code),)

    def _not_sent(self, why: str, reference: str) -> Text:
        if why == "too long":
            return self._say("relay_too_long", count=relay.LONGEST)
        if why == "no way":
            return self._say("relay_not_sent", reference=reference)
        return self._unsure(reference)

    def _do(self, session: Session, person: Person, order: Order, reference: Reference, now: datetime) -> Answer:
        episode = _locked(session, reference.episode)
        if order.verb == "take":
            return self._take(session, person, episode, reference, now)
        if order.verb == "pass":
            if episode.state != "open" and episode.owner_id != person.id:
                record(session, now, "pass too late", episode, actor=person.id)
                return "pass_late", (self._has_it(episode, reference),)
            if episode.state == "contacted":
                reopening.ask_for_help(session, episode, person, now, self._voice)
                return "pass_help", (self._say("page_passed_contacted", reference=reference.code),)
            reopening.pass_on(session, episode, person, now, self._voice)
            return "pass", (self._say("page_passed_named" if order.named else "page_passed"),)
        if episode.state == "contacted" and episode.owner_id == person.id:  # said twice, as where the signal is poor
            return "reached", (self._say_of(reference, "page_yours_reached"),)
        try:
            episodes.reached_after_all(session, episode, person, now, self._voice)
        except CannotCloseError:
            record(session, now, "contact refused", episode, actor=person.id)
            return "reached_refused", (self._say("contact_not_yours", reference=reference.code),)
        return "reached", (self._say_of(reference, "contact_recorded"),)

    def _take(self, session: Session, person: Person, episode: Episode, reference: Reference, now: datetime) -> Answer:
        owner = episodes.take(session, episode, person, now, self._voice)
        if owner is None:
            return "take_declined", (self._say("page_declined", reference=reference.code),)
        if owner.id != person.id:
            return "take_late", (self._has_it(episode, reference),)
        if episode.state == "contacted":
            return "take", (self._say_of(reference, "page_yours_reached"),)
        by = when.time_by(episode.contact_by or now, now, self._voice.settings.zone)
        return "take", (self._say_of(reference, "page_taken_ok", by=by),)

    def _has_it(self, episode: Episode, reference: Reference) -> Text:
        owner = episode.owner
        who = owner.label if owner else "Someone"
        return self._say("page_taken_already", who=who, reference=reference.code)

    def _note(self, session: Session, person: Person, order: Order, reference: Reference, now: datetime) -> Answer:
        session.add(Note(episode=reference.episode, person_id=person.id, body=order.words, at=now))
        record(session, now, "note kept", reference.episode, actor=person.id)
        kept = "note_kept_maybe_pass" if order.maybe == "pass" else "note_kept"
        if reference.episode.state == "owned" and order.maybe != "pass":
            kept = "note_kept_tried" if order.in_vain else "note_kept_no_contact"
        if kept == "note_kept_no_contact":
            asked = {"reference": reference.code}
            person.dialogue, person.dialogue_data, person.dialogue_until = _REACHED_ASKED, asked, now + _REMEMBERED
        if reference.episode.state == "contacted" and order.settled:
            return "note", (self._say_of(reference, "note_kept_done"),)
        return "note", (self._say(kept, reference=reference.code),)

    def _say_of(self, reference: Reference, text_id: str, **values: object) -> Text:
        """Say what names an item and leads to it."""
        return self._say(text_id, reference=reference.code, url=self._voice.item_url(reference.code), **values)

    def _say(self, text_id: str, **values: object) -> Text:
        return self._voice.words.render(text_id, **values)


def _meant(mine: list[Reference], owned: list[Reference], verb: Verb) -> list[Reference]:
    """Return which of someone's items a bare order can be about: one that is open to it, else any there is."""
    if verb == "reached":
        return owned
    open_ = [r for r in mine if r.episode.state == "open"]
    if verb == "pass":
        open_ += [r for r in owned if r.episode.state == "owned"]
    return open_ or owned or mine


def _codes(references: list[Reference]) -> str:
    return ", ".join(each.code for each in references[:5])


def _locked(session: Session, episode: Episode) -> Episode:
    session.refresh(episode, with_for_update=True)
    return episode
