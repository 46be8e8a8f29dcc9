"""Rows of bookings and lessons: found and locked, or made."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql import ColumnElement

from mediaserver.api import UserError
from signalling.booking.claims import Holding, Place, resources
from signalling.booking.forms import form_named
from signalling.booking.limits import Rules
from signalling.booking.request import Party, Request, plain
from signalling.db.base import new_id
from signalling.db.lessons import Booking, BookingSeat, Lesson, Seat
from signalling.db.places import Classroom, School
from signalling.timetable.series import Occurrence, Plan


def same_version(row: Booking | Lesson, version: int | None) -> None:
    """:param version: that was seen; None: whoever changes it does not mind.

    :raises UserError: 409 `changed_meanwhile`.
    """
    if version is not None and row.version != version:
        what = "booking" if isinstance(row, Booking) else "lesson"
        raise UserError(
            409,
            "changed_meanwhile",
            f"Somebody changed this {what} meanwhile; look at it again and repeat what is still needed.",
            version=row.version,
        )


async def booking_locked(session: AsyncSession, id: str, version: int | None = None) -> Booking:
    """From here to the end of the transaction nobody else changes this booking or its lessons' times.

    :raises UserError: 404 `unknown_booking`, 409 `changed_meanwhile`.
    """
    plain(id)
    booking = await session.get(Booking, id, with_for_update=True)
    if booking is None:
        raise UserError(404, "unknown_booking", "There is no such booking; it may have been removed.")
    same_version(booking, version)
    return booking


async def lesson_locked(session: AsyncSession, id: str, version: int | None = None) -> tuple[Booking, Lesson]:
    """:raises UserError: 404 `unknown_lesson`, 409 `changed_meanwhile`."""
    plain(id)
    of = await session.scalar(select(Lesson.booking).where(Lesson.id == id))
    if of is None:
        raise UserError(404, "unknown_lesson", "There is no such lesson; it may have been removed.")
    booking = await booking_locked(session, of)
    (lesson,) = await lessons_locked(session, Lesson.id == id)
    same_version(lesson, version)
    return booking, lesson


async def lessons_locked(session: AsyncSession, *which: ColumnElement[bool]) -> list[Lesson]:
    """In the order of their ids, in which everybody locks them; the bell locks them too."""
    rows = await session.execute(select(Lesson).where(*which).order_by(Lesson.id).with_for_update())
    return list(rows.scalars())


async def booking_places(session: AsyncSession, booking: str) -> list[Place]:
    seat = BookingSeat
    rows = await session.execute(
        select(seat.classroom, seat.part, seat.assistant, seat.pupil_class)
        .where(seat.booking == booking)
        .order_by(seat.part, seat.classroom)
    )
    return [Place(*row) for row in rows]


async def lesson_places(session: AsyncSession, lessons: Collection[str]) -> dict[str, list[Place]]:
    places: dict[str, list[Place]] = defaultdict(list)
    rows = await session.execute(
        select(Seat.lesson, Seat.classroom, Seat.part, Seat.assistant, Seat.pupil_class)
        .where(Seat.lesson.in_(lessons))
        .order_by(Seat.lesson, Seat.part, Seat.classroom)
    )
    for lesson, classroom, part, assistant, pupil_class in rows:
        places[lesson].append(Place(classroom, part, assistant, pupil_class))
    return places


async def party(session: AsyncSession, booking: Booking, places: Iterable[Place]) -> Party:
    """Of a booking that was validated when it was made."""
    ids = [place.classroom for place in places]
    query = select(School.id, School.approves).join(Classroom, Classroom.school == School.id)
    approves = {id: asked for id, asked in await session.execute(query.where(Classroom.id.in_(ids)).distinct())}
    asked = frozenset(id for id, asked in approves.items() if asked)
    return Party(form_named(booking.form), frozenset(approves), asked)


def holding(booking: Booking, lesson: Lesson, places: Iterable[Place]) -> Holding:
    """What a lesson has to hold, by its rows."""
    held = resources(form_named(booking.form), lesson.teacher, booking.device, places)
    return Holding(lesson.id, lesson.starts, max(lesson.ends, lesson.extended or 0), held)


async def add_booking(
    session: AsyncSession, request: Request, state: str, waits: Collection[str], actor: str, now: float
) -> Booking:
    plan = request.plan
    booking = Booking(
        id=new_id(now),
        state=state,
        form=request.form,
        title=request.title.strip(),
        school=request.school,
        teacher=request.teacher,
        classroom=request.classroom,
        subject=request.subject,
        grade=request.grade,
        textbook=request.textbook,
        unit=request.unit,
        points=list(request.points),
        records=request.records,
        rights=request.rights,
        note=request.note,
        dual=request.dual,
        device=request.device,
        waits=sorted(waits),
        requested_by=actor,
        requested=int(now),
        version=1,
        **plan_columns(plan),
    )
    session.add(booking)
    await session.flush()
    seats = [
        {
            "booking": booking.id,
            "classroom": place.classroom,
            "part": place.part,
            "assistant": place.assistant,
            "pupil_class": place.pupil_class,
        }
        for place in request.places
    ]
    await session.execute(insert(BookingSeat.__table__), seats)
    return booking


def plan_columns(plan: Plan) -> dict[str, Any]:
    return {
        "first": plan.first,
        "minutes": plan.minutes,
        "rule": plan.rule,
        "without": sorted(day.isoformat() for day in plan.without),
        "weeks": plan.weeks,
        "period": plan.period,
        "starts": plan.starts,
    }


def place_lesson(lesson: Lesson, when: Occurrence, period: int | None, rules: Rules) -> None:
    """Move a lesson that has not begun."""
    lesson.day, lesson.period = when.day, period
    lesson.starts, lesson.ends, lesson.closes = when.starts, when.ends, when.ends + rules.grace_s
    lesson.version += 1


async def add_lessons(
    session: AsyncSession,
    booking: Booking,
    teacher: str,
    places: Sequence[Place],
    when: Sequence[Occurrence],
    period: int | None,
    now: float,
    rules: Rules,
    makes_up: str | None = None,
) -> list[Holding]:
    """Lessons with their seats, scheduled. What they hold is returned for `claims.replace`."""
    if not when:
        return []
    ids = [new_id(now) for _ in when]
    lessons = [
        {
            "id": id,
            "booking": booking.id,
            "state": "scheduled",
            "day": lesson.day,
            "period": period,
            "starts": lesson.starts,
            "ends": lesson.ends,
            "closes": lesson.ends + rules.grace_s,
            "title": booking.title,
            "teacher": teacher,
            "makes_up": makes_up,
        }
        for id, lesson in zip(ids, when, strict=True)
    ]
    await session.execute(insert(Lesson.__table__), lessons)
    seats = [
        {
            "lesson": id,
            "classroom": place.classroom,
            "part": place.part,
            "assistant": place.assistant,
            "pupil_class": place.pupil_class,
        }
        for id in ids
        for place in places
    ]
    await session.execute(insert(Seat.__table__), seats)
    held = resources(form_named(booking.form), teacher, booking.device, places)
    return [Holding(id, lesson.starts, lesson.ends, held) for id, lesson in zip(ids, when, strict=True)]
