"""What waits for a person on Today: the first of each kind, and how many there are in all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select, union
from sqlalchemy import text as sql
from sqlalchemy.orm import Session, aliased, joinedload

from companion.console.desk import me, my_id, now
from companion.console.queries import LATEST, my_episodes, my_people
from companion.models import (
    AuditEntry,
    ContactRequest,
    Episode,
    Flag,
    InboundMessage,
    OutboxMessage,
    Person,
    Reference,
)
from companion.models.texts import LOST, UNREAD

LATELY = timedelta(days=7)
JUST_DONE = timedelta(days=1)  # how long what was said to be done is shown, to be put back if it was not
SHOWN = 20  # of each kind; a list that is longer says so

Episodes = Sequence[tuple[Episode, str | None]]
Requests = Sequence[tuple[ContactRequest, Person]]
Notices = Sequence[tuple[Flag, InboundMessage, Person | None]]
Settled = Sequence[
    tuple[AuditEntry, ContactRequest | Flag, Person | None, Person | None]
]  # about whom, and who said so
Unread = Sequence[tuple[InboundMessage, Person | None]]
Failed = Sequence[tuple[OutboxMessage, Person | None, int]]  # with how many there are like it, itself among them


@dataclass(frozen=True)
class Counts:
    """How many there are of each kind, also where the list is cut short."""

    open: int  # episodes
    nobody_yet: int  # of these, without a drill
    requests: int
    notices: int
    asking: int  # people behind requests and notices
    unread: int
    failed: int


@dataclass(frozen=True)
class Waiting:
    """The first of each kind, the oldest on top; of what did not arrive the newest to each phone for each reason."""

    counts: Counts
    episodes: Episodes
    requests: Requests
    notices: Notices
    settled: Settled
    unread: Unread
    failed: Failed


def waiting(session: Session) -> Waiting:
    """Return what waits for the one who is signed in, in as many queries whatever there is."""
    return Waiting(
        counts=_counts(session),
        episodes=_episodes(session),
        requests=_rows(
            session,
            select(ContactRequest, Person)
            .join(Person, Person.id == ContactRequest.person_id)
            .where(*_requests())
            .order_by(ContactRequest.asked_at)
            .limit(SHOWN),
        ),
        notices=_rows(
            session,
            select(Flag, InboundMessage, Person)
            .join(InboundMessage, InboundMessage.id == Flag.inbound_id)
            .outerjoin(Person, Person.id == InboundMessage.person_id)
            .where(*_notices())
            .order_by(Flag.at)
            .limit(SHOWN),
        ),
        settled=_settled(session),
        unread=_rows(
            session,
            select(InboundMessage, Person)
            .outerjoin(Person, Person.id == InboundMessage.person_id)
            .where(*_unread())
            .order_by(InboundMessage.received_at)
            .limit(SHOWN),
        ),
        failed=_lost(session),
    )


def _episodes(session: Session) -> Episodes:
    urgency = case((Episode.state == "open", 0), (Episode.state == "owned", 1), else_=2)
    return _rows(
        session,
        select(Episode, Reference.code)
        .outerjoin(Reference, (Reference.episode_id == Episode.id) & (Reference.person_id == my_id()))
        .where(*_open())
        .options(joinedload(Episode.owner), joinedload(Episode.person))
        .order_by(urgency, Episode.opened_at)
        .limit(LATEST),
    )


def _settled(session: Session) -> Settled:
    """Return the requests and notices that somebody lately said are done, the newest first: a thumb may slip."""
    about, said = aliased(Person), aliased(Person)
    requests = (
        select(AuditEntry, ContactRequest, about, said)
        .join(ContactRequest, ContactRequest.id == AuditEntry.subject_id)
        .join(about, about.id == ContactRequest.person_id)
        .where(ContactRequest.settled_at == AuditEntry.at, my_people(me(), ContactRequest.person_id))
    )
    notices = (
        select(AuditEntry, Flag, about, said)
        .join(Flag, Flag.id == AuditEntry.subject_id)
        .join(InboundMessage, InboundMessage.id == Flag.inbound_id)
        .outerjoin(about, about.id == InboundMessage.person_id)
        .where(Flag.settled_at == AuditEntry.at, my_people(me(), InboundMessage.person_id))
    )
    found: list[Any] = []
    for kind in (requests, notices):
        lately = kind.where(AuditEntry.action == "request settled", AuditEntry.at > now() - JUST_DONE)
        newest = lately.outerjoin(said, said.id == AuditEntry.actor_id).order_by(AuditEntry.at.desc()).limit(SHOWN)
        found += _rows(session, newest)
    return sorted(found, key=lambda row: row[0].at, reverse=True)[:SHOWN]


def _lost(session: Session) -> Failed:
    """A phone that is off for a night fails dozens of times: it is one line, so that it hides nobody else's."""
    alike = (OutboxMessage.address_id, OutboxMessage.channel, OutboxMessage.status, OutboxMessage.error_code)
    newest = func.row_number().over(partition_by=alike, order_by=OutboxMessage.settled_at.desc())
    listed = select(OutboxMessage.id, newest.label("place"), func.count().over(partition_by=alike).label("many"))
    found = listed.where(*_failed()).subquery()
    return _rows(
        session,
        select(OutboxMessage, Person, found.c.many)
        .join(found, found.c.id == OutboxMessage.id)
        .outerjoin(Person, Person.id == OutboxMessage.person_id)
        .where(found.c.place == 1)
        .order_by(OutboxMessage.settled_at.desc())
        .limit(SHOWN),
    )


def _counts(session: Session) -> Counts:
    asked = select(ContactRequest.person_id).where(*_requests())
    wrote = (
        select(func.coalesce(InboundMessage.person_id, InboundMessage.address_id))
        .join(Flag, Flag.inbound_id == InboundMessage.id)
        .where(*_notices())
    )
    row = session.execute(
        select(
            _many(select(Episode.id).where(*_open())),
            _many(select(Episode.id).where(*_open(), Episode.state == "open", Episode.is_drill.is_(False))),
            _many(asked),
            _many(wrote),
            select(func.count()).select_from(union(asked, wrote).subquery()).scalar_subquery(),
            _many(select(InboundMessage.id).where(*_unread())),
            _many(select(OutboxMessage.id).where(*_failed())),
        )
    ).one()
    return Counts(*row)


def _many(rows: Select[Any]) -> Any:
    return select(func.count()).select_from(rows.subquery()).scalar_subquery()


def _rows(session: Session, statement: Any) -> Sequence[Any]:
    return [tuple(row) for row in session.execute(statement)]


def _open() -> tuple[ColumnElement[bool], ...]:
    return Episode.state != "closed", my_episodes(me())


def _requests() -> tuple[ColumnElement[bool], ...]:
    return ContactRequest.settled_at.is_(None), my_people(me(), ContactRequest.person_id)


def _notices() -> tuple[ColumnElement[bool], ...]:
    return Flag.route == "notice", Flag.settled_at.is_(None), my_people(me(), InboundMessage.person_id)


def _unread() -> tuple[Any, ...]:
    return sql(UNREAD), my_people(me(), InboundMessage.person_id)


def _failed() -> tuple[Any, ...]:
    return sql(LOST), OutboxMessage.settled_at > now() - LATELY, my_people(me(), OutboxMessage.person_id)
