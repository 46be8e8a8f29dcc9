"""Which lesson each recorder box publishes into. Pure, but for the one query."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from signalling.db.lessons import Booking, Lesson
from signalling.db.places import Device

MAX_ROWS = 2000
BEFORE_S = 60
"""A box begins so long before its lesson, not with its room: what it sends makes the lesson live."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """:ivar sealed: the password. :ivar starts: and :ivar ends: of the lesson, extension included."""

    device: str
    lesson: str
    url: str = field(repr=False)
    sealed: str = field(repr=False)
    starts: int
    ends: int


async def read(session: AsyncSession) -> list[Wanted]:
    """Lessons that are open or live and have a box."""
    ends = func.coalesce(Lesson.extended, Lesson.ends)
    rows = await session.execute(
        select(Device.id, Lesson.id, Device.url, Device.secret, Lesson.starts, ends)
        .join(Booking, Booking.device == Device.id)
        .join(Lesson, Lesson.booking == Booking.id)
        .where(Lesson.state.in_(("open", "live")), Device.kind == "rtsp", Device.revoked.is_(None))
        .order_by(Lesson.starts, Lesson.id)
        .limit(MAX_ROWS)
    )
    return [Wanted(*row) for row in rows]


def one_each(wanted: Iterable[Wanted], now: float) -> Sequence[Wanted]:
    """One lesson a box, in the order of time: many boxes are read by one at a time only. None before its time.

    Where one lesson is in its grace time and the next one's room is open already, the box is at the first one until
    its planned end. :param wanted: in the order of time.
    """
    chosen: dict[str, Wanted] = {}
    for it in wanted:
        if it.starts - BEFORE_S > now:
            continue
        before = chosen.get(it.device)
        if before is None or before.ends <= now:
            chosen[it.device] = it
    return sorted(chosen.values(), key=lambda it: (it.starts, it.lesson))
