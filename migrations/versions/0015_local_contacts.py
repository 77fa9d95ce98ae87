"""Contacts of one's own for places that help, written in the console."""

import sqlalchemy as sa
from alembic import op

from companion.db import EncryptedText, UtcDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "local_contacts",
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("phone", EncryptedText(), nullable=True),
        sa.Column("web", sa.String(), nullable=True),
        sa.Column("hours", sa.String(), nullable=True),
        sa.Column("checked_on", sa.Date(), nullable=False),
        sa.Column("review_by", sa.Date(), nullable=False),
        sa.Column("set_by", sa.Uuid(), nullable=False),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("phone IS NOT NULL OR web IS NOT NULL", name=op.f("ck_local_contacts_some_way")),
        sa.ForeignKeyConstraint(["set_by"], ["people.id"], name=op.f("fk_local_contacts_set_by"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_local_contacts")),
    )


def downgrade() -> None:
    op.drop_table("local_contacts")
