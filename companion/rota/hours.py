"""Stating what a group promises: people are paged at all hours, or at stated ones with a named lead for the rest."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time

from sqlalchemy import select
from sqlalchemy.orm import Session

from companion.models import Group, GroupCover, Person, by_label, record
from companion.rota.ways import can_be_texted


class HoursError(Exception):
    """These hours cannot be stated; `field` is the one that is wrong, and the message says what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Hours:
    """Local hours on `weekdays` (0 is Monday); an end before the beginning is the next day. `lead_id` has the rest."""

    from_time: time
    until_time: time
    weekdays: tuple[int, ...]
    lead_id: uuid.UUID


def leads(session: Session) -> Sequence[Person]:
    """Return who may be named for the rest of the day: each lead of the programme who can be reached by text."""
    chosen = select(Person).where(Person.state == "staff", Person.role == "lead", Person.is_external_lead.is_(False))
    found = [person for person in session.scalars(chosen) if can_be_texted(session, person)]
    return by_label(found)


def state_hours(session: Session, group: Group, hours: Hours | None, now: datetime, by: uuid.UUID | None) -> bool:
    """State the hours of a group, None for all of them; return whether that changed anything. Raises HoursError.

    This decides nothing about whether the group takes trainees: that is as it was.
    """
    if hours is not None:
        if hours.from_time == hours.until_time:
            raise HoursError("until_time", "It must end at another time than it begins.")
        if not hours.weekdays:
            raise HoursError("weekdays", "Choose at least one day.")
        if hours.lead_id not in {person.id for person in leads(session)}:
            raise HoursError("lead", "Choose a lead who can be reached by text.")
    cover = session.get(GroupCover, group.id)
    if cover is None:  # one from before there were hours takes trainees; a new one has no day made yet
        live_at = now if group.made_until is not None else None
        cover = GroupCover(group_id=group.id, kind="always", weekdays=list(range(7)), live_at=live_at)
        session.add(cover)
    before = _stated(cover)
    cover.kind = "always" if hours is None else "hours"
    cover.from_time, cover.until_time = (hours.from_time, hours.until_time) if hours else (None, None)
    cover.weekdays = sorted(set(hours.weekdays)) if hours else list(range(7))
    cover.out_of_hours_id = hours.lead_id if hours else None
    if _stated(cover) == before:
        return False
    session.flush()
    record(
        session,
        now,
        "hours stated",
        group,
        actor=by,
        kind=cover.kind,
        span=f"{cover.from_time:%H:%M}-{cover.until_time:%H:%M}" if cover.from_time and cover.until_time else "all",
        days=cover.weekdays,
        lead=str(cover.out_of_hours_id) if cover.out_of_hours_id else None,
    )
    return True


def _stated(cover: GroupCover) -> tuple[object, ...]:
    return cover.kind, cover.from_time, cover.until_time, list(cover.weekdays), cover.out_of_hours_id
