"""What a call to someone who is paged says, and what the keys do: 1 takes, 2 passes on. Never what it is about.

And what is heard by whoever rings us. Of that nothing is kept, but where somebody has an episode about the caller: then
its owner is told. Not all numbers that are shown are true, so everybody hears the same.
"""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from companion import when
from companion.escalation import bundles, episodes, reopening
from companion.escalation.news import tell_owner
from companion.escalation.paging import left_out
from companion.escalation.references import reference_for
from companion.escalation.relay import exchange_with
from companion.escalation.standing import person_knows
from companion.escalation.words import Voice
from companion.messaging.voice import Speech
from companion.models import Address, Call, Episode, Page, Person, record

TAKE, PASS = "1", "2"
TAKE_SAID, PASS_SAID = "take", "pass"


class PhoneDesk:
    """Answers those who pick up. Implements `companion.messaging.voice.VoiceDesk`."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice

    def opening(self, session: Session, call: Call, now: datetime) -> Speech:
        """Say that an item waits and which keys there are, or that there is nothing to do any more."""
        about = _episodes(session, call)
        if not about or call.person is None or left_out(session, about[0], call.person, now):
            return self.trouble()
        if call.digit is not None:
            return self._done(session, call, about, now)
        return self._over(about[0], call.person) or self._ask(max(1, _waiting(session, about)))

    def pressed(self, session: Session, call: Call, digit: str, now: datetime) -> Speech:
        """Take it or pass it on; of several, the one that has waited longest.

        A key that comes twice, or after another, changes nothing and hears what holds.
        """
        about, person = _episodes(session, call), call.person
        if not about or person is None:
            return self.trouble()
        if call.digit is not None:
            return self._done(session, call, about, now)
        episode = about[0]
        if left_out(session, episode, person, now):
            record(session, now, "key too late", episode, actor=person.id)
            return self.trouble()
        if over := self._over(episode, person):
            record(session, now, "key too late", episode, actor=person.id)
            return over
        if digit not in (TAKE, PASS):
            return self._ask(1, self._say("call_other_key", digit=digit or "nothing"))
        call.digit = digit
        if digit == TAKE:
            episodes.take(session, episode, person, now, self._voice, way="call")
        else:
            reopening.pass_on(session, episode, person, now, self._voice, way="call")
        return self._done(session, call, about, now)

    def rung(self, session: Session, caller: str, now: datetime) -> Speech:
        """Say that nobody answers calls, and whom to ring; tell the owner of an episode about the caller."""
        known = session.scalar(select(Address).where(Address.address_index == caller).limit(1)) if caller else None
        episode = exchange_with(session, known) if known is not None else None
        if episode is not None and person_knows(episode):
            record(session, now, "rang our number", episode)
            tell_owner(session, episode, "page_wants_call", now, self._voice)
        return Speech((_by_digits(self._say("call_in")), self._say("call_in_next")))

    def not_answered(self) -> Speech:
        """Say the same when something went wrong: nobody has been told."""
        return Speech((_by_digits(self._say("call_in")), self._say("call_in_untold")))

    def trouble(self) -> Speech:
        """Say that the key was not taken."""
        return Speech((self._say("call_trouble"),))

    def _ask(self, count: int, *before: str) -> Speech:
        page = self._say("call_page") if count == 1 else self._say("call_pages", items=f"{count} items")
        first = before or (page,)
        again = self._say("call_again")
        return Speech((*first, *((again,) if before else ())), again, self._say("call_no_key"))

    def _done(self, session: Session, call: Call, about: list[Episode], now: datetime) -> Speech:
        """Say what the key did, and how many of those that the call was about still wait."""
        person = call.person
        said = PASS_SAID if call.digit == PASS else TAKE_SAID
        episode = _answered(session, call, said, about)
        waiting = _waiting(session, [each for each in about if each.id != episode.id])
        items = "1 item needs you" if waiting == 1 else f"{waiting} items need you"
        more = (self._say("call_more", still=items),) if waiting else ()
        if call.digit == PASS:
            return Speech((self._say("call_passed"), *more))
        if person is None or episode.owner_id != person.id or episode.state not in ("owned", "contacted"):
            return (self._over(episode, person) if person else None) or self.trouble()
        by = when.time_by(episode.contact_by or now, now, self._voice.settings.zone)
        spelt = " ".join(reference_for(session, episode, person))
        return Speech((self._say("call_taken", spoken_reference=spelt, by=by), *more))

    def _over(self, episode: Episode, person: Person) -> Speech | None:
        if episode.state == "closed":
            return Speech((self._say("call_closed"),))
        owner = episode.owner
        if episode.state in ("owned", "contacted") and owner is not None:
            if owner.id == person.id:
                return None
            return Speech((self._say("call_taken_already", who=owner.label),))
        return None

    def _say(self, text_id: str, **values: object) -> str:
        return self._voice.words.render(text_id, **values).body


def _by_digits(words: str) -> str:
    """Put a space after each digit of a number, so that it is read out digit by digit."""
    return re.sub(r"\d(?=\d)", r"\g<0> ", words)


def _episodes(session: Session, call: Call) -> list[Episode]:
    """Return what a call is about, held for this transaction: what is open first, and of that the oldest."""
    about = session.scalars(
        select(Episode)
        .where(Episode.id.in_(select(Page.episode_id).where(Page.call_id == call.id)))
        .order_by(Episode.opened_at, Episode.id)
        .with_for_update(of=Episode)
    ).all()
    return sorted(about, key=lambda episode: episode.state != "open")


def _waiting(session: Session, about: list[Episode]) -> int:
    speak = [each for each in about if each.state == "open" and bundles.speaker(session, each).id == each.id]
    return sum(bundles.size(session, episode) for episode in speak)


def _answered(session: Session, call: Call, answer: str, about: list[Episode]) -> Episode:
    """Return the episode of a call that its key answered."""
    found = session.scalar(
        select(Page.episode_id)
        .where(Page.call_id == call.id, Page.answer == answer)
        .order_by(Page.answered_at)
        .limit(1)
    )
    return next((episode for episode in about if episode.id == found), about[0])
