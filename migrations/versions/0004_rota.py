"""The rota, ways to be reached, exclusions, drills, and the chain of the audit."""

from typing import Any

import sqlalchemy as sa
from alembic import op

import companion.db

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _id(name: str = "id") -> sa.Column[Any]:
    return sa.Column(name, sa.Uuid(), primary_key=True, nullable=False)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, companion.db.UtcDateTime(timezone=True), nullable=nullable)


def _link(name: str, target: str, *, nullable: bool = False, ondelete: str = "RESTRICT", **more: Any) -> sa.Column[Any]:
    return sa.Column(name, sa.Uuid(), sa.ForeignKey(f"{target}.id", ondelete=ondelete), nullable=nullable, **more)


def _text(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String(), nullable=nullable)


def _where(condition: str) -> dict[str, Any]:
    return {"postgresql_where": sa.text(condition), "sqlite_where": sa.text(condition)}


def upgrade() -> None:
    op.add_column("people", sa.Column("is_external_lead", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("episodes", sa.Column("is_drill", sa.Boolean(), nullable=False, server_default=sa.false()))
    _duties()
    _ways()
    _exclusions()
    _upkeep()
    _seals()


def _duties() -> None:
    op.create_table(
        "duties",
        _id(),
        _link("person_id", "people", index=True),
        _link("group_id", "groups", nullable=True, index=True),
        _text("role"),
        _text("time_zone"),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("from_time", sa.Time(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("until_time", sa.Time(), nullable=False),
        sa.Column("weekly", sa.Boolean(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=True),
        _moment("created_at"),
        _moment("ended_at", nullable=True),
        sa.CheckConstraint("role IN ('first', 'second', 'lead')", name="role"),
        sa.CheckConstraint("days BETWEEN 0 AND 14", name="days"),
        sa.CheckConstraint("days > 0 OR until_time > from_time", name="length"),
        sa.CheckConstraint("last_on IS NULL OR weekly", name="last_on"),
    )
    op.create_table(
        "covers",
        _id(),
        sa.Column("swap_id", sa.Uuid(), nullable=False, index=True),
        sa.Column("code", sa.String(), nullable=False, index=True),
        _link("duty_id", "duties", index=True),
        _link("asked_by", "people"),
        _link("asked_of", "people"),
        _link("from_id", "people"),
        _link("to_id", "people"),
        _moment("starts_at"),
        _moment("ends_at"),
        _text("state"),
        _moment("offered_at"),
        _moment("answered_at", nullable=True),
        sa.CheckConstraint("state IN ('offered', 'accepted', 'declined', 'withdrawn', 'lapsed')", name="state"),
        sa.CheckConstraint("ends_at > starts_at", name="length"),
        sa.CheckConstraint("from_id <> to_id", name="two_people"),
        sa.CheckConstraint("state = 'offered' OR answered_at IS NOT NULL", name="answered"),
    )
    op.create_index("ix_covers_span", "covers", ["starts_at", "ends_at"])
    op.create_table(
        "readiness_checks",
        _id(),
        _link("person_id", "people", index=True),
        _text("role"),
        _moment("duty_starts_at"),
        _moment("duty_ends_at"),
        sa.Column("code", sa.String(), nullable=False),
        _text("state"),
        _link("instead_of", "people", nullable=True),
        _moment("sent_at"),
        _moment("answered_at", nullable=True),
        sa.UniqueConstraint("person_id", "duty_starts_at"),
        sa.UniqueConstraint("code"),
        sa.CheckConstraint("state IN ('sent', 'answered', 'missed')", name="state"),
        sa.CheckConstraint("state <> 'answered' OR answered_at IS NOT NULL", name="answered"),
    )
    op.create_index("ix_readiness_checks_span", "readiness_checks", ["duty_starts_at", "duty_ends_at"])
    op.create_table(
        "group_cover",
        _link("group_id", "groups", ondelete="CASCADE", primary_key=True),
        _text("kind"),
        sa.Column("from_time", sa.Time(), nullable=True),
        sa.Column("until_time", sa.Time(), nullable=True),
        sa.Column("weekdays", sa.JSON(), nullable=False),
        _link("out_of_hours_id", "people", nullable=True),
        _moment("live_at", nullable=True),
        sa.CheckConstraint("kind IN ('always', 'hours')", name="kind"),
        sa.CheckConstraint(
            "kind = 'always' OR (from_time IS NOT NULL AND until_time IS NOT NULL AND out_of_hours_id IS NOT NULL)",
            name="hours",
        ),
    )
    # Groups that run already go on as they are: their facilitators and the leads are paged at all hours.
    op.execute(
        "INSERT INTO group_cover (group_id, kind, weekdays, live_at) "
        "SELECT id, 'always', '[0, 1, 2, 3, 4, 5, 6]', created_at FROM groups"
    )
    op.create_table(
        "calendar_feeds",
        _link("person_id", "people", ondelete="CASCADE", primary_key=True),
        _text("serial"),
        _moment("made_at"),
        _moment("revoked_at", nullable=True),
    )


def _ways() -> None:
    op.create_table(
        "ways",
        _id(),
        _link("person_id", "people", ondelete="CASCADE", index=True),
        _text("kind"),
        sa.Column("address", companion.db.EncryptedText(), nullable=False),
        sa.Column("address_index", companion.db.BlindIndex(), nullable=False),
        _moment("created_at"),
        sa.Column("code_index", companion.db.BlindIndex(), nullable=True),
        _moment("code_sent_at", nullable=True),
        sa.Column("code_tries", sa.Integer(), nullable=False),
        _moment("verified_at", nullable=True),
        _moment("dead_since", nullable=True),
        _moment("removed_at", nullable=True),
        sa.CheckConstraint("kind IN ('sms', 'whatsapp', 'call', 'email')", name="kind"),
    )
    op.create_index("uq_ways_one_each", "ways", ["person_id", "kind"], unique=True, **_where("removed_at IS NULL"))


def _exclusions() -> None:
    op.create_table(
        "exclusions",
        _id(),
        _link("trainee_id", "people", ondelete="CASCADE"),
        _link("excluded_id", "people", ondelete="CASCADE"),
        _moment("at"),
        _link("by_id", "people", nullable=True, ondelete="SET NULL"),
        _moment("lifted_at", nullable=True),
        sa.CheckConstraint("trainee_id <> excluded_id", name="two_people"),
    )
    op.create_index(
        "uq_exclusions_one_each",
        "exclusions",
        ["trainee_id", "excluded_id"],
        unique=True,
        **_where("lifted_at IS NULL"),
    )
    op.create_index("ix_exclusions_excluded_id", "exclusions", ["excluded_id", "trainee_id"])


def _upkeep() -> None:
    op.create_table(
        "drills",
        _id(),
        _moment("due_at"),
        _moment("started_at"),
        _moment("finished_at", nullable=True),
        _text("state"),
        _link("responder_id", "people"),
        sa.Column("from_index", companion.db.BlindIndex(), nullable=False),
        _link("episode_id", "episodes", nullable=True, index=True),
        sa.Column("times", sa.JSON(), nullable=False),
        _text("failure", nullable=True),
        sa.UniqueConstraint("due_at"),
        sa.CheckConstraint("state IN ('started', 'done', 'failed')", name="state"),
    )
    op.create_table(
        "twilio_purges",
        sa.Column("provider_sid", sa.String(), primary_key=True, nullable=False),
        _moment("asked_at"),
        _moment("not_before"),
        sa.Column("tries", sa.Integer(), nullable=False),
        _moment("done_at", nullable=True),
        sa.Column("error_code", sa.Integer(), nullable=True),
    )
    op.create_index("ix_twilio_purges_due", "twilio_purges", ["not_before"], **_where("done_at IS NULL"))


def _seals() -> None:
    op.create_table(
        "audit_seals",
        sa.Column("position", sa.BigInteger(), primary_key=True, nullable=False, autoincrement=False),
        sa.Column("audit_id", sa.Uuid(), nullable=False),
        _moment("at"),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.UniqueConstraint("audit_id"),
    )
    if op.get_bind().dialect.name == "sqlite":
        for event in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_seals_no_{event.lower()} BEFORE {event} ON audit_seals "
                "BEGIN SELECT RAISE(ABORT, 'audit_seals is append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION audit_seals_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'audit_seals is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_seals_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_seals "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_seals_refuse()"
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup: what these tables hold would be lost")
