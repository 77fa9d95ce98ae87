"""Cohorts that most programmes have, and moving someone from one to another."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import yaml
from sqlalchemy import bindparam, exists, select
from sqlalchemy.orm import Session, aliased

from companion.models import Group, GroupSession, Person, record
from companion.models.base import found
from companion.programme.sessions import TAKES_PEOPLE, group_for

BATCH = 200
_THEIRS = aliased(Group)
_NO_GROUP = (  # made once: asked every few seconds
    select(Person)
    .outerjoin(_THEIRS, _THEIRS.id == Person.group_id)
    .where(Person.role == "trainee", Person.state == "joined", _THEIRS.id.is_(None) | _THEIRS.ended_at.is_not(None))
    .where(exists().where(Group.cohort_id == Person.cohort_id, TAKES_PEOPLE))
    .where(
        ~exists().where(
            GroupSession.group_id == Person.group_id,
            GroupSession.status == "planned",
            GroupSession.ends_at > bindparam("now"),
        )
    )
    .order_by(Person.joined_at)
    .limit(BATCH)
)


@dataclass(frozen=True)
class UsualCohort:
    """What a cohort of this code is usually called, joined by, and offered after a session."""

    name: str
    aliases: tuple[str, ...]
    topic: str


@lru_cache(maxsize=1)
def usual_cohorts() -> Mapping[str, UsualCohort]:
    """Return the cohorts of `content/cohorts.yaml` by code."""
    file = Path(__file__).parent.parent / "content" / "cohorts.yaml"
    data = yaml.safe_load(file.read_text(encoding="utf-8"))
    return {code: UsualCohort(each["name"], tuple(each["aliases"]), each["topic"]) for code, each in data.items()}


def move_to_cohort(session: Session, person: Person, cohort_id: uuid.UUID, now: datetime) -> None:
    """Let `person` belong to another cohort and to the group of it with the fewest people."""
    before = person.cohort_id
    person.cohort_id = cohort_id
    group = group_for(session, cohort_id)
    person.group_id = group.id if group else None
    record(session, now, "moved to another cohort", person, before=str(before), after=str(cohort_id))


def place_all(session: Session, now: datetime) -> None:
    """Put members who have no group, or one that is over, into a group of their cohort as soon as one takes people.

    They were told that they would hear of it.
    """
    for person in found(session, _NO_GROUP, now=now):
        group = group_for(session, person.cohort_id)
        if group is None:
            continue
        person.group_id = group.id
        record(session, now, "put into a group", person, group=str(group.id))
        session.flush()  # so that the next one is counted with them
