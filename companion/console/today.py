"""Today: what needs a person now, and what comes next. No words of any trainee are on this page."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager

from companion.alarms import BY_THEMSELVES
from companion.console.desk import (
    AUDITOR,
    COORDINATOR,
    EVERYONE,
    LEAD,
    READERS,
    SIGNED_IN,
    allow,
    desk,
    me,
    my_id,
    now,
    pages,
)
from companion.console.first_run import Step, steps_of
from companion.console.hand_over import open_swaps
from companion.console.queries import in_my_groups, my_people
from companion.console.waiting import LATELY, SHOWN, Waiting, waiting
from companion.console.week import on_now
from companion.escalation import closings, proposals
from companion.escalation.exclusions import may_see
from companion.escalation.routes import moved_down
from companion.models import (
    Alarm,
    Booking,
    ClosingProposal,
    ContactRequest,
    FamilyProposal,
    FamilyRoute,
    Flag,
    Group,
    GroupSession,
    Person,
    record,
)
from companion.programme import supervision
from companion.rota.cover import Gap, every_gap
from companion.rota.schedule import Turn
from companion.rota.ways import ENOUGH, can_be_texted, live_ways, who_lost_a_number, who_stopped

SOON = timedelta(days=8)
GAPS = timedelta(days=7)  # how far ahead gaps in any rota are shown
TOLD = timedelta(days=14)  # how long everybody is told that a family of phrases no longer pages


@dataclass(frozen=True)
class Meeting:
    """A session with who said what about it."""

    session: GroupSession
    coming: Sequence[Booking]
    waiting: Sequence[Booking]
    unanswered: int


@dataclass(frozen=True)
class Today:
    """Everything on the page."""

    waiting: Waiting
    closings: Mapping[uuid.UUID, ClosingProposal]  # that one of them is closed, still to be agreed to; by episode
    meetings: Sequence[Meeting]
    unmarked: Sequence[GroupSession]  # over, and nobody has said who came
    supervision: supervision.Waiting | None  # one's own, that is due
    supervised_on: datetime | None
    alarms: Sequence[Alarm]
    stopped: Sequence[Person]  # who of those who run the programme texted STOP
    lost: Sequence[Person]  # and whose phone answered as somebody else's
    on_now: Sequence[tuple[Turn, str]]  # who is on duty, with their names
    gaps: Sequence[Gap]
    moved_down: Sequence[FamilyRoute]  # families of phrases that lately stopped paging
    proposals: Sequence[FamilyProposal]  # that a family of phrases no longer pages, still to be answered
    asked_for_duty: bool  # somebody waits for one's own answer whether one takes a duty
    ways_lacking: bool  # for who is paged: too few ways to reach them were shown to work for the rota
    untold: bool  # for a coordinator: no text reaches them
    set_up: Sequence[Step]  # for a coordinator, until all is done

    @property
    def twilio_down(self) -> bool:
        """Whether nothing goes out: Twilio cannot be reached, or refuses everything."""
        return any(alarm.kind in ("twilio_not_reached", "twilio_held") for alarm in self.alarms)


@pages.get("/")
@allow(*SIGNED_IN)
def today() -> ResponseReturnValue:
    """Show the page; an auditor has nothing to do here and goes on to the audit."""
    if me().role == AUDITOR:
        return redirect(url_for("console.audit"))
    return _render("console/today.html")


@pages.get("/today/live")
@allow(*EVERYONE)
def today_live() -> ResponseReturnValue:
    """Show the part of the page that a script refreshes."""
    return _render("console/_today.html")


@pages.post("/requests/<uuid:request_id>/<any(done,again):what>")
@allow(*READERS)
def settle_request(request_id: uuid.UUID, what: str) -> ResponseReturnValue:
    """Record that someone who asked for a person has had one, or that this is not so. A second press changes nothing.

    What the person took back themselves stays so.
    """
    at = now()
    with desk().database.write() as session:
        found = session.get(ContactRequest, request_id)
        if found is None or not _mine(session, found.person_id):
            abort(404)
        if what == "done" and found.settled_at is None:
            found.settled_at, found.settled_by = at, my_id()
            record(session, at, "request settled", found, actor=my_id())
        elif what == "again" and found.settled_by is not None:
            found.settled_at = found.settled_by = None
            record(session, at, "request open again", found, actor=my_id())
    return redirect(url_for("console.today", _anchor="h-asking"))


@pages.post("/notices/<uuid:flag_id>/<any(done,again):what>")
@allow(*READERS)
def settle_notice(flag_id: uuid.UUID, what: str) -> ResponseReturnValue:
    """Record that a text that had to be read soon was read and looked after, or that this is not so."""
    at = now()
    with desk().database.write() as session:
        found = session.get(Flag, flag_id)
        if found is None or found.route != "notice" or not _mine(session, found.inbound.person_id):
            abort(404)
        if (found.settled_at is None) == (what == "done"):
            found.settled_at = at if what == "done" else None
            record(session, at, "request settled" if what == "done" else "request open again", found, actor=my_id())
    return redirect(url_for("console.today", _anchor="h-asking"))


@pages.post("/alarms/<uuid:alarm_id>/done")
@allow(LEAD, COORDINATOR)
def settle_one_alarm(alarm_id: uuid.UUID) -> ResponseReturnValue:
    """Record that what the service worries about was looked after; one that ends by itself stays until then."""
    with desk().database.write() as session:
        found = session.get(Alarm, alarm_id, with_for_update=True)
        if found is None or found.kind in BY_THEMSELVES:
            abort(404)
        if found.settled_at is None:
            found.settled_at = now()
            record(session, now(), "alarm settled", found, actor=my_id(), kind=found.kind)
    return redirect(url_for("console.today"))


def _render(template: str) -> str:
    role = me().role
    return render_template(
        template,
        today=_load(),
        can_read=role in READERS,
        is_lead=role == LEAD,
        may_settle=role in (LEAD, COORDINATOR),
        by_themselves=BY_THEMSELVES,
        my_id=my_id(),
    )


def _mine(session: Session, person_id: uuid.UUID | None) -> bool:
    if person_id is None:
        return me().role == LEAD
    return session.scalar(select(Person.id).where(Person.id == person_id, my_people(me(), Person.id))) is not None


def _load() -> Today:
    with desk().database.read() as session:
        due = next(iter(supervision.waiting(session, my_id())), None) if me().role in READERS else None
        found = waiting(session)
        return Today(
            waiting=found,
            closings=closings.waiting_about(session, [each for each, _ in found.episodes]),
            meetings=meetings(session, limit=6),
            unmarked=_unmarked(session),
            supervision=due,
            supervised_on=supervision.next_for(session, me(), now()) if due else None,
            on_now=on_now(session, now()),
            gaps=every_gap(session, now(), GAPS),
            moved_down=moved_down(session, now() - TOLD),
            proposals=proposals.waiting(session, now()),
            asked_for_duty=any(swap[0].asked_of == my_id() for swap in open_swaps(session)),
            ways_lacking=me().role in READERS and len({way.kind for way in live_ways(session, me())}) < ENOUGH,
            untold=me().role == COORDINATOR and not can_be_texted(session, me()),
            set_up=_set_up(session),
            stopped=who_stopped(session),
            lost=who_lost_a_number(session),
            alarms=session.scalars(
                select(Alarm).where(Alarm.settled_at.is_(None)).order_by(Alarm.raised_at).limit(SHOWN)
            ).all(),
        )


def _set_up(session: Session) -> Sequence[Step]:
    steps = steps_of(session) if me().role == COORDINATOR else ()
    return () if all(step.done for step in steps) else steps


def meetings(session: Session, *, limit: int, group_id: uuid.UUID | None = None) -> Sequence[Meeting]:
    """Return the next sessions that are planned, soonest first, with their bookings: two queries."""
    chosen = (
        select(GroupSession)
        .join(GroupSession.group)
        .where(GroupSession.status == "planned", GroupSession.ends_at > now(), in_my_groups(me(), Group.id))
        .options(contains_eager(GroupSession.group))
        .order_by(GroupSession.starts_at)
        .limit(limit)
    )
    chosen = (
        chosen.where(GroupSession.starts_at < now() + SOON)
        if group_id is None
        else chosen.where(GroupSession.group_id == group_id)
    )
    found = session.scalars(chosen).all()
    bookings: dict[uuid.UUID, list[Booking]] = {each.id: [] for each in found}
    for booking in session.scalars(
        select(Booking)
        .join(Booking.person)
        .where(Booking.session_id.in_(list(bookings)), may_see(my_id(), Booking.person_id))
        .options(contains_eager(Booking.person))
        .order_by(Booking.offered_at, Person.alias)
    ):
        bookings[booking.session_id].append(booking)
    return [_meeting(each, bookings[each.id]) for each in found]


def _unmarked(session: Session) -> Sequence[GroupSession]:
    return session.scalars(
        select(GroupSession)
        .join(GroupSession.group)
        .where(
            GroupSession.status == "planned",
            GroupSession.starts_at > now() - LATELY,
            GroupSession.ends_at <= now(),
            GroupSession.attendance_at.is_(None),
            in_my_groups(me(), Group.id),
        )
        .options(contains_eager(GroupSession.group))
        .order_by(GroupSession.ends_at.desc())
        .limit(SHOWN)
    ).all()


def _meeting(session: GroupSession, bookings: Sequence[Booking]) -> Meeting:
    return Meeting(
        session,
        coming=[b for b in bookings if b.status in ("yes", "attended")],
        waiting=[b for b in bookings if b.status == "waiting"],
        unanswered=sum(1 for b in bookings if b.status == "offered"),
    )
