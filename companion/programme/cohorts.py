"""Cohorts that most programmes have, and moving someone from one to another."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import yaml
from sqlalchemy.orm import Session

from companion.models import Person, record
from companion.programme.sessions import group_for


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
