"""What is told and what is kept: notices, webhooks, the audit log, keys of requests already answered, leases."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from signalling.db.base import Base, Id, Instant, Json, Ref, Short, Strings, Text


class Notice(Base):
    """Something a person should know. :ivar kind: the sentence's name; `facts` fills its blanks in either language."""

    __tablename__ = "notice"
    __table_args__ = (Index(None, "person", "made"),)
    id: Mapped[Id]
    person: Mapped[Ref] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    kind: Mapped[Short]
    lesson: Mapped[Ref | None] = mapped_column(ForeignKey("lesson.id", ondelete="CASCADE"))
    facts: Mapped[Json]
    made: Mapped[Instant]
    read: Mapped[Instant | None]


class Webhook(Base):
    """:ivar events: kinds it is sent. :ivar secret: signs its deliveries; shown once. :ivar scope: region or school."""

    __tablename__ = "webhook"
    id: Mapped[Id]
    url: Mapped[str] = mapped_column(String(500))
    secret: Mapped[str] = mapped_column(String(200))
    events: Mapped[Strings]
    scope: Mapped[str] = mapped_column(String(16), default="")
    active: Mapped[bool] = mapped_column(default=True)


class Delivery(Base):
    """A message on its way. :ivar due: when to try (again); None once it arrived or was given up."""

    __tablename__ = "delivery"
    __table_args__ = (Index(None, "due"), Index(None, "webhook", "made"))
    id: Mapped[Id]
    webhook: Mapped[Ref] = mapped_column(ForeignKey("webhook.id", ondelete="CASCADE"))
    event: Mapped[Short]
    body: Mapped[Json]
    made: Mapped[Instant]
    due: Mapped[Instant | None]
    tries: Mapped[int] = mapped_column(default=0)
    status: Mapped[Short] = mapped_column(default="")
    answer: Mapped[Text] = mapped_column(default="")


class Audit(Base):
    """Append-only. :ivar hash: SHA-256 over the previous row's hash and this row (`audit.py`)."""

    __tablename__ = "audit"
    # Each with the number: whatever is asked for, the newest come first.
    __table_args__ = (
        Index(None, "subject", "number"),
        Index(None, "actor", "number"),
        Index(None, "action", "number", postgresql_ops={"action": "varchar_pattern_ops"}),  # also for what begins so
        Index(None, "at"),
    )
    number: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    at: Mapped[Instant]
    actor: Mapped[str] = mapped_column(String(64))
    action: Mapped[Short]
    subject: Mapped[str] = mapped_column(String(64))
    detail: Mapped[Json]
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class AuditHead(Base):
    """One row: the end of the audit log. Who appends locks it; a log that was cut short no longer reaches it."""

    __tablename__ = "audit_head"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str] = mapped_column(String(64))


class Answered(Base):
    """What a creating request with an `Idempotency-Key` was answered, so that its repetition is answered the same."""

    __tablename__ = "answered"
    person: Mapped[Ref] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(128), primary_key=True)
    request: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    body: Mapped[Json]
    at: Mapped[Instant] = mapped_column(BigInteger, index=True)


class Lease(Base):
    """Which of several servers does what only one may do, such as ringing the bell."""

    __tablename__ = "lease"
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    holder: Mapped[str] = mapped_column(String(64))
    until: Mapped[Instant] = mapped_column(BigInteger)
