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
from companion.escalation.chain import left_out
from companion.escalation.news import is_news, tell_owner
from companion.escalation.references import reference_for
from companion.escalation.relay import exchange_with
from companion.escalation.standing import person_knows
from companion.escalation.words import Voice
from companion.messaging.addresses import usable
from companion.messaging.outbox import enqueue
from companion.messaging.voice import Speech
from companion.models import Address, Call, Episode, Page, Person, record

TAKE, PASS = "1", "2"
TAKE_SAID, PASS_SAID = "take", "pass"
# The alphabet that radio and hospitals spell by: C, D, E, P, T and V are one sound on a telephone.
_LETTERS = {
    word[0]: word
    for word in (
        *("Alpha", "Charlie", "Delta", "Echo", "Foxtrot", "Hotel", "Juliet", "Kilo", "Mike", "November", "Papa"),
        *("Quebec", "Romeo", "Tango", "Uniform", "Victor", "Whiskey", "X-ray", "Yankee"),
    )
}


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
        over = self._over(session, call, about[0])
        return over or self._ask(session, about, self._say("call_hello"))

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
        if over := self._over(session, call, episode):
            record(session, now, "key too late", episode, actor=person.id)
            return over
        if digit not in (TAKE, PASS):
            return self._ask(session, about, self._say("call_other_key", digit=digit or "nothing"))
        call.digit = digit
        if digit == TAKE and episode.owner_id == person.id and episode.state == "owned":
            pass  # it was news about what they have: now we know that they know
        elif digit == TAKE:
            episodes.take(session, episode, person, now, self._voice, way="call")
            self._confirm(session, call, episode, person, now)
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

    def _ask(self, session: Session, about: list[Episode], before: str) -> Speech:
        """Say all of it twice: a mailbox records what comes after its own greeting, and a sleeper hears the second."""
        waiting = _waiting(session, about)
        if about[0].state != "open":
            page = self._say("call_news")
        else:
            page = self._say("call_pages", items=f"{waiting} items") if waiting > 1 else self._say("call_page")
        return Speech((before, page), page, self._say("call_no_key"))

    def _done(self, session: Session, call: Call, about: list[Episode], now: datetime) -> Speech:
        """Say what the key did, and how many of those that the call was about still wait."""
        person = call.person
        said = PASS_SAID if call.digit == PASS else TAKE_SAID
        episode = _answered(session, call, said, about)
        waiting = _waiting(session, [each for each in about if each.id != episode.id])
        items = "1 item needs you" if waiting == 1 else f"{waiting} items need you"
        more = (self._say("call_more", still=items),) if waiting else ()
        goodbye = self._say("call_goodbye")
        if call.digit == PASS:
            return Speech((self._say("call_passed"), *more, goodbye))
        if person is None or episode.owner_id != person.id or episode.state not in ("owned", "contacted"):
            return self._over(session, call, episode) or self.trouble()
        by = when.time_by(episode.contact_by or now, now, self._voice.settings.zone)
        spelt = self._spelt(reference_for(session, episode, person))
        return Speech((self._say("call_taken", spoken_reference=spelt, by=by), *more, goodbye))

    def _over(self, session: Session, call: Call, episode: Episode) -> Speech | None:
        """Return what is said when there is nothing to take or pass on; None when there is, or news for its owner."""
        if episode.state == "closed":
            return Speech((self._say("call_closed"),))
        owner = episode.owner
        if episode.state not in ("owned", "contacted") or owner is None:
            return None
        if owner.id != call.person_id:
            return Speech((self._say("call_taken_already", who=owner.label),))
        if is_news(call.key) and episode.state == "owned":
            return None
        # Taken by text while it rang: a key pressed half asleep must not give it away again.
        return Speech((self._say("call_yours", spoken_reference=self._spelt(reference_for(session, episode, owner))),))

    def _confirm(self, session: Session, call: Call, episode: Episode, person: Person, now: datetime) -> None:
        """Text who took it in a call what they have, until when, and where to read it: it was only heard."""
        to = usable(session, person)
        if episode.owner_id != person.id or episode.contact_by is None or to is None:
            return
        reference = reference_for(session, episode, person)
        by, url = when.time_by(episode.contact_by, now, self._voice.settings.zone), self._voice.item_url(reference)
        text = self._voice.words.render("page_taken_ok", reference=reference, by=by, url=url)
        enqueue(session, key=f"taken-by-call:{call.id}", lane="page", to=to, text=text, now=now)

    @staticmethod
    def _spelt(reference: str) -> str:
        """Return a reference as it is spelt out to somebody who only hears it."""
        return ", ".join(f"{each} for {_LETTERS[each]}" if each in _LETTERS else each for each in reference)

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
