"""What is counted of people who are kept no longer: how many came, from where, what they needed. It leads to nobody."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from companion.models import Consent, FrozenFigure, Need, Person

_NAME, _EVER = "former", date(1970, 1, 1)  # one row, and of no month
Came = tuple[uuid.UUID | None, str | None, int, int, int]  # source, first channel; asked, said yes, still in


def came(session: Session, *of: Any) -> list[Came]:
    """Return how many trainees came by each source and channel."""
    first = (
        select(Consent.channel)
        .where(Consent.person_id == Person.id)
        .order_by(Consent.at, Consent.id)
        .limit(1)
        .scalar_subquery()
    )
    chosen = select(Person.source_id, first.label("channel"), Person.joined_at, Person.state)
    people = chosen.where(Person.role == "trainee", *of).subquery().c
    still = func.sum(case((people.state == "joined", 1), else_=0))
    counted = select(people.source_id, people.channel, func.count(), func.count(people.joined_at), still)
    return list(session.execute(counted.group_by(people.source_id, people.channel)).tuples())


def needed(session: Session, *of: Any) -> Counter[str]:
    """Return how many people needed each kind of thing, however often."""
    counted: Select[tuple[str, int]] = (
        select(Need.kind, func.count(Need.person_id.distinct())).where(*of).group_by(Need.kind)
    )
    return Counter(dict(session.execute(counted).tuples().all()))


def count(session: Session, people: Sequence[uuid.UUID], now: datetime) -> None:
    """Add `people`, who are about to be removed, to what is counted of those before them."""
    if not people:
        return
    added = Counter[tuple[str | None, str | None, str]]()
    for source, channel, asked, yes, _ in came_before(session) + came(session, Person.id.in_(people)):
        at = source.hex if source else None, channel
        added[*at, "asked"] += asked
        added[*at, "yes"] += yes
    ways = sorted({at[:2] for at in added}, key=str)
    row = _row(session)
    row.made_at, row.data = (
        now,
        {
            "came": [[*way, added[*way, "asked"], added[*way, "yes"]] for way in ways],
            "needs": dict(needed_before(session) + needed(session, Need.person_id.in_(people))),
        },
    )
    session.add(row)


def came_before(session: Session) -> list[Came]:
    """Return what `came` did for those who are kept no longer; none of them is still in."""
    rows = _row(session).data["came"]
    return [(uuid.UUID(source) if source else None, channel, asked, yes, 0) for source, channel, asked, yes in rows]


def needed_before(session: Session) -> Counter[str]:
    """Return what `needed` did for those who are kept no longer."""
    return Counter(_row(session).data["needs"])


def _row(session: Session) -> FrozenFigure:
    empty: dict[str, Any] = {"came": [], "needs": {}}
    return session.get(FrozenFigure, (_NAME, _EVER)) or FrozenFigure(name=_NAME, month=_EVER, data=empty)
