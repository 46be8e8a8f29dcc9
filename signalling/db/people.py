"""People, what they may do and where, and where they are signed in."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from signalling.db.base import Base, Id, Instant, Name, Ref, Short


class Person(Base):
    """:ivar login: in lower case; None for those who never sign in, such as pupils.
    :ivar password: argon2id, or None for those who come by OIDC (`issuer`, `subject`).
    :ivar feed: SHA-256 of the secret in the URL of her calendar feed.
    """

    __tablename__ = "person"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)
    id: Mapped[Id]
    school: Mapped[Ref | None] = mapped_column(ForeignKey("school.id"), index=True)
    name: Mapped[Name]
    login: Mapped[str | None] = mapped_column(String(80), unique=True)
    password: Mapped[str | None] = mapped_column(String(200))
    issuer: Mapped[str | None] = mapped_column(String(200))
    subject: Mapped[str | None] = mapped_column(String(200))
    language: Mapped[Short] = mapped_column(default="zh-CN")
    feed: Mapped[str | None] = mapped_column(String(64), unique=True)
    active: Mapped[bool] = mapped_column(default=True)
    source: Mapped[str | None] = mapped_column(String(255), unique=True)


class RoleGrant(Base):
    """A role within a scope. :ivar scope: id of a region, school or classroom; empty for the whole system."""

    __tablename__ = "role_grant"
    __table_args__ = (UniqueConstraint("person", "role", "kind", "scope"), Index(None, "kind", "scope"))
    id: Mapped[Id]
    person: Mapped[Ref] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    role: Mapped[Short]  # admin, planner, teacher, assistant, supervisor, staff
    kind: Mapped[Short]  # system, region, school, classroom
    scope: Mapped[str] = mapped_column(String(16), default="")


class Enrolment(Base):
    """A pupil or teacher in a class of pupils (OneRoster `enrollments`)."""

    __tablename__ = "enrolment"
    __table_args__ = (UniqueConstraint("pupil_class", "person"),)
    id: Mapped[Id]
    pupil_class: Mapped[Ref] = mapped_column(ForeignKey("pupil_class.id", ondelete="CASCADE"), index=True)
    person: Mapped[Ref] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    role: Mapped[Short]  # pupil, teacher


class Login(Base):
    """Somebody signed in. :ivar hash: SHA-256 of the cookie. :ivar csrf: what forms and scripts have to repeat."""

    __tablename__ = "login"
    __table_args__ = (Index(None, "expires"),)
    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    person: Mapped[Ref] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    csrf: Mapped[str] = mapped_column(String(64))
    created: Mapped[Instant]
    expires: Mapped[Instant]
    seen: Mapped[Instant]
    agent: Mapped[str] = mapped_column(String(200), default="")
