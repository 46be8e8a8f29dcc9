"""A week of booked lessons, in the shape of a school's timetable."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.db.lessons import Booking, Lesson, Seat
from signalling.db.people import Person
from signalling.db.places import Classroom, PupilClass
from signalling.exchange.timetable_csv import Directory, Teacher, TimetableLine, write


async def export_week(session: AsyncSession, school: str, day: dt.date) -> str:
    """What `school` teaches by periods in the week of `day`; lessons by clock are not in a timetable's columns.

    :raises UserError: 404 `no_lessons`.
    """
    monday = day - dt.timedelta(days=day.weekday())
    rows = await session.execute(
        select(
            Lesson.day, Lesson.period, Lesson.teacher, Lesson.title, Booking.subject, Seat.classroom, Seat.pupil_class
        )
        .join(Booking, Booking.id == Lesson.booking)
        .join(Seat, (Seat.lesson == Lesson.id) & (Seat.part == "lead"))
        .where(
            Booking.school == school,
            Lesson.day.between(monday, monday + dt.timedelta(days=6)),
            Lesson.state != "cancelled",
        )
        .order_by(Lesson.starts, Lesson.id)
    )
    lines = [
        # A subject is one word in a cell.
        TimetableLine("".join((subject or title).split()), teacher, pupils, classroom, day.weekday(), period)
        for day, period, teacher, title, subject, classroom, pupils in rows
        if period is not None
    ]
    if not lines:
        raise UserError(404, "no_lessons", f"The school has no lessons by periods in the week of {monday}.")
    return write(lines, await _directory(session, lines))


async def _directory(session: AsyncSession, lines: list[TimetableLine]) -> Directory:
    """Those who are in the lessons, also when they left since."""
    teachers = select(Person.id, Person.name, Person.login).where(Person.id.in_({line.teacher for line in lines}))
    classes = select(PupilClass.name, PupilClass.id).where(PupilClass.id.in_({line.pupil_class for line in lines}))
    rooms = select(Classroom.name, Classroom.id).where(Classroom.id.in_({line.classroom for line in lines}))
    return Directory(
        [Teacher(*row) for row in await session.execute(teachers)],
        {name: id for name, id in await session.execute(classes)},
        {name: id for name, id in await session.execute(rooms)},
        frozenset(line.period for line in lines),
    )
