"""The timetable of a week for a classroom, a teacher, a class of pupils or a school: all that its page shows."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import CompoundSelect, Select, select, union
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from mediaserver.api import UserError
from signalling.booking.schooltime import in_our_time
from signalling.db.lessons import Booking, Lesson, Seat
from signalling.db.people import Person
from signalling.db.places import Classroom, PupilClass, School

View = Literal["classroom", "teacher", "pupils", "school"]
MAX_ROWS = 5000


@dataclass(frozen=True, slots=True)
class SeatShown:
    classroom: str
    classroom_name: str
    school: str
    school_name: str
    part: str
    assistant: str | None
    assistant_name: str | None
    pupil_class: str | None
    pupil_class_name: str | None


@dataclass(frozen=True, slots=True)
class LessonShown:
    """:ivar ends: until when it lasts, extensions included. :ivar seats: the lead first."""

    lesson: str
    booking: str
    version: int
    booking_version: int
    state: str
    day: dt.date
    period: int | None
    starts: int
    ends: int
    title: str
    form: str
    dual: bool
    subject: str
    grade: str
    records: bool
    school: str
    teacher: str
    teacher_name: str
    series: bool
    moved: bool
    makes_up: str | None
    reason: str
    seats: tuple[SeatShown, ...]


async def week(session: AsyncSession, view: View, id: str, first: dt.date, days: int = 7) -> list[LessonShown]:
    """Lessons of these days in the order of time, cancelled ones too. A teacher sees those she assists in as well.

    :param days: 1 to 31, by the lead schools' calendars.
    :raises UserError: 422 `bad_week`, `outside_term`.
    """
    in_our_time(first)
    if not 1 <= days <= 31:
        raise UserError(422, "bad_week", "A timetable shows 1 to 31 days; choose a shorter time.")
    last = first + dt.timedelta(days=days - 1)
    lesson, teacher = Lesson, Person
    rows = (
        await session.execute(
            select(lesson, Booking, teacher.name)
            .join(Booking, Booking.id == lesson.booking)
            .join(teacher, teacher.id == lesson.teacher)
            .where(lesson.id.in_(_lessons(view, id)), lesson.day.between(first, last))
            .order_by(lesson.starts, lesson.id)
            .limit(MAX_ROWS)
        )
    ).all()
    seats = await _seats(session, [row[0].id for row in rows])
    return [
        LessonShown(
            lesson=it.id,
            booking=booking.id,
            version=it.version,
            booking_version=booking.version,
            state=it.state,
            day=it.day,
            period=it.period,
            starts=it.starts,
            ends=max(it.ends, it.extended or 0),
            title=it.title,
            form=booking.form,
            dual=booking.dual,
            subject=booking.subject,
            grade=booking.grade,
            records=booking.records,
            school=booking.school,
            teacher=it.teacher,
            teacher_name=name,
            series=bool(booking.rule),
            moved=it.moved,
            makes_up=it.makes_up,
            reason=it.reason,
            seats=tuple(seats[it.id]),
        )
        for it, booking, name in rows
    ]


def _lessons(view: View, id: str) -> Select[Any] | CompoundSelect[Any]:
    """Ids of all lessons of one."""
    if view == "classroom":
        return select(Seat.lesson).where(Seat.classroom == id)
    if view == "pupils":
        return select(Seat.lesson).where(Seat.pupil_class == id)
    if view == "school":
        return select(Seat.lesson).join(Classroom, Classroom.id == Seat.classroom).where(Classroom.school == id)
    return union(select(Lesson.id).where(Lesson.teacher == id), select(Seat.lesson).where(Seat.assistant == id))


async def _seats(session: AsyncSession, lessons: list[str]) -> dict[str, list[SeatShown]]:
    assistant = aliased(Person)
    shown: dict[str, list[SeatShown]] = defaultdict(list)
    if not lessons:
        return shown
    rows = await session.execute(
        select(Seat.lesson, Classroom.id, Classroom.name, School.id, School.name, Seat.part)
        .add_columns(assistant.id, assistant.name, PupilClass.id, PupilClass.name)
        .join(Classroom, Classroom.id == Seat.classroom)
        .join(School, School.id == Classroom.school)
        .outerjoin(assistant, assistant.id == Seat.assistant)
        .outerjoin(PupilClass, PupilClass.id == Seat.pupil_class)
        .where(Seat.lesson.in_(lessons))
        .order_by(Seat.lesson, Seat.part, School.name, Classroom.name)
    )
    for lesson, *seat in rows:
        shown[lesson].append(SeatShown(*seat))
    return shown
