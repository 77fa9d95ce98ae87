"""What an episode makes the service say, to the person concerned and to those who are paged.

Nothing here has a way to put a trainee's words, name or number into a text to anyone else.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from companion import when
from companion.content.catalogue import Text
from companion.content.crisis import crisis_values
from companion.escalation import bundles
from companion.escalation.reach import address_to_tell
from companion.escalation.references import reference_for, references_for
from companion.escalation.standing import person_knows
from companion.messaging.addresses import usable
from companion.messaging.calls import enqueue_call
from companion.messaging.mail import enqueue_email
from companion.messaging.outbox import enqueue
from companion.models import LANES, Address, Episode, OutboxMessage, Person
from companion.rota.ways import way_to
from companion.speaker import Speaker

_TOLD = ("crisis_nobody_yet", "crisis_taken", "crisis_passed", "crisis_no_contact")  # of these the last is true
NAMED = 4  # references in one page: so that it costs one part


@dataclass(frozen=True)
class Voice(Speaker):
    """Renders and queues the texts of an episode."""

    def page(
        self, session: Session, episode: Episode, person: Person, to: Address, key: str, now: datetime, begins: datetime
    ) -> uuid.UUID:
        """Queue one page to one address of `person` and return the id of its text."""
        row = enqueue(
            session,
            key=key,
            lane="page",
            to=to,
            text=self.page_about(session, [episode], person, now),
            now=now,
            not_before=begins,
            watched=True,
        )
        assert row is not None, "each round pages a person by a way once"  # noqa: S101
        return row.id

    def call_page(self, session: Session, key: str, to: Address, now: datetime, begins: datetime) -> uuid.UUID:
        """Queue one call; what it says is decided when it is picked up."""
        call = enqueue_call(session, key=key, to=to, now=now, not_before=begins)
        assert call is not None, "each round calls a person once"  # noqa: S101
        return call.id

    def mail_page(
        self, session: Session, episode: Episode, person: Person, to: str, key: str, now: datetime, begins: datetime
    ) -> uuid.UUID:
        """Queue one page by e-mail."""
        subject, text = self.letter_about(session, [episode], person, now)
        email = enqueue_email(
            session,
            key=key,
            to=to,
            person=person,
            subject=subject,
            text=text,
            now=now,
            not_before=begins,
            expires_at=begins + timedelta(hours=24),
        )
        assert email is not None, "each round mails a person once"  # noqa: S101
        return email.id

    def alarm_another_way(self, session: Session, episode: Episode, now: datetime) -> None:
        """E-mail the coordinators that nobody has this episode."""
        minutes = int((now - episode.started_at).total_seconds() // 60)
        text = self.words.render("mail_untaken", time=self.clock_time(now), minutes=minutes, url=self.console_url)
        key = f"untaken:{episode.id}:{episode.started_at.timestamp():.0f}"
        self.mail_coordinators(session, key, text, now)

    def mail_coordinators(self, session: Session, key: str, text: Text, now: datetime) -> None:
        """Queue an e-mail to each coordinator; to the leads where there is none."""
        subject = self.words.render("mail_alarm_subject")
        for person in coordinators(session):
            self.mail(session, person, f"{key}:{person.id}", subject, text, now)

    def late_mark(self, written: datetime) -> str:
        """Return the words that go before a text which was held up, with a space after them."""
        return self.words.render("late_mark", time=self.clock_time(written)).body + " "

    def clock_time(self, moment: datetime) -> str:
        """Return "6:30pm" in the programme's time zone."""
        return when.clock_time(moment.astimezone(self.settings.zone))

    def page_about(
        self, session: Session, about: Sequence[Episode | bundles.Item], person: Person, now: datetime
    ) -> Text:
        """Return the page to `person` about one or more open episodes."""
        time, references = self.clock_time(now), self._references(session, about, person)
        if len(about) > 1:
            items = _items(session, about)
            return self.words.render("pages", time=time, items=items, waiting=references, url=self.console_url)
        url = self.item_url(references)
        if about[0].person_id is not None:
            return self.words.render("page", time=time, reference=references, url=url)
        items = _items(session, about)
        return self.words.render("page_unknown", time=time, reference=references, items=items, url=url)

    def letter_about(
        self, session: Session, about: Sequence[Episode | bundles.Item], person: Person, now: datetime
    ) -> tuple[Text, Text]:
        """Return subject and words of the e-mail to `person` about one or more open episodes."""
        time, references = self.clock_time(now), self._references(session, about, person)
        if len(about) == 1:
            subject, url = self.words.render("mail_page_subject", reference=references), self.item_url(references)
            return subject, self.words.render("mail_page", time=time, reference=references, url=url)
        items, url = _items(session, about), self.console_url
        subject = self.words.render("mail_pages_subject", items=items)
        return subject, self.words.render("mail_pages", time=time, items=items, waiting=references, url=url)

    def _references(self, session: Session, about: Sequence[Episode | bundles.Item], person: Person) -> str:
        """Return the references of those that wait longest; each of the others has one too, to be named in its turn."""
        return ", ".join(references_for(session, about, person)[:NAMED])

    def _news(self, session: Session, episode: Episode, person: Person, text_id: str) -> Text:
        """Return a text to `person` that names an episode, and leads to it."""
        reference = reference_for(session, episode, person)
        return self.words.render(text_id, reference=reference, url=self.item_url(reference))

    def tell_trainee_taken(self, session: Session, episode: Episode, now: datetime) -> None:
        """Tell the person concerned who has their text and by when they will be in touch."""
        owner, by = episode.owner, episode.contact_by
        if owner is None or by is None:
            return
        text = self.words.render(
            "crisis_taken",
            facilitator=owner.label,
            by=when.time_by(by, now, self.settings.zone),
        )
        self._to_trainee(session, episode, f"taken:{episode.id}:{owner.id}:{now.timestamp():.0f}", text, now, until=by)

    def tell_others_taken(self, session: Session, episode: Episode, others: list[Person], now: datetime) -> None:
        """Tell those who were paged as well that they need do nothing."""
        owner = episode.owner
        for person in others:
            to = usable(session, person)
            if owner is None or to is None:
                continue
            reference = reference_for(session, episode, person)
            text = self.words.render("page_taken_already", who=owner.label, reference=reference)
            self._queue(session, f"others:{episode.id}:{now.timestamp():.0f}:{person.id}", to, text, now)

    def nobody_yet(self, nation: str | None, now: datetime) -> Text:
        """Return what is true while nobody has an episode."""
        return self.words.render("crisis_nobody_yet", nhs_line=self.nhs_line(nation, now))

    def tell_trainee_nobody_yet(self, session: Session, episode: Episode, now: datetime) -> None:
        """Tell the person concerned, truthfully, that nobody has it yet."""
        nation = episode.person.nation if episode.person else None
        text = self.nobody_yet(nation, now)
        self._to_trainee(session, episode, f"nobody:{episode.id}:{episode.started_at.timestamp():.0f}", text, now)

    def tell_trainee_passed(self, session: Session, episode: Episode, owner: Person, now: datetime) -> None:
        """Tell the person concerned that who had their text passes it on."""
        text = self.words.render("crisis_passed", facilitator=owner.label)
        self._to_trainee(session, episode, f"passed:{episode.id}:{owner.id}:{now.timestamp():.0f}", text, now)

    def tell_trainee_no_contact(self, session: Session, episode: Episode, now: datetime) -> None:
        """Tell the person concerned that no contact is recorded and others are asked as well."""
        if episode.owner is None:
            return
        text = self.words.render("crisis_no_contact", facilitator=episode.owner.label)
        self._to_trainee(session, episode, f"no_contact:{episode.id}:{now.timestamp():.0f}", text, now)

    def tell_owner(
        self, session: Session, episode: Episode, text_id: str, now: datetime, *, watched: bool = False
    ) -> OutboxMessage | None:
        """Tell the owner, with no word of what it is, that something is new. At most once a minute, and within one.

        Returns what was queued; None when that is on its way already, or they have no address.
        """
        owner = episode.owner
        to = usable(session, owner) if owner is not None else None
        if owner is None or to is None:
            return None
        text = self._news(session, episode, owner, text_id)
        minute = int(now.timestamp() // 60)
        key = f"{text_id}:{episode.id}:{owner.id}"
        queued = self._queue(session, f"{key}:{minute}", to, text, now, watched=watched)
        if queued is not None:
            return queued
        # Told within this minute already, perhaps before this came: once more when the minute is over.
        later = datetime.fromtimestamp((minute + 1) * 60, UTC)
        return self._queue(session, f"{key}:{minute + 1}", to, text, now, not_before=later, watched=watched)

    def tell(
        self,
        session: Session,
        episode: Episode,
        person: Person,
        text_id: str,
        about: object,
        now: datetime,
        *,
        watched: bool = False,
    ) -> OutboxMessage | None:
        """Tell `person`, with no word of what it is, that something of the episode is for them. Once an `about`.

        It goes by e-mail to whoever no text reaches. Returns the text that was queued, if one was.
        """
        text = self._news(session, episode, person, text_id)
        key, to = f"{text_id}:{episode.id}:{person.id}:{about}", usable(session, person)
        if to is not None:
            return self._queue(session, key, to, text, now, watched=watched)
        subject = self.words.render("mail_told_subject", reference=text.values["reference"])
        self.mail(session, person, key, subject, text, now)
        return None

    def mail(self, session: Session, person: Person, key: str, subject: Text, text: Text, now: datetime) -> bool:
        """Queue an e-mail to `person`, good for a day; False where there is no mail server or no address of theirs."""
        to = way_to(session, person, "email") if self.settings.smtp_url is not None else None
        if to is None:
            return False
        until = now + timedelta(hours=24)
        enqueue_email(session, key=key, to=to, person=person, subject=subject, text=text, now=now, expires_at=until)
        return True

    def again(
        self, session: Session, episode: Episode, person: Person, text_id: str, to: Address, key: str, now: datetime
    ) -> uuid.UUID:
        """Queue what `person` was told once more, at another address of theirs; return the id of its text."""
        text = self._news(session, episode, person, text_id)
        row = self._queue(session, key, to, text, now, watched=True)
        assert row is not None, "each way is tried once"  # noqa: S101
        return row.id

    def tell_changed(self, session: Session, episode: Episode, owner: Person, now: datetime) -> None:
        """Tell who had it that the person asked for someone else."""
        text = self.words.render("page_changed", reference=reference_for(session, episode, owner))
        to = usable(session, owner)
        if to is not None:
            self._queue(session, f"page_changed:{episode.id}:{owner.id}:{now.timestamp():.0f}", to, text, now)

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

    def _to_trainee(
        self, session: Session, episode: Episode, key: str, text: Text, now: datetime, until: datetime | None = None
    ) -> None:
        """Tell the person what is true now; what was true before and waits for their phone is not sent any more."""
        to = address_to_tell(session, episode)
        if not person_knows(episode):
            return
        was_true = (OutboxMessage.purpose.in_(_TOLD), OutboxMessage.key.contains(f":{episode.id}:"))
        gone = {"status": "dropped", "reason": "changed", "settled_at": now, "updated_at": now}
        waits = (OutboxMessage.status == "queued", OutboxMessage.lane == LANES.index("page"))
        session.execute(update(OutboxMessage).where(*waits, *was_true).values(gone))
        if to.invalid_since is None:
            # Two hours on it would mislead: by then something else is true.
            self._queue(session, key, to, text, now, expires_at=until or now + timedelta(hours=2))

    def _queue(
        self,
        session: Session,
        key: str,
        to: Address,
        text: Text,
        now: datetime,
        expires_at: datetime | None = None,
        not_before: datetime | None = None,
        *,
        watched: bool = False,
    ) -> OutboxMessage | None:
        return enqueue(
            session,
            key=key,
            lane="page",
            to=to,
            text=text,
            now=now,
            expires_at=expires_at,
            not_before=not_before,
            watched=watched,
        )


def _items(session: Session, about: Sequence[Episode | bundles.Item]) -> str:
    count = sum(bundles.size(session, episode) for episode in about)
    return "1 item" if count == 1 else f"{count} items"


def coordinators(session: Session) -> list[Person]:
    """Return the coordinators; the leads where there is none."""
    staff = session.scalars(select(Person).where(Person.state == "staff").order_by(Person.created_at, Person.id)).all()
    return [p for p in staff if p.role == "coordinator"] or [p for p in staff if p.role == "lead"]
