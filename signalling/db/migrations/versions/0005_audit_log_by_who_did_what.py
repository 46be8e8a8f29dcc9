"""The audit log is found by who did what, the newest rows first."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.drop_index("ix_audit_subject", "audit")
    op.create_index("ix_audit_subject_number", "audit", ["subject", "number"])
    op.create_index("ix_audit_actor_number", "audit", ["actor", "number"])
    op.create_index(
        "ix_audit_action_number", "audit", ["action", "number"], postgresql_ops={"action": "varchar_pattern_ops"}
    )


def downgrade() -> None:
    op.drop_index("ix_audit_action_number", "audit")
    op.drop_index("ix_audit_actor_number", "audit")
    op.drop_index("ix_audit_subject_number", "audit")
    op.create_index("ix_audit_subject", "audit", ["subject"])
