"""Passkeys: a second factor beside the codes of an authenticator app."""

import sqlalchemy as sa
from alembic import op

from companion.db import UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("users") as table:
        table.add_column(sa.Column("fs_webauthn_user_handle", sa.String(), nullable=True))
        table.create_unique_constraint(op.f("uq_users_fs_webauthn_user_handle"), ["fs_webauthn_user_handle"])
    op.create_table(
        "passkeys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(length=1023), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("transports", sa.JSON(), nullable=False),
        sa.Column("backup_state", sa.Boolean(), nullable=False),
        sa.Column("device_type", sa.String(), nullable=False),
        sa.Column("usage", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("lastuse_datetime", UtcDateTime(), nullable=False),
        sa.CheckConstraint("sign_count >= 0", name=op.f("ck_passkeys_sign_count")),
        sa.CheckConstraint("usage = 'secondary'", name=op.f("ck_passkeys_second_factor")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_passkeys_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkeys")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkeys_credential_id")),
        sa.UniqueConstraint("user_id", "name", name=op.f("uq_passkeys_user_id_name")),
    )


def downgrade() -> None:
    op.drop_table("passkeys")
    with op.batch_alter_table("users") as table:
        table.drop_constraint(op.f("uq_users_fs_webauthn_user_handle"), type_="unique")
        table.drop_column("fs_webauthn_user_handle")
