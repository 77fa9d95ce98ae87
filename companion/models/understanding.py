"""What people asked and were not answered, whether help was what they needed, and contacts of one's own.

Nothing here leads to anyone who texted.
"""

from __future__ import annotations

import uuid
from datetime import date

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from companion.models.base import Base, Id, Moment, Secret, link, one_of

# Why a question stands on the list: no place was found, it was not understood, or what was sent was not needed.
WHYS = ("nothing", "unclear", "not needed")


class Question(Base):
    """A question without a good answer, for whoever keeps the words. It has no column that leads to who asked.

    `words` are purged like those of texts; `day` is the local day, as a moment would lead back to the text.
    """

    __tablename__ = "questions"
    __table_args__ = (
        CheckConstraint(one_of("why", *WHYS), "why"),
        Index(
            "ix_questions_open",
            "day",
            postgresql_where=text("settled_at IS NULL"),
            sqlite_where=text("settled_at IS NULL"),
        ),
    )
    id: Mapped[Id]
    day: Mapped[date]
    words: Mapped[Secret | None]
    why: Mapped[str]
    topic: Mapped[str | None]
    nation: Mapped[str | None]
    settled_at: Mapped[Moment | None]


class HelpTally(Base):
    """How often what was sent on a topic was what someone needed, by month (its first day). No row is an answer."""

    __tablename__ = "help_tallies"
    __table_args__ = (CheckConstraint("needed >= 0 AND not_needed >= 0", "counts"),)
    topic: Mapped[str] = mapped_column(primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    needed: Mapped[int] = mapped_column(default=0)
    not_needed: Mapped[int] = mapped_column(default=0)


class LocalContact(Base):
    """How a place is reached here (occupational health, a guardian): what was written in the console for it."""

    __tablename__ = "local_contacts"
    __table_args__ = (CheckConstraint("phone IS NOT NULL OR web IS NOT NULL", "some_way"),)
    place: Mapped[str] = mapped_column(primary_key=True)  # its id in resources.yaml
    phone: Mapped[Secret | None]
    web: Mapped[str | None]
    hours: Mapped[str | None]  # in words, as they are said
    checked_on: Mapped[date]
    review_by: Mapped[date]
    set_by: Mapped[uuid.UUID] = link("people.id", index=False)
    set_at: Mapped[Moment]
