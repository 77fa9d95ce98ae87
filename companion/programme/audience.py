"""To whom one text goes: who belongs, who of them can be texted now, and whether any of them chose Welsh."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import Session

from companion.escalation.exclusions import may_see
from companion.messaging.addresses import usable_of
from companion.messaging.optout import stops_among
from companion.models import Address, Booking, Group, GroupSession, Need, Person

Kind = Literal["group", "session", "cohort", "everyone", "need"]


@dataclass(frozen=True)
class Audience:
    """To whom. `key` is the id of a group, session or cohort, or the kind of a need; None for everyone."""

    kind: Kind
    key: str | None = None

    @property
    def id(self) -> uuid.UUID:
        """The key as an id. Raises ValueError when it is none."""
        return uuid.UUID(self.key or "")


def group_of(session: Session, audience: Audience) -> Group | None:
    """Return the group that hears it; None for a cohort, everyone, or those with a need."""
    if audience.kind == "group":
        return session.get(Group, audience.id)
    if audience.kind == "session":
        meeting = session.get(GroupSession, audience.id)
        return meeting.group if meeting else None
    return None


def members(session: Session, author: Person, audience: Audience) -> Sequence[Person]:
    """Return who belongs to the audience. Who has left a facilitator out hears nothing in that facilitator's name."""
    wanted = select(Person).where(Person.state == "joined", _belongs(audience))
    if author.role == "facilitator":
        wanted = wanted.where(may_see(author.id, Person.id))
    return session.scalars(wanted).all()


def belongs(session: Session, person: Person, audience: Audience) -> bool:
    """Whether somebody belongs to the audience now."""
    return session.scalar(select(Person.id).where(Person.id == person.id, _belongs(audience))) is not None


def _belongs(audience: Audience) -> ColumnElement[bool]:
    if audience.kind == "group":
        return Person.group_id == audience.id
    if audience.kind == "cohort":
        return Person.cohort_id == audience.id
    if audience.kind == "session":
        coming = select(Booking.person_id).where(
            Booking.session_id == audience.id, Booking.status.in_(("yes", "attended"))
        )
        return Person.id.in_(coming)
    if audience.kind == "need":
        return Person.id.in_(select(Need.person_id).where(Need.kind == audience.key, Need.action_id.is_(None)))
    return true()


def reachable(
    session: Session, people: Sequence[Person], now: datetime
) -> tuple[dict[uuid.UUID, Address], Mapping[str, int]]:
    """Return where each of `people` can be texted now, and how many cannot, by reason."""
    usable = usable_of(session, people)
    stopped = stops_among(session, list(usable.values()))
    found: dict[uuid.UUID, Address] = {}
    left_out: Counter[str] = Counter()
    for person in people:
        address = usable.get(person.id)
        if person.paused_until is not None and person.paused_until > now:
            left_out["paused"] += 1
        elif address is None:
            left_out["no number"] += 1
        elif address.id in stopped:
            left_out["stopped"] += 1
        else:
            found[person.id] = address
    return found, dict(left_out)


def some_chose_welsh(session: Session, audience: Audience, reached: Sequence[Person]) -> bool:
    """Whether any of those it reaches chose Welsh; of a need, whether anybody in the programme did.

    Whoever answers a need must not learn which of a few people has it.
    """
    if audience.kind != "need":
        return any(person.language == "cy" for person in reached)
    chose = select(Person.id).where(Person.state == "joined", Person.role == "trainee", Person.language == "cy")
    return session.scalar(chose.limit(1)) is not None
