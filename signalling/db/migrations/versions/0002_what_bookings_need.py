"""What bookings need: schools still asked, recorder boxes, extensions, load of the machines."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "load",
        sa.Column("slot", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("classrooms", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("slot", name="pk_load"),
    )
    with op.batch_alter_table("booking") as booking:
        booking.add_column(sa.Column("dual", sa.Boolean(), nullable=False, server_default=sa.false()))
        booking.add_column(sa.Column("device", sa.String(length=16), nullable=True))
        booking.add_column(sa.Column("waits", sa.JSON(), nullable=False, server_default="[]"))
        booking.create_foreign_key("fk_booking_device", "device", ["device"], ["id"])
    with op.batch_alter_table("lesson") as lesson:
        lesson.add_column(sa.Column("extended", sa.BigInteger(), nullable=True))
    op.create_index("ix_seat_classroom", "seat", ["classroom"])
    op.create_index("ix_seat_pupil_class", "seat", ["pupil_class"])


def downgrade() -> None:
    op.drop_index("ix_seat_pupil_class", "seat")
    op.drop_index("ix_seat_classroom", "seat")
    with op.batch_alter_table("lesson") as lesson:
        lesson.drop_column("extended")
    with op.batch_alter_table("booking") as booking:
        booking.drop_constraint("fk_booking_device", type_="foreignkey")
        booking.drop_column("waits")
        booking.drop_column("device")
        booking.drop_column("dual")
    op.drop_table("load")
