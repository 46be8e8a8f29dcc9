"""What the rows say of lessons that may be recorded, and how far their recordings have come."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from signalling.db.lessons import Booking, Lesson
from signalling.db.library import Recording, here
from signalling.recording import orders

_CHUNK = 500
BEFORE_END = ("scheduled", "open", "live")
UNFINISHED = ("recording", "troubled", "paused", "stopped")
"""States of a row whose lesson goes on, or whose recording was never closed."""


@dataclass(frozen=True, slots=True)
class Row:
    """:ivar over: the lesson is. :ivar state: as ordered; None: there is no row yet.
    :ivar by: who gave the last order; empty when nobody has. :ivar since: as of `Recording`."""

    lesson: str
    over: bool
    records: bool
    state: str | None
    by: str
    excluded: tuple[str, ...]
    trouble: str
    bytes: int
    tracks: int
    missing_ms: int
    ended: int | None
    spool: str
    since: int | None

    @property
    def order(self) -> str:
        return self.state if self.state is not None else orders.first(self.records)


@dataclass(frozen=True, slots=True)
class Written:
    """:ivar before: the state in which the row must be for this to be written."""

    lesson: str
    before: str
    values: dict[str, Any]


async def read(session: AsyncSession, lessons: Collection[str]) -> list[Row]:
    names = sorted(lessons)
    found: list[Row] = []
    for first in range(0, len(names), _CHUNK):
        query = (
            select(Lesson.id, Lesson.state, Lesson.ended, Booking.records, Recording)
            .join(Booking, Booking.id == Lesson.booking)
            .outerjoin(Recording, Recording.lesson == Lesson.id)
            .where(Lesson.id.in_(names[first : first + _CHUNK]))
        )
        found += [_row(*values) for values in await session.execute(query)]
    return found


def _row(lesson: str, state: str, ended: int | None, records: bool, row: Recording | None) -> Row:
    over = state not in BEFORE_END
    if row is None:
        return Row(lesson, over, records, None, "", (), "", 0, 0, 0, ended, "", None)
    figures = (row.trouble, row.bytes, row.tracks, row.missing_ms)
    return Row(lesson, over, records, row.state, row.by, tuple(row.excluded), *figures, ended, row.spool, row.since)


async def left_open(session: AsyncSession, spool: str, lost: float) -> Sequence[str]:
    """Lessons that are over and whose recordings are not: those of a folder, and others' that ended before `lost`.

    :param spool: name of the folder; empty: nobody knows it, and all are meant.
    """
    ours = here(Recording.spool, spool) if spool else true()
    query = (
        select(Recording.lesson)
        .join(Lesson, Lesson.id == Recording.lesson)
        .where(
            Recording.state.in_(UNFINISHED),
            Lesson.state.not_in(BEFORE_END),
            or_(ours, Lesson.ended < int(lost)),
        )
        .limit(_CHUNK)
    )
    return (await session.scalars(query)).all()


async def write(session: AsyncSession, new: Iterable[Recording], written: Iterable[Written]) -> None:
    """:param new: rows of recordings that begin; one that somebody made meanwhile is left as it is."""
    for row in new:
        if await session.get(Recording, row.lesson) is None:
            session.add(row)
    await session.flush()
    for one in written:
        query = update(Recording).where(Recording.lesson == one.lesson, Recording.state == one.before)
        await session.execute(query.values(**one.values), execution_options={"synchronize_session": False})
