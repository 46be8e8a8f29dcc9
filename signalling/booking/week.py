"""The timetable of a week for a classroom, a teacher, a class of pupils or a school: all that its page shows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, CompoundSelect, Select, select, union
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, aliased

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
    """:ivar ends: until when it lasts, extensions included. :ivar closes: when its room closes.
    :ivar seats: the lead first."""

    lesson: str
    booking: str
    version: int
    booking_version: int
    state: str
    day: dt.date
    period: int | None
    starts: int
    ends: int
    closes: int
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
    return await shown(session, Lesson.id.in_(lessons_of(view, id)), Lesson.day.between(first, last))


async def shown(session: AsyncSession, *which: ColumnElement[bool], most: int = MAX_ROWS) -> list[LessonShown]:
    """In the order of time."""
    rows = (
        await session.execute(
            select(Lesson, Booking, Person.name)
            .join(Booking, Booking.id == Lesson.booking)
            .join(Person, Person.id == Lesson.teacher)
            .where(*which)
            .order_by(Lesson.starts, Lesson.id)
            .limit(most)
        )
    ).all()
    seats = await seats_of(session, Seat.lesson, [row[0].id for row in rows])
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
            closes=it.closes,
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
            seats=seats[it.id],
        )
        for it, booking, name in rows
    ]


async def school_of(session: AsyncSession, view: View, id: str) -> str | None:
    """The school that a timetable is seen from; None for a teacher of none.

    :raises UserError: 404 `not_found`.
    """
    column = {"classroom": Classroom.school, "teacher": Person.school, "pupils": PupilClass.school, "school": School.id}
    table = {"classroom": Classroom, "teacher": Person, "pupils": PupilClass, "school": School}[view]
    found = (await session.execute(select(column[view]).where(table.id == id))).first()
    if found is None:
        raise UserError(404, "not_found", "There is nothing that this timetable could be of; choose another one.")
    return found[0]


def lessons_of(view: View, id: str) -> Select[Any] | CompoundSelect[Any]:
    """Ids of all lessons of one."""
    if view == "classroom":
        return select(Seat.lesson).where(Seat.classroom == id)
    if view == "pupils":
        return select(Seat.lesson).where(Seat.pupil_class == id)
    if view == "school":
        return select(Seat.lesson).join(Classroom, Classroom.id == Seat.classroom).where(Classroom.school == id)
    return union(select(Lesson.id).where(Lesson.teacher == id), select(Seat.lesson).where(Seat.assistant == id))


async def seats_of(
    session: AsyncSession, of: InstrumentedAttribute[str], ids: Sequence[str]
) -> dict[str, tuple[SeatShown, ...]]:
    """Lead first. :param of: `Seat.lesson` or `BookingSeat.booking`."""
    assistant, seat = aliased(Person), of.class_
    shown: dict[str, list[SeatShown]] = {id: [] for id in ids}
    rows = await session.execute(
        select(of, Classroom.id, Classroom.name, School.id, School.name, seat.part)
        .add_columns(assistant.id, assistant.name, PupilClass.id, PupilClass.name)
        .join(Classroom, Classroom.id == seat.classroom)
        .join(School, School.id == Classroom.school)
        .outerjoin(assistant, assistant.id == seat.assistant)
        .outerjoin(PupilClass, PupilClass.id == seat.pupil_class)
        .where(of.in_(ids))
        .order_by(of, seat.part, School.name, Classroom.name)
    )
    for id, *columns in rows:
        shown[id].append(SeatShown(*columns))
    return {id: tuple(seats) for id, seats in shown.items()}
