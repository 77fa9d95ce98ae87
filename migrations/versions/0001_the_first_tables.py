"""The first tables."""

import sqlalchemy as sa
from alembic import op

import companion.db

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alarms",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("raised_at", companion.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("last_at", companion.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("told_at", companion.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("settled_at", companion.db.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarms")),
    )
    with op.batch_alter_table("alarms", schema=None) as batch_op:
        batch_op.create_index(
            "uq_alarms_one_open",
            ["kind"],
            unique=True,
            postgresql_where=sa.text("settled_at IS NULL"),
            sqlite_where=sa.text("settled_at IS NULL"),
        )

    op.create_table(
        "audit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", companion.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject_kind", sa.String(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.create_index("ix_audit_at", ["at"], unique=False)
        batch_op.create_index("ix_audit_subject", ["subject_kind", "subject_id"], unique=False)

    op.create_table(
        "cohorts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("nation", sa.String(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("checkin_weekday", sa.Integer(), nullable=False),
        sa.Column("checkin_at", sa.Time(), nullable=False),
        sa.Column("quiet_from", sa.Time(), nullable=True),
        sa.Column("quiet_until", sa.Time(), nullable=True),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("created_at", companion.db.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("nation IN ('england', 'wales', 'scotland', 'ni')", name=op.f("ck_cohorts_nation")),
        sa.CheckConstraint("checkin_weekday BETWEEN 0 AND 6", name=op.f("ck_cohorts_weekday")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cohorts")),
        sa.UniqueConstraint("code", name=op.f("uq_cohorts_code")),
    )
    op.create_table(
        "heartbeats",
        sa.Column("job", sa.String(), nullable=False),
        sa.Column("at", companion.db.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("job", name=op.f("pk_heartbeats")),
    )
    op.create_table(
        "keyring",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_keyring")),
    )
    op.create_table(
        "opt_outs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("address_index", companion.db.BlindIndex(length=32), nullable=False),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("provider_sid", sa.String(), nullable=True),
        sa.Column("at", companion.db.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("action IN ('stop', 'start')", name=op.f("ck_opt_outs_action")),
        sa.CheckConstraint("source IN ('word', 'sentence', 'provider', 'console')", name=op.f("ck_opt_outs_source")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opt_outs")),
    )
    with op.batch_alter_table("opt_outs", schema=None) as batch_op:
        batch_op.create_index("ix_opt_outs_latest", ["address_index", "channel", "at"], unique=False)

    op.create_table(
        "sender_rates",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("free_at", companion.db.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("channel", name=op.f("pk_sender_rates")),
    )
    op.create_table(
        "whatsapp_templates",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("text_id", sa.String(), nullable=False),
        sa.Column("wording_version", sa.String(), nullable=False),
        sa.Column("content_sid", sa.String(), nullable=False),
        sa.Column("variables", sa.JSON(), nullable=False),
        sa.Column("has_buttons", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("created_at", companion.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("checked_at", companion.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('unsubmitted', 'received', 'pending', 'approved', 'rejected', 'paused', 'disabled')",
            name=op.f("ck_whatsapp_templates_status"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_whatsapp_templates")),
        sa.UniqueConstraint("content_sid", name=op.f("uq_whatsapp_templates_content_sid")),
        sa.UniqueConstraint("name", name=op.f("uq_whatsapp_templates_name")),
    )
    with op.batch_alter_table("whatsapp_templates", schema=None) as batch_op:
        batch_op.create_index("ix_whatsapp_templates_text", ["text_id", "wording_version"], unique=False)

    op.create_table(
        "groups",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("cohort_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("local_time", sa.Time(), nullable=False),
        sa.Column("every_weeks", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("join_link", companion.db.EncryptedText(), nullable=False),
        sa.Column("reminder_minutes", sa.JSON(), nullable=False),
        sa.Column("created_at", companion.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", companion.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("every_weeks BETWEEN 1 AND 12", name=op.f("ck_groups_every_weeks")),
        sa.CheckConstraint("minutes BETWEEN 10 AND 240", name=op.f("ck_groups_minutes")),
        sa.CheckConstraint("places BETWEEN 1 AND 50", name=op.f("ck_groups_places")),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohorts.id"], name=op.f("fk_groups_cohort_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_groups")),
        sa.UniqueConstraint("name", name=op.f("uq_groups_name")),
    )
    with op.batch_alter_table("groups", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_groups_cohort_id"), ["cohort_id"], unique=False)

    op.create_table(
        "people",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("alias", sa.String(), nullable=False),
        sa.Column("name", companion.db.EncryptedText(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("cohort_id", sa.Uuid(), nullable=True),
        sa.Column("group_id", sa.Uuid(), nullable=True),
        sa.Column("nation", sa.String(), nullable=True),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("created_at", companion.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("asked_at", companion.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("joined_at", companion.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("left_at", companion.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("paused_until", companion.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("quiet_from", sa.Time(), nullable=True),
        sa.Column("quiet_until", sa.Time(), nullable=True),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("dialogue", sa.String(), nullable=True),
        sa.Column("dialogue_until", companion.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("dialogue_data", sa.JSON(), nullable=False),
        sa.Column("silent_checkins", sa.Integer(), nullable=False),
        sa.CheckConstraint("(role = 'trainee') = (state <> 'staff')", name=op.f("ck_people_staff_state")),
        sa.CheckConstraint("role IN ('trainee', 'facilitator', 'lead', 'coordinator')", name=op.f("ck_people_role")),
        sa.CheckConstraint("state <> 'joined' OR joined_at IS NOT NULL", name=op.f("ck_people_joined_at")),
        sa.CheckConstraint("state IN ('asked', 'joined', 'left', 'staff')", name=op.f("ck_people_state")),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohorts.id"], name=op.f("fk_people_cohort_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_people_group_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("alias", name=op.f("uq_people_alias")),
    )
    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_people_cohort_id"), ["cohort_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_people_group_id"), ["group_id"], unique=False)

    op.create_table(
        "sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", companion.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ends_at", companion.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.CheckConstraint("status IN ('planned', 'cancelled')", name=op.f("ck_sessions_status")),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_sessions_ends_after_start")),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_sessions_group_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("group_id", "starts_at", name=op.f("uq_sessions_group_id_starts_at")),
    )
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sessions_group_id"), ["group_id"], unique=False)
        batch_op.create_index("ix_sessions_starts_at", ["starts_at"], unique=False)

    op.create_table(
        "addresses",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("address", companion.db.EncryptedText(), nullable=False),
        sa.Column("address_index", companion.db.BlindIndex(length=32), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", companion.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("last_inbound_at", companion.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("invalid_since", companion.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("invalid_code", sa.Integer(), nullable=True),
        sa.Column("forgotten_at", companion.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("channel IN ('sms', 'whatsapp')", name=op.f("ck_addresses_channel")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_addresses_person_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_addresses")),
        sa.UniqueConstraint("channel", "address_index", name=op.f("uq_addresses_channel_address_index")),
    )
    with op.batch_alter_table("addresses", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_addresses_address_index"), ["address_index"], unique=False)
        batch_op.create_index(batch_op.f("ix_addresses_last_inbound_at"), ["last_inbound_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_addresses_person_id"), ["person_id"], unique=False)

    op.create_table(
        "bookings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("offered_at", companion.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("answered_at", companion.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('offered', 'yes', 'no', 'waiting', 'attended')", name=op.f("ck_bookings_status")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_bookings_person_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name=op.f("fk_bookings_session_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bookings")),
        sa.UniqueConstraint("session_id", "person_id", name=op.f("uq_bookings_session_id_person_id")),
    )
    with op.batch_alter_table("bookings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_bookings_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_bookings_session_id"), ["session_id"], unique=False)

    op.create_table(
        "check_ins",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("local_day", sa.Date(), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("asked_at", companion.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("answered_at", companion.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.CheckConstraint("score IS NULL OR score BETWEEN 0 AND 10", name=op.f("ck_check_ins_score")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_check_ins_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_ins")),
        sa.UniqueConstraint("person_id", "local_day", name=op.f("uq_check_ins_person_id_local_day")),
    )
    with op.batch_alter_table("check_ins", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_check_ins_person_id"), ["person_id"], unique=False)

    op.create_table(
        "consents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("cohort_id", sa.Uuid(), nullable=True),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("wording", companion.db.EncryptedText(), nullable=True),
        sa.Column("wording_version", sa.String(), nullable=True),
        sa.Column("provider_sid", sa.String(), nullable=False),
        sa.Column("at", companion.db.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("event IN ('shown', 'yes', 'no', 'withdrawn')", name=op.f("ck_consents_event")),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohorts.id"], name=op.f("fk_consents_cohort_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_consents_person_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    with op.batch_alter_table("consents", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_consents_person_id"), ["person_id"], unique=False)

    op.create_table(
        "contact_requests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("asked_at", companion.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("settled_at", companion.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_contact_requests_person_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["settled_by"], ["people.id"], name=op.f("fk_contact_requests_settled_by"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_requests")),
    )
    with op.batch_alter_table("contact_requests", schema=None) as batch_op:
        batch_op.create_index(
            "ix_contact_requests_open",
            ["asked_at"],
            unique=False,
            postgresql_where=sa.text("settled_at IS NULL"),
            sqlite_where=sa.text("settled_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_contact_requests_person_id"), ["person_id"], unique=False)

    op.create_table(
        "group_facilitators",
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_group_facilitators_group_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_group_facilitators_person_id")),
        sa.PrimaryKeyConstraint("group_id", "person_id", name=op.f("pk_group_facilitators")),
        sa.UniqueConstraint("group_id", "position", name=op.f("uq_group_facilitators_group_id_position")),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("password", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("fs_uniquifier", sa.String(), nullable=False),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.Column("failed_tries", sa.Integer(), nullable=False),
        sa.Column("locked_until", companion.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("last_login_at", companion.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("current_login_at", companion.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("last_login_ip", sa.String(), nullable=True),
        sa.Column("current_login_ip", sa.String(), nullable=True),
        sa.Column("login_count", sa.Integer(), nullable=False),
        sa.Column("tf_primary_method", sa.String(), nullable=True),
        sa.Column("tf_totp_secret", companion.db.EncryptedText(), nullable=True),
        sa.Column("tf_last_counter", sa.Integer(), nullable=True),
        sa.Column("mf_recovery_codes", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "(tf_primary_method IS NULL) = (tf_totp_secret IS NULL)", name=op.f("ck_users_second_factor")
        ),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_users_email_lower")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_users_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
        sa.UniqueConstraint("fs_uniquifier", name=op.f("uq_users_fs_uniquifier")),
        sa.UniqueConstraint("person_id", name=op.f("uq_users_person_id")),
    )
    op.create_table(
        "episodes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("address_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("opened_at", companion.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("next_action_at", companion.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("started_at", companion.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("rounds", sa.Integer(), nullable=False),
        sa.Column("last_paged_at", companion.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("trainee_told_at", companion.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("owned_at", companion.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("contact_by", companion.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("contacted_at", companion.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("closed_at", companion.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("last_crisis_reply_at", companion.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("follows", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "outcome IS NULL OR outcome IN ('spoke', 'exchanged texts', 'referred on', 'emergency services', 'about someone else', 'not meant literally', 'wrong number', 'could not reach')",
            name=op.f("ck_episodes_outcome"),
        ),
        sa.CheckConstraint(
            "state <> 'closed' OR (outcome IS NOT NULL AND closed_by IS NOT NULL AND closed_at IS NOT NULL)",
            name=op.f("ck_episodes_closed"),
        ),
        sa.CheckConstraint(
            "state IN ('contacted', 'closed') OR next_action_at IS NOT NULL", name=op.f("ck_episodes_next_action")
        ),
        sa.CheckConstraint("state IN ('open', 'owned', 'contacted', 'closed')", name=op.f("ck_episodes_state")),
        sa.CheckConstraint(
            "state NOT IN ('owned', 'contacted') OR owner_id IS NOT NULL", name=op.f("ck_episodes_owner")
        ),
        sa.ForeignKeyConstraint(
            ["address_id"], ["addresses.id"], name=op.f("fk_episodes_address_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["closed_by"], ["people.id"], name=op.f("fk_episodes_closed_by"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["follows"], ["episodes.id"], name=op.f("fk_episodes_follows"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["owner_id"], ["people.id"], name=op.f("fk_episodes_owner_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_episodes_person_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_episodes")),
    )
    with op.batch_alter_table("episodes", schema=None) as batch_op:
        batch_op.create_index(
            "ix_episodes_next_action_at",
            ["next_action_at"],
            unique=False,
            postgresql_where=sa.text("state <> 'closed'"),
            sqlite_where=sa.text("state <> 'closed'"),
        )
        batch_op.create_index(batch_op.f("ix_episodes_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_episodes_person_id"), ["person_id"], unique=False)
        batch_op.create_index(
            "uq_episodes_one_open",
            ["address_id"],
            unique=True,
            postgresql_where=sa.text("state <> 'closed'"),
            sqlite_where=sa.text("state <> 'closed'"),
        )

    op.create_table(
        "inbound_messages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider_sid", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("address_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("body", companion.db.EncryptedText(), nullable=True),
        sa.Column("media_count", sa.Integer(), nullable=False),
        sa.Column("received_at", companion.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("dialogue", sa.String(), nullable=False),
        sa.Column("intent", sa.String(), nullable=False),
        sa.Column("route", sa.String(), nullable=True),
        sa.Column("answer", companion.db.EncryptedText(), nullable=False),
        sa.Column("recovered", sa.Boolean(), nullable=False),
        sa.Column("needs_reading", sa.Boolean(), nullable=False),
        sa.Column("read_at", companion.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("read_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("channel IN ('sms', 'whatsapp')", name=op.f("ck_inbound_messages_channel")),
        sa.CheckConstraint("route IS NULL OR route IN ('page', 'notice')", name=op.f("ck_inbound_messages_route")),
        sa.ForeignKeyConstraint(
            ["address_id"], ["addresses.id"], name=op.f("fk_inbound_messages_address_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_inbound_messages_person_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["read_by"], ["people.id"], name=op.f("fk_inbound_messages_read_by"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_messages")),
        sa.UniqueConstraint("provider_sid", name=op.f("uq_inbound_messages_provider_sid")),
    )
    with op.batch_alter_table("inbound_messages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_inbound_messages_address_id"), ["address_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_inbound_messages_person_id"), ["person_id"], unique=False)
        batch_op.create_index(
            "ix_inbound_messages_unread",
            ["received_at"],
            unique=False,
            postgresql_where=sa.text("needs_reading AND read_at IS NULL"),
            sqlite_where=sa.text("needs_reading AND read_at IS NULL"),
        )

    op.create_table(
        "episode_notes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("body", companion.db.EncryptedText(), nullable=True),
        sa.Column("at", companion.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["episode_id"], ["episodes.id"], name=op.f("fk_episode_notes_episode_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_episode_notes_person_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_episode_notes")),
    )
    with op.batch_alter_table("episode_notes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_episode_notes_episode_id"), ["episode_id"], unique=False)

    op.create_table(
        "episode_references",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["episode_id"], ["episodes.id"], name=op.f("fk_episode_references_episode_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_episode_references_person_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_episode_references")),
    )
    with op.batch_alter_table("episode_references", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_episode_references_episode_id"), ["episode_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_episode_references_person_id"), ["person_id"], unique=False)

    op.create_table(
        "flags",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("episode_id", sa.Uuid(), nullable=True),
        sa.Column("inbound_id", sa.Uuid(), nullable=False),
        sa.Column("route", sa.String(), nullable=False),
        sa.Column("families", sa.JSON(), nullable=False),
        sa.Column("phrases", sa.JSON(), nullable=False),
        sa.Column("list_version", sa.String(), nullable=False),
        sa.Column("at", companion.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("settled_at", companion.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("route IN ('page', 'notice')", name=op.f("ck_flags_route")),
        sa.ForeignKeyConstraint(["episode_id"], ["episodes.id"], name=op.f("fk_flags_episode_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["inbound_id"], ["inbound_messages.id"], name=op.f("fk_flags_inbound_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flags")),
    )
    with op.batch_alter_table("flags", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_flags_episode_id"), ["episode_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_flags_inbound_id"), ["inbound_id"], unique=False)
        batch_op.create_index(
            "ix_flags_open",
            ["at"],
            unique=False,
            postgresql_where=sa.text("settled_at IS NULL"),
            sqlite_where=sa.text("settled_at IS NULL"),
        )

    op.create_table(
        "outbox_messages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("lane", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("wording_version", sa.String(), nullable=False),
        sa.Column("address_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("body", companion.db.EncryptedText(), nullable=True),
        sa.Column("values", companion.db.EncryptedText(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("error_code", sa.Integer(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("provider_sid", sa.String(), nullable=True),
        sa.Column("sender", sa.String(), nullable=True),
        sa.Column("in_reply_to", sa.Uuid(), nullable=True),
        sa.Column("replaces", sa.Uuid(), nullable=True),
        sa.Column("created_at", companion.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("not_before", companion.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", companion.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("lease_until", companion.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("sent_at", companion.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("settled_at", companion.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("updated_at", companion.db.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("status <> 'dropped' OR reason IS NOT NULL", name=op.f("ck_outbox_messages_dropped_reason")),
        sa.CheckConstraint("status <> 'sending' OR lease_until IS NOT NULL", name=op.f("ck_outbox_messages_lease")),
        sa.CheckConstraint(
            "status IN ('queued', 'sending', 'unknown', 'handed', 'accepted', 'sent', 'delivered', 'read', 'undelivered', 'failed', 'canceled', 'dropped')",
            name=op.f("ck_outbox_messages_status"),
        ),
        sa.ForeignKeyConstraint(
            ["address_id"], ["addresses.id"], name=op.f("fk_outbox_messages_address_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["in_reply_to"], ["inbound_messages.id"], name=op.f("fk_outbox_messages_in_reply_to"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_outbox_messages_person_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["replaces"], ["outbox_messages.id"], name=op.f("fk_outbox_messages_replaces"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_messages")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_messages_key")),
        sa.UniqueConstraint("provider_sid", name=op.f("uq_outbox_messages_provider_sid")),
    )
    with op.batch_alter_table("outbox_messages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outbox_messages_address_id"), ["address_id"], unique=False)
        batch_op.create_index(
            "ix_outbox_messages_due",
            ["lane", "not_before"],
            unique=False,
            postgresql_where=sa.text("status = 'queued'"),
            sqlite_where=sa.text("status = 'queued'"),
        )
        batch_op.create_index(batch_op.f("ix_outbox_messages_in_reply_to"), ["in_reply_to"], unique=False)
        batch_op.create_index(
            "ix_outbox_messages_lost",
            ["settled_at"],
            unique=False,
            postgresql_where=sa.text("status IN ('failed', 'undelivered')"),
            sqlite_where=sa.text("status IN ('failed', 'undelivered')"),
        )
        batch_op.create_index(
            "ix_outbox_messages_open",
            ["lease_until"],
            unique=False,
            postgresql_where=sa.text("status IN ('sending', 'unknown', 'handed')"),
            sqlite_where=sa.text("status IN ('sending', 'unknown', 'handed')"),
        )
        batch_op.create_index(batch_op.f("ix_outbox_messages_person_id"), ["person_id"], unique=False)

    op.create_table(
        "pages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("at", companion.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("outbox_id", sa.Uuid(), nullable=True),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("answered_at", companion.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("answer IS NULL OR answer IN ('take', 'pass')", name=op.f("ck_pages_answer")),
        sa.CheckConstraint("way IN ('sms', 'whatsapp', 'call', 'email')", name=op.f("ck_pages_way")),
        sa.ForeignKeyConstraint(["episode_id"], ["episodes.id"], name=op.f("fk_pages_episode_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["outbox_id"], ["outbox_messages.id"], name=op.f("fk_pages_outbox_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_pages_person_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pages")),
    )
    with op.batch_alter_table("pages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pages_episode_id"), ["episode_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_pages_outbox_id"), ["outbox_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_pages_person_id"), ["person_id"], unique=False)

    for table in APPEND_ONLY:
        _refuse_changes(table)


def downgrade() -> None:
    raise NotImplementedError("there is nothing before the first tables; start with an empty database")


APPEND_ONLY = ("audit", "opt_outs")


def _refuse_changes(table: str) -> None:
    """Make the database itself refuse UPDATE and DELETE."""
    if op.get_bind().dialect.name == "sqlite":
        for event in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()"
    )
