"""Calls, e-mails, and what the chain and the exchange of texts keep."""

from typing import Any

import sqlalchemy as sa
from alembic import op

import companion.db

revision = "0003"
down_revision = "0001"
branch_labels = None
depends_on = None


def _moment(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, companion.db.UtcDateTime(timezone=True), nullable=nullable)


def _link(name: str, target: str, *, nullable: bool = False, ondelete: str = "RESTRICT", **more: Any) -> sa.Column[Any]:
    return sa.Column(name, sa.Uuid(), sa.ForeignKey(target, ondelete=ondelete), nullable=nullable, **more)


def _secret(name: str) -> sa.Column[Any]:
    return sa.Column(name, companion.db.EncryptedText(), nullable=False)


def _partial(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    op.create_index(name, table, columns, unique=unique, postgresql_where=sa.text(where), sqlite_where=sa.text(where))


def upgrade() -> None:
    op.add_column("outbox_messages", sa.Column("watched", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("people", _moment("exchange_until", nullable=True))
    op.add_column("episodes", _moment("alarmed_at", nullable=True))
    op.add_column("episodes", sa.Column("bundle", sa.Uuid(), nullable=True))
    _partial("ix_episodes_bundle", "episodes", ["bundle"], "bundle IS NOT NULL")
    _calls()
    _emails()
    op.create_table(
        "provider_failures",
        sa.Column("id", sa.Uuid(), primary_key=True, nullable=False),
        _moment("at"),
    )
    op.create_index("ix_provider_failures_at", "provider_failures", ["at"])
    _pages()
    _exchange()


def _calls() -> None:
    op.create_table(
        "calls",
        sa.Column("id", sa.Uuid(), primary_key=True, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        _link("address_id", "addresses.id", index=True),
        _link("person_id", "people.id", nullable=True, ondelete="SET NULL", index=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("error_code", sa.Integer(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("provider_sid", sa.String(), nullable=True),
        sa.Column("digit", sa.String(), nullable=True),
        _moment("created_at"),
        _moment("not_before"),
        _moment("expires_at", nullable=True),
        _moment("lease_until", nullable=True),
        _moment("placed_at", nullable=True),
        _moment("answered_at", nullable=True),
        _moment("settled_at", nullable=True),
        _moment("updated_at"),
        sa.UniqueConstraint("key", name="uq_calls_key"),
        sa.UniqueConstraint("provider_sid", name="uq_calls_provider_sid"),
        sa.CheckConstraint(
            "status IN ('queued', 'dialling', 'unknown', 'accepted', 'ringing', 'answered', 'completed', 'busy', "
            "'no-answer', 'failed', 'canceled', 'dropped')",
            name="status",
        ),
        sa.CheckConstraint("status <> 'dropped' OR reason IS NOT NULL", name="dropped_reason"),
        sa.CheckConstraint("status <> 'dialling' OR lease_until IS NOT NULL", name="lease"),
    )
    _partial("ix_calls_due", "calls", ["not_before"], "status IN ('queued', 'dialling', 'unknown')")


def _emails() -> None:
    op.create_table(
        "emails",
        sa.Column("id", sa.Uuid(), primary_key=True, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        _link("person_id", "people.id", nullable=True, ondelete="SET NULL", index=True),
        _secret("address"),
        _secret("subject"),
        _secret("body"),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        _moment("created_at"),
        _moment("not_before"),
        _moment("expires_at", nullable=True),
        _moment("lease_until", nullable=True),
        _moment("sent_at", nullable=True),
        _moment("settled_at", nullable=True),
        _moment("updated_at"),
        sa.UniqueConstraint("key", name="uq_emails_key"),
        sa.CheckConstraint("status IN ('queued', 'sending', 'sent', 'failed', 'dropped')", name="status"),
        sa.CheckConstraint("status <> 'dropped' OR reason IS NOT NULL", name="dropped_reason"),
        sa.CheckConstraint("status <> 'sending' OR lease_until IS NOT NULL", name="lease"),
    )
    _partial("ix_emails_due", "emails", ["not_before"], "status IN ('queued', 'sending')")


def _pages() -> None:
    with op.batch_alter_table("pages") as pages:
        pages.add_column(sa.Column("call_id", sa.Uuid(), nullable=True))
        pages.add_column(sa.Column("email_id", sa.Uuid(), nullable=True))
        pages.add_column(_moment("failed_at", nullable=True))
        pages.create_foreign_key("fk_pages_call_id", "calls", ["call_id"], ["id"], ondelete="RESTRICT")
        pages.create_foreign_key("fk_pages_email_id", "emails", ["email_id"], ["id"], ondelete="RESTRICT")
        pages.create_index("ix_pages_call_id", ["call_id"])
        pages.create_index("ix_pages_email_id", ["email_id"])
        pages.create_check_constraint("one_carrier", "outbox_id IS NULL OR (call_id IS NULL AND email_id IS NULL)")
        pages.create_check_constraint("one_carrier_of_two", "call_id IS NULL OR email_id IS NULL")
        pages.create_check_constraint("call", "call_id IS NULL OR way = 'call'")
        pages.create_check_constraint("email", "email_id IS NULL OR way = 'email'")


def _exchange() -> None:
    op.create_table(
        "episode_declines",
        _link("episode_id", "episodes.id", primary_key=True),
        _link("person_id", "people.id", primary_key=True),
        _moment("at"),
    )
    op.create_table(
        "relayed_texts",
        sa.Column("id", sa.Uuid(), primary_key=True, nullable=False),
        _link("episode_id", "episodes.id", index=True),
        _link("person_id", "people.id"),
        _link("outbox_id", "outbox_messages.id"),
        _moment("at"),
        sa.UniqueConstraint("outbox_id", name="uq_relayed_texts_outbox_id"),
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup: what these tables hold would be lost")
