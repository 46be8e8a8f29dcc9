"""Which classrooms of a lesson are ready: their displays, last contact and preflight."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from signalling.db.lessons import Lesson, Seat
from signalling.db.places import Classroom, Device, School
from signalling.devices.contacts import Heard, latest
from signalling.devices.registry import is_online

FRESH_S = 3 * 3600
"""A test made so long before a lesson, for no particular one, still says something about it."""


@dataclass(frozen=True, slots=True)
class Ready:
    """:ivar device: the display of the classroom that was heard last; None: there is none.
    :ivar preflight: `at`, `lesson`, `grade`, `sound`, `picture`, `line`; None: nothing recent."""

    classroom: str
    classroom_name: str
    school: str
    school_name: str
    part: str
    device: str | None
    online: bool
    seen: int | None
    preflight: dict[str, Any] | None


async def of_lesson(
    session: AsyncSession, lesson: str, now: float, waiting: Callable[[str], Heard | None]
) -> Sequence[Ready]:
    """The lead first. :param waiting: what this server has heard of a device and not written yet."""
    starts = await session.scalar(select(Lesson.starts).where(Lesson.id == lesson)) or 0
    rows = await session.execute(
        select(Classroom.id, Classroom.name, School.id, School.name, Seat.part)
        .add_columns(Device.id, Device.seen, Device.preflight)
        .join(Classroom, Classroom.id == Seat.classroom)
        .join(School, School.id == Classroom.school)
        .outerjoin(Device, and_(Device.classroom == Classroom.id, Device.kind == "display", Device.revoked.is_(None)))
        .where(Seat.lesson == lesson)
        .order_by(Seat.part, School.name, Classroom.name, Device.id)
    )
    ready: dict[str, Ready] = {}
    for *place, device, seen, preflight in rows:
        heard = waiting(device) if device is not None else None
        seen = latest(heard, seen, now)
        if heard is not None:
            preflight = heard.preflight or preflight
        it = Ready(*place, device, is_online(seen, None, now), seen, _recent(preflight, lesson, starts))
        before = ready.get(it.classroom)
        if before is None or (it.online, it.seen or 0) > (before.online, before.seen or 0):
            ready[it.classroom] = it
    return list(ready.values())


def _recent(preflight: dict[str, Any] | None, lesson: str, starts: int) -> dict[str, Any] | None:
    if not preflight:
        return None
    return preflight if preflight["lesson"] == lesson or preflight["at"] >= starts - FRESH_S else None
