"""Links to copies of what is held, and the wordings that were ever sent."""

from __future__ import annotations

import uuid

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from companion.models.base import Base, Id, Moment, link


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
