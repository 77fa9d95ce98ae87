"""Groups, their sessions, the places in them, and check-ins."""

from __future__ import annotations

import uuid
from datetime import date, time

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, UniqueConstraint, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from companion.models.base import Base, Id, Moment, Secret, link, one_of
from companion.models.people import Cohort, Person


class Group(Base):
    """A running peer group. It meets at `local_time` in `time_zone` every `every_weeks` weeks from `first_on`."""

    __tablename__ = "groups"
    __table_args__ = (
        CheckConstraint("places BETWEEN 1 AND 50", "places"),
        CheckConstraint("every_weeks BETWEEN 1 AND 12", "every_weeks"),
        CheckConstraint("minutes BETWEEN 10 AND 240", "minutes"),
    )
    id: Mapped[Id]
    cohort_id: Mapped[uuid.UUID] = link("cohorts.id")
    name: Mapped[str] = mapped_column(unique=True)
    time_zone: Mapped[str]
    first_on: Mapped[date]
    local_time: Mapped[time]
    every_weeks: Mapped[int] = mapped_column(default=2)
    minutes: Mapped[int] = mapped_column(default=45)
    places: Mapped[int] = mapped_column(default=6)
    join_link: Mapped[Secret]
    reminder_minutes: Mapped[list[int]] = mapped_column(JSON, default=lambda: [24 * 60, 60])
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
    """One meeting of a group."""

    __tablename__ = "sessions"
    __table_args__ = (
        UniqueConstraint("group_id", "starts_at"),
        CheckConstraint(one_of("status", "planned", "cancelled"), "status"),
        CheckConstraint("ends_at > starts_at", "ends_after_start"),
        Index("ix_sessions_starts_at", "starts_at"),
    )
    id: Mapped[Id]
    group_id: Mapped[uuid.UUID] = link("groups.id")
    starts_at: Mapped[Moment]
    ends_at: Mapped[Moment]
    status: Mapped[str] = mapped_column(default="planned")
    group: Mapped[Group] = relationship()


class Booking(Base):
    """A trainee's place in a session."""

    __tablename__ = "bookings"
    __table_args__ = (
        UniqueConstraint("session_id", "person_id"),
        CheckConstraint(one_of("status", "offered", "yes", "no", "waiting", "attended"), "status"),
    )
    id: Mapped[Id]
    session_id: Mapped[uuid.UUID] = link("sessions.id")
    person_id: Mapped[uuid.UUID] = link("people.id")
    status: Mapped[str]
    offered_at: Mapped[Moment]
    answered_at: Mapped[Moment | None]
    session: Mapped[GroupSession] = relationship()
    person: Mapped[Person] = relationship()


class CheckIn(Base):
    """One weekly question to one trainee, and what they said. No bands, no totals, no risk."""

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


def facilitators_of(session: Session, group_id: uuid.UUID | None) -> list[Person]:
    """Return who runs a group, in the order in which they are paged; nobody for None."""
    return list(
        session.scalars(
            select(Person)
            .join(GroupFacilitator, GroupFacilitator.person_id == Person.id)
            .where(GroupFacilitator.group_id == group_id)
            .order_by(GroupFacilitator.position)
        )
    )
