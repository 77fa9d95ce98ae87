"""Groups: what runs, when each meets next, and who is coming."""

from __future__ import annotations

import uuid

from flask import abort, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from companion.console.desk import EVERYONE, allow, desk, me, now, pages
from companion.console.queries import LATEST, in_my_groups
from companion.console.today import meetings
from companion.models import Booking, Cohort, Group, GroupFacilitator, GroupSession, Person
from companion.programme.recurrence import in_words


@pages.get("/groups")
@allow(*EVERYONE)
def groups() -> ResponseReturnValue:
    """List the groups that run, with their next session and how many are in each."""
    next_at = (
        select(func.min(GroupSession.starts_at))
        .where(GroupSession.group_id == Group.id, GroupSession.status == "planned", GroupSession.ends_at > now())
        .scalar_subquery()
    )
    members = select(func.count()).where(Person.group_id == Group.id, Person.state == "joined").scalar_subquery()
    with desk().database.read() as session:
        found = [
            tuple(row)
            for row in session.execute(
                select(Group, next_at, members)
                .join(Group.cohort)
                .where(in_my_groups(me(), Group.id), Group.ended_at.is_(None))
                .options(contains_eager(Group.cohort))
                .order_by(Cohort.name, Group.name)
                .limit(LATEST)
            )
        ]
    return render_template("console/groups.html", groups=found)


@pages.get("/groups/<uuid:group_id>")
@allow(*EVERYONE)
def group(group_id: uuid.UUID) -> ResponseReturnValue:
    """Show one group: who runs it, its next sessions with who is coming, and its people."""
    with desk().database.read() as session:
        found = session.scalar(
            select(Group)
            .where(Group.id == group_id, in_my_groups(me(), Group.id))
            .options(joinedload(Group.cohort), selectinload(Group.facilitators).joinedload(GroupFacilitator.person))
        )
        if found is None:
            abort(404)
        people = session.scalars(
            select(Person)
            .where(Person.group_id == found.id, Person.state == "joined")
            .order_by(Person.alias)
            .limit(LATEST)
        ).all()
        came = (
            select(func.count())
            .where(Booking.session_id == GroupSession.id, Booking.status.in_(("yes", "attended")))
            .scalar_subquery()
        )
        past = session.execute(
            select(GroupSession, came)
            .where(GroupSession.group_id == found.id, GroupSession.ends_at <= now())
            .order_by(GroupSession.starts_at.desc())
            .limit(6)
        ).all()
        coming = meetings(session, limit=6, group_id=found.id)
    return render_template(
        "console/group.html",
        rhythm=lambda each: in_words(each.rule, each.first_on),
        group=found,
        meetings=coming,
        people=people,
        past=past,
    )
