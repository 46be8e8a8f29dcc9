"""What kind of day it is at a school: whose timetable runs, which week it is, when the bell rings."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.booking import schooltime
from signalling.db.places import School
from signalling.db.times import Calendar, CalendarDay
from signalling.timetable.calendar import Period


@dataclass(frozen=True, slots=True)
class TermWeek:
    """:ivar week: 1 for the week in which the term starts."""

    name: str
    week: int


@dataclass(frozen=True, slots=True)
class SchoolDay:
    """:ivar running: the day whose timetable runs; None: no school. :ivar holiday: what a special day is called."""

    day: dt.date
    zone: str
    running: dt.date | None
    holiday: str
    term: TermWeek | None
    periods: list[Period]


async def school_day(session: AsyncSession, school: str, now: float, day: dt.date | None = None) -> SchoolDay:
    """:param day: None: today, by the school's clock. :raises UserError: 404 `not_found`; 422 `outside_term`."""
    found = select(School.calendar, Calendar.zone).join(Calendar, Calendar.id == School.calendar)
    row = (await session.execute(found.where(School.id == school))).one_or_none()
    if row is None:
        raise UserError(404, "not_found", "There is no such school; it may have been removed just now.")
    if day is None:
        day = dt.datetime.fromtimestamp(int(now), ZoneInfo(row.zone)).date()
    time = await schooltime.load(session, school, (), day)
    named = select(CalendarDay.name).where(CalendarDay.calendar == row.calendar, CalendarDay.day == day)
    holiday = await session.scalar(named)
    term = time.calendar.term(day)
    return SchoolDay(
        day=day,
        zone=row.zone,
        running=time.calendar.runs(day),
        holiday=holiday or "",
        term=TermWeek(term.name, term.week(day)) if term is not None else None,
        periods=list(time.rung(day)),
    )
