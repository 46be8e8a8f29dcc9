"""Requests that wait for a school's yes, as the planner who decides sees them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from signalling.booking.request import plan_of
from signalling.db.lessons import Booking, BookingSeat
from signalling.db.people import Person
from signalling.db.places import Classroom, School
from signalling.timetable.series import Plan

MOST = 200
_READ = 5 * MOST


@dataclass(frozen=True, slots=True)
class Waiting:
    """:ivar waits: ids of all schools that have not answered. :ivar requested: seconds since 1970."""

    booking: str
    version: int
    title: str
    form: str
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


async def waiting(session: AsyncSession, schools: Collection[str], most: int = MOST) -> list[Waiting]:
    """Requests that wait for one of these schools, the oldest first; at most `most` (and `MOST`)."""
    teacher, asking = aliased(Person), aliased(Person)
    takes_part = exists().where(
        BookingSeat.booking == Booking.id, Classroom.id == BookingSeat.classroom, Classroom.school.in_(schools)
    )
    rows = await session.execute(
        select(Booking, School.name, teacher.name, asking.name)
        .join(School, School.id == Booking.school)
        .join(teacher, teacher.id == Booking.teacher)
        .join(asking, asking.id == Booking.requested_by)
        .where(Booking.state == "requested", takes_part)
        .order_by(Booking.requested, Booking.id)
        .limit(_READ)
    )
    found = [
        Waiting(
            booking=it.id,
            version=it.version,
            title=it.title,
            form=it.form,
            school=it.school,
            school_name=school,
            teacher=it.teacher,
            teacher_name=teaches,
            plan=plan_of(it),
            note=it.note,
            requested_by=it.requested_by,
            requested_by_name=asks,
            requested=it.requested,
            waits=tuple(it.waits),
        )
        # Those that this school has answered and others have not are in here too.
        for it, school, teaches, asks in rows
        if not set(schools).isdisjoint(it.waits)
    ]
    return found[: min(most, MOST)]
