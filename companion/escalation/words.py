"""What an episode makes the service say, to the person concerned and to those who are paged.

Nothing here has a way to put a trainee's words, name or number into a text to anyone else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from companion import when
from companion.content.catalogue import Catalogue, Text
from companion.content.crisis import crisis_values
from companion.escalation.references import reference_for
from companion.messaging.addresses import usable
from companion.messaging.outbox import enqueue
from companion.models import Address, Episode, OutboxMessage, Person
from companion.settings import Settings
from companion.signposting import Directory


@dataclass(frozen=True)
class Voice:
    """Renders and queues the texts of an episode. `words` knows the crisis numbers already."""

    words: Catalogue
    settings: Settings
    directory: Directory

    def page(self, session: Session, episode: Episode, person: Person, to: Address, now: datetime) -> OutboxMessage:
        """Queue one page to one address of `person`."""
        text = self.words.render(
            "page",
            time=when.clock_time(now.astimezone(self.settings.zone)),
            reference=reference_for(session, episode, person),
            url=self.console_url,
        )
        row = self._queue(session, f"page:{episode.id}:{episode.rounds}:{person.id}:{to.channel}", to, text, now)
        assert row is not None, "each round pages an address once"  # noqa: S101
        return row

    def tell_trainee_taken(self, session: Session, episode: Episode, now: datetime) -> None:
        """Tell the person concerned who has their text and by when they will be in touch."""
        owner, by = episode.owner, episode.contact_by
        if owner is None or by is None:
            return
        text = self.words.render(
            "crisis_taken",
            facilitator=owner.name or owner.alias,
            by=when.time_by(by, now, self.settings.zone),
        )
        self._to_trainee(session, episode, f"taken:{episode.id}:{now.timestamp():.0f}", text, now)

    def tell_others_taken(self, session: Session, episode: Episode, others: list[Person], now: datetime) -> None:
        """Tell those who were paged as well that they need do nothing."""
        owner = episode.owner
        for person in others:
            to = usable(session, person)
            if owner is None or to is None:
                continue
            text = self.words.render("page_taken_already", who=owner.name or owner.alias)
            self._queue(session, f"others:{episode.id}:{now.timestamp():.0f}:{person.id}", to, text, now)

    def tell_trainee_nobody_yet(self, session: Session, episode: Episode, now: datetime) -> None:
        """Tell the person concerned, truthfully, that nobody has it yet."""
        nation = episode.person.nation if episode.person else None
        text = self.words.render("crisis_nobody_yet", nhs_line=self.nhs_line(nation, now))
        self._to_trainee(session, episode, f"nobody:{episode.id}:{episode.started_at.timestamp():.0f}", text, now)

    def tell_owner_of_new_text(self, session: Session, episode: Episode, now: datetime) -> None:
        """Tell the owner that there is something new: the same content-free page."""
        if episode.owner is None:
            return
        to = usable(session, episode.owner)
        if to is None:
            return
        text = self.words.render(
            "page",
            time=when.clock_time(now.astimezone(self.settings.zone)),
            reference=reference_for(session, episode, episode.owner),
            url=self.console_url,
        )
        self._queue(session, f"more:{episode.id}:{now.timestamp() // 120:.0f}", to, text, now)

    def remind_owner(self, session: Session, episode: Episode, text_id: str, now: datetime) -> None:
        """Remind the owner that no contact is recorded, or that the episode is open again."""
        if episode.owner is None or episode.owned_at is None:
            return
        to = usable(session, episode.owner)
        if to is None:
            return
        text = self.words.render(text_id, reference=reference_for(session, episode, episode.owner))
        self._queue(session, f"{text_id}:{episode.id}:{episode.owned_at.timestamp():.0f}", to, text, now)

    def nhs_line(self, nation: str | None, now: datetime) -> str:
        """Return the line on urgent NHS help in `nation`; empty when that is unknown or due for review."""
        number = crisis_values(self.directory, now.astimezone(self.settings.zone).date()).get(f"nhs_{nation}", "")
        return self.words.nhs_line(nation, number) if number else ""

    @property
    def console_url(self) -> str:
        """Where facilitators sign in."""
        return f"{self.settings.public_url}/console/"

    def _to_trainee(self, session: Session, episode: Episode, key: str, text: Text, now: datetime) -> None:
        to = episode.address
        if episode.raised_by is not None and episode.last_crisis_reply_at is None:
            return  # they sent no text that anybody could have
        if to.invalid_since is None:
            # Two hours on it would mislead: by then something else is true.
            self._queue(session, key, to, text, now, expires_at=now + timedelta(hours=2))

    def _queue(
        self, session: Session, key: str, to: Address, text: Text, now: datetime, expires_at: datetime | None = None
    ) -> OutboxMessage | None:
        return enqueue(session, key=key, lane="page", to=to, text=text, now=now, expires_at=expires_at)
