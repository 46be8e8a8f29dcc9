"""Who ordered what of a lesson's recording. The row is the order: whoever records looks at it every second.

    none ──start──▶ recording ◀──resume── paused
                     │   ▲  └───pause──────▲
                     ▼   └──start── stopped ◀──stop── (all of them)

`troubled` is `recording` while nothing can be written. A pair that is not in the table is refused; one that leads where
the recording is already is heard and changes nothing.
"""

from __future__ import annotations

import math
from typing import Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.bell.doors import refusal
from signalling.db import audit
from signalling.db.engine import Database
from signalling.db.lessons import Booking, Lesson, Seat
from signalling.db.library import Recording
from signalling.db.places import Device

State = Literal["none", "recording", "troubled", "paused", "stopped", "ended"]
Action = Literal["start", "stop", "pause", "resume"]

TRANSITIONS: dict[tuple[str, Action], State] = {
    ("none", "start"): "recording",
    ("stopped", "start"): "recording",
    ("paused", "start"): "recording",
    ("recording", "start"): "recording",
    ("troubled", "start"): "troubled",
    ("recording", "pause"): "paused",
    ("troubled", "pause"): "paused",
    ("paused", "pause"): "paused",
    ("paused", "resume"): "recording",
    ("recording", "resume"): "recording",
    ("troubled", "resume"): "troubled",
    ("none", "stop"): "stopped",
    ("recording", "stop"): "stopped",
    ("troubled", "stop"): "stopped",
    ("paused", "stop"): "stopped",
    ("stopped", "stop"): "stopped",
}
_SILENT = ("none", "paused", "stopped")
MAX_EXCLUDED = 200


def first(records: bool) -> State:
    """Where a recording begins that nobody gave an order for. :param records: what the booking says."""
    return "recording" if records else "none"


async def give(database: Database, lesson: str, action: Action, *, actor: str, now: float) -> None:
    """Start, stop, pause or resume the recording of a lesson that is open.

    :raises UserError: 404 `not_found`; 403 `lesson_not_open`, `lesson_over` or `lesson_cancelled`;
        409 `wrong_recording_state`.
    """

    async def work(session: AsyncSession) -> None:
        row = await _row(session, lesson, now)
        after = TRANSITIONS.get((row.state, action))
        if after is None:
            raise UserError(
                409,
                "wrong_recording_state",
                f"The recording is {row.state}; look at its state again and give another order.",
                state=row.state,
            )
        if after == row.state:
            return
        if row.state in _SILENT and after not in _SILENT:
            row.since = math.ceil(now)
        row.state, row.by = after, actor
        await session.flush()
        await audit.append(session, int(now), actor, f"recording.{action}", lesson)

    await database.run(work)


async def exclude(database: Database, lesson: str, participant: str, excluded: bool, *, actor: str, now: float) -> None:
    """Leave a classroom's display out of the recording, or take it in again.

    :raises UserError: as `give`; 404 `not_found`: no display of a receiving classroom of this lesson;
        409 `too_many_excluded`.
    """

    async def work(session: AsyncSession) -> None:
        row = await _row(session, lesson, now)
        if (participant in row.excluded) == excluded:
            return
        if excluded:
            await _require_classroom(session, lesson, participant)
            if len(row.excluded) >= MAX_EXCLUDED:
                raise UserError(
                    409, "too_many_excluded", f"{MAX_EXCLUDED} classrooms are left out; pause the recording instead."
                )
        row.excluded = [*(it for it in row.excluded if it != participant), *([participant] if excluded else [])]
        row.by = actor
        await session.flush()
        action = "recording.exclude" if excluded else "recording.include"
        await audit.append(session, int(now), actor, action, lesson, {"participant": participant})

    await database.run(work)


async def _row(session: AsyncSession, lesson: str, now: float) -> Recording:
    """Locked, made where it is missing."""
    query = select(Lesson.state, Booking.records).join(Booking, Booking.id == Lesson.booking)
    found = (await session.execute(query.where(Lesson.id == lesson).with_for_update(of=Lesson))).first()
    if found is None:
        raise UserError(404, "not_found", "There is no such lesson; it may have been removed from the timetable.")
    refused = refusal(found.state)
    if refused is not None:
        raise refused
    row = await session.get(Recording, lesson, with_for_update=True)
    if row is None:
        row = new(lesson, found.records, now)
        session.add(row)
    return row


def new(lesson: str, records: bool, now: float) -> Recording:
    return Recording(
        lesson=lesson,
        state=first(records),
        by="",
        began=int(now),
        bytes=0,
        tracks=0,
        missing_ms=0,
        excluded=[],
        trouble="",
    )


async def _require_classroom(session: AsyncSession, lesson: str, participant: str) -> None:
    query = (
        select(Device.id)
        .join(Seat, Seat.classroom == Device.classroom)
        .where(Device.id == participant, Seat.lesson == lesson, Seat.part == "receiving")
    )
    if (await session.execute(query)).first() is None:
        raise UserError(404, "not_found", "There is no such classroom in this lesson; look at its list again.")
