"""Who may sign in to the console, and what the console keeps for itself."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from companion.models.base import Base, Id, Moment, Secret, link
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
    fs_webauthn_user_handle: Mapped[str | None] = mapped_column(unique=True)  # what passkeys call their owner

    person: Mapped[Person] = relationship(lazy="joined", innerjoin=True, viewonly=True)


class Passkey(Base):
    """The public half of a key on a phone, a computer or a security key: a second factor of one login.

    The sign-in library names the columns, apart from `created_at`.
    """

    __tablename__ = "passkeys"
    __table_args__ = (
        UniqueConstraint("user_id", "name"),
        CheckConstraint("sign_count >= 0", "sign_count"),
        CheckConstraint("usage = 'secondary'", "second_factor"),  # never in place of the password
    )
    id: Mapped[Id]
    user_id: Mapped[uuid.UUID] = link("users.id", ondelete="CASCADE", index=False)
    name: Mapped[str]  # as its owner calls it
    credential_id: Mapped[bytes] = mapped_column(LargeBinary(1023), unique=True)
    public_key: Mapped[bytes]
    sign_count: Mapped[int] = mapped_column(BigInteger)  # 32 bits without a sign
    transports: Mapped[list[str]] = mapped_column(JSON)  # how a browser can reach it: "usb", "internal"
    backup_state: Mapped[bool]  # its maker keeps a copy
    device_type: Mapped[str]  # whether it stays on one device
    extensions: ClassVar[None] = None  # the library looks for them; nothing here does
    usage: Mapped[str]
    created_at: Mapped[Moment]
    lastuse_datetime: Mapped[Moment]  # `created_at` until it is used


class Invitation(Base):
    """A code that lets one person choose the password of their own login, once. Only its SHA-256 is kept."""

    __tablename__ = "invitations"
    __table_args__ = (
        CheckConstraint("email = lower(email)", "email_lower"),
        Index(
            "uq_invitations_one_open",
            "person_id",
            unique=True,
            postgresql_where=text("used_at IS NULL AND cancelled_at IS NULL"),
            sqlite_where=text("used_at IS NULL AND cancelled_at IS NULL"),
        ),
    )
    id: Mapped[Id]
    person_id: Mapped[uuid.UUID] = link("people.id", ondelete="CASCADE", index=False)
    email: Mapped[str]
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    created_at: Mapped[Moment]
    created_by: Mapped[uuid.UUID | None] = link("people.id", index=False)
    expires_at: Mapped[Moment]
    used_at: Mapped[Moment | None]
    cancelled_at: Mapped[Moment | None]
    person: Mapped[Person] = relationship(foreign_keys=[person_id], lazy="joined", innerjoin=True, viewonly=True)


class SetupMark(Base):
    """A step of the set-up that only a person can say is done, or the last check of the set-up. One row a name."""

    __tablename__ = "setup_marks"
    name: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[Moment]
    person_id: Mapped[uuid.UUID | None] = link("people.id", ondelete="SET NULL", index=False)
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class FrozenFigure(Base):
    """Figures of a month that is over, worked out once and never again: a later look can't tell who was late."""

    __tablename__ = "frozen_figures"
    name: Mapped[str] = mapped_column(primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)  # its first day
    made_at: Mapped[Moment]
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
