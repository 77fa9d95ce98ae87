"""What flows around sessions have to know, asked of the database only for the texts that need it."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from companion.conversation.normalise import fold
from companion.models import Group, GroupSession, Person, facilitators_of
from companion.programme import buddies

_JOINING = frozenset(("join", "consent_yes"))


@dataclass(frozen=True)
class GroupFacts:
    """A running group of the trainee's cohort. `next_at` is when it next meets (UTC), None when that is not known."""

    id: uuid.UUID
    name: str
    next_at: datetime | None


@dataclass(frozen=True)
class BuddyFacts:
    """Whether someone has a buddy, waits for one, and whether the buddy can be texted just now."""

    paired: bool
    waiting: bool
    partner_away: bool


@dataclass(frozen=True)
class RunFacts:
    """Who runs someone's group, by what they are called."""

    group: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Around:
    """Facts for the flows around sessions; each is there only when the text calls for it."""

    groups: tuple[GroupFacts, ...] = ()  # of the cohort, the one with the fewest people first
    buddy: BuddyFacts | None = None
    run_by: RunFacts | None = None
    alias: str = ""  # what those who run the programme know the trainee by


def first_word(text: str) -> str:
    """Return the first word of a text in lower case, without punctuation; "" when there is none."""
    words = fold(text).split(maxsplit=1)
    return words[0].strip(".,:;!?'\"-") if words else ""


def wants_cohorts(intents: Collection[str], text: str, state: str | None) -> bool:
    """Whether the cohorts matter to a text: it is about joining or moving, or may be a code and nothing else."""
    first = first_word(text)
    if _JOINING.intersection(intents) or first in ("move", "change", "switch", "transfer"):
        return True
    if state != "joined" and first in ("any", "skip"):
        return True
    return state != "joined" and "unknown" in intents and 0 < len(text.split()) <= 2


def facts(
    session: Session, person: Person | None, text: str, intents: Collection[str], by_the_way: str | None, now: datetime
) -> Around:
    """Return what the text calls for. `by_the_way` is the text that answers what is asked in passing."""
    if person is None:
        return Around()
    first = first_word(text)
    groups = _groups(session, person, now) if first == "group" or "consent_yes" in intents else ()
    about_buddy = first == "bye" or "buddy" in text.lower()
    return Around(
        groups=groups,
        buddy=_buddy(session, person, now) if about_buddy else None,
        run_by=_run_by(session, person) if by_the_way == "who_runs" else None,
        alias=person.alias,
    )


def _run_by(session: Session, person: Person) -> RunFacts | None:
    group = session.get(Group, person.group_id) if person.group_id is not None else None
    names = tuple(each.label for each in facilitators_of(session, person.group_id))
    return RunFacts(group.name, names) if group is not None and names else None


def _buddy(session: Session, person: Person, now: datetime) -> BuddyFacts:
    other = buddies.partner(session, person.id)
    away = other is None or buddies.reachable(session, other, now) is None
    paired = buddies.pair_of(session, person.id) is not None
    return BuddyFacts(paired, not paired and buddies.is_waiting(session, person.id), away)


def _groups(session: Session, person: Person, now: datetime) -> tuple[GroupFacts, ...]:
    members = select(func.count()).where(Person.group_id == Group.id, Person.state == "joined").scalar_subquery()
    next_at = (
        select(func.min(GroupSession.starts_at))
        .where(GroupSession.group_id == Group.id, GroupSession.status == "planned", GroupSession.starts_at > now)
        .scalar_subquery()
    )
    found = session.execute(
        select(Group.id, Group.name, next_at)
        .where(Group.cohort_id == person.cohort_id, Group.ended_at.is_(None))
        .order_by(members, Group.created_at)
    )
    return tuple(GroupFacts(id_, name, at) for id_, name, at in found)
