"""One date for supervision at one moment for one group, or for all."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TWICE = """
DELETE FROM supervision_dates AS later WHERE EXISTS (
    SELECT 1 FROM supervision_dates AS sooner
    WHERE sooner.at = later.at AND sooner.id < later.id
    AND (sooner.group_id = later.group_id OR (sooner.group_id IS NULL AND later.group_id IS NULL))
)
"""  # of two that are the same the first stays


def _once(name: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, "supervision_dates", columns, unique=True, postgresql_where=condition, sqlite_where=condition)


def upgrade() -> None:
    op.execute(TWICE)
    _once("uq_supervision_dates_group", ["at", "group_id"], "group_id IS NOT NULL")
    _once("uq_supervision_dates_all", ["at"], "group_id IS NULL")


def downgrade() -> None:
    op.drop_index("uq_supervision_dates_all", "supervision_dates")
    op.drop_index("uq_supervision_dates_group", "supervision_dates")
