"""Bookings as they are listed, those that wait for a school's yes among them, and one of them as a whole."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, String, cast, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from mediaserver.api import UserError
from signalling.booking.request import plain, plan_of
from signalling.booking.week import SeatShown, seats_of
from signalling.db.lessons import Booking, BookingSeat, Lesson
from signalling.db.people import Person
from signalling.db.places import Classroom, School
from signalling.timetable.series import Plan


@dataclass(frozen=True, slots=True)
class Filter:
    """:ivar school: that takes part. :ivar waits: only what waits for this school's yes.
    :ivar person: who asked for it or is to teach it."""

    school: str | None = None
    waits: bool = False
    state: str | None = None
    person: str | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """:ivar waits: ids of all schools that have not answered. :ivar requested: seconds since 1970."""

    booking: str
    version: int
    state: str
    title: str
    form: str
    dual: bool
    subject: str
    grade: str
    school: str
    school_name: str
    teacher: str
    teacher_name: str
    plan: Plan
    note: str
    requested_by: str
    requested_by_name: str
    requested: int
    waits: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LessonListed:
    """A lesson of a series. :ivar ends: extensions included."""

    lesson: str
    version: int
    state: str
    day: dt.date
    period: int | None
    starts: int
    ends: int
    title: str
    teacher: str
    moved: bool
    makes_up: str | None


@dataclass(frozen=True, slots=True)
class BookingShown(Listed):
    """:ivar seats: the lead first. :ivar lessons: in the order of time, cancelled ones too.
    :ivar decided: seconds since 1970."""

    classroom: str
    device: str | None
    textbook: str
    unit: str
    points: tuple[str, ...]
    records: bool
    rights: str
    decided_by: str | None
    decided: int | None
    seats: tuple[SeatShown, ...]
    lessons: tuple[LessonListed, ...]


async def listed(
    session: AsyncSession, wanted: Filter, limit: int, after: tuple[int, str] | None = None
) -> list[Listed]:
    """The newest first. :param after: (requested, booking) of the last one of the page before."""
    plain(wanted.school, wanted.person)
    query = _query()
    if wanted.school is not None:
        seats = select(BookingSeat.booking).join(Classroom, Classroom.id == BookingSeat.classroom)
        query = query.where(Booking.id.in_(seats.where(Classroom.school == wanted.school)))
        if wanted.waits:
            waits = cast(Booking.waits, String).contains(f'"{wanted.school}"', autoescape=True)
            query = query.where(Booking.state == "requested", waits)
    if wanted.state is not None:
        query = query.where(Booking.state == wanted.state)
    if wanted.person is not None:
        query = query.where(or_(Booking.requested_by == wanted.person, Booking.teacher == wanted.person))
    if after is not None:
        query = query.where(tuple_(Booking.requested, Booking.id) < tuple_(*after))
    query = query.order_by(Booking.requested.desc(), Booking.id.desc()).limit(limit)
    return [Listed(**_columns(*row)) for row in await session.execute(query)]


async def shown(session: AsyncSession, booking: str) -> BookingShown:
    """:raises UserError: 404 `unknown_booking`."""
    plain(booking)
    row = (await session.execute(_query().where(Booking.id == booking))).first()
    if row is None:
        raise UserError(404, "unknown_booking", "There is no such booking; it may have been removed.")
    it = row[0]
    seats = await seats_of(session, BookingSeat.booking, [it.id])
    lessons = await session.scalars(select(Lesson).where(Lesson.booking == it.id).order_by(Lesson.starts, Lesson.id))
    own = ("classroom", "device", "textbook", "unit", "records", "rights", "decided_by", "decided")
    return BookingShown(
        **_columns(*row),
        **{name: getattr(it, name) for name in own},
        points=tuple(it.points),
        seats=seats[it.id],
        lessons=tuple(map(_lesson, lessons)),
    )


def _query() -> Select[Any]:
    teacher, asking = aliased(Person), aliased(Person)
    return (
        select(Booking, School.name, teacher.name, asking.name)
        .join(School, School.id == Booking.school)
        .join(teacher, teacher.id == Booking.teacher)
        .join(asking, asking.id == Booking.requested_by)
    )


_SAME = ("version", "state", "title", "form", "dual", "subject", "grade", "school", "teacher", "note", "requested")


def _columns(it: Booking, school: str, teacher: str, asking: str) -> dict[str, Any]:
    return {
        **{name: getattr(it, name) for name in _SAME},
        "booking": it.id,
        "school_name": school,
        "teacher_name": teacher,
        "plan": plan_of(it),
        "requested_by": it.requested_by,
        "requested_by_name": asking,
        "waits": tuple(it.waits),
    }


_OF_LESSON: Sequence[str] = [
    field.name for field in dataclasses.fields(LessonListed) if field.name not in ("lesson", "ends")
]


def _lesson(it: Lesson) -> LessonListed:
    same = {name: getattr(it, name) for name in _OF_LESSON}
    return LessonListed(lesson=it.id, ends=max(it.ends, it.extended or 0), **same)
