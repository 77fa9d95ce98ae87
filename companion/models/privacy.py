"""Links to copies of what is held, and the wordings that were ever sent."""

from __future__ import annotations

import uuid

from sqlalchemy import CheckConstraint, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from companion.models.base import Base, Id, Moment, link, one_of
from companion.models.people import Address, Person

IS_OPEN = text("state = 'open'")


class CopyLink(Base):
    """A link to a copy of what is held about one person. It opens in one browser, once; only hashes are kept."""

    __tablename__ = "copy_links"
    id: Mapped[Id]
    person_id: Mapped[uuid.UUID] = link("people.id", ondelete="CASCADE")
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    asked_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    used_at: Mapped[Moment | None]
    key_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))  # of what the browser that opened it holds


class SentWording(Base):
    """A wording as it stood in the files, kept for good: what was sent can be shown after the files have changed."""

    __tablename__ = "wordings"
    version: Mapped[str] = mapped_column(primary_key=True)
    text_id: Mapped[str]
    language: Mapped[str]
    wording: Mapped[str]
    first_seen_at: Mapped[Moment]


class NumberMove(Base):
    """Somebody of the programme asked, for a person, that another number be theirs; that number answers for itself.

    Nothing is moved before it says YES. Which number it is stands with its address alone.
    """

    __tablename__ = "number_moves"
    __table_args__ = (
        CheckConstraint(one_of("state", "open", "moved", "refused", "kept", "withdrawn", "over"), "state"),
        CheckConstraint("(state = 'open') = (settled_at IS NULL)", "settled"),
        *(
            Index(f"uq_number_moves_one_{of}", column, unique=True, postgresql_where=IS_OPEN, sqlite_where=IS_OPEN)
            for of, column in (("person", "person_id"), ("number", "address_id"))
        ),
    )
    id: Mapped[Id]
    person_id: Mapped[uuid.UUID] = link("people.id", ondelete="CASCADE")
    address_id: Mapped[uuid.UUID] = link("addresses.id", ondelete="CASCADE")
    asked_by: Mapped[uuid.UUID] = link("people.id", index=False)
    asked_at: Mapped[Moment]
    state: Mapped[str]
    settled_at: Mapped[Moment | None]
    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    address: Mapped[Address] = relationship()
