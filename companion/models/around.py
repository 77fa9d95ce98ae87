"""What happens around sessions: texts to a group, the survey, supervision, pairs, and practical needs."""

from __future__ import annotations

import uuid
from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from companion.models.base import Base, Id, Moment, Secret, link, one_of
from companion.models.people import Cohort, Person
from companion.models.programme import GroupSession


class CohortAlias(Base):
    """Another word that joins a cohort, in capitals ("ITU" for ICU). One word means one cohort."""

    __tablename__ = "cohort_aliases"
    word: Mapped[str] = mapped_column(primary_key=True)
    cohort_id: Mapped[uuid.UUID] = link("cohorts.id", ondelete="CASCADE")
    cohort: Mapped[Cohort] = relationship(back_populates="aliases")


class Broadcast(Base):
    """One text to many people, from its draft on. Its rows of the outbox have keys `broadcast:<id>:<person>`."""

    __tablename__ = "broadcasts"
    __table_args__ = (
        CheckConstraint(one_of("state", "draft", "scheduled", "undone"), "state"),
        CheckConstraint(one_of("audience", "group", "session", "cohort", "everyone", "need"), "audience"),
        CheckConstraint("audience = 'everyone' OR audience_key IS NOT NULL", "audience_key"),
        CheckConstraint("state = 'draft' OR leaves_at IS NOT NULL", "leaves_at"),
        CheckConstraint("state <> 'undone' OR undone_at IS NOT NULL", "undone_at"),
        Index(
            "uq_broadcasts_one_draft",
            "author_id",
            unique=True,
            postgresql_where=text("state = 'draft'"),
            sqlite_where=text("state = 'draft'"),
        ),
    )
    id: Mapped[Id]
    author_id: Mapped[uuid.UUID] = link("people.id")
    audience: Mapped[str]
    audience_key: Mapped[str | None]  # the id of the group, session or cohort; the kind of a need
    purpose: Mapped[str]  # the id of the text in the catalogue
    body: Mapped[Secret | None]  # the author's words; None once purged
    state: Mapped[str]
    people: Mapped[int] = mapped_column(default=0)  # to how many it was put into the outbox
    created_at: Mapped[Moment]
    leaves_at: Mapped[Moment | None]
    undone_at: Mapped[Moment | None]
    author: Mapped[Person] = relationship()


class SurveyTally(Base):
    """How many of a group found its sessions helpful in a quarter. No row is an answer, so none leads to anyone."""

    __tablename__ = "survey_tallies"
    __table_args__ = (CheckConstraint("helpful >= 0 AND not_helpful >= 0", "counts"),)
    group_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("groups.id"), primary_key=True)
    quarter: Mapped[date] = mapped_column(primary_key=True)  # its first day
    helpful: Mapped[int] = mapped_column(default=0)
    not_helpful: Mapped[int] = mapped_column(default=0)


class SurveyComment(Base):
    """Words about a group's sessions. Its id is random and it has no moment, so it has no order and leads to nobody.

    Only what is `agreed` is ever shown. While the question waits, its id stands in the dialogue of who wrote it.
    """

    __tablename__ = "survey_comments"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)  # never new_id: that holds the time
    group_id: Mapped[uuid.UUID] = link("groups.id")
    quarter: Mapped[date]
    body: Mapped[Secret]
    agreed: Mapped[bool] = mapped_column(default=False)


class SurveyResult(Base):
    """A result as it was first shown, frozen: later answers never change it, so no two views can be subtracted."""

    __tablename__ = "survey_results"
    __table_args__ = (
        CheckConstraint("replies > 0 AND helpful BETWEEN 0 AND replies", "counts"),
        CheckConstraint(one_of("view", "inside", "outside"), "view"),
    )
    view: Mapped[str] = mapped_column(primary_key=True)
    scope: Mapped[str] = mapped_column(primary_key=True)  # a group's id, or "all"
    quarter: Mapped[date] = mapped_column(primary_key=True)
    replies: Mapped[int]
    helpful: Mapped[int]


class SupervisionDate(Base):
    """When a lead supervises the facilitators of a group (of every group when there is none)."""

    __tablename__ = "supervision_dates"
    __table_args__ = (
        Index(
            "uq_supervision_dates_group",
            "at",
            "group_id",
            unique=True,
            postgresql_where=text("group_id IS NOT NULL"),
            sqlite_where=text("group_id IS NOT NULL"),
        ),
        Index(
            "uq_supervision_dates_all",
            "at",
            unique=True,
            postgresql_where=text("group_id IS NULL"),
            sqlite_where=text("group_id IS NULL"),
        ),
    )
    id: Mapped[Id]
    at: Mapped[Moment] = mapped_column(index=True)
    group_id: Mapped[uuid.UUID | None] = link("groups.id")
    lead_id: Mapped[uuid.UUID | None] = link("people.id", index=False)
    created_at: Mapped[Moment]


class SupervisionDue(Base):
    """A facilitator has run a session and is to have supervision after it. `done_at` is set when they had it."""

    __tablename__ = "supervision_dues"
    __table_args__ = (CheckConstraint("(done_at IS NULL) = (done_by IS NULL)", "done"),)
    session_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sessions.id"), primary_key=True)
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"), primary_key=True, index=True)
    since: Mapped[Moment]
    asked_at: Mapped[Moment | None]  # when they asked for it to be sooner
    done_at: Mapped[Moment | None]
    done_by: Mapped[uuid.UUID | None] = link("people.id", index=False)
    session: Mapped[GroupSession] = relationship()
    person: Mapped[Person] = relationship(foreign_keys=[person_id])


class BuddyWish(Base):
    """Someone said yes to a buddy and waits for another of their cohort to say so."""

    __tablename__ = "buddy_wishes"
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    cohort_id: Mapped[uuid.UUID] = link("cohorts.id")
    at: Mapped[Moment]
    person: Mapped[Person] = relationship()


class BuddyPair(Base):
    """Two people of a cohort whose texts to each other go through the service's number."""

    __tablename__ = "buddy_pairs"
    __table_args__ = (CheckConstraint("ended_at IS NULL OR why IS NOT NULL", "why"),)
    id: Mapped[Id]
    cohort_id: Mapped[uuid.UUID] = link("cohorts.id")
    started_at: Mapped[Moment]
    ended_at: Mapped[Moment | None]
    why: Mapped[str | None]
    members: Mapped[list[BuddyMember]] = relationship(back_populates="pair")


class BuddyMember(Base):
    """One of a pair. Nobody is in two pairs that go on; the database sees to it."""

    __tablename__ = "buddy_members"
    __table_args__ = (
        Index(
            "uq_buddy_members_one_pair",
            "person_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
            sqlite_where=text("ended_at IS NULL"),
        ),
    )
    pair_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("buddy_pairs.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    ended_at: Mapped[Moment | None]
    pair: Mapped[BuddyPair] = relationship(back_populates="members")
    person: Mapped[Person] = relationship()


class NeedAction(Base):
    """Something was done about a kind of need; `line` is what those who asked were told."""

    __tablename__ = "need_actions"
    id: Mapped[Id]
    kind: Mapped[str]
    line: Mapped[Secret]
    by: Mapped[uuid.UUID] = link("people.id", index=False)
    at: Mapped[Moment]
    broadcast_id: Mapped[uuid.UUID | None] = link("broadcasts.id", index=False)


class Need(Base):
    """Someone needs something practical. One open need of a kind for one person, so that people are counted."""

    __tablename__ = "needs"
    __table_args__ = (
        Index(
            "uq_needs_one_open",
            "person_id",
            "kind",
            unique=True,
            postgresql_where=text("action_id IS NULL"),
            sqlite_where=text("action_id IS NULL"),
        ),
    )
    id: Mapped[Id]
    person_id: Mapped[uuid.UUID] = link("people.id", ondelete="CASCADE")
    cohort_id: Mapped[uuid.UUID | None] = link("cohorts.id", index=False)
    kind: Mapped[str] = mapped_column(index=True)
    asked_at: Mapped[Moment]
    action_id: Mapped[uuid.UUID | None] = link("need_actions.id", index=False)
    person: Mapped[Person] = relationship()
