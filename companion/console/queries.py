"""Which rows someone may see: facilitators their own groups, leads and coordinators all."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, select, true

from companion.console.desk import FACILITATOR
from companion.escalation.exclusions import may_see
from companion.models import Episode, GroupFacilitator, Page, Person

LATEST = 50  # rows on one page of any list


def in_my_groups(person: Person, group_id: Any) -> ColumnElement[bool]:
    """Return the condition that a group is one that `person` may see."""
    if person.role != FACILITATOR:
        return true()
    mine: ColumnElement[bool] = group_id.in_(
        select(GroupFacilitator.group_id).where(GroupFacilitator.person_id == person.id)
    )
    return mine


def my_people(person: Person, person_id: Any) -> ColumnElement[bool]:
    """Return the condition that a trainee is in a group that `person` may see, and has not left them out."""
    seen = may_see(person.id, person_id)
    if person.role != FACILITATOR:
        return seen
    mine = select(GroupFacilitator.group_id).where(GroupFacilitator.person_id == person.id)
    return and_(seen, person_id.in_(select(Person.id).where(Person.group_id.in_(mine))))


def my_episodes(person: Person) -> ColumnElement[bool]:
    """Return the condition that an episode concerns `person`: their group, paged about it, or theirs.

    Never one about a trainee who has left them out, whatever was before.
    """
    seen = may_see(person.id, Episode.person_id)
    if person.role != FACILITATOR:
        return seen
    paged = exists().where(Page.episode_id == Episode.id, Page.person_id == person.id)
    return and_(seen, or_(paged, Episode.owner_id == person.id, my_people(person, Episode.person_id)))
