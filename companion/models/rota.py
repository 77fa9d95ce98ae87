"""Who answers when: duties, what was handed over, whether people can be reached, and whom a trainee left out."""

from __future__ import annotations

import uuid
from datetime import date, time
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from companion.models.base import Base, Id, Moment, Secret, link, one_of
from companion.models.base import Index as Blind
from companion.models.people import Person
from companion.models.programme import Group

DUTIES = ("first", "second", "lead")  # in the order in which they are paged
WAYS = ("sms", "whatsapp", "call", "email")


class Duty(Base):
    """Someone is first, second or lead from one local time to another: once, or every week until `last_on`.

    `days` is how many midnights lie between `from_time` and `until_time`. Without a group it holds for all groups.
    """

    __tablename__ = "duties"
    __table_args__ = (
        CheckConstraint(one_of("role", *DUTIES), "role"),
        CheckConstraint("days BETWEEN 0 AND 14", "days"),
        CheckConstraint("days > 0 OR until_time > from_time", "length"),
        CheckConstraint("last_on IS NULL OR weekly", "last_on"),
    )
    id: Mapped[Id]
    person_id: Mapped[uuid.UUID] = link("people.id")
    group_id: Mapped[uuid.UUID | None] = link("groups.id")
    role: Mapped[str]
    time_zone: Mapped[str]
    starts_on: Mapped[date]
    from_time: Mapped[time]
    days: Mapped[int]
    until_time: Mapped[time]
    weekly: Mapped[bool]
    last_on: Mapped[date | None]  # the last day on which a weekly one begins
    created_at: Mapped[Moment]
    ended_at: Mapped[Moment | None]  # taken off the rota: nothing of it holds after this
    person: Mapped[Person] = relationship()
    group: Mapped[Group | None] = relationship()


class Cover(Base):
    """One span of a duty offered by one person to another; it holds once accepted. A swap is two with one `swap_id`."""

    __tablename__ = "covers"
    __table_args__ = (
        CheckConstraint(one_of("state", "offered", "accepted", "declined", "withdrawn", "lapsed"), "state"),
        CheckConstraint("ends_at > starts_at", "length"),
        CheckConstraint("from_id <> to_id", "two_people"),
        CheckConstraint("state = 'offered' OR answered_at IS NOT NULL", "answered"),
        Index("ix_covers_span", "starts_at", "ends_at"),
    )
    id: Mapped[Id]
    swap_id: Mapped[uuid.UUID] = mapped_column(index=True)
    code: Mapped[str] = mapped_column(index=True)  # what the one who is asked replies with
    duty_id: Mapped[uuid.UUID] = link("duties.id")
    asked_by: Mapped[uuid.UUID] = link("people.id", index=False)
    asked_of: Mapped[uuid.UUID] = link("people.id", index=False)
    from_id: Mapped[uuid.UUID] = link("people.id", index=False)
    to_id: Mapped[uuid.UUID] = link("people.id", index=False)
    starts_at: Mapped[Moment]
    ends_at: Mapped[Moment]
    state: Mapped[str]
    offered_at: Mapped[Moment]
    answered_at: Mapped[Moment | None]
    duty: Mapped[Duty] = relationship()


class ReadinessCheck(Base):
    """One test page at the beginning of a duty, and whether it was answered in time."""

    __tablename__ = "readiness_checks"
    __table_args__ = (
        UniqueConstraint("person_id", "duty_starts_at"),
        CheckConstraint(one_of("state", "sent", "answered", "missed"), "state"),
        CheckConstraint("state <> 'answered' OR answered_at IS NOT NULL", "answered"),
        Index("ix_readiness_checks_span", "duty_starts_at", "duty_ends_at"),
    )
    id: Mapped[Id]
    person_id: Mapped[uuid.UUID] = link("people.id")
    role: Mapped[str]
    duty_starts_at: Mapped[Moment]
    duty_ends_at: Mapped[Moment]
    code: Mapped[str] = mapped_column(unique=True)
    state: Mapped[str]
    instead_of: Mapped[uuid.UUID | None] = link("people.id", index=False)  # who did not answer before
    sent_at: Mapped[Moment]
    answered_at: Mapped[Moment | None]
    person: Mapped[Person] = relationship(foreign_keys=[person_id])


class Way(Base):
    """One way in which someone who runs the programme can be reached, and whether a code has shown that it works."""

    __tablename__ = "ways"
    __table_args__ = (
        CheckConstraint(one_of("kind", *WAYS), "kind"),
        Index(
            "uq_ways_one_each",
            "person_id",
            "kind",
            unique=True,
            postgresql_where=text("removed_at IS NULL"),
            sqlite_where=text("removed_at IS NULL"),
        ),
    )
    id: Mapped[Id]
    person_id: Mapped[uuid.UUID] = link("people.id", ondelete="CASCADE")
    kind: Mapped[str]
    address: Mapped[Secret]  # E.164, or an e-mail address
    address_index: Mapped[Blind]
    created_at: Mapped[Moment]
    code_index: Mapped[Blind | None]
    code_sent_at: Mapped[Moment | None]
    code_tries: Mapped[int] = mapped_column(default=0)
    verified_at: Mapped[Moment | None]
    dead_since: Mapped[Moment | None]
    removed_at: Mapped[Moment | None]
    person: Mapped[Person] = relationship()


class Exclusion(Base):
    """A trainee does not want this person to see their texts: no page, no list, no count, no search."""

    __tablename__ = "exclusions"
    __table_args__ = (
        CheckConstraint("trainee_id <> excluded_id", "two_people"),
        Index(
            "uq_exclusions_one_each",
            "trainee_id",
            "excluded_id",
            unique=True,
            postgresql_where=text("lifted_at IS NULL"),
            sqlite_where=text("lifted_at IS NULL"),
        ),
        Index("ix_exclusions_excluded_id", "excluded_id", "trainee_id"),
    )
    id: Mapped[Id]
    trainee_id: Mapped[uuid.UUID] = link("people.id", ondelete="CASCADE", index=False)
    excluded_id: Mapped[uuid.UUID] = link("people.id", ondelete="CASCADE", index=False)
    at: Mapped[Moment]
    by_id: Mapped[uuid.UUID | None] = link("people.id", ondelete="SET NULL", index=False)  # None: the trainee, by text
    lifted_at: Mapped[Moment | None]


class GroupCover(Base):
    """What a group promises about its hours, and since when trainees are put into it (None: not yet)."""

    __tablename__ = "group_cover"
    __table_args__ = (
        CheckConstraint(one_of("kind", "always", "hours"), "kind"),
        CheckConstraint(
            "kind = 'always' OR (from_time IS NOT NULL AND until_time IS NOT NULL AND out_of_hours_id IS NOT NULL)",
            "hours",
        ),
    )
    group_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(default="always")
    from_time: Mapped[time | None]  # local, every one of `weekdays`
    until_time: Mapped[time | None]
    weekdays: Mapped[list[int]] = mapped_column(JSON, default=lambda: list(range(7)))  # 0 is Monday
    out_of_hours_id: Mapped[uuid.UUID | None] = link("people.id", index=False)
    live_at: Mapped[Moment | None]
    group: Mapped[Group] = relationship()


class CalendarFeed(Base):
    """The secret in the address of someone's own calendar of duties; another serial makes the old address useless."""

    __tablename__ = "calendar_feeds"
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    serial: Mapped[str]
    made_at: Mapped[Moment]
    revoked_at: Mapped[Moment | None]


class Drill(Base):
    """One synthetic flagged text that went the whole way, with the seconds each step took from the text."""

    __tablename__ = "drills"
    __table_args__ = (CheckConstraint(one_of("state", "started", "done", "failed"), "state"),)
    id: Mapped[Id]
    due_at: Mapped[Moment] = mapped_column(unique=True)
    started_at: Mapped[Moment]
    finished_at: Mapped[Moment | None]
    state: Mapped[str]
    responder_id: Mapped[uuid.UUID] = link("people.id", index=False)  # who is paged in it, and nobody else
    from_index: Mapped[Blind]  # the number that plays the trainee
    episode_id: Mapped[uuid.UUID | None] = link("episodes.id")
    times: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # step: seconds
    failure: Mapped[str | None]


class TwilioPurge(Base):
    """A text whose words are gone here and are to be removed at Twilio as well."""

    __tablename__ = "twilio_purges"
    __table_args__ = (
        Index(
            "ix_twilio_purges_due",
            "not_before",
            postgresql_where=text("done_at IS NULL"),
            sqlite_where=text("done_at IS NULL"),
        ),
    )
    provider_sid: Mapped[str] = mapped_column(primary_key=True)
    asked_at: Mapped[Moment]
    not_before: Mapped[Moment]
    tries: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[Moment | None]
    error_code: Mapped[int | None]
