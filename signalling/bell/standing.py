"""In which classroom of a lesson a participant of its room stands."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from signalling.db.lessons import Lesson, Seat
from signalling.db.places import Device


@dataclass(frozen=True, slots=True)
class Place:
    """:ivar device: the display that answers for it; None: the participant is a person.
    :ivar teaches: the participant is the lesson's teacher."""

    classroom: str
    device: str | None = None
    teaches: bool = False


async def find(session: AsyncSession, lesson: str, participant: str, beside: str | None) -> Place | None:
    """None: in none of them. A person's own seat counts for more than the display that she holds the remote of.

    :param beside: the claim of that name.
    """
    mine = select(Seat.classroom).where(Seat.lesson == lesson, Seat.assistant == participant)
    classroom = await session.scalar(mine.order_by(Seat.classroom).limit(1))
    if classroom is not None:
        return Place(classroom)
    display = (
        select(Seat.classroom)
        .join(Device, Device.classroom == Seat.classroom)
        .where(Seat.lesson == lesson, Device.id == (beside or participant), Device.revoked.is_(None))
    )
    classroom = await session.scalar(display)
    if classroom is not None:
        return Place(classroom, beside or participant)
    lead = (
        select(Seat.classroom)
        .join(Lesson, Lesson.id == Seat.lesson)
        .where(Lesson.id == lesson, Lesson.teacher == participant, Seat.part == "lead")
    )
    classroom = await session.scalar(lead)
    return Place(classroom, teaches=True) if classroom is not None else None
