"""Calls and e-mails to those who run the programme: ledgers that are also the queues, as for texts."""

from __future__ import annotations

import uuid

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from companion.models.base import Base, Id, Moment, Secret, link, one_of
from companion.models.people import Address, Person

CALL_STATUSES = (
    "queued",  # waits for its moment and a worker
    "dialling",  # a worker has it until the lease ends
    "unknown",  # Twilio was asked and no answer came: the phone may ring
    "accepted",
    "ringing",
    "answered",  # picked up, by a person or by a machine
    "completed",  # it was picked up and is over
    "busy",
    "no-answer",
    "failed",
    "canceled",
    "dropped",  # never made, and `reason` says why
)
CALLS_OPEN = "status IN ('queued', 'dialling', 'unknown')"
EMAIL_STATUSES = ("queued", "sending", "sent", "failed", "dropped")
EMAILS_OPEN = "status IN ('queued', 'sending')"


class Call(Base):
    """A call that the service makes. A person answered it only if there is a `digit`: a voicemail presses no key."""

    __tablename__ = "calls"
    __table_args__ = (
        CheckConstraint(one_of("status", *CALL_STATUSES), "status"),
        CheckConstraint("status <> 'dropped' OR reason IS NOT NULL", "dropped_reason"),
        CheckConstraint("status <> 'dialling' OR lease_until IS NOT NULL", "lease"),
        Index("ix_calls_due", "not_before", postgresql_where=text(CALLS_OPEN), sqlite_where=text(CALLS_OPEN)),
    )
    id: Mapped[Id]
    key: Mapped[str] = mapped_column(unique=True)
    address_id: Mapped[uuid.UUID] = link("addresses.id")
    person_id: Mapped[uuid.UUID | None] = link("people.id", ondelete="SET NULL")
    status: Mapped[str]
    reason: Mapped[str | None]
    error_code: Mapped[int | None]
    attempts: Mapped[int] = mapped_column(default=0)
    provider_sid: Mapped[str | None] = mapped_column(unique=True)
    digit: Mapped[str | None]  # the first key that meant something; pressing again changes nothing
    created_at: Mapped[Moment]
    not_before: Mapped[Moment]
    expires_at: Mapped[Moment | None]
    lease_until: Mapped[Moment | None]
    placed_at: Mapped[Moment | None]
    answered_at: Mapped[Moment | None]
    settled_at: Mapped[Moment | None]
    updated_at: Mapped[Moment]
    address: Mapped[Address] = relationship()
    person: Mapped[Person | None] = relationship()


class Email(Base):
    """An e-mail to one of those who run the programme. It says no more than a page does."""

    __tablename__ = "emails"
    __table_args__ = (
        CheckConstraint(one_of("status", *EMAIL_STATUSES), "status"),
        CheckConstraint("status <> 'dropped' OR reason IS NOT NULL", "dropped_reason"),
        CheckConstraint("status <> 'sending' OR lease_until IS NOT NULL", "lease"),
        Index("ix_emails_due", "not_before", postgresql_where=text(EMAILS_OPEN), sqlite_where=text(EMAILS_OPEN)),
    )
    id: Mapped[Id]
    key: Mapped[str] = mapped_column(unique=True)
    purpose: Mapped[str]  # the id of the text in the catalogue
    person_id: Mapped[uuid.UUID | None] = link("people.id", ondelete="SET NULL")
    address: Mapped[Secret]
    subject: Mapped[Secret]
    body: Mapped[Secret]
    status: Mapped[str]
    reason: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[Moment]
    not_before: Mapped[Moment]
    expires_at: Mapped[Moment | None]
    lease_until: Mapped[Moment | None]
    sent_at: Mapped[Moment | None]
    settled_at: Mapped[Moment | None]
    updated_at: Mapped[Moment]
    person: Mapped[Person | None] = relationship()


class ProviderFailure(Base):
    """One time at which Twilio could not be asked or did not answer. Three in a minute are an outage."""

    __tablename__ = "provider_failures"
    id: Mapped[Id]
    at: Mapped[Moment] = mapped_column(index=True)
