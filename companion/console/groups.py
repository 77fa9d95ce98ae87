"""Groups: what runs, when each meets next, and who is coming; made and changed on one page."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from sqlalchemy.orm import Session, contains_eager, joinedload, selectinload

from companion.console.desk import COORDINATOR, EVERYONE, LEAD, allow, desk, me, my_id, now, pages
from companion.console.group_form import GroupForm, dates_ahead, defaults, set_facilitators, values_of
from companion.console.queries import LATEST, in_my_groups
from companion.console.today import meetings
from companion.content.catalogue import Text
from companion.escalation.exclusions import may_see
from companion.models import Booking, Cohort, Group, GroupCover, GroupFacilitator, GroupSession, Person, record
from companion.programme import changing, survey, telling
from companion.programme.joining_ways import tell_new_ways, ways_of
from companion.programme.recurrence import in_words
from companion.programme.sessions import make_for, timing
from companion.rota.cover import begin, missing

MAY_CHANGE = (LEAD, COORDINATOR)


@dataclass(frozen=True)
class Change:
    """What a change does to one session, and who hears of it, by alias."""

    before: datetime
    after: datetime | None
    told: telling.Told
    words: Sequence[Text] = ()  # what they will read, where one session alone changes


@pages.get("/groups")
@allow(*EVERYONE)
def groups() -> ResponseReturnValue:
    """List the groups that run, with their next session and how many are in each."""
    next_at = (
        select(func.min(GroupSession.starts_at))
        .where(GroupSession.group_id == Group.id, GroupSession.status == "planned", GroupSession.ends_at > now())
        .scalar_subquery()
    )
    mine = (Person.group_id == Group.id, Person.state == "joined", may_see(my_id(), Person.id))
    members = select(func.count()).where(*mine).scalar_subquery()
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
    return render_template("console/groups.html", groups=found, may_change=me().role in MAY_CHANGE)


@pages.get("/groups/<uuid:group_id>")
@allow(*EVERYONE)
def group(group_id: uuid.UUID) -> ResponseReturnValue:
    """Show one group: who runs it, its next sessions with who is coming, and its people."""
    with desk().database.read() as session:
        found = _find(session, group_id)
        people = session.scalars(
            select(Person)
            .where(Person.group_id == found.id, Person.state == "joined", may_see(my_id(), Person.id))
            .order_by(Person.alias)
            .limit(LATEST)
        ).all()
        came = (
            select(func.count())
            .where(
                Booking.session_id == GroupSession.id, Booking.status == "attended", may_see(my_id(), Booking.person_id)
            )
            .scalar_subquery()
        )
        booked = (
            select(func.count())
            .where(
                Booking.session_id == GroupSession.id,
                Booking.status.in_(("yes", "attended")),
                may_see(my_id(), Booking.person_id),
            )
            .scalar_subquery()
        )
        past = session.execute(
            select(GroupSession, booked, came)
            .where(GroupSession.group_id == found.id, GroupSession.ends_at <= now())
            .order_by(GroupSession.starts_at.desc())
            .limit(6)
        ).all()
        coming = meetings(session, limit=6, group_id=found.id)
        waits = (
            found.ended_at is None and (cover := session.get(GroupCover, found.id)) is not None and not cover.live_at
        )
        lacks = missing(session, found, now()) if waits else []
    today = now().astimezone(ZoneInfo(found.time_zone)).date()
    with desk().database.write() as session:  # what is shown of the survey is frozen; nothing else waits for it
        said = survey.said(session, found.id, today)
    return render_template(
        "console/group.html",
        group=found,
        rhythm=in_words(found.rule, found.first_on),
        meetings=coming,
        people=people,
        past=past,
        said=said,
        waits=waits,
        lacks=lacks,
        may_change=me().role in MAY_CHANGE,
    )


@pages.route("/groups/new", methods=["GET", "POST"])
@allow(*MAY_CHANGE)
def new_group() -> ResponseReturnValue:
    """Make a group: one page, which shows the next dates before anything is kept."""
    settings = desk().settings
    form = GroupForm(data=defaults(now(), settings.zone))
    with desk().database.write() as session:
        form.offer(session)
        made = session.get(Group, _once(form))
        if made is not None:  # sent twice
            return redirect(url_for("console.group", group_id=made.id))
        dates = None
        if form.validate_on_submit():
            group = Group(id=_once(form), time_zone=settings.companion_time_zone, created_at=now(), version=1)
            form.fill(group)
            group.cohort = session.get_one(Cohort, group.cohort_id)
            if _name_taken(session, group):
                form.name.errors = ["Another group has this name. Choose a different one."]
            elif request.form.get("step") == "look":
                dates = dates_ahead(group, now())
                session.expunge_all()
            else:
                _make(session, group, form.facilitators)
                flash(f"{group.name} is made. People are invited a week before each date, or when they join.", "info")
                return redirect(url_for("console.group", group_id=group.id))
        return render_template("console/group_edit.html", form=form, group=None, dates=dates, changes=None)


@pages.route("/groups/<uuid:group_id>/edit", methods=["GET", "POST"])
@allow(*MAY_CHANGE)
def edit_group(group_id: uuid.UUID) -> ResponseReturnValue:
    """Change a group: what that does to its sessions, and who hears of it, is shown first."""
    with desk().database.write() as session:
        found = _find(session, group_id)
        before, ways, version = timing(found), ways_of(found), str(found.version)
        form = GroupForm(data=values_of(found))
        form.offer(session)
        if not form.validate_on_submit():
            return render_template("console/group_edit.html", form=form, group=found, dates=None, changes=None)
        if form.stamp.data != version:
            form.form_errors.append("Somebody else changed this while your page was open. Look again, and send again.")
            form.stamp.data = version
            return render_template("console/group_edit.html", form=form, group=found, dates=None, changes=None)
        with session.no_autoflush:
            form.fill(found)
            found.cohort = session.get_one(Cohort, found.cohort_id)
            if _name_taken(session, found):
                form.name.errors = ["Another group has this name. Choose a different one."]
                changes, dates = None, None
            else:
                changed = timing(found) != before
                changes = changes_of(session, changing.plan_for(session, found, now())) if changed else []
                dates = dates_ahead(found, now())
        shown = _fingerprint(timing(found), [(each.before, each.after) for each in changes or ()])
        if changes is None or request.form.get("step") == "look" or (changes and form.seen.data != shown):
            form.seen.data = shown
            page = render_template("console/group_edit.html", form=form, group=found, dates=dates, changes=changes)
            session.rollback()
            return page
        found.version += 1
        set_facilitators(session, found, form.facilitators)
        record(session, now(), "group changed", found, actor=my_id(), dates=bool(changes))
        told = changing.line_up(session, found, now(), desk().voice, my_id()) if changed else 0
        told += tell_new_ways(session, found, ways, now(), desk().voice, my_id())
        flash(f"The changes are saved. {told} {'text is' if told == 1 else 'texts are'} on the way." if told else
              "The changes are saved. Nobody needs to be told.", "info")  # fmt: skip
    return redirect(url_for("console.group", group_id=group_id))


def _fingerprint(*parts: object) -> str:
    """Return a mark of what was shown: only that very change is then made. The same in every process."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def _once(form: GroupForm) -> uuid.UUID:
    try:
        return uuid.UUID(form.once.data or "")
    except ValueError:
        abort(400)


def _make(session: Session, group: Group, people: Sequence[uuid.UUID]) -> None:
    session.add(group)
    session.flush()
    set_facilitators(session, group, people)
    record(session, now(), "group added", group, actor=my_id())
    make_for(session, group, now())
    begin(session, group, now())


def _name_taken(session: Session, group: Group) -> bool:
    with session.no_autoflush:
        other = session.scalar(select(Group.id).where(Group.name == group.name, Group.id != group.id))
    return other is not None


def changes_of(session: Session, shifts: Sequence[telling.Shift]) -> list[Change]:
    """Return what `shifts` do to each session, and who hears of it; I know already."""
    return [
        Change(shift.meeting.starts_at, shift.starts_at, telling.concerned(session, shift.meeting, but=my_id()))
        for shift in shifts
    ]


def _find(session: Session, group_id: uuid.UUID) -> Group:
    found = session.scalar(
        select(Group)
        .where(Group.id == group_id, in_my_groups(me(), Group.id))
        .options(joinedload(Group.cohort), selectinload(Group.facilitators).joinedload(GroupFacilitator.person))
    )
    if found is None:
        abort(404)
    return found
