"""The console: auditors, invitations, where people heard of us, set-up, and figures that are worked out once."""

import sqlalchemy as sa
from alembic import op

import companion.db

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

MOMENT = companion.db.UtcDateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "join_sources",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.CheckConstraint("code = upper(code)", name=op.f("ck_join_sources_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_join_sources")),
        sa.UniqueConstraint("code", name=op.f("uq_join_sources_code")),
    )
    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.add_column(sa.Column("source_id", sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_people_source_id"), "join_sources", ["source_id"], ["id"], ondelete="SET NULL"
        )
        batch_op.create_index(op.f("ix_people_source_id"), ["source_id"], unique=False)
        batch_op.drop_constraint(op.f("ck_people_role"), type_="check")
        batch_op.create_check_constraint(
            op.f("ck_people_role"), "role IN ('trainee', 'facilitator', 'lead', 'coordinator', 'auditor')"
        )
    op.create_table(
        "invitations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.Column("cancelled_at", MOMENT, nullable=True),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_invitations_email_lower")),
        sa.ForeignKeyConstraint(
            ["created_by"], ["people.id"], name=op.f("fk_invitations_created_by"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_invitations_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_invitations_code_hash")),
    )
    op.create_index(
        "uq_invitations_one_open",
        "invitations",
        ["person_id"],
        unique=True,
        postgresql_where=sa.text("used_at IS NULL AND cancelled_at IS NULL"),
        sqlite_where=sa.text("used_at IS NULL AND cancelled_at IS NULL"),
    )
    op.create_table(
        "setup_marks",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_setup_marks_person_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_setup_marks")),
    )
    op.create_table(
        "frozen_figures",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("name", "month", name=op.f("pk_frozen_figures")),
    )
    op.create_index("ix_audit_actor_id_at", "audit", ["actor_id", "at"], unique=False)
    op.create_index("ix_audit_action_at", "audit", ["action", "at"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("restore a backup: what these tables hold would be lost")
