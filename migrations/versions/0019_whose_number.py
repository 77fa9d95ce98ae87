"""Since when it is not sure whose a person's number is by now."""

import sqlalchemy as sa
from alembic import op

from companion.db import UtcDateTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("people", sa.Column("unsure_since", UtcDateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("people", "unsure_since")
