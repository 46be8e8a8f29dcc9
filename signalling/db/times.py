"""The school's own time: calendars, terms, days that are different, bell tables."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from signalling.db.base import Base, Id, Name, Ref, Short

ZONE = "Asia/Shanghai"
"""Where no calendar says another one."""


class Calendar(Base):
    """Terms and special days that schools share, usually those of a county. :ivar zone: IANA name."""

    __tablename__ = "calendar"
    id: Mapped[Id]
    name: Mapped[Name]
    zone: Mapped[Short] = mapped_column(default=ZONE)


class Term(Base):
    """:ivar starts: a day of week 1; weeks begin on Monday. :ivar ends: its last day.
    :ivar source: `sourcedId` of the roster it was imported from (OneRoster 1.2)."""

    __tablename__ = "term"
    __table_args__ = (UniqueConstraint("calendar", "starts"),)
    id: Mapped[Id]
    calendar: Mapped[Ref] = mapped_column(ForeignKey("calendar.id", ondelete="CASCADE"), index=True)
    name: Mapped[Name]
    starts: Mapped[dt.date]
    ends: Mapped[dt.date]
    source: Mapped[str | None] = mapped_column(String(255), unique=True)


class CalendarDay(Base):
    """A day unlike others. :ivar runs: the day whose timetable it runs (调休); None: no school."""

    __tablename__ = "calendar_day"
    calendar: Mapped[Ref] = mapped_column(ForeignKey("calendar.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[dt.date] = mapped_column(primary_key=True)
    runs: Mapped[dt.date | None]
    name: Mapped[Name] = mapped_column(default="")


class BellTable(Base):
    """When a school's periods begin and end. :ivar starts: first day it is rung: summer's table follows winter's."""

    __tablename__ = "bell_table"
    __table_args__ = (UniqueConstraint("school", "starts"),)
    id: Mapped[Id]
    school: Mapped[Ref] = mapped_column(ForeignKey("school.id", ondelete="CASCADE"), index=True)
    name: Mapped[Name]
    starts: Mapped[dt.date]


class Period(Base):
    """节次. :ivar number: 1 and on. :ivar starts: and :ivar ends: minutes after midnight."""

    __tablename__ = "period"
    bell_table: Mapped[Ref] = mapped_column(ForeignKey("bell_table.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[Short]
    starts: Mapped[int]
    ends: Mapped[int]
