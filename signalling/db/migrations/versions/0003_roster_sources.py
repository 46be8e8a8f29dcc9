"""Regions and terms remember the roster they came from; feeds of schools and classrooms can be revoked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    for table in ("region", "term"):
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column("source", sa.String(length=255), nullable=True))
            batch.create_unique_constraint(f"uq_{table}_source", ["source"])
    for table in ("school", "classroom"):
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column("feed", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    for table in ("school", "classroom"):
        with op.batch_alter_table(table) as batch:
            batch.drop_column("feed")
    for table in ("region", "term"):
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(f"uq_{table}_source", type_="unique")
            batch.drop_column("source")
