"""Flags, episodes and pages. Nothing here says how ill or how much at risk anyone is, by design."""

from __future__ import annotations

import uuid

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from companion.models.base import Base, Id, Moment, Secret, link, one_of
from companion.models.calls import Call, Email
from companion.models.people import Address, Person
from companion.models.texts import InboundMessage, OutboxMessage

OUTCOMES = (
    "spoke",
    "exchanged texts",
    "referred on",
    "emergency services",
    "about someone else",
    "not meant literally",
    "wrong number",
    "could not reach",
)
# What makes void a proposal to close with the last of these: something is known that was not when it was made.
VOIDS = ("text came", "taken", "reached", "closed", "concern", "proposer left out", "gone")


class Episode(Base):
    """The case opened for a flagged text, from open to closed. One open episode per address at a time."""

    __tablename__ = "episodes"
    __table_args__ = (
        CheckConstraint(one_of("state", "open", "owned", "contacted", "closed"), "state"),
        CheckConstraint(
            "state <> 'closed' OR (outcome IS NOT NULL AND closed_by IS NOT NULL AND closed_at IS NOT NULL)",
            "closed",
        ),
        CheckConstraint(f"outcome IS NULL OR {one_of('outcome', *OUTCOMES)}", "outcome"),
        CheckConstraint(
            "outcome IS NULL OR outcome <> 'could not reach' OR (agreed_by IS NOT NULL AND agreed_by <> closed_by)",
            "second_person",
        ),
        CheckConstraint("state IN ('contacted', 'closed') OR next_action_at IS NOT NULL", "next_action"),
        CheckConstraint("state NOT IN ('owned', 'contacted') OR owner_id IS NOT NULL", "owner"),
        Index(
            "uq_episodes_one_open",
            "address_id",
            unique=True,
            postgresql_where=text("state <> 'closed'"),
            sqlite_where=text("state <> 'closed'"),
        ),
        Index(
            "ix_episodes_next_action_at",
            "next_action_at",
            postgresql_where=text("state <> 'closed'"),
            sqlite_where=text("state <> 'closed'"),
        ),
        Index(
            "ix_episodes_bundle",
            "bundle",
            postgresql_where=text("bundle IS NOT NULL"),
            sqlite_where=text("bundle IS NOT NULL"),
        ),
    )
    id: Mapped[Id]
    address_id: Mapped[uuid.UUID] = link("addresses.id", index=False)
    person_id: Mapped[uuid.UUID | None] = link("people.id", ondelete="SET NULL")
    state: Mapped[str]
    opened_at: Mapped[Moment]
    next_action_at: Mapped[Moment | None]
    started_at: Mapped[Moment]  # since when nobody has it: moves on when it is open again
    step: Mapped[int]  # which step of the chain is next (see companion.escalation.steps)
    rounds: Mapped[int]  # how many times anyone was paged
    last_paged_at: Mapped[Moment | None]
    trainee_told_at: Mapped[Moment | None]
    alarmed_at: Mapped[Moment | None]  # when the coordinator was told that nobody has it
    bundle: Mapped[uuid.UUID | None]  # unknown numbers that wrote within minutes of each other are paged as one
    owner_id: Mapped[uuid.UUID | None] = link("people.id")
    owned_at: Mapped[Moment | None]
    contact_by: Mapped[Moment | None]
    contacted_at: Mapped[Moment | None]
    closed_at: Mapped[Moment | None]
    closed_by: Mapped[uuid.UUID | None] = link("people.id", index=False)
    outcome: Mapped[str | None]
    agreed_by: Mapped[uuid.UUID | None] = link("people.id", index=False)  # the second person, for "could not reach"
    last_crisis_reply_at: Mapped[Moment | None]
    follows: Mapped[uuid.UUID | None] = link("episodes.id", index=False)
    raised_by: Mapped[uuid.UUID | None]  # who of the programme raised it without a text of the person concerned
    is_drill: Mapped[bool] = mapped_column(default=False)  # from the drill's number: never counted
    person: Mapped[Person | None] = relationship(foreign_keys=[person_id])
    owner: Mapped[Person | None] = relationship(foreign_keys=[owner_id])
    closer: Mapped[Person | None] = relationship(foreign_keys=[closed_by])
    address: Mapped[Address] = relationship()


class ClosingProposal(Base):
    """A lead's proposal to close an episode as "could not reach": nothing at all changes until a second agrees."""

    __tablename__ = "closing_proposals"
    __table_args__ = (
        CheckConstraint(one_of("state", "open", "agreed", "refused", "withdrawn", "void"), "state"),
        CheckConstraint("(state = 'open') = (settled_at IS NULL)", "settled"),
        CheckConstraint("asked_id <> proposed_by", "asked"),
        CheckConstraint(
            "state NOT IN ('agreed', 'refused') OR (settled_by IS NOT NULL AND settled_by <> proposed_by)",
            "second_person",
        ),
        CheckConstraint(
            "state <> 'withdrawn' OR (settled_by IS NOT NULL AND settled_by = proposed_by)",
            "withdrawn",
        ),
        CheckConstraint("(state = 'void') = (void_why IS NOT NULL)", "void"),
        CheckConstraint(f"void_why IS NULL OR {one_of('void_why', *VOIDS)}", "void_why"),
        Index(
            "uq_closing_proposals_one_open",
            "episode_id",
            unique=True,
            postgresql_where=text("state = 'open'"),
            sqlite_where=text("state = 'open'"),
        ),
    )
    id: Mapped[Id]
    episode_id: Mapped[uuid.UUID] = link("episodes.id")
    proposed_by: Mapped[uuid.UUID] = link("people.id", index=False)
    asked_id: Mapped[uuid.UUID] = link("people.id", index=False)  # who is told; whoever may see the episode may agree
    proposed_at: Mapped[Moment]
    state: Mapped[str]
    void_why: Mapped[str | None]
    settled_by: Mapped[uuid.UUID | None] = link("people.id", index=False)
    settled_at: Mapped[Moment | None]
    proposer: Mapped[Person] = relationship(foreign_keys=[proposed_by])
    asked: Mapped[Person] = relationship(foreign_keys=[asked_id])
    settler: Mapped[Person | None] = relationship(foreign_keys=[settled_by])


class Flag(Base):
    """One text that matched the watch list, or could not be read."""

    __tablename__ = "flags"
    __table_args__ = (
        CheckConstraint(one_of("route", "page", "notice"), "route"),
        Index(
            "ix_flags_open", "at", postgresql_where=text("settled_at IS NULL"), sqlite_where=text("settled_at IS NULL")
        ),
    )
    id: Mapped[Id]
    episode_id: Mapped[uuid.UUID | None] = link("episodes.id")  # notices open none
    inbound_id: Mapped[uuid.UUID] = link("inbound_messages.id")
    route: Mapped[str]
    families: Mapped[list[str]] = mapped_column(JSON)
    phrases: Mapped[list[str]] = mapped_column(JSON)
    list_version: Mapped[str]
    at: Mapped[Moment]
    settled_at: Mapped[Moment | None]
    episode: Mapped[Episode | None] = relationship()
    inbound: Mapped[InboundMessage] = relationship()


class FamilyRoute(Base):
    """What finding a phrase family does here, where it is not what the list says. Moving one down takes two people."""

    __tablename__ = "family_routes"
    __table_args__ = (
        CheckConstraint(one_of("route", "page", "notice"), "route"),
        CheckConstraint("route = 'page' OR (agreed_by IS NOT NULL AND agreed_by <> set_by)", "two_move_it_down"),
    )
    family: Mapped[str] = mapped_column(primary_key=True)
    route: Mapped[str]
    set_by: Mapped[uuid.UUID] = link("people.id", index=False)
    agreed_by: Mapped[uuid.UUID | None] = link("people.id", index=False)
    at: Mapped[Moment]


class FamilyProposal(Base):
    """Somebody's proposal to have a family read later instead of paging: it changes nothing until a second agrees."""

    __tablename__ = "family_proposals"
    __table_args__ = (
        CheckConstraint(one_of("state", "open", "agreed", "refused", "withdrawn", "void", "expired"), "state"),
        CheckConstraint("(state = 'open') = (settled_at IS NULL)", "settled"),
        CheckConstraint(
            "state NOT IN ('agreed', 'refused') OR (settled_by IS NOT NULL AND settled_by <> proposed_by)",
            "second_person",
        ),
        CheckConstraint(
            "state <> 'withdrawn' OR (settled_by IS NOT NULL AND settled_by = proposed_by)",
            "withdrawn",
        ),
        CheckConstraint("state <> 'agreed' OR (settled_at >= proposed_at AND settled_at < expires_at)", "in_time"),
        Index(
            "uq_family_proposals_one_open",
            "family",
            unique=True,
            postgresql_where=text("state = 'open'"),
            sqlite_where=text("state = 'open'"),
        ),
    )
    id: Mapped[Id]
    family: Mapped[str]
    reason: Mapped[Secret]
    proposed_by: Mapped[uuid.UUID] = link("people.id", index=False)
    proposed_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    state: Mapped[str]  # void: the family was moved in another way meanwhile
    settled_by: Mapped[uuid.UUID | None] = link("people.id", index=False)
    settled_at: Mapped[Moment | None]
    proposer: Mapped[Person] = relationship(foreign_keys=[proposed_by])
    settler: Mapped[Person | None] = relationship(foreign_keys=[settled_by])


class Reference(Base):
    """Four characters that stand for one episode to one facilitator. Never used twice."""

    __tablename__ = "episode_references"
    code: Mapped[str] = mapped_column(primary_key=True)
    episode_id: Mapped[uuid.UUID] = link("episodes.id")
    person_id: Mapped[uuid.UUID] = link("people.id")
    episode: Mapped[Episode] = relationship()


class Page(Base):
    """One attempt to reach one facilitator about one episode."""

    __tablename__ = "pages"
    __table_args__ = (
        CheckConstraint(f"answer IS NULL OR {one_of('answer', 'take', 'pass')}", "answer"),
        CheckConstraint(one_of("way", "sms", "whatsapp", "call", "email"), "way"),
        CheckConstraint("outbox_id IS NULL OR (call_id IS NULL AND email_id IS NULL)", "one_carrier"),
        CheckConstraint("call_id IS NULL OR email_id IS NULL", "one_carrier_of_two"),
        CheckConstraint("call_id IS NULL OR way = 'call'", "call"),
        CheckConstraint("email_id IS NULL OR way = 'email'", "email"),
    )
    id: Mapped[Id]
    episode_id: Mapped[uuid.UUID] = link("episodes.id")
    person_id: Mapped[uuid.UUID] = link("people.id")
    way: Mapped[str]
    step: Mapped[int]
    at: Mapped[Moment]
    outbox_id: Mapped[uuid.UUID | None] = link("outbox_messages.id")
    call_id: Mapped[uuid.UUID | None] = link("calls.id")
    email_id: Mapped[uuid.UUID | None] = link("emails.id")
    failed_at: Mapped[Moment | None]  # when it was taken as not received, and the next way was tried
    answer: Mapped[str | None]
    answered_at: Mapped[Moment | None]
    episode: Mapped[Episode] = relationship()
    person: Mapped[Person] = relationship()
    outbox: Mapped[OutboxMessage | None] = relationship()
    call: Mapped[Call | None] = relationship()
    email: Mapped[Email | None] = relationship()


class Note(Base):
    """What an owner wrote about an episode; encrypted, purged with the texts."""

    __tablename__ = "episode_notes"
    id: Mapped[Id]
    episode_id: Mapped[uuid.UUID] = link("episodes.id")
    person_id: Mapped[uuid.UUID] = link("people.id", index=False)
    body: Mapped[Secret | None]
    at: Mapped[Moment]
    episode: Mapped[Episode] = relationship()


class Declined(Base):
    """The person an episode is about asked for somebody else: this facilitator is left out of it from then on."""

    __tablename__ = "episode_declines"
    episode_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("episodes.id", ondelete="RESTRICT"), primary_key=True)
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id", ondelete="RESTRICT"), primary_key=True)
    at: Mapped[Moment]


class RelayedText(Base):
    """Words that somebody who has an episode wrote to the person it is about; the text itself is in the outbox."""

    __tablename__ = "relayed_texts"
    id: Mapped[Id]
    episode_id: Mapped[uuid.UUID] = link("episodes.id")
    person_id: Mapped[uuid.UUID] = link("people.id", index=False)
    outbox_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("outbox_messages.id", ondelete="RESTRICT"), unique=True)
    at: Mapped[Moment]
    person: Mapped[Person] = relationship()
