"""What a booking says of itself is corrected: its title, subject, textbook, note. When, who and where stay."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.booking import notices, rows
from signalling.booking.change import Changed, changed
from signalling.booking.claims import HOLDING
from signalling.booking.request import request_of, texts
from signalling.db.engine import Database
from signalling.db.lessons import Lesson


@dataclass(frozen=True, slots=True)
class Edit:
    """What is not None replaces what was there. :ivar points: knowledge points. :ivar records: whether it is recorded.
    :ivar rights: who may see what is recorded."""

    title: str | None = None
    subject: str | None = None
    grade: str | None = None
    textbook: str | None = None
    unit: str | None = None
    points: tuple[str, ...] | None = None
    records: bool | None = None
    rights: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Edited:
    booking: str
    version: int


async def edit(
    database: Database, booking: str, wanted: Edit, actor: str, now: float, *, version: int | None = None
) -> Edited:
    """A new title is that of all its lessons that are not over, but for those that got one of their own.

    :raises UserError: 409 `changed_meanwhile`, `not_booked`; 422 `no_title`, `too_long`, `bad_text`.
    """

    async def work(session: AsyncSession) -> Edited:
        row = await rows.booking_locked(session, booking, version)
        if row.state not in ("requested", "booked"):
            raise UserError(409, "not_booked", f"This booking cannot be changed any more: it is {row.state}.")
        places = await rows.booking_places(session, row.id)
        before = request_of(row, places)
        given = {field.name: getattr(wanted, field.name) for field in dataclasses.fields(wanted)}
        if wanted.title is not None:
            given["title"] = wanted.title.strip()
        after = dataclasses.replace(before, **{name: value for name, value in given.items() if value is not None})
        texts(after)
        fields = sorted(name for name in given if getattr(after, name) != getattr(before, name))
        if not fields:
            return Edited(row.id, row.version)
        for name in fields:
            value = getattr(after, name)
            setattr(row, name, list(value) if name == "points" else value)
        row.version += 1
        await session.flush()
        if "title" in fields:
            same = (Lesson.booking == row.id, Lesson.title == before.title, Lesson.state.in_(HOLDING))
            await rows.lessons_locked(session, *same)
            titled = update(Lesson).where(*same).values(title=after.title, version=Lesson.version + 1)
            await session.execute(titled.execution_options(synchronize_session=False))
        await notices.record(session, "edited", row, places, actor, now, facts={"fields": fields})
        return Edited(row.id, row.version)

    return await database.run(work)


async def retitle(
    database: Database, lesson: str, title: str, actor: str, now: float, *, version: int | None = None
) -> Changed:
    """One lesson gets a title of its own.

    :raises UserError: 409 `changed_meanwhile`, `lesson_over`; 422 `no_title`, `too_long`, `bad_text`.
    """

    async def work(session: AsyncSession) -> Changed:
        booking, row = await rows.lesson_locked(session, lesson, version)
        if row.state not in HOLDING:
            raise UserError(409, "lesson_over", "This lesson is over or was cancelled; it keeps its title.")
        places = (await rows.lesson_places(session, [row.id]))[row.id]
        texts(dataclasses.replace(request_of(booking, places), title=title))
        if row.title != title.strip():
            row.title = title.strip()
            row.version += 1
            facts = {"fields": ["title"], "starts": row.starts, "ends": row.ends, "to_title": row.title}
            also = [row.teacher]
            await notices.record(session, "edited", booking, places, actor, now, facts=facts, lesson=row.id, also=also)
        return changed(row)

    return await database.run(work)
