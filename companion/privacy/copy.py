"""The copy of what is held about a trainee: the same content for a person to read and for a machine."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from companion.models import (
    MOVED,
    WHOSE_NUMBER,
    Address,
    AuditEntry,
    Cohort,
    Episode,
    Flag,
    Group,
    GroupSession,
    InboundMessage,
    Note,
    OptOut,
    Person,
)
from companion.privacy.holdings import HOLDINGS, Holding

Value = str | int | datetime | date | None
SEEN = {
    "episode read": "Read an episode with your texts",
    "number shown": "Saw your number",
    "conversation read": "Read your texts",
}


@dataclass(frozen=True)
class Part:
    """One heading of the copy: what its columns are called, and its rows."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]


@dataclass(frozen=True)
class Copy:
    """All that is held about one person, made at `made_at` (UTC)."""

    alias: str
    made_at: datetime
    parts: tuple[Part, ...]
    notes: int  # what facilitators noted about an episode: given by a person, as it may concern others

    def as_data(self) -> dict[str, Any]:
        """Return it for a machine: moments in UTC as ISO 8601."""
        return {
            "alias": self.alias,
            "made_at": self.made_at.isoformat(),
            "facilitators_notes": self.notes,
            "parts": [
                {
                    "title": part.title,
                    "rows": [dict(zip(part.columns, map(_plain, row), strict=True)) for row in part.rows],
                }
                for part in self.parts
            ],
        }


def copy_of(session: Session, person: Person, now: datetime) -> Copy:
    """Return the copy of what is held about `person`."""
    parts = [_about(session, person)]
    parts += [_part(session, holding, person.id) for holding in HOLDINGS if holding.title]
    parts += [_flags(session, person.id), _stops(session, person.id), _seen(session, person.id)]
    notes = select(func.count()).select_from(Note).join(Episode).where(Episode.person_id == person.id)
    return Copy(person.alias, now, tuple(part for part in parts if part.rows), session.scalar(notes) or 0)


def _about(session: Session, person: Person) -> Part:
    cohort = session.get(Cohort, person.cohort_id) if person.cohort_id else None
    group = session.get(Group, person.group_id) if person.group_id else None
    facts: dict[str, Value] = {
        "Alias, by which facilitators know you": person.alias,
        "Cohort": cohort.name if cohort else None,
        "Group": group.name if group else None,
        "Nation you look for help in": person.nation,
        "Where we text you": person.channel,
        "Language": {"en": "English", "cy": "Welsh"}[person.language],
        "Joined": person.joined_at,
        "Left": person.left_at,
        "Paused until": person.paused_until,
        "Quiet from": person.quiet_from.isoformat("minutes") if person.quiet_from else None,
        "Quiet until": person.quiet_until.isoformat("minutes") if person.quiet_until else None,
    }
    rows = tuple((name, value) for name, value in facts.items() if value is not None)
    return Part("About you", ("What", "Is"), rows)


def _part(session: Session, holding: Holding, person_id: uuid.UUID) -> Part:
    table = holding.table
    order = next(iter(holding.shows))
    found = session.execute(
        select(*(table.c[name] for name in holding.shows)).where(holding.leads == person_id).order_by(table.c[order])
    ).all()
    starts = _starts(session, [row.session_id for row in found]) if "session_id" in holding.shows else {}
    rows = tuple(tuple(starts.get(value, value) for value in row) for row in found)
    return Part(holding.title, tuple(holding.shows.values()), tuple(tuple(map(_simple, row)) for row in rows))


def _starts(session: Session, ids: Sequence[uuid.UUID]) -> Mapping[Any, datetime]:
    rows = session.execute(select(GroupSession.id, GroupSession.starts_at).where(GroupSession.id.in_(ids)))
    return dict(rows.tuples().all())


def _flags(session: Session, person_id: uuid.UUID) -> Part:
    rows = session.execute(
        select(Flag.at, Flag.families)
        .join(InboundMessage, InboundMessage.id == Flag.inbound_id)
        .where(InboundMessage.person_id == person_id)
        .order_by(Flag.at)
    )
    return Part(
        "Texts in which the automatic check found words it looks for",
        ("When", "Kind of words"),
        tuple((at, ", ".join(families)) for at, families in rows),
    )


def _stops(session: Session, person_id: uuid.UUID) -> Part:
    mine = select(Address.address_index).where(Address.person_id == person_id)
    rows = session.execute(
        select(OptOut.at, OptOut.channel, OptOut.action)
        .where(OptOut.address_index.in_(mine), OptOut.channel.not_in((WHOSE_NUMBER, MOVED)))
        .order_by(OptOut.at)
    )
    return Part("When you said STOP or START", ("When", "On", "What"), tuple(tuple(row) for row in rows))


def _seen(session: Session, person_id: uuid.UUID) -> Part:
    about = select(Episode.id).where(Episode.person_id == person_id)
    rows = session.execute(
        select(AuditEntry.at, Person.role, AuditEntry.action)
        .outerjoin(Person, Person.id == AuditEntry.actor_id)
        .where(
            (AuditEntry.subject_id == person_id) | AuditEntry.subject_id.in_(about), AuditEntry.action.in_(SEEN.keys())
        )
        .order_by(AuditEntry.at)
    )
    return Part(
        "Who looked", ("When", "Who", "What"), tuple((at, role or "the service", SEEN[what]) for at, role, what in rows)
    )


def _simple(value: object) -> Value:
    return value if value is None or isinstance(value, str | int | datetime | date) else str(value)


def _plain(value: Value) -> str | int | None:
    return value.isoformat() if isinstance(value, datetime | date) else value
