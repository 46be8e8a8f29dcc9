"""What the booking says of a lesson to whatever listens to it: the stages afterwards, captions while it goes on."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from recorder.stages.work import Facts
from signalling.db.lessons import Booking, Lesson, Seat
from signalling.db.library import Resource
from signalling.db.people import Person
from signalling.db.places import Classroom, School

MAX_NAMES = 60


async def of_resource(session: AsyncSession, row: Resource) -> Facts:
    """As its metadata is now, with the names that may be spoken: of the teacher, the assistants and the schools."""
    names: list[str] = [row.teacher_name] if row.teacher_name else []
    if row.school:
        names += await session.scalars(select(School.name).where(School.id == row.school))
    if row.lesson:
        names += await _seated(session, row.lesson)
    return Facts(
        title=row.title,
        subject=row.subject,
        grade=row.grade,
        textbook=row.textbook,
        unit=row.unit,
        points=tuple(row.points),
        names=_some(names),
        language=row.language,
    )


async def of_lesson(session: AsyncSession, id: str) -> Facts | None:
    """Of one that has not become a resource yet; None: no such lesson is booked."""
    asked = (
        select(Lesson, Booking, School.name, Person.name)
        .join(Booking, Booking.id == Lesson.booking)
        .join(School, School.id == Booking.school)
        .join(Person, Person.id == Lesson.teacher)
        .where(Lesson.id == id)
    )
    found = (await session.execute(asked)).first()
    if found is None:
        return None
    lesson, booking, school, teacher = found
    return Facts(
        title=lesson.title,
        subject=booking.subject,
        grade=booking.grade,
        textbook=booking.textbook,
        unit=booking.unit,
        points=tuple(booking.points),
        names=_some([teacher, school, *await _seated(session, id)]),
    )


async def _seated(session: AsyncSession, lesson: str) -> list[str]:
    seats = (
        select(School.name, Person.name)
        .select_from(Seat)
        .join(Classroom, Classroom.id == Seat.classroom)
        .join(School, School.id == Classroom.school)
        .outerjoin(Person, Person.id == Seat.assistant)
        .where(Seat.lesson == lesson)
        .order_by(Seat.classroom)
        .limit(MAX_NAMES)
    )
    return [name for row in await session.execute(seats) for name in row if name]


def _some(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))[:MAX_NAMES]
