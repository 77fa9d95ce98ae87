"""Texts that Twilio took and has not said more about, found without a look at the rest."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

UNCONFIRMED = "status IN ('accepted', 'sent') AND settled_at IS NULL"


def upgrade() -> None:
    op.create_index(
        "ix_outbox_messages_unconfirmed",
        "outbox_messages",
        ["updated_at"],
        postgresql_where=sa.text(UNCONFIRMED),
        sqlite_where=sa.text(UNCONFIRMED),
    )


def downgrade() -> None:
    op.drop_index("ix_outbox_messages_unconfirmed", "outbox_messages")
