"""Moves of a person to another number, which answers for itself."""

import sqlalchemy as sa
from alembic import op

from companion.db import UtcDateTime

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "number_moves",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("address_id", sa.Uuid(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "state IN ('open', 'moved', 'refused', 'kept', 'withdrawn', 'over')", name=op.f("ck_number_moves_state")
        ),
        sa.CheckConstraint("(state = 'open') = (settled_at IS NULL)", name=op.f("ck_number_moves_settled")),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_number_moves_{column}"), ondelete=ondelete
            )
            for column, table, ondelete in (
                ("person_id", "people", "CASCADE"),
                ("address_id", "addresses", "CASCADE"),
                ("asked_by", "people", "RESTRICT"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_number_moves")),
    )
    for column in ("person_id", "address_id"):
        op.create_index(op.f(f"ix_number_moves_{column}"), "number_moves", [column])
    is_open = sa.text("state = 'open'")
    for of, column in (("person", "person_id"), ("number", "address_id")):
        op.create_index(
            f"uq_number_moves_one_{of}",
            "number_moves",
            [column],
            unique=True,
            postgresql_where=is_open,
            sqlite_where=is_open,
        )


def downgrade() -> None:
    op.drop_table("number_moves")
