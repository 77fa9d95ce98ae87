"""What a call to someone who is paged says, and what the keys do: 1 takes, 2 passes on. Never what it is about."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from companion import when
from companion.escalation import episodes
from companion.escalation.references import reference_for
from companion.escalation.words import Voice
from companion.messaging.voice import Speech
from companion.models import Call, Episode, Page, Person, record

TAKE, PASS = "1", "2"


class PhoneDesk:
    """Answers those who pick up. Implements `companion.messaging.voice.VoiceDesk`."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice

    def opening(self, session: Session, call: Call, now: datetime) -> Speech:
        """Say that an item waits and which keys there are, or that there is nothing to do any more."""
        episode = _episode(session, call)
        if episode is None or call.person is None:
            return self.trouble()
        if call.digit is not None:
            return self._done(session, call, episode, now)
        return self._over(episode, call.person) or self._ask()

    def pressed(self, session: Session, call: Call, digit: str, now: datetime) -> Speech:
        """Take it or pass it on. A key that comes twice, or after another, changes nothing and hears what holds."""
        episode, person = _episode(session, call), call.person
        if episode is None or person is None:
            return self.trouble()
        if call.digit is not None:
            return self._done(session, call, episode, now)
        if over := self._over(episode, person):
            record(session, now, "key too late", episode, actor=person.id)
            return over
        if digit not in (TAKE, PASS):
            return self._ask(self._say("call_other_key", digit=digit or "nothing"))
        call.digit = digit
        if digit == TAKE:
            episodes.take(session, episode, person, now, self._voice, way="call")
        else:
            episodes.pass_on(session, episode, person, now, self._voice, way="call")
        return self._done(session, call, episode, now)

    def trouble(self) -> Speech:
        """Say that the key was not taken."""
        return Speech((self._say("call_trouble"),))

    def _ask(self, *before: str) -> Speech:
        first = before or (self._say("call_page"),)
        again = self._say("call_again")
        return Speech((*first, *((again,) if before else ())), again, self._say("call_no_key"))

    def _done(self, session: Session, call: Call, episode: Episode, now: datetime) -> Speech:
        person = call.person
        if call.digit == PASS:
            return Speech((self._say("call_passed"),))
        if person is None or episode.owner_id != person.id or episode.state not in ("owned", "contacted"):
            return (self._over(episode, person) if person else None) or self.trouble()
        by = when.time_by(episode.contact_by or now, now, self._voice.settings.zone)
        spelt = " ".join(reference_for(session, episode, person))
        return Speech((self._say("call_taken", spoken_reference=spelt, by=by),))

    def _over(self, episode: Episode, person: Person) -> Speech | None:
        if episode.state == "closed":
            return Speech((self._say("call_closed"),))
        owner = episode.owner
        if episode.state in ("owned", "contacted") and owner is not None:
            if owner.id == person.id:
                return None
            return Speech((self._say("call_taken_already", who=owner.name or owner.alias),))
        return None

    def _say(self, text_id: str, **values: object) -> str:
        return self._voice.words.render(text_id, **values).body


def _episode(session: Session, call: Call) -> Episode | None:
    return session.scalar(
        select(Episode)
        .join(Page, Page.episode_id == Episode.id)
        .where(Page.call_id == call.id)
        .order_by(Episode.opened_at)
        .limit(1)
        .with_for_update(of=Episode)
    )
