"""Proposals to have a family of phrases read later instead of paging, which a second person agrees to."""

import sqlalchemy as sa
from alembic import op

from companion.db import EncryptedText, UtcDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "family_proposals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("family", sa.String(), nullable=False),
        sa.Column("reason", EncryptedText(), nullable=False),
        sa.Column("proposed_by", sa.Uuid(), nullable=False),
        sa.Column("proposed_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("settled_by", sa.Uuid(), nullable=True),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "state IN ('open', 'agreed', 'refused', 'withdrawn', 'void', 'expired')",
            name=op.f("ck_family_proposals_state"),
        ),
        sa.CheckConstraint("(state = 'open') = (settled_at IS NULL)", name=op.f("ck_family_proposals_settled")),
        sa.CheckConstraint(
            "state NOT IN ('agreed', 'refused') OR (settled_by IS NOT NULL AND settled_by <> proposed_by)",
            name=op.f("ck_family_proposals_second_person"),
        ),
        sa.CheckConstraint(
            "state <> 'withdrawn' OR (settled_by IS NOT NULL AND settled_by = proposed_by)",
            name=op.f("ck_family_proposals_withdrawn"),
        ),
        sa.CheckConstraint(
            "state <> 'agreed' OR (settled_at >= proposed_at AND settled_at < expires_at)",
            name=op.f("ck_family_proposals_in_time"),
        ),
        sa.ForeignKeyConstraint(
            ["proposed_by"], ["people.id"], name=op.f("fk_family_proposals_proposed_by"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["settled_by"], ["people.id"], name=op.f("fk_family_proposals_settled_by"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_family_proposals")),
    )
    op.create_index(
        "uq_family_proposals_one_open",
        "family_proposals",
        ["family"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
        sqlite_where=sa.text("state = 'open'"),
    )


def downgrade() -> None:
    op.drop_table("family_proposals")
