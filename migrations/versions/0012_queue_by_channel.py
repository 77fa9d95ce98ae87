"""The queue by the channel whose sender a text waits for, so that one sender at its rate costs the others no look."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

QUEUED = "status = 'queued'"


def _due(columns: list[str]) -> None:
    where = sa.text(QUEUED)
    op.create_index("ix_outbox_messages_due", "outbox_messages", columns, postgresql_where=where, sqlite_where=where)


def upgrade() -> None:
    op.drop_index("ix_outbox_messages_due", "outbox_messages")
    op.add_column("outbox_messages", sa.Column("channel", sa.String(), nullable=True))
    op.execute(
        "UPDATE outbox_messages SET channel ="
        " (SELECT addresses.channel FROM addresses WHERE addresses.id = outbox_messages.address_id)"
    )
    with op.batch_alter_table("outbox_messages") as table:
        table.alter_column("channel", existing_type=sa.String(), nullable=False)
    _due(["lane", "channel", "not_before", "id"])


def downgrade() -> None:
    op.drop_index("ix_outbox_messages_due", "outbox_messages")
    op.drop_column("outbox_messages", "channel")
    _due(["lane", "not_before", "id"])
