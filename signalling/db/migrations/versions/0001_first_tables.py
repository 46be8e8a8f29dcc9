"""Schools, people, the timetable, lessons, notices and the audit log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

TABLES = """
    seat rating participation notice claim pairing lesson booking_seat role_grant period login enrolment
    device booking answered pupil_class person classroom bell_table term school delivery calendar_day webhook
    region lease held calendar audit_head audit
""".split()
"""In an order in which each is dropped before those it refers to."""


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit"),
    )
    op.create_index("ix_audit_at", "audit", ["at"])
    op.create_index("ix_audit_subject", "audit", ["subject"])
    head = op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_head"),
    )
    op.bulk_insert(head, [{"id": 1, "number": 0, "hash": "0" * 64}])  # the log begins
    op.create_table(
        "calendar",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("zone", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_calendar"),
    )
    op.create_table(
        "held",
        sa.Column("resource", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("resource", name="pk_held"),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_lease"),
    )
    op.create_table(
        "region",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("parent", sa.String(length=16), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("path", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["parent"], ["region.id"], name="fk_region_parent"),
        sa.PrimaryKeyConstraint("id", name="pk_region"),
    )
    op.create_index("ix_region_parent", "region", ["parent"])
    op.create_index("ix_region_path", "region", ["path"])
    op.create_table(
        "webhook",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("secret", sa.String(length=200), nullable=False),
        sa.Column("events", sa.JSON(), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_webhook"),
    )
    op.create_table(
        "calendar_day",
        sa.Column("calendar", sa.String(length=16), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("runs", sa.Date(), nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["calendar"], ["calendar.id"], name="fk_calendar_day_calendar", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("calendar", "day", name="pk_calendar_day"),
    )
    op.create_table(
        "delivery",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("webhook", sa.String(length=16), nullable=False),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("made", sa.BigInteger(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("answer", sa.String(length=2000), nullable=False),
        sa.ForeignKeyConstraint(["webhook"], ["webhook.id"], name="fk_delivery_webhook", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_delivery"),
    )
    op.create_index("ix_delivery_due", "delivery", ["due"])
    op.create_index("ix_delivery_webhook_made", "delivery", ["webhook", "made"])
    op.create_table(
        "school",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.Column("calendar", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("approves", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(length=255), nullable=True),
        sa.ForeignKeyConstraint(["calendar"], ["calendar.id"], name="fk_school_calendar"),
        sa.ForeignKeyConstraint(["region"], ["region.id"], name="fk_school_region"),
        sa.PrimaryKeyConstraint("id", name="pk_school"),
        sa.UniqueConstraint("source", name="uq_school_source"),
    )
    op.create_index("ix_school_calendar", "school", ["calendar"])
    op.create_index("ix_school_region", "school", ["region"])
    op.create_table(
        "term",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("calendar", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("starts", sa.Date(), nullable=False),
        sa.Column("ends", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["calendar"], ["calendar.id"], name="fk_term_calendar", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_term"),
        sa.UniqueConstraint("calendar", "starts", name="uq_term_calendar_starts"),
    )
    op.create_index("ix_term_calendar", "term", ["calendar"])
    op.create_table(
        "bell_table",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("school", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("starts", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["school"], ["school.id"], name="fk_bell_table_school", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_bell_table"),
        sa.UniqueConstraint("school", "starts", name="uq_bell_table_school_starts"),
    )
    op.create_index("ix_bell_table_school", "bell_table", ["school"])
    op.create_table(
        "classroom",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("school", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["school"], ["school.id"], name="fk_classroom_school"),
        sa.PrimaryKeyConstraint("id", name="pk_classroom"),
        sa.UniqueConstraint("school", "name", name="uq_classroom_school_name"),
    )
    op.create_index("ix_classroom_school", "classroom", ["school"])
    op.create_table(
        "person",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("school", sa.String(length=16), nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("login", sa.String(length=80), nullable=True),
        sa.Column("password", sa.String(length=200), nullable=True),
        sa.Column("issuer", sa.String(length=200), nullable=True),
        sa.Column("subject", sa.String(length=200), nullable=True),
        sa.Column("language", sa.String(length=40), nullable=False),
        sa.Column("feed", sa.String(length=64), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(length=255), nullable=True),
        sa.ForeignKeyConstraint(["school"], ["school.id"], name="fk_person_school"),
        sa.PrimaryKeyConstraint("id", name="pk_person"),
        sa.UniqueConstraint("feed", name="uq_person_feed"),
        sa.UniqueConstraint("issuer", "subject", name="uq_person_issuer_subject"),
        sa.UniqueConstraint("login", name="uq_person_login"),
        sa.UniqueConstraint("source", name="uq_person_source"),
    )
    op.create_index("ix_person_school", "person", ["school"])
    op.create_table(
        "pupil_class",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("school", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("grade", sa.String(length=40), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(length=255), nullable=True),
        sa.ForeignKeyConstraint(["school"], ["school.id"], name="fk_pupil_class_school"),
        sa.PrimaryKeyConstraint("id", name="pk_pupil_class"),
        sa.UniqueConstraint("school", "name", name="uq_pupil_class_school_name"),
        sa.UniqueConstraint("source", name="uq_pupil_class_source"),
    )
    op.create_index("ix_pupil_class_school", "pupil_class", ["school"])
    op.create_table(
        "answered",
        sa.Column("person", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("request", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name="fk_answered_person", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person", "key", name="pk_answered"),
    )
    op.create_index("ix_answered_at", "answered", ["at"])
    op.create_table(
        "booking",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("form", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("school", sa.String(length=16), nullable=False),
        sa.Column("teacher", sa.String(length=16), nullable=False),
        sa.Column("classroom", sa.String(length=16), nullable=False),
        sa.Column("rule", sa.String(length=500), nullable=False),
        sa.Column("without", sa.JSON(), nullable=False),
        sa.Column("weeks", sa.String(length=40), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("period", sa.Integer(), nullable=True),
        sa.Column("starts", sa.Integer(), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("grade", sa.String(length=40), nullable=False),
        sa.Column("textbook", sa.String(length=120), nullable=False),
        sa.Column("unit", sa.String(length=120), nullable=False),
        sa.Column("points", sa.JSON(), nullable=False),
        sa.Column("records", sa.Boolean(), nullable=False),
        sa.Column("rights", sa.String(length=40), nullable=False),
        sa.Column("note", sa.String(length=2000), nullable=False),
        sa.Column("requested_by", sa.String(length=16), nullable=False),
        sa.Column("requested", sa.BigInteger(), nullable=False),
        sa.Column("decided_by", sa.String(length=16), nullable=True),
        sa.Column("decided", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["classroom"], ["classroom.id"], name="fk_booking_classroom"),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name="fk_booking_decided_by"),
        sa.ForeignKeyConstraint(["requested_by"], ["person.id"], name="fk_booking_requested_by"),
        sa.ForeignKeyConstraint(["school"], ["school.id"], name="fk_booking_school"),
        sa.ForeignKeyConstraint(["teacher"], ["person.id"], name="fk_booking_teacher"),
        sa.PrimaryKeyConstraint("id", name="pk_booking"),
    )
    op.create_index("ix_booking_school", "booking", ["school"])
    op.create_index("ix_booking_state", "booking", ["state"])
    op.create_index("ix_booking_teacher", "booking", ["teacher"])
    op.create_table(
        "device",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("classroom", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=True),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("secret", sa.String(length=500), nullable=False),
        sa.Column("paired", sa.BigInteger(), nullable=False),
        sa.Column("revoked", sa.BigInteger(), nullable=True),
        sa.Column("seen", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["classroom"], ["classroom.id"], name="fk_device_classroom"),
        sa.PrimaryKeyConstraint("id", name="pk_device"),
        sa.UniqueConstraint("key_hash", name="uq_device_key_hash"),
    )
    op.create_index("ix_device_classroom", "device", ["classroom"])
    op.create_table(
        "enrolment",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("pupil_class", sa.String(length=16), nullable=False),
        sa.Column("person", sa.String(length=16), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name="fk_enrolment_person", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["pupil_class"], ["pupil_class.id"], name="fk_enrolment_pupil_class", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_enrolment"),
        sa.UniqueConstraint("pupil_class", "person", name="uq_enrolment_pupil_class_person"),
    )
    op.create_index("ix_enrolment_person", "enrolment", ["person"])
    op.create_index("ix_enrolment_pupil_class", "enrolment", ["pupil_class"])
    op.create_table(
        "login",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=16), nullable=False),
        sa.Column("csrf", sa.String(length=64), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("agent", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name="fk_login_person", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("hash", name="pk_login"),
    )
    op.create_index("ix_login_expires", "login", ["expires"])
    op.create_index("ix_login_person", "login", ["person"])
    op.create_table(
        "period",
        sa.Column("bell_table", sa.String(length=16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("starts", sa.Integer(), nullable=False),
        sa.Column("ends", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["bell_table"], ["bell_table.id"], name="fk_period_bell_table", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("bell_table", "number", name="pk_period"),
    )
    op.create_table(
        "role_grant",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("person", sa.String(length=16), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name="fk_role_grant_person", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_role_grant"),
        sa.UniqueConstraint("person", "role", "kind", "scope", name="uq_role_grant_person_role_kind_scope"),
    )
    op.create_index("ix_role_grant_kind_scope", "role_grant", ["kind", "scope"])
    op.create_index("ix_role_grant_person", "role_grant", ["person"])
    op.create_table(
        "booking_seat",
        sa.Column("booking", sa.String(length=16), nullable=False),
        sa.Column("classroom", sa.String(length=16), nullable=False),
        sa.Column("part", sa.String(length=40), nullable=False),
        sa.Column("assistant", sa.String(length=16), nullable=True),
        sa.Column("pupil_class", sa.String(length=16), nullable=True),
        sa.ForeignKeyConstraint(["assistant"], ["person.id"], name="fk_booking_seat_assistant"),
        sa.ForeignKeyConstraint(["booking"], ["booking.id"], name="fk_booking_seat_booking", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["classroom"], ["classroom.id"], name="fk_booking_seat_classroom"),
        sa.ForeignKeyConstraint(["pupil_class"], ["pupil_class.id"], name="fk_booking_seat_pupil_class"),
        sa.PrimaryKeyConstraint("booking", "classroom", name="pk_booking_seat"),
    )
    op.create_table(
        "lesson",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("booking", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("period", sa.Integer(), nullable=True),
        sa.Column("starts", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.Column("closes", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("teacher", sa.String(length=16), nullable=False),
        sa.Column("opened", sa.BigInteger(), nullable=True),
        sa.Column("live", sa.BigInteger(), nullable=True),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(length=2000), nullable=False),
        sa.Column("moved", sa.Boolean(), nullable=False),
        sa.Column("makes_up", sa.String(length=16), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("ends > starts", name="ck_lesson_ends_after_start"),
        sa.ForeignKeyConstraint(["booking"], ["booking.id"], name="fk_lesson_booking"),
        sa.ForeignKeyConstraint(["makes_up"], ["lesson.id"], name="fk_lesson_makes_up"),
        sa.ForeignKeyConstraint(["teacher"], ["person.id"], name="fk_lesson_teacher"),
        sa.PrimaryKeyConstraint("id", name="pk_lesson"),
    )
    op.create_index("ix_lesson_booking", "lesson", ["booking"])
    op.create_index("ix_lesson_starts", "lesson", ["starts"])
    op.create_index("ix_lesson_state_starts", "lesson", ["state", "starts"])
    op.create_index("ix_lesson_teacher_starts", "lesson", ["teacher", "starts"])
    op.create_table(
        "pairing",
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("claim_hash", sa.String(length=64), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("device", sa.String(length=16), nullable=True),
        sa.ForeignKeyConstraint(["device"], ["device.id"], name="fk_pairing_device"),
        sa.PrimaryKeyConstraint("code_hash", name="pk_pairing"),
        sa.UniqueConstraint("claim_hash", name="uq_pairing_claim_hash"),
    )
    op.create_index("ix_pairing_expires", "pairing", ["expires"])
    op.create_table(
        "claim",
        sa.Column("lesson", sa.String(length=16), nullable=False),
        sa.Column("resource", sa.String(length=40), nullable=False),
        sa.Column("starts", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["lesson"], ["lesson.id"], name="fk_claim_lesson", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("lesson", "resource", name="pk_claim"),
    )
    op.create_index("ix_claim_resource_starts", "claim", ["resource", "starts"])
    op.create_table(
        "notice",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("person", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("lesson", sa.String(length=16), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("made", sa.BigInteger(), nullable=False),
        sa.Column("read", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["lesson"], ["lesson.id"], name="fk_notice_lesson", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name="fk_notice_person", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_notice"),
    )
    op.create_index("ix_notice_person_made", "notice", ["person", "made"])
    op.create_table(
        "participation",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("lesson", sa.String(length=16), nullable=False),
        sa.Column("participant", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("person", sa.String(length=16), nullable=True),
        sa.Column("classroom", sa.String(length=16), nullable=True),
        sa.Column("joined", sa.BigInteger(), nullable=False),
        sa.Column("left", sa.BigInteger(), nullable=True),
        sa.Column("present", sa.Integer(), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("heard", sa.Integer(), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=True),
        sa.Column("quality", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["classroom"], ["classroom.id"], name="fk_participation_classroom"),
        sa.ForeignKeyConstraint(["lesson"], ["lesson.id"], name="fk_participation_lesson", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name="fk_participation_person"),
        sa.PrimaryKeyConstraint("id", name="pk_participation"),
        sa.UniqueConstraint("lesson", "participant", name="uq_participation_lesson_participant"),
    )
    op.create_index("ix_participation_classroom", "participation", ["classroom"])
    op.create_index("ix_participation_lesson", "participation", ["lesson"])
    op.create_index("ix_participation_person", "participation", ["person"])
    op.create_table(
        "rating",
        sa.Column("lesson", sa.String(length=16), nullable=False),
        sa.Column("person", sa.String(length=16), nullable=False),
        sa.Column("side", sa.String(length=40), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("given", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["lesson"], ["lesson.id"], name="fk_rating_lesson", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name="fk_rating_person"),
        sa.PrimaryKeyConstraint("lesson", "person", name="pk_rating"),
    )
    op.create_table(
        "seat",
        sa.Column("lesson", sa.String(length=16), nullable=False),
        sa.Column("classroom", sa.String(length=16), nullable=False),
        sa.Column("part", sa.String(length=40), nullable=False),
        sa.Column("assistant", sa.String(length=16), nullable=True),
        sa.Column("pupil_class", sa.String(length=16), nullable=True),
        sa.ForeignKeyConstraint(["assistant"], ["person.id"], name="fk_seat_assistant"),
        sa.ForeignKeyConstraint(["classroom"], ["classroom.id"], name="fk_seat_classroom"),
        sa.ForeignKeyConstraint(["lesson"], ["lesson.id"], name="fk_seat_lesson", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["pupil_class"], ["pupil_class.id"], name="fk_seat_pupil_class"),
        sa.PrimaryKeyConstraint("lesson", "classroom", name="pk_seat"),
    )
    op.create_index("ix_seat_assistant", "seat", ["assistant"])


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
