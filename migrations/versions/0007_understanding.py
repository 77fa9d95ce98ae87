"""What people are answered: the hour of their own weekly question, questions without an answer, and what helped."""

import sqlalchemy as sa
from alembic import op

import companion.db

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("people") as people:
        people.add_column(sa.Column("checkin_weekday", sa.Integer(), nullable=True))
        people.add_column(sa.Column("checkin_at", sa.Time(), nullable=True))
        people.add_column(sa.Column("helped", sa.Integer(), nullable=False, server_default="0"))
        people.create_check_constraint(
            people.f("ck_people_own_checkin"), "(checkin_weekday IS NULL) = (checkin_at IS NULL)"
        )
        people.create_check_constraint(
            people.f("ck_people_checkin_weekday"), "checkin_weekday IS NULL OR checkin_weekday BETWEEN 0 AND 6"
        )
    op.add_column("check_ins", sa.Column("said_hard", sa.Boolean(), nullable=True))
    op.create_table(
        "questions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("words", companion.db.EncryptedText(), nullable=True),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("topic", sa.String(), nullable=True),
        sa.Column("nation", sa.String(), nullable=True),
        sa.Column("settled_at", companion.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("why IN ('nothing', 'unclear', 'not needed')", name=op.f("ck_questions_why")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questions")),
    )
    op.create_index(
        "ix_questions_open",
        "questions",
        ["day"],
        postgresql_where=sa.text("settled_at IS NULL"),
        sqlite_where=sa.text("settled_at IS NULL"),
    )
    op.create_table(
        "help_tallies",
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("needed", sa.Integer(), nullable=False),
        sa.Column("not_needed", sa.Integer(), nullable=False),
        sa.CheckConstraint("needed >= 0 AND not_needed >= 0", name=op.f("ck_help_tallies_counts")),
        sa.PrimaryKeyConstraint("topic", "month", name=op.f("pk_help_tallies")),
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup: what these tables hold would be lost")
