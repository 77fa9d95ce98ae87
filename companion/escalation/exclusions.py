"""Whom a trainee has left out: those get no page and see nothing of them, anywhere.

The conditions for lists and counts are in `companion/console/queries.py`; what decides is this one table.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, exists, select
from sqlalchemy.orm import Session

from companion.models import Episode, Exclusion, Person, record
from companion.models.base import ask

_LEFT_OUT_BY = select(Exclusion.excluded_id).where(  # made once: asked for every flagged text and every page
    Exclusion.trainee_id == bindparam("trainee"), Exclusion.lifted_at.is_(None)
)


class CannotExcludeError(Exception):
    """This person cannot be left out; the message says why."""


def excluded_from(session: Session, trainee_id: uuid.UUID | None) -> frozenset[uuid.UUID]:
    """Return who must see nothing of this trainee; nobody for None."""
    if trainee_id is None:
        return frozenset()
    return frozenset(ask(session, _LEFT_OUT_BY, trainee=trainee_id).scalars())


def hidden_from(session: Session, staff_id: uuid.UUID) -> frozenset[uuid.UUID]:
    """Return the trainees who have left this person out."""
    hidden = select(Exclusion.trainee_id).where(Exclusion.excluded_id == staff_id, Exclusion.lifted_at.is_(None))
    return frozenset(session.scalars(hidden))


def may_see(staff_id: uuid.UUID, trainee_id: Any) -> ColumnElement[bool]:
    """Return the condition that the trainee in column `trainee_id` has not left this person out; true for NULL."""
    return ~exists().where(
        Exclusion.excluded_id == staff_id, Exclusion.trainee_id == trainee_id, Exclusion.lifted_at.is_(None)
    )


def exclude(
    session: Session, trainee: Person, other: Person, now: datetime, by: uuid.UUID | None = None
) -> Episode | None:
    """Leave `other` out; twice is once. Return the open episode that `other` had, for it to be passed on.

    Raises CannotExcludeError for the external lead, who is asked only when everyone else is left out.
    """
    if other.is_external_lead:
        raise CannotExcludeError("The external lead is the one who is told when everybody else is left out.")
    if other.state != "staff":
        raise CannotExcludeError("Only those who run the programme can be left out.")
    if other.id not in excluded_from(session, trainee.id):
        session.add(Exclusion(trainee_id=trainee.id, excluded_id=other.id, at=now, by_id=by))
        record(session, now, "left out", trainee, actor=by or trainee.id, excluded=str(other.id))
        session.flush()
    return session.scalar(
        select(Episode).where(
            Episode.person_id == trainee.id, Episode.owner_id == other.id, Episode.state.in_(("owned", "contacted"))
        )
    )


def let_in(session: Session, trainee: Person, other: Person, now: datetime, by: uuid.UUID | None = None) -> None:
    """Take back that `other` is left out."""
    for row in session.scalars(
        select(Exclusion).where(
            Exclusion.trainee_id == trainee.id, Exclusion.excluded_id == other.id, Exclusion.lifted_at.is_(None)
        )
    ):
        row.lifted_at = now
        record(session, now, "let in again", trainee, actor=by or trainee.id, excluded=str(other.id))
