"""What is due, and what Twilio has not confirmed, found without a look at the rest; of a crowd due at once, the next."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

QUEUED = "status = 'queued'"
UNCONFIRMED = "status IN ('accepted', 'sent') AND settled_at IS NULL"


def _partial(name: str, columns: list[str], where: str) -> None:
    op.create_index(name, "outbox_messages", columns, postgresql_where=sa.text(where), sqlite_where=sa.text(where))


def upgrade() -> None:
    op.drop_index("ix_outbox_messages_due", "outbox_messages")
    _partial("ix_outbox_messages_due", ["lane", "not_before", "id"], QUEUED)
    _partial("ix_outbox_messages_unconfirmed", ["updated_at"], UNCONFIRMED)


def downgrade() -> None:
    op.drop_index("ix_outbox_messages_unconfirmed", "outbox_messages")
    op.drop_index("ix_outbox_messages_due", "outbox_messages")
    _partial("ix_outbox_messages_due", ["lane", "not_before"], QUEUED)
