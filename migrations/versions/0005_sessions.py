"""Groups and sessions: recurrence rules, dial-in, places by seat, changes, attendance."""

from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

import companion.db

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_MOMENT = companion.db.UtcDateTime(timezone=True)
_SECRET = companion.db.EncryptedText()


def upgrade() -> None:
    _groups()
    _sessions()
    _bookings()
    with op.batch_alter_table("people") as table:
        table.add_column(sa.Column("joins_by", sa.String(), nullable=False, server_default="video"))
        table.add_column(sa.Column("calendar_number", sa.Integer(), nullable=False, server_default="0"))
        table.create_check_constraint(op.f("ck_people_joins_by"), "joins_by IN ('video', 'phone')")


def downgrade() -> None:
    raise NotImplementedError("restore a backup: what these tables hold would be lost")


def _groups() -> None:
    with op.batch_alter_table("groups") as table:
        table.add_column(sa.Column("rule", sa.String(), nullable=False, server_default="FREQ=WEEKLY;INTERVAL=2"))
        table.add_column(sa.Column("skip_on", sa.JSON(), nullable=False, server_default="[]"))
        table.add_column(sa.Column("skips_bank_holidays", sa.Boolean(), nullable=False, server_default=sa.false()))
        table.add_column(sa.Column("dial_in", _SECRET, nullable=True))
        table.add_column(sa.Column("dial_code", _SECRET, nullable=True))
        table.add_column(sa.Column("cover_note", _SECRET, nullable=True))
        table.add_column(sa.Column("minimum", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("decide_hours", sa.Integer(), nullable=False, server_default="24"))
        table.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
        table.add_column(sa.Column("made_until", _MOMENT, nullable=True))
    op.execute("UPDATE groups SET rule = 'FREQ=WEEKLY;INTERVAL=' || every_weeks")
    with op.batch_alter_table("groups") as table:
        table.drop_constraint(op.f("ck_groups_every_weeks"), type_="check")
        table.drop_column("every_weeks")
        table.create_check_constraint(op.f("ck_groups_minimum"), "minimum BETWEEN 0 AND 50")
        table.create_check_constraint(op.f("ck_groups_decide_hours"), "decide_hours BETWEEN 1 AND 168")


def _sessions() -> None:
    with op.batch_alter_table("sessions") as table:
        table.drop_constraint(op.f("uq_sessions_group_id_starts_at"), type_="unique")
        table.add_column(sa.Column("occurrence", sa.Date(), nullable=True))
        table.add_column(sa.Column("moved_alone", sa.Boolean(), nullable=False, server_default=sa.false()))
        table.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("changed_at", _MOMENT, nullable=True))
        table.add_column(sa.Column("few_asked_at", _MOMENT, nullable=True))
        table.add_column(sa.Column("few_answer", sa.String(), nullable=True))
        table.add_column(sa.Column("cancel_at", _MOMENT, nullable=True))
        table.add_column(sa.Column("cancel_by", sa.Uuid(), nullable=True))
        table.add_column(sa.Column("roll", sa.JSON(), nullable=True))
        table.add_column(sa.Column("attendance_at", _MOMENT, nullable=True))
        table.add_column(sa.Column("attendance_by", sa.Uuid(), nullable=True))
        table.create_check_constraint(
            op.f("ck_sessions_few_answer"), "few_answer IS NULL OR few_answer IN ('run', 'off')"
        )
        table.create_unique_constraint(op.f("uq_sessions_group_id_occurrence"), ["group_id", "occurrence"])
        for column in ("cancel_by", "attendance_by"):
            table.create_foreign_key(op.f(f"fk_sessions_{column}"), "people", [column], ["id"], ondelete="RESTRICT")
    op.create_index(
        "uq_sessions_planned",
        "sessions",
        ["group_id", "starts_at"],
        unique=True,
        postgresql_where=sa.text("status = 'planned'"),
        sqlite_where=sa.text("status = 'planned'"),
    )
    _stand_for_their_day()
    op.create_table(
        "session_leaves",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("asked_at", _MOMENT, nullable=False),
        sa.Column("answered_at", _MOMENT, nullable=True),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("state IN ('asked', 'out', 'refused')", name=op.f("ck_session_leaves_state")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name=op.f("fk_session_leaves_session_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_session_leaves_person_id")),
        sa.ForeignKeyConstraint(
            ["answered_by"], ["people.id"], name=op.f("fk_session_leaves_answered_by"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("session_id", "person_id", name=op.f("pk_session_leaves")),
    )


def _stand_for_their_day() -> None:
    """Sessions made before stand for the local day on which they are."""
    sessions = sa.table(
        "sessions", sa.column("id", sa.Uuid()), sa.column("group_id", sa.Uuid()),
        sa.column("starts_at", _MOMENT), sa.column("occurrence", sa.Date()),
    )  # fmt: skip
    groups = sa.table("groups", sa.column("id", sa.Uuid()), sa.column("time_zone", sa.String()))
    connection = op.get_bind()
    found = connection.execute(
        sa.select(sessions.c.id, sessions.c.starts_at, groups.c.time_zone).join_from(
            sessions, groups, groups.c.id == sessions.c.group_id
        )
    ).all()
    for session_id, starts_at, zone in found:
        day = starts_at.astimezone(ZoneInfo(zone)).date()
        connection.execute(sa.update(sessions).where(sessions.c.id == session_id).values(occurrence=day))


def _bookings() -> None:
    with op.batch_alter_table("bookings") as table:
        table.add_column(sa.Column("seat", sa.Integer(), nullable=True))
        table.add_column(sa.Column("held_until", _MOMENT, nullable=True))
        table.add_column(sa.Column("clicked_at", _MOMENT, nullable=True))
        table.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="0"))
    # Whoever has a place keeps it: seats are given in the order in which people answered.
    op.execute(
        "UPDATE bookings SET seat = (SELECT count(*) FROM bookings b WHERE b.session_id = bookings.session_id "
        "AND b.status IN ('yes', 'attended') AND b.id <= bookings.id) WHERE status IN ('yes', 'attended')"
    )
    with op.batch_alter_table("bookings") as table:
        table.create_unique_constraint(op.f("uq_bookings_session_id_seat"), ["session_id", "seat"])
        table.create_check_constraint(op.f("ck_bookings_place_has_seat"), "status <> 'yes' OR seat IS NOT NULL")
        table.create_check_constraint(
            op.f("ck_bookings_seat_has_place"), "seat IS NULL OR status IN ('yes', 'attended', 'waiting')"
        )
        table.create_check_constraint(
            op.f("ck_bookings_held"), "held_until IS NULL OR (status = 'waiting' AND seat IS NOT NULL)"
        )
        table.create_check_constraint(op.f("ck_bookings_seat"), "seat >= 1")
    op.create_index(
        "ix_bookings_waiting",
        "bookings",
        ["session_id"],
        postgresql_where=sa.text("status = 'waiting'"),
        sqlite_where=sa.text("status = 'waiting'"),
    )
