"""The day of a classroom, as its display shows it: periods, lessons, whose timetable runs."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from mediaserver.api import Role
from signalling.bell import passes
from signalling.booking import schooltime
from signalling.booking.limits import LONGEST_S
from signalling.db.lessons import Booking, Claim, Lesson, Seat
from signalling.db.people import Person
from signalling.db.places import Classroom, School
from signalling.db.times import CalendarDay
from signalling.devices.door import Known

MAX_LESSONS = 50
Mark = tuple[tuple[object, ...], ...]


@dataclass(frozen=True, slots=True)
class Named:
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class PeriodOfDay:
    """:ivar starts: and :ivar ends: minutes after midnight."""

    number: int
    name: str
    starts: int
    ends: int


@dataclass(frozen=True, slots=True)
class LessonOfDay:
    """:ivar school_name: and :ivar classroom_name: of the end where it is taught.
    :ivar opens: when the room may be entered; all instants are seconds since 1970.
    :ivar role: of this device in the room."""

    lesson: str
    title: str
    teacher_name: str
    school_name: str
    classroom_name: str
    form: str
    state: str
    opens: int
    starts: int
    ends: int
    closes: int
    version: int
    role: Role


@dataclass(frozen=True, slots=True)
class Day:
    """:ivar running: the day whose timetable runs; None: no school. :ivar holiday: its name, or empty."""

    device: Named
    classroom: Named
    school: Named
    zone: str
    date: dt.date
    running: dt.date | None
    holiday: str
    periods: tuple[PeriodOfDay, ...]
    lessons: tuple[LessonOfDay, ...]


def today(zone: str, now: float) -> dt.date:
    return dt.datetime.fromtimestamp(now, ZoneInfo(zone)).date()


def bounds(zone: str, date: dt.date) -> tuple[int, int]:
    """Its first second and that of the next day, since 1970."""
    first, last = (dt.datetime.combine(day, dt.time(), ZoneInfo(zone)) for day in (date, date + dt.timedelta(days=1)))
    return int(first.timestamp()), int(last.timestamp())


async def mark(session: AsyncSession, classroom: str, zone: str, date: dt.date) -> Mark:
    """Something that changes with any lesson of the classroom on this day, by one look into an index: a lesson that is
    not over holds a claim, and one that ends, moves or is cancelled gives it back."""
    first, last = bounds(zone, date)
    rows = await session.execute(
        select(Lesson.id, Lesson.version, Lesson.state, Lesson.starts, Lesson.closes)
        .join(Claim, Claim.lesson == Lesson.id)
        .where(Claim.resource == f"classroom:{classroom}", Claim.starts.between(first - LONGEST_S, last))
        .order_by(Lesson.id)
    )
    return tuple(tuple(row) for row in rows)


async def load(session: AsyncSession, device: Known, date: dt.date, open_before_s: int) -> Day:
    school = await schooltime.load(session, device.school, (), date)
    special = (
        select(CalendarDay.name)
        .join(School, School.calendar == CalendarDay.calendar)
        .where(School.id == device.school, CalendarDay.day == date)
    )
    return Day(
        device=Named(device.id, device.name),
        classroom=Named(device.classroom, device.classroom_name),
        school=Named(device.school, device.school_name),
        zone=device.zone,
        date=date,
        running=school.calendar.runs(date),
        holiday=await session.scalar(special) or "",
        periods=tuple(PeriodOfDay(it.number, it.name, it.starts, it.ends) for it in school.rung(date)),
        lessons=await _lessons(session, device, date, open_before_s),
    )


async def _lessons(session: AsyncSession, device: Known, date: dt.date, open_before_s: int) -> tuple[LessonOfDay, ...]:
    """Cancelled ones too, and those of the evening before that are not over at midnight."""
    first, last = bounds(device.zone, date)
    lead = aliased(Seat)
    rows = await session.execute(
        select(Lesson, Booking.form, Seat.part, Person.name, School.name, Classroom.name)
        .join(Seat, and_(Seat.lesson == Lesson.id, Seat.classroom == device.classroom))
        .join(Booking, Booking.id == Lesson.booking)
        .join(Person, Person.id == Lesson.teacher)
        .outerjoin(lead, and_(lead.lesson == Lesson.id, lead.part == "lead"))
        .outerjoin(Classroom, Classroom.id == lead.classroom)
        .outerjoin(School, School.id == Classroom.school)
        .where(Lesson.starts >= first - LONGEST_S, Lesson.starts < last, Lesson.closes > first)
        .order_by(Lesson.starts, Lesson.id)
        .limit(MAX_LESSONS)
    )
    return tuple(
        LessonOfDay(
            lesson=it.id,
            title=it.title,
            teacher_name=teacher,
            school_name=school or "",
            classroom_name=classroom or "",
            form=form,
            state=it.state,
            opens=it.starts - open_before_s,
            starts=it.starts,
            ends=max(it.ends, it.extended or 0),
            closes=it.closes,
            version=it.version,
            role=passes.role_of(device.kind, part),
        )
        for it, form, part, teacher, school, classroom in rows
    )
