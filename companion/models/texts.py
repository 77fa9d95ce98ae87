"""Texts in and out: the ledger, which is also the queue."""

from __future__ import annotations

import uuid

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from companion.models.base import Base, Id, Moment, Secret, link, one_of
from companion.models.people import Address, Person

LANES = ("page", "reply", "reminder", "bulk")  # most urgent first; stored as the position

QUEUED = "queued"  # waits for its moment and a worker
SENDING = "sending"  # a worker has it until the lease ends
UNKNOWN = "unknown"  # Twilio was asked and no answer came: it may have gone out
STATUSES = (
    QUEUED,
    SENDING,
    UNKNOWN,
    "handed",  # given to Twilio in the webhook's answer; `lease_until` is when a receipt should be there
    "accepted",
    "sent",
    "delivered",
    "read",
    "undelivered",
    "failed",
    "canceled",
    "dropped",  # never sent, and `reason` says why
)
# What a worker looks at again when `lease_until` is over. SQLite uses a partial index only for these very words.
OPEN = "status IN ('sending', 'unknown', 'handed')"
UNCONFIRMED = "status IN ('accepted', 'sent') AND settled_at IS NULL"
QUEUED_NOW = "outbox_messages.status = 'queued'"
LOST = "outbox_messages.status IN ('failed', 'undelivered')"
UNREAD = "inbound_messages.needs_reading AND inbound_messages.read_at IS NULL"


class InboundMessage(Base):
    """A text that arrived, once per provider SID, with the answer it got."""

    __tablename__ = "inbound_messages"
    __table_args__ = (
        CheckConstraint(one_of("channel", "sms", "whatsapp"), "channel"),
        CheckConstraint(f"route IS NULL OR {one_of('route', 'page', 'notice')}", "route"),
        Index("ix_inbound_messages_received_at", "received_at"),
        Index(
            "ix_inbound_messages_unread",
            "received_at",
            postgresql_where=text("needs_reading AND read_at IS NULL"),
            sqlite_where=text("needs_reading AND read_at IS NULL"),
        ),
    )
    id: Mapped[Id]
    provider_sid: Mapped[str] = mapped_column(unique=True)
    channel: Mapped[str]
    address_id: Mapped[uuid.UUID] = link("addresses.id")
    person_id: Mapped[uuid.UUID | None] = link("people.id", ondelete="SET NULL")
    sender: Mapped[str]  # our number or service that it came to
    body: Mapped[Secret | None]  # None once purged
    media_count: Mapped[int]
    received_at: Mapped[Moment]
    dialogue: Mapped[str]  # what had been asked last
    intent: Mapped[str]
    route: Mapped[str | None]
    answer: Mapped[Secret]  # the TwiML, given again word for word when Twilio asks again
    recovered: Mapped[bool] = mapped_column(default=False)  # fetched from Twilio's list: its webhook never came
    needs_reading: Mapped[bool]  # free text that no person has read yet
    read_at: Mapped[Moment | None]
    read_by: Mapped[uuid.UUID | None] = link("people.id", index=False)
    address: Mapped[Address] = relationship()


class OutboxMessage(Base):
    """A text to someone: what the service started, and what it answered (status `handed`)."""

    __tablename__ = "outbox_messages"
    __table_args__ = (
        CheckConstraint(one_of("status", *STATUSES), "status"),
        CheckConstraint("status <> 'dropped' OR reason IS NOT NULL", "dropped_reason"),
        CheckConstraint("status <> 'sending' OR lease_until IS NOT NULL", "lease"),
        Index("ix_outbox_messages_created_at", "created_at"),
        Index(
            "ix_outbox_messages_due",
            "lane",
            "channel",
            "not_before",
            "id",
            postgresql_where=text("status = 'queued'"),
            sqlite_where=text("status = 'queued'"),
        ),
        Index(
            "ix_outbox_messages_lost",
            "settled_at",
            postgresql_where=text("status IN ('failed', 'undelivered')"),
            sqlite_where=text("status IN ('failed', 'undelivered')"),
        ),
        Index(
            "ix_outbox_messages_open",
            "lease_until",
            postgresql_where=text(OPEN),
            sqlite_where=text(OPEN),
        ),
        Index(
            "ix_outbox_messages_unconfirmed",
            "updated_at",
            postgresql_where=text(UNCONFIRMED),
            sqlite_where=text(UNCONFIRMED),
        ),
    )
    id: Mapped[Id]
    key: Mapped[str] = mapped_column(unique=True)
    lane: Mapped[int]
    purpose: Mapped[str]  # the id of the text in the catalogue
    wording_version: Mapped[str]
    channel: Mapped[str]  # of the address: the queue is read channel by channel, each at its sender's rate
    address_id: Mapped[uuid.UUID] = link("addresses.id")
    person_id: Mapped[uuid.UUID | None] = link("people.id", ondelete="SET NULL")
    body: Mapped[Secret | None]  # None once purged
    values: Mapped[Secret | None]  # JSON of what was filled in, for the WhatsApp template of the same text
    status: Mapped[str]
    reason: Mapped[str | None]
    error_code: Mapped[int | None]
    attempts: Mapped[int] = mapped_column(default=0)
    provider_sid: Mapped[str | None] = mapped_column(unique=True)
    sender: Mapped[str | None]
    in_reply_to: Mapped[uuid.UUID | None] = link("inbound_messages.id", ondelete="SET NULL")
    replaces: Mapped[uuid.UUID | None] = link("outbox_messages.id", index=False)  # sent again another way
    watched: Mapped[bool] = mapped_column(default=False)  # a page: who queued it tries the next way, at once
    created_at: Mapped[Moment]
    not_before: Mapped[Moment]
    expires_at: Mapped[Moment | None]
    lease_until: Mapped[Moment | None]
    sent_at: Mapped[Moment | None]
    settled_at: Mapped[Moment | None]
    updated_at: Mapped[Moment]
    address: Mapped[Address] = relationship()
    person: Mapped[Person | None] = relationship()
    answers: Mapped[InboundMessage | None] = relationship()


class SenderRate(Base):
    """How far ahead of its rate each channel's sender is. One row a channel."""

    __tablename__ = "sender_rates"
    channel: Mapped[str] = mapped_column(primary_key=True)
    free_at: Mapped[Moment]
