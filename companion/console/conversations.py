"""The texts to and from some addresses, in order, as lines on a page."""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from companion.console.desk import desk, my_id, now
from companion.console.queries import LATEST
from companion.models import LANES, Address, Episode, Flag, InboundMessage, OutboxMessage, Person, SentWording, record

FIRST = 5  # texts that opened an episode, shown however much came since
REMINDER = LANES.index("reminder")
# Their own pages: a copy of what is held, their weeks, their place in a session, their calendar.
_OWN_PAGES = r"/(?:copy|weeks|s|c)/\S+"
THEIR_LINK, THEIRS_ALONE = "(a link that is theirs alone)", "What this says is theirs alone: nobody here sees it."
_OF_THEIR_NUMBERS = "weeks"  # the text that repeats what numbers they gave
_STARTED_BY_HAND = ("broadcast", "from_person", "need_done")
# Texts that are one of us speaking, in whatever language they wrote; what stands around their words is as good as none.
BY_HAND = ("broadcast", "from_person", "need_done", "relay_to_trainee")


@dataclass(frozen=True)
class Line:
    """One text: theirs (`inbound`) or ours (`outbox`), with the families of phrases it matched."""

    at: datetime
    inbound: InboundMessage | None = None
    outbox: OutboxMessage | None = None
    families: Sequence[str] = ()
    in_episode: bool = False  # it opened one, or came while one was open
    welsh: bool = False  # ours alone: what people write is taken as it comes

    @property
    def words(self) -> str | None:
        """What we wrote, as whoever runs the programme may see it."""
        return shown(self.outbox.purpose, self.outbox.body) if self.outbox else None

    @property
    def started(self) -> bool:
        """Whether we wrote of ourselves, with nothing in it that a trainee wrote, or somebody to one in an episode."""
        ours = self.outbox
        if ours is None or ours.in_reply_to is not None or ours.purpose == "buddy_relay":
            return False
        return ours.lane >= REMINDER or ours.purpose in _STARTED_BY_HAND

    @property
    def channel(self) -> str:
        """The channel the text came on; ours are shown beside theirs without one."""
        return self.inbound.channel if self.inbound else ""


@dataclass(frozen=True)
class Of:
    """Whose texts: a person's from whatever number, or, without a person, those of numbers while they were nobody's.

    What a person's number sent before it was anybody's is theirs as well; what another person sent from it is not.
    """

    addresses: Sequence[uuid.UUID]
    person_id: uuid.UUID | None = None

    def texts(self, kind: type[InboundMessage] | type[OutboxMessage]) -> ColumnElement[bool]:
        """Return the condition that a text is theirs."""
        of_nobody = kind.address_id.in_(self.addresses) & kind.person_id.is_(None)
        return of_nobody if self.person_id is None else or_(kind.person_id == self.person_id, of_nobody)


def of_person(session: Session, person_id: uuid.UUID) -> Of:
    """Return whose texts a person's are."""
    return Of(session.scalars(select(Address.id).where(Address.person_id == person_id)).all(), person_id)


def of_episode(session: Session, episode: Episode) -> Of:
    """Return whose texts an episode's are."""
    if episode.person_id is None:
        return Of([episode.address_id])
    theirs = of_person(session, episode.person_id)
    return Of([*theirs.addresses, episode.address_id], episode.person_id)


def lines(
    session: Session,
    of: Of,
    *,
    since: datetime | None = None,
    before: datetime | None = None,
    flagged_in: uuid.UUID | None = None,
) -> Sequence[Line]:
    """Return up to LATEST of the newest of their texts, oldest first: as many queries however many texts.

    `flagged_in` is an episode: the first texts that matched in it are there too, however many came after them.
    """
    theirs = select(InboundMessage).where(of.texts(InboundMessage))
    ours = select(OutboxMessage).where(of.texts(OutboxMessage))
    if since is not None:
        theirs = theirs.where(InboundMessage.received_at >= since)
        ours = ours.where(OutboxMessage.created_at >= since)
    if before is not None:
        theirs = theirs.where(InboundMessage.received_at < before)
        ours = ours.where(OutboxMessage.created_at < before)
    inbound = session.scalars(theirs.order_by(InboundMessage.received_at.desc()).limit(LATEST)).all()
    if flagged_in is not None:
        first = select(Flag.inbound_id).where(Flag.episode_id == flagged_in).order_by(Flag.at).limit(FIRST)
        known = {each.id for each in inbound}
        opening = session.scalars(select(InboundMessage).where(InboundMessage.id.in_(first))).all()
        inbound = [*inbound, *(each for each in opening if each.id not in known)]
    outbox = session.scalars(ours.order_by(OutboxMessage.created_at.desc()).limit(LATEST)).all()
    matched: dict[uuid.UUID, list[str]] = {}
    for inbound_id, families in session.execute(
        select(Flag.inbound_id, Flag.families).where(Flag.inbound_id.in_([each.id for each in inbound]))
    ):
        matched.setdefault(inbound_id, []).extend(families)
    spans = _episodes(session, of)
    found = [
        Line(each.received_at, each, families=matched.get(each.id, ()), in_episode=within(each, spans))
        for each in inbound
    ]
    welsh = welsh_among(session, {each.wording_version for each in outbox})
    found += [
        Line(each.created_at, outbox=each, in_episode=told_in(each, spans), welsh=each.wording_version in welsh)
        for each in outbox
    ]
    # An answer is stored at the same moment as the text it answers, and comes after it.
    found.sort(key=lambda line: (line.at, line.outbox is not None))
    older = [line for line in found[:-LATEST] if flagged_in is not None and line.families]
    return [*older[:FIRST], *found[-LATEST:]]


def welsh_among(session: Session, versions: Collection[str]) -> Collection[str]:
    """Return which of these wordings are Welsh, so that they are read out as such."""
    chosen = select(SentWording.version).where(
        SentWording.version.in_(versions), SentWording.language == "cy", SentWording.text_id.not_in(BY_HAND)
    )
    return set(session.scalars(chosen))


def episodes_of(
    session: Session, ids: Collection[uuid.UUID]
) -> Mapping[uuid.UUID, Sequence[tuple[datetime, datetime | None]]]:
    """Return when the episodes about each of these addresses and people were opened and closed: one query."""
    found: dict[uuid.UUID, list[tuple[datetime, datetime | None]]] = {}
    about = or_(Episode.address_id.in_(ids), Episode.person_id.in_(ids))
    spans = select(Episode.address_id, Episode.person_id, Episode.opened_at, Episode.closed_at).where(about)
    for address_id, person_id, opened, closed in session.execute(spans):
        for of in filter(None, (address_id, person_id)):
            found.setdefault(of, []).append((opened, closed))
    return found


class Received(Protocol):
    """A text that arrived, as far as whether it belongs to an episode goes."""

    @property
    def received_at(self) -> datetime:
        """When it arrived (UTC)."""

    @property
    def route(self) -> str | None:
        """What the watch list found in it: page, notice, or nothing."""


def within(text: Received, spans: Sequence[tuple[datetime, datetime | None]]) -> bool:
    """Whether a text opened an episode or came while one was open: it is read there, behind its question."""
    at = text.received_at
    return text.route == "page" or any(opened <= at and (closed is None or at < closed) for opened, closed in spans)


def _episodes(session: Session, of: Of) -> Sequence[tuple[datetime, datetime | None]]:
    ids = [*of.addresses, *filter(None, (of.person_id,))]
    return [span for spans in episodes_of(session, ids).values() for span in spans]


class Told(Protocol):
    """A text of ours, as far as whether it belongs to an episode goes."""

    @property
    def created_at(self) -> datetime:
        """When it was written (UTC)."""

    @property
    def lane(self) -> int:
        """How urgent it is."""


def told_in(text: Told, spans: Sequence[tuple[datetime, datetime | None]]) -> bool:
    """Whether a text of ours answered, or was written to, somebody while an episode was open: it is read there too."""
    at = text.created_at
    return text.lane < REMINDER and any(opened <= at and (closed is None or at < closed) for opened, closed in spans)


def shown(purpose: str, body: str | None) -> str | None:
    """Return the words of a text of ours without what is its reader's alone: links to pages of their own, numbers."""
    if body is None or purpose == _OF_THEIR_NUMBERS:
        return body and THEIRS_ALONE
    return re.sub(re.escape(desk().settings.public_url) + _OWN_PAGES, THEIR_LINK, body)


def mark_read(
    session: Session,
    of: Of,
    *,
    until: datetime,
    since: datetime | None = None,
    with_episodes: bool = True,
) -> int:
    """Mark what they sent up to `until` as read by who is signed in; return how many texts that were."""
    chosen = select(InboundMessage).where(
        of.texts(InboundMessage),
        InboundMessage.needs_reading,
        InboundMessage.read_at.is_(None),
        InboundMessage.received_at <= until,
    )
    if since is not None:
        chosen = chosen.where(InboundMessage.received_at >= since)
    spans = () if with_episodes else _episodes(session, of)
    found = [each.id for each in session.scalars(chosen) if with_episodes or not within(each, spans)]
    if found:
        session.execute(
            update(InboundMessage).where(InboundMessage.id.in_(found)).values(read_at=now(), read_by=my_id())
        )
        subject = session.get_one(Address, of.addresses[0]) if of.addresses else session.get_one(Person, of.person_id)
        record(session, now(), "text read", subject, actor=my_id(), count=len(found))
    return len(found)
