"""What happens around sessions: words that join, texts to groups, the survey, supervision, pairs, needs."""

import sqlalchemy as sa
from alembic import op

import companion.db

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "survey_results",
        sa.Column("view", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("quarter", sa.Date(), nullable=False),
        sa.Column("replies", sa.Integer(), nullable=False),
        sa.Column("helpful", sa.Integer(), nullable=False),
        sa.CheckConstraint("view IN ('inside', 'outside')", name=op.f("ck_survey_results_view")),
        sa.CheckConstraint("replies > 0 AND helpful BETWEEN 0 AND replies", name=op.f("ck_survey_results_counts")),
        sa.PrimaryKeyConstraint("view", "scope", "quarter", name=op.f("pk_survey_results")),
    )
    op.create_table(
        "buddy_pairs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("cohort_id", sa.Uuid(), nullable=False),
        sa.Column("started_at", companion.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", companion.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("why", sa.String(), nullable=True),
        sa.CheckConstraint("ended_at IS NULL OR why IS NOT NULL", name=op.f("ck_buddy_pairs_why")),
        sa.ForeignKeyConstraint(
            ["cohort_id"], ["cohorts.id"], name=op.f("fk_buddy_pairs_cohort_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_buddy_pairs")),
    )
    op.create_index(op.f("ix_buddy_pairs_cohort_id"), "buddy_pairs", ["cohort_id"], unique=False)
    op.create_table(
        "cohort_aliases",
        sa.Column("word", sa.String(), nullable=False),
        sa.Column("cohort_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["cohort_id"], ["cohorts.id"], name=op.f("fk_cohort_aliases_cohort_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("word", name=op.f("pk_cohort_aliases")),
    )
    op.create_index(op.f("ix_cohort_aliases_cohort_id"), "cohort_aliases", ["cohort_id"], unique=False)
    op.create_table(
        "survey_comments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("quarter", sa.Date(), nullable=False),
        sa.Column("body", companion.db.EncryptedText(), nullable=False),
        sa.Column("agreed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["groups.id"], name=op.f("fk_survey_comments_group_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_comments")),
    )
    op.create_index(op.f("ix_survey_comments_group_id"), "survey_comments", ["group_id"], unique=False)
    op.create_table(
        "survey_tallies",
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("quarter", sa.Date(), nullable=False),
        sa.Column("helpful", sa.Integer(), nullable=False),
        sa.Column("not_helpful", sa.Integer(), nullable=False),
        sa.CheckConstraint("helpful >= 0 AND not_helpful >= 0", name=op.f("ck_survey_tallies_counts")),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_survey_tallies_group_id")),
        sa.PrimaryKeyConstraint("group_id", "quarter", name=op.f("pk_survey_tallies")),
    )
    op.create_table(
        "broadcasts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("audience_key", sa.String(), nullable=True),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("body", companion.db.EncryptedText(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("created_at", companion.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("leaves_at", companion.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("undone_at", companion.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "audience = 'everyone' OR audience_key IS NOT NULL", name=op.f("ck_broadcasts_audience_key")
        ),
        sa.CheckConstraint(
            "audience IN ('group', 'session', 'cohort', 'everyone', 'need')", name=op.f("ck_broadcasts_audience")
        ),
        sa.CheckConstraint("state <> 'undone' OR undone_at IS NOT NULL", name=op.f("ck_broadcasts_undone_at")),
        sa.CheckConstraint("state = 'draft' OR leaves_at IS NOT NULL", name=op.f("ck_broadcasts_leaves_at")),
        sa.CheckConstraint("state IN ('draft', 'scheduled', 'undone')", name=op.f("ck_broadcasts_state")),
        sa.ForeignKeyConstraint(
            ["author_id"], ["people.id"], name=op.f("fk_broadcasts_author_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcasts")),
    )
    op.create_index(op.f("ix_broadcasts_author_id"), "broadcasts", ["author_id"], unique=False)
    op.create_index(
        "uq_broadcasts_one_draft",
        "broadcasts",
        ["author_id"],
        unique=True,
        postgresql_where=sa.text("state = 'draft'"),
        sqlite_where=sa.text("state = 'draft'"),
    )
    op.create_table(
        "buddy_members",
        sa.Column("pair_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("ended_at", companion.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["pair_id"], ["buddy_pairs.id"], name=op.f("fk_buddy_members_pair_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_buddy_members_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("pair_id", "person_id", name=op.f("pk_buddy_members")),
    )
    op.create_index(
        "uq_buddy_members_one_pair",
        "buddy_members",
        ["person_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
        sqlite_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "buddy_wishes",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("cohort_id", sa.Uuid(), nullable=False),
        sa.Column("at", companion.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["cohort_id"], ["cohorts.id"], name=op.f("fk_buddy_wishes_cohort_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_buddy_wishes_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_buddy_wishes")),
    )
    op.create_index(op.f("ix_buddy_wishes_cohort_id"), "buddy_wishes", ["cohort_id"], unique=False)
    op.create_table(
        "supervision_dates",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", companion.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=True),
        sa.Column("lead_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", companion.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["groups.id"], name=op.f("fk_supervision_dates_group_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["lead_id"], ["people.id"], name=op.f("fk_supervision_dates_lead_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supervision_dates")),
    )
    op.create_index(op.f("ix_supervision_dates_at"), "supervision_dates", ["at"], unique=False)
    op.create_index(op.f("ix_supervision_dates_group_id"), "supervision_dates", ["group_id"], unique=False)
    op.create_table(
        "supervision_dues",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("since", companion.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("asked_at", companion.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("done_at", companion.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("(done_at IS NULL) = (done_by IS NULL)", name=op.f("ck_supervision_dues_done")),
        sa.ForeignKeyConstraint(
            ["done_by"], ["people.id"], name=op.f("fk_supervision_dues_done_by"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_supervision_dues_person_id")),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name=op.f("fk_supervision_dues_session_id")),
        sa.PrimaryKeyConstraint("session_id", "person_id", name=op.f("pk_supervision_dues")),
    )
    op.create_index(op.f("ix_supervision_dues_person_id"), "supervision_dues", ["person_id"], unique=False)
    op.create_table(
        "need_actions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("line", companion.db.EncryptedText(), nullable=False),
        sa.Column("by", sa.Uuid(), nullable=False),
        sa.Column("at", companion.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("broadcast_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["broadcast_id"], ["broadcasts.id"], name=op.f("fk_need_actions_broadcast_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["by"], ["people.id"], name=op.f("fk_need_actions_by"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_need_actions")),
    )
    op.create_table(
        "needs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("cohort_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("asked_at", companion.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("action_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["action_id"], ["need_actions.id"], name=op.f("fk_needs_action_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohorts.id"], name=op.f("fk_needs_cohort_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_needs_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_needs")),
    )
    op.create_index(op.f("ix_needs_kind"), "needs", ["kind"], unique=False)
    op.create_index(op.f("ix_needs_person_id"), "needs", ["person_id"], unique=False)
    op.create_index(
        "uq_needs_one_open",
        "needs",
        ["person_id", "kind"],
        unique=True,
        postgresql_where=sa.text("action_id IS NULL"),
        sqlite_where=sa.text("action_id IS NULL"),
    )
    op.add_column("cohorts", sa.Column("topic", sa.String(), nullable=True))
    op.add_column("episodes", sa.Column("raised_by", sa.Uuid(), nullable=True))
    op.add_column("people", sa.Column("quiet_since", companion.db.UtcDateTime(timezone=True), nullable=True))
    op.add_column("people", sa.Column("nudged_at", companion.db.UtcDateTime(timezone=True), nullable=True))
    op.add_column("people", sa.Column("failing_since", companion.db.UtcDateTime(timezone=True), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("restore a backup: what these tables hold would be lost")
