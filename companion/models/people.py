"""People, the addresses they text from, what they agreed to, and what they no longer want."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import time
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, CheckConstraint, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from companion.content.catalogue import Language
from companion.models.base import Base, Id, Moment, Secret, link, one_of
from companion.models.base import Index as Blind

if TYPE_CHECKING:
    from companion.models.around import CohortAlias


class Keyring(Base):
    """The index key, wrapped by ENCRYPTION_KEYS. One row."""

    __tablename__ = "keyring"
    name: Mapped[str] = mapped_column(primary_key=True)
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)


class Cohort(Base):
    """Who belongs together; people join it by its code. Times of day are in `time_zone`."""

    __tablename__ = "cohorts"
    __table_args__ = (
        CheckConstraint("checkin_weekday BETWEEN 0 AND 6", "weekday"),
        CheckConstraint(one_of("nation", "england", "wales", "scotland", "ni"), "nation"),
    )
    id: Mapped[Id]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    nation: Mapped[str]
    time_zone: Mapped[str]
    checkin_weekday: Mapped[int]  # 0 is Monday
    checkin_at: Mapped[time]
    quiet_from: Mapped[time | None]  # given to those who join
    quiet_until: Mapped[time | None]
    is_open: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[Moment]
    topic: Mapped[str | None]  # what help is offered on after a session; one of topics.yaml
    aliases: Mapped[list[CohortAlias]] = relationship(back_populates="cohort", cascade="all, delete-orphan")


class JoinSource(Base):
    """One poster, e-mail or talk that tells of the programme; `code` is the word behind the cohort's code.

    Who texts JOIN ICU MESS heard of it where MESS hangs. Nothing else is known of how somebody came.
    """

    __tablename__ = "join_sources"
    __table_args__ = (CheckConstraint("code = upper(code)", "code"),)
    id: Mapped[Id]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    created_at: Mapped[Moment]
    ended_at: Mapped[Moment | None]


class Person(Base):
    """A trainee (known by an alias) or one of those who run the programme (known by a name)."""

    __tablename__ = "people"
    __table_args__ = (
        CheckConstraint(one_of("role", "trainee", "facilitator", "lead", "coordinator", "auditor"), "role"),
        CheckConstraint(one_of("state", "asked", "joined", "left", "staff"), "state"),
        CheckConstraint("(role = 'trainee') = (state <> 'staff')", "staff_state"),
        CheckConstraint("state <> 'joined' OR joined_at IS NOT NULL", "joined_at"),
        CheckConstraint(one_of("language", "en", "cy"), "language"),
        CheckConstraint(one_of("joins_by", "video", "phone"), "joins_by"),
        CheckConstraint("(checkin_weekday IS NULL) = (checkin_at IS NULL)", "own_checkin"),
        CheckConstraint("checkin_weekday IS NULL OR checkin_weekday BETWEEN 0 AND 6", "checkin_weekday"),
    )
    id: Mapped[Id]
    role: Mapped[str]
    alias: Mapped[str] = mapped_column(unique=True)
    name: Mapped[Secret | None]
    state: Mapped[str]
    cohort_id: Mapped[uuid.UUID | None] = link("cohorts.id")
    group_id: Mapped[uuid.UUID | None] = link("groups.id")
    nation: Mapped[str | None]
    channel: Mapped[str] = mapped_column(default="sms")  # where texts the service starts go
    language: Mapped[Language] = mapped_column(String, default="en", server_default="en")
    created_at: Mapped[Moment]
    asked_at: Mapped[Moment | None]
    joined_at: Mapped[Moment | None]
    left_at: Mapped[Moment | None]
    paused_until: Mapped[Moment | None]
    quiet_from: Mapped[time | None]  # local, in `time_zone`
    quiet_until: Mapped[time | None]
    time_zone: Mapped[str] = mapped_column(default="Europe/London")
    # What the last text asked, so that a bare YES can be understood; it expires by itself.
    dialogue: Mapped[str | None]
    dialogue_until: Mapped[Moment | None]
    dialogue_data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    silent_checkins: Mapped[int] = mapped_column(default=0)
    checkin_weekday: Mapped[int | None]  # 0 is Monday; None: when the cohort's is asked
    checkin_at: Mapped[time | None]  # local, in `time_zone`
    helped: Mapped[int] = mapped_column(default=0)  # how often places that help were sent
    source_id: Mapped[uuid.UUID | None] = link("join_sources.id", ondelete="SET NULL")
    # Nothing was heard of them for a while. It says nothing about how they are, and their next text ends it.
    quiet_since: Mapped[Moment | None]
    nudged_at: Mapped[Moment | None]  # when they got the one gentle text about it
    failing_since: Mapped[Moment | None]  # texts have failed for weeks, so the service paused them by itself
    unsure_since: Mapped[Moment | None]  # wrote after months without a text, so the number may be another's by now
    erase_asked_at: Mapped[Moment | None]  # wants everything removed; waits for an open episode to be closed
    is_external_lead: Mapped[bool] = mapped_column(default=False)  # paged when everyone else is excluded
    joins_by: Mapped[str] = mapped_column(default="video")  # how they come to a session: video, or phone
    calendar_number: Mapped[int] = mapped_column(default=0)  # which calendar link of theirs holds; 0: they have none
    exchange_until: Mapped[Moment | None]  # until then their texts go to the facilitator who has their episode
    cohort: Mapped[Cohort | None] = relationship()

    @property
    def label(self) -> str:
        """What somebody is called, the same everywhere: a trainee by the alias, staff by the name if there is one."""
        return self.alias if self.role == "trainee" else self.name or self.alias


def by_label(people: Iterable[Person]) -> list[Person]:
    """Return people in the order of what they are called, capitals or not."""
    return sorted(people, key=lambda person: (person.label.casefold(), str(person.id)))


class Address(Base):
    """A place texts come from and go to: a number on one channel, or an opaque WhatsApp user id."""

    __tablename__ = "addresses"
    __table_args__ = (
        UniqueConstraint("channel", "address_index"),
        CheckConstraint(one_of("channel", "sms", "whatsapp"), "channel"),
    )
    id: Mapped[Id]
    channel: Mapped[str]
    address: Mapped[Secret]  # E.164, or Twilio's user id as it came
    address_index: Mapped[Blind] = mapped_column(index=True)
    person_id: Mapped[uuid.UUID | None] = link("people.id", ondelete="SET NULL")
    created_at: Mapped[Moment]
    last_inbound_at: Mapped[Moment | None] = mapped_column(index=True)
    invalid_since: Mapped[Moment | None]
    invalid_code: Mapped[int | None]
    forgotten_at: Mapped[Moment | None]  # when a stranger's number was removed; the index stays
    person: Mapped[Person | None] = relationship()


class Consent(Base):
    """One step of consent, with the wording as it was shown. Never changed, never removed while it is proof."""

    __tablename__ = "consents"
    __table_args__ = (CheckConstraint(one_of("event", "shown", "yes", "no", "withdrawn"), "event"),)
    id: Mapped[Id]
    person_id: Mapped[uuid.UUID] = link("people.id")
    cohort_id: Mapped[uuid.UUID | None] = link("cohorts.id", index=False)
    event: Mapped[str]
    channel: Mapped[str]
    wording: Mapped[Secret | None]
    wording_version: Mapped[str | None]
    provider_sid: Mapped[str]
    at: Mapped[Moment]


# These stand for a channel in the ledger; no text goes by them.
WHOSE_NUMBER, MOVED = "whose", "moved"


class OptOut(Base):
    """The ledger of STOP and START by address and sender: append-only, the last row counts.

    It holds only the keyed index of an address, so that a wish to be left alone outlives the person's record. Under
    WHOSE_NUMBER it says that a number is no longer its person's who runs the programme (stop), or is again (start).
    Under MOVED, that it said YES to being a trainee's, of whom `sender` holds a keyed code.
    """

    __tablename__ = "opt_outs"
    __table_args__ = (
        CheckConstraint(one_of("action", "stop", "start"), "action"),
        CheckConstraint(one_of("source", "word", "sentence", "provider", "console"), "source"),
        Index("ix_opt_outs_latest", "address_index", "channel", "at"),
    )
    id: Mapped[Id]
    channel: Mapped[str]
    address_index: Mapped[Blind]
    sender: Mapped[str]  # our own number or service; "" is every sender of the channel
    action: Mapped[str]
    source: Mapped[str]
    provider_sid: Mapped[str | None]
    at: Mapped[Moment]
