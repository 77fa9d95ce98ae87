"""What finding a phrase family does here, where those who run the programme have set it."""

import sqlalchemy as sa
from alembic import op

import companion.db

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "family_routes",
        sa.Column("family", sa.String(), nullable=False),
        sa.Column("route", sa.String(), nullable=False),
        sa.Column("set_by", sa.Uuid(), nullable=False),
        sa.Column("agreed_by", sa.Uuid(), nullable=True),
        sa.Column("at", companion.db.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("route IN ('page', 'notice')", name=op.f("ck_family_routes_route")),
        sa.CheckConstraint(
            "route = 'page' OR (agreed_by IS NOT NULL AND agreed_by <> set_by)",
            name=op.f("ck_family_routes_two_move_it_down"),
        ),
        sa.ForeignKeyConstraint(["set_by"], ["people.id"], name=op.f("fk_family_routes_set_by"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["agreed_by"], ["people.id"], name=op.f("fk_family_routes_agreed_by"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("family", name=op.f("pk_family_routes")),
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup: what these tables hold would be lost")
