"""Regions, schools, classrooms and the devices in them."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from signalling.db.base import Base, Id, Instant, Json, Name, Ref, Short


class Region(Base):
    """A province, a city or a county. :ivar path: ids from the root to itself, `/…/…/`: a scope is a prefix of it.
    :ivar source: as a school's."""

    __tablename__ = "region"
    id: Mapped[Id]
    parent: Mapped[Ref | None] = mapped_column(ForeignKey("region.id"), index=True)
    kind: Mapped[Short]  # province, city, county
    name: Mapped[Name]
    path: Mapped[str] = mapped_column(String(200), index=True)
    source: Mapped[str | None] = mapped_column(String(255), unique=True)


class School(Base):
    """:ivar kind: `lead`, `receiving` or `both`. :ivar approves: requests of others wait for this school's yes.
    :ivar source: `sourcedId` of the roster it was imported from (OneRoster 1.2).
    :ivar feed: counts revocations of its calendar feed's URL."""

    __tablename__ = "school"
    id: Mapped[Id]
    region: Mapped[Ref] = mapped_column(ForeignKey("region.id"), index=True)
    calendar: Mapped[Ref] = mapped_column(ForeignKey("calendar.id"), index=True)
    name: Mapped[Name]
    kind: Mapped[Short]
    approves: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)
    source: Mapped[str | None] = mapped_column(String(255), unique=True)
    feed: Mapped[int] = mapped_column(default=0, server_default="0")


class Classroom(Base):
    """:ivar feed: counts revocations of its calendar feed's URL."""

    __tablename__ = "classroom"
    __table_args__ = (UniqueConstraint("school", "name"),)
    id: Mapped[Id]
    school: Mapped[Ref] = mapped_column(ForeignKey("school.id"), index=True)
    name: Mapped[Name]
    kind: Mapped[Short]  # lead, receiving, both
    seats: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)
    feed: Mapped[int] = mapped_column(default=0, server_default="0")


class PupilClass(Base):
    """A class of pupils, such as 三年级2班: it can sit in one lesson at a time."""

    __tablename__ = "pupil_class"
    __table_args__ = (UniqueConstraint("school", "name"),)
    id: Mapped[Id]
    school: Mapped[Ref] = mapped_column(ForeignKey("school.id"), index=True)
    name: Mapped[Name]
    grade: Mapped[Short] = mapped_column(default="")
    size: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)
    source: Mapped[str | None] = mapped_column(String(255), unique=True)


class Device(Base):
    """A paired display, or a recorder box that is read over RTSP.

    :ivar key_hash: SHA-256 of the device's key; the key itself is only on the display.
    :ivar url: of an RTSP box, without its password. :ivar secret: that password, sealed with the server's secret.
    :ivar state: what a display tells of itself with each beat. :ivar preflight: the last test of its classroom: `at`,
        `lesson`, `grade`, `sound`, `picture`, `line`; empty before the first one.
    """

    __tablename__ = "device"
    id: Mapped[Id]
    classroom: Mapped[Ref] = mapped_column(ForeignKey("classroom.id"), index=True)
    kind: Mapped[Short]  # display, rtsp
    name: Mapped[Name]
    key_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    url: Mapped[str] = mapped_column(String(500), default="")
    secret: Mapped[str] = mapped_column(String(500), default="")
    paired: Mapped[Instant]
    revoked: Mapped[Instant | None]
    seen: Mapped[Instant | None]
    state: Mapped[Json] = mapped_column(default=dict)
    preflight: Mapped[Json] = mapped_column(default=dict, server_default="{}")


class Pairing(Base):
    """A code on a screen that waits to be typed. It works once, for some minutes, and never in clear in a table.

    :ivar code_hash: SHA-256 of the code. :ivar claim_hash: of what the display proves with that it is the one.
    """

    __tablename__ = "pairing"
    __table_args__ = (Index(None, "expires"),)
    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    claim_hash: Mapped[str] = mapped_column(String(64), unique=True)
    expires: Mapped[Instant]
    device: Mapped[Ref | None] = mapped_column(ForeignKey("device.id"))
