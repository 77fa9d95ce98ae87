"""Words and personal data: the language someone is texted in, copies of what is held, erasure, wordings kept."""

import sqlalchemy as sa
from alembic import op

import companion.db

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("people") as people:
        people.add_column(sa.Column("language", sa.String(), nullable=False, server_default="en"))
        people.add_column(sa.Column("erase_asked_at", companion.db.UtcDateTime(timezone=True), nullable=True))
        people.create_check_constraint(people.f("ck_people_language"), "language IN ('en', 'cy')")
    op.create_table(
        "copy_links",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("asked_at", companion.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", companion.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("used_at", companion.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("key_hash", sa.LargeBinary(length=32), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_copy_links_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_copy_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_copy_links_token_hash")),
    )
    op.create_index(op.f("ix_copy_links_person_id"), "copy_links", ["person_id"])
    op.create_table(
        "wordings",
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("text_id", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("wording", sa.String(), nullable=False),
        sa.Column("first_seen_at", companion.db.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_wordings")),
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup: what these tables hold would be lost")
