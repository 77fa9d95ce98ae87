"""Groups, their sessions, the places in them, and check-ins."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, time

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, UniqueConstraint, bindparam, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from companion.models.base import Base, Id, Moment, Secret, ask, link, one_of
from companion.models.people import Cohort, Person


class Group(Base):
    """A running peer group. It meets at `local_time` in `time_zone` on the days of `rule`, counted from `first_on`."""

    __tablename__ = "groups"
    __table_args__ = (
        CheckConstraint("places BETWEEN 1 AND 50", "places"),
        CheckConstraint("minutes BETWEEN 10 AND 240", "minutes"),
        CheckConstraint("minimum BETWEEN 0 AND 50", "minimum"),
        CheckConstraint("decide_hours BETWEEN 1 AND 168", "decide_hours"),
    )
    id: Mapped[Id]
    cohort_id: Mapped[uuid.UUID] = link("cohorts.id")
    name: Mapped[str] = mapped_column(unique=True)
    time_zone: Mapped[str]
    first_on: Mapped[date]
    local_time: Mapped[time]
    rule: Mapped[str] = mapped_column(default="FREQ=WEEKLY;INTERVAL=2")  # iCalendar (RFC 5545)
    skip_on: Mapped[list[str]] = mapped_column(JSON, default=list)  # local days on which it does not meet, ISO 8601
    skips_bank_holidays: Mapped[bool] = mapped_column(default=False)  # those of the cohort's nation
    minutes: Mapped[int] = mapped_column(default=45)
    places: Mapped[int] = mapped_column(default=6)
    join_link: Mapped[Secret]
    dial_in: Mapped[Secret | None]  # the number as it is dialled
    dial_code: Mapped[Secret | None]
    cover_note: Mapped[Secret | None]  # who covers for items while the group meets, for its facilitators
    reminder_minutes: Mapped[list[int]] = mapped_column(JSON, default=lambda: [24 * 60, 60])
    minimum: Mapped[int] = mapped_column(default=0)  # with fewer, its facilitators are asked; 0 never asks
    decide_hours: Mapped[int] = mapped_column(default=24)  # how long before the start they are asked
    version: Mapped[int] = mapped_column(default=1)  # rises with every change: an old page is told from a new one
    made_until: Mapped[Moment | None]  # up to when its sessions have been made
    created_at: Mapped[Moment]
    ended_at: Mapped[Moment | None]
    cohort: Mapped[Cohort] = relationship()
    facilitators: Mapped[list[GroupFacilitator]] = relationship(order_by="GroupFacilitator.position")


class GroupFacilitator(Base):
    """Who runs a group; `position` is the order in which they are paged."""

    __tablename__ = "group_facilitators"
    __table_args__ = (UniqueConstraint("group_id", "position"),)
    group_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("groups.id"), primary_key=True)
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"), primary_key=True)
    position: Mapped[int]
    person: Mapped[Person] = relationship()


class GroupSession(Base):
    """One meeting of a group. `occurrence` is the day of the group's rule that it stands for, also once moved."""

    __tablename__ = "sessions"
    __table_args__ = (
        UniqueConstraint("group_id", "occurrence"),
        CheckConstraint(one_of("status", "planned", "cancelled"), "status"),
        CheckConstraint("ends_at > starts_at", "ends_after_start"),
        CheckConstraint(f"few_answer IS NULL OR {one_of('few_answer', 'run', 'off')}", "few_answer"),
        Index("ix_sessions_starts_at", "starts_at"),
        Index(
            "uq_sessions_planned",
            "group_id",
            "starts_at",
            unique=True,
            postgresql_where=text("status = 'planned'"),
            sqlite_where=text("status = 'planned'"),
        ),
    )
    id: Mapped[Id]
    group_id: Mapped[uuid.UUID] = link("groups.id")
    occurrence: Mapped[date | None]
    starts_at: Mapped[Moment]
    ends_at: Mapped[Moment]
    status: Mapped[str] = mapped_column(default="planned")
    moved_alone: Mapped[bool] = mapped_column(default=False)  # has a time of its own, whatever the group's becomes
    version: Mapped[int] = mapped_column(default=0)  # rises with every move and cancellation
    changed_at: Mapped[Moment | None]
    few_asked_at: Mapped[Moment | None]  # when its facilitators were asked whether it runs with so few
    few_answer: Mapped[str | None]
    cancel_at: Mapped[Moment | None]  # when it will be cancelled, unless that is undone before
    cancel_by: Mapped[uuid.UUID | None] = link("people.id", index=False)
    roll: Mapped[list[str] | None] = mapped_column(JSON)  # bookings, in the order in which facilitators number them
    attendance_at: Mapped[Moment | None]  # when a facilitator said who came
    attendance_by: Mapped[uuid.UUID | None] = link("people.id", index=False)
    group: Mapped[Group] = relationship()


class SessionLeave(Base):
    """A facilitator who does not run one session of their group, or has asked another one to run it for them."""

    __tablename__ = "session_leaves"
    __table_args__ = (CheckConstraint(one_of("state", "asked", "out", "refused"), "state"),)
    session_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"), primary_key=True)
    state: Mapped[str]
    asked_at: Mapped[Moment]
    answered_at: Mapped[Moment | None]
    answered_by: Mapped[uuid.UUID | None] = link("people.id", index=False)


class Booking(Base):
    """A trainee's answer for a session, and their place in it.

    Whoever has a place has a `seat`, of which there is one each: two people can never have the same. Someone who waits
    has one only while a freed place is kept for them, until `held_until`. Written by `companion.programme.places`.
    """

    __tablename__ = "bookings"
    __table_args__ = (
        UniqueConstraint("session_id", "person_id"),
        UniqueConstraint("session_id", "seat"),
        CheckConstraint(one_of("status", "offered", "yes", "no", "waiting", "attended"), "status"),
        CheckConstraint("status <> 'yes' OR seat IS NOT NULL", "place_has_seat"),
        CheckConstraint(f"seat IS NULL OR {one_of('status', 'yes', 'attended', 'waiting')}", "seat_has_place"),
        CheckConstraint("held_until IS NULL OR (status = 'waiting' AND seat IS NOT NULL)", "held"),
        CheckConstraint("seat >= 1", "seat"),
        Index(
            "ix_bookings_waiting",
            "session_id",
            postgresql_where=text("status = 'waiting'"),
            sqlite_where=text("status = 'waiting'"),
        ),
    )
    id: Mapped[Id]
    session_id: Mapped[uuid.UUID] = link("sessions.id")
    person_id: Mapped[uuid.UUID] = link("people.id")
    status: Mapped[str]
    offered_at: Mapped[Moment]
    answered_at: Mapped[Moment | None]
    seat: Mapped[int | None]
    held_until: Mapped[Moment | None]  # by when they must say YES to a freed place
    clicked_at: Mapped[Moment | None]  # when they went in through their own page
    version: Mapped[int] = mapped_column(default=0)  # rises with every answer: what was said before is out of date
    session: Mapped[GroupSession] = relationship()
    person: Mapped[Person] = relationship()


class CheckIn(Base):
    """One weekly question to one trainee, and what they said. No bands, no totals, no risk.

    `said_hard`: the answer was a word such as "rubbish", which is kept only to know a second such answer in a row.
    """

    __tablename__ = "check_ins"
    __table_args__ = (
        UniqueConstraint("person_id", "local_day"),
        CheckConstraint("score IS NULL OR score BETWEEN 0 AND 10", "score"),
    )
    id: Mapped[Id]
    person_id: Mapped[uuid.UUID] = link("people.id", ondelete="CASCADE")
    local_day: Mapped[date]
    question: Mapped[str]
    asked_at: Mapped[Moment]
    answered_at: Mapped[Moment | None]
    score: Mapped[int | None]
    said_hard: Mapped[bool | None]


class ContactRequest(Base):
    """Someone asked for a person, or agreed to be contacted."""

    __tablename__ = "contact_requests"
    __table_args__ = (
        Index(
            "ix_contact_requests_open",
            "asked_at",
            postgresql_where=text("settled_at IS NULL"),
            sqlite_where=text("settled_at IS NULL"),
        ),
    )
    id: Mapped[Id]
    person_id: Mapped[uuid.UUID] = link("people.id", ondelete="CASCADE")
    kind: Mapped[str]  # the intent or notice that led to it
    asked_at: Mapped[Moment]
    settled_at: Mapped[Moment | None]
    settled_by: Mapped[uuid.UUID | None] = link("people.id", index=False)


_FACILITATORS = (
    select(Person)
    .join(GroupFacilitator, GroupFacilitator.person_id == Person.id)
    .where(GroupFacilitator.group_id == bindparam("group"))
    .order_by(GroupFacilitator.position)
)
_FACILITATOR_IDS = (  # made once: asked for every flagged text
    select(GroupFacilitator.person_id)
    .where(GroupFacilitator.group_id == bindparam("group"))
    .order_by(GroupFacilitator.position)
)


def facilitators_of(session: Session, group_id: uuid.UUID | None) -> list[Person]:
    """Return who runs a group, in the order in which they are paged; nobody for None."""
    return list(session.scalars(_FACILITATORS, {"group": group_id}))


def facilitator_ids(session: Session, group_id: uuid.UUID | None) -> Sequence[uuid.UUID]:
    """Return the ids of the same, for whoever has the people already."""
    return ask(session, _FACILITATOR_IDS, group=group_id).scalars().all()
