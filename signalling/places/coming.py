"""Lessons that are booked and still to come: what would move or strand them is refused, and they are named."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.booking import claims
from signalling.booking.claims import HOLDING
from signalling.booking.limits import Rules
from signalling.db.lessons import Booking, Lesson, Seat
from signalling.db.places import Classroom, School

SHOWN = 20
_BATCH = 2000


def still_on(now: float) -> ColumnElement[bool]:
    return Lesson.state.in_(HOLDING) & (Lesson.closes > int(now))


async def require_none(session: AsyncSession, now: float, what: str, *which: ColumnElement[bool]) -> None:
    """:param what: completes "3 booked lessons …": what would become of them, and what to do.
    :param which: of `lesson` and `booking`.
    :raises UserError: 409 `lessons_booked` with their `count` and the first of the `lessons`.
    """
    conditions = (still_on(now), *which)
    lessons = (
        await session.execute(
            select(Lesson.id, Lesson.title, Lesson.day, Lesson.starts, School.name)
            .join(Booking, Booking.id == Lesson.booking)
            .join(School, School.id == Booking.school)
            .where(*conditions)
            .order_by(Lesson.starts, Lesson.id)
            .limit(SHOWN)
        )
    ).all()
    if not lessons:
        return
    counting = select(func.count()).select_from(Lesson).join(Booking, Booking.id == Lesson.booking).where(*conditions)
    count = await session.scalar(counting) or 0
    first = lessons[0]
    said = "1 booked lesson" if count == 1 else f"{count} booked lessons"
    raise UserError(
        409,
        "lessons_booked",
        f"{said} (the first on {first.day}: {first.title}, {first.name}) {what}.",
        count=count,
        lessons=[
            {"lesson": id, "title": title, "day": day.isoformat(), "starts": starts, "school_name": school}
            for id, title, day, starts, school in lessons
        ],
    )


async def hold(session: AsyncSession, schools: Select[tuple[str]]) -> None:
    """From here to the end of the transaction nobody books a classroom of these schools: whoever is about to stands in
    line, and then finds what was changed. Before rows of schools are locked, which bookings refer to.

    :param schools: their ids.
    """
    found = select(Classroom.id).where(Classroom.school.in_(schools))
    rooms = sorted(await session.scalars(found))
    for first in range(0, len(rooms), _BATCH):  # in the order in which bookings lock them
        await claims.lock(session, [f"classroom:{room}" for room in rooms[first : first + _BATCH]], Rules())


async def hold_people(session: AsyncSession, people: Sequence[str]) -> None:
    """The same for lessons that they are to teach or assist in, before their rows are locked."""
    await claims.lock(session, [f"person:{person}" for person in sorted(people)], Rules())


def of_people(people: Sequence[str]) -> ColumnElement[bool]:
    """Lessons that they teach or assist in."""
    return Lesson.teacher.in_(people) | Lesson.id.in_(select(Seat.lesson).where(Seat.assistant.in_(people)))


def in_classroom(classroom: str, part: str | None = None) -> ColumnElement[bool]:
    """:param part: `lead` or `receiving`; None: either."""
    seats = select(Seat.lesson).where(Seat.classroom == classroom)
    return Lesson.id.in_(seats if part is None else seats.where(Seat.part == part))


def at_schools(schools: Select[tuple[str]]) -> ColumnElement[bool]:
    """Lessons with a classroom of one of these schools in them. :param schools: their ids."""
    seats = select(Seat.lesson).join(Classroom, Classroom.id == Seat.classroom).where(Classroom.school.in_(schools))
    return Lesson.id.in_(seats)


def of_pupils(*classes: str) -> ColumnElement[bool]:
    return Lesson.id.in_(select(Seat.lesson).where(Seat.pupil_class.in_(classes)))
