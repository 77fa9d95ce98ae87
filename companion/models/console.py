"""Who may sign in to the console: one login for one of those who run the programme."""

from __future__ import annotations

import uuid

from sqlalchemy import JSON, CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from companion.models.base import Base, Id, Moment, Secret
from companion.models.people import Person


class User(Base):
    """A login. What it may do follows from the role of its person; a trainee never has one."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("email = lower(email)", "email_lower"),
        CheckConstraint("(tf_primary_method IS NULL) = (tf_totp_secret IS NULL)", "second_factor"),
    )
    id: Mapped[Id]
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"), unique=True)
    email: Mapped[str] = mapped_column(unique=True)
    password: Mapped[str]  # argon2id
    active: Mapped[bool] = mapped_column(default=True)
    fs_uniquifier: Mapped[str] = mapped_column(unique=True)  # a new one signs out every browser
    must_change: Mapped[bool] = mapped_column(default=False)  # the password was set by somebody else

    failed_tries: Mapped[int] = mapped_column(default=0)  # in a row
    locked_until: Mapped[Moment | None]
    last_login_at: Mapped[Moment | None]
    current_login_at: Mapped[Moment | None]
    last_login_ip: Mapped[str | None]
    current_login_ip: Mapped[str | None]
    login_count: Mapped[int] = mapped_column(default=0)

    # The second factor, if its owner switched it on.
    tf_primary_method: Mapped[str | None]
    tf_totp_secret: Mapped[Secret | None]
    tf_last_counter: Mapped[int | None]  # a code counts once
    mf_recovery_codes: Mapped[list[str]] = mapped_column(JSON, default=list)

    person: Mapped[Person] = relationship(lazy="joined", innerjoin=True, viewonly=True)
