"""Proposals to close an episode as "could not reach", which a second person agrees to; with who agreed on the episode."""

import uuid

import sqlalchemy as sa
from alembic import op

from companion.db import UtcDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

EPISODES = sa.table("episodes", sa.column("id", sa.Uuid()), sa.column("agreed_by", sa.Uuid()), sa.column("outcome"))
AUDIT = sa.table("audit", sa.column("subject_id", sa.Uuid()), sa.column("action"), sa.column("details", sa.JSON()))


def upgrade() -> None:
    op.create_table(
        "closing_proposals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("proposed_by", sa.Uuid(), nullable=False),
        sa.Column("asked_id", sa.Uuid(), nullable=False),
        sa.Column("proposed_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("void_why", sa.String(), nullable=True),
        sa.Column("settled_by", sa.Uuid(), nullable=True),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "state IN ('open', 'agreed', 'refused', 'withdrawn', 'void')", name=op.f("ck_closing_proposals_state")
        ),
        sa.CheckConstraint("(state = 'open') = (settled_at IS NULL)", name=op.f("ck_closing_proposals_settled")),
        sa.CheckConstraint("asked_id <> proposed_by", name=op.f("ck_closing_proposals_asked")),
        sa.CheckConstraint(
            "state NOT IN ('agreed', 'refused') OR (settled_by IS NOT NULL AND settled_by <> proposed_by)",
            name=op.f("ck_closing_proposals_second_person"),
        ),
        sa.CheckConstraint(
            "state <> 'withdrawn' OR (settled_by IS NOT NULL AND settled_by = proposed_by)",
            name=op.f("ck_closing_proposals_withdrawn"),
        ),
        sa.CheckConstraint("(state = 'void') = (void_why IS NOT NULL)", name=op.f("ck_closing_proposals_void")),
        sa.CheckConstraint(
            "void_why IS NULL OR void_why IN "
            "('text came', 'taken', 'reached', 'closed', 'concern', 'proposer left out', 'gone')",
            name=op.f("ck_closing_proposals_void_why"),
        ),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_closing_proposals_{column}"), ondelete="RESTRICT"
            )
            for column, table in (
                ("episode_id", "episodes"),
                ("proposed_by", "people"),
                ("asked_id", "people"),
                ("settled_by", "people"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closing_proposals")),
    )
    op.create_index(op.f("ix_closing_proposals_episode_id"), "closing_proposals", ["episode_id"])
    op.create_index(
        "uq_closing_proposals_one_open",
        "closing_proposals",
        ["episode_id"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
        sqlite_where=sa.text("state = 'open'"),
    )
    with op.batch_alter_table("episodes") as table:
        table.add_column(sa.Column("agreed_by", sa.Uuid(), nullable=True))
        table.create_foreign_key(op.f("fk_episodes_agreed_by"), "people", ["agreed_by"], ["id"], ondelete="RESTRICT")
    _fill_in()
    with op.batch_alter_table("episodes") as table:
        table.create_check_constraint(
            op.f("ck_episodes_second_person"),
            "outcome IS NULL OR outcome <> 'could not reach' OR (agreed_by IS NOT NULL AND agreed_by <> closed_by)",
        )


def _fill_in() -> None:
    """Take from the audit who was named as the second person before."""
    connection = op.get_bind()
    of_before = sa.select(EPISODES.c.id).where(EPISODES.c.outcome == "could not reach")
    closed = sa.select(AUDIT.c.subject_id, AUDIT.c.details).where(
        AUDIT.c.action == "episode closed", AUDIT.c.subject_id.in_(of_before)
    )
    for episode_id, details in connection.execute(closed).all():
        connection.execute(
            EPISODES.update().where(EPISODES.c.id == episode_id).values(agreed_by=uuid.UUID(details["second"]))
        )


def downgrade() -> None:
    with op.batch_alter_table("episodes") as table:
        table.drop_constraint(op.f("ck_episodes_second_person"), type_="check")
        table.drop_constraint(op.f("fk_episodes_agreed_by"), type_="foreignkey")
        table.drop_column("agreed_by")
    op.drop_table("closing_proposals")
