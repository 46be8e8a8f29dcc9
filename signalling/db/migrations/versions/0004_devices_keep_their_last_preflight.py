"""Devices keep the result of their last preflight; those revoked lately are found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    with op.batch_alter_table("device") as batch:
        batch.add_column(sa.Column("preflight", sa.JSON(), server_default="{}", nullable=False))
        batch.create_index("ix_device_revoked", ["revoked"])


def downgrade() -> None:
    with op.batch_alter_table("device") as batch:
        batch.drop_index("ix_device_revoked")
        batch.drop_column("preflight")
