"""A lesson that is over becomes a resource when something of it was recorded."""

from __future__ import annotations

from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from signalling.bell import transitions
from signalling.bell.transitions import CLOCK
from signalling.db import audit
from signalling.db.base import new_id
from signalling.db.lessons import Booking, Lesson
from signalling.db.library import Recording, Resource
from signalling.db.people import Person
from signalling.db.places import School
from signalling.db.times import Term
from signalling.library import work

BATCH = 100
"""Lessons of one transaction: on SQLite others wait while it lasts."""


def _finished(since: float) -> Any:
    """Lessons since then that have ended, were recorded and are nobody's work yet."""
    return (
        select(Lesson.id)
        .join(Recording, Recording.lesson == Lesson.id)
        .where(
            Lesson.state == "ended",
            Lesson.starts >= int(since),
            Recording.state == "ended",
            Recording.bytes > 0,
            ~exists().where(Resource.lesson == Lesson.id),
        )
        .order_by(Lesson.starts, Lesson.id)
        .limit(BATCH)
    )


async def is_due(session: AsyncSession, since: float) -> bool:
    """Whether there is anything to `make`. Reads only."""
    return (await session.scalars(_finished(since).limit(1))).first() is not None


async def make(session: AsyncSession, since: float, now: float) -> list[str]:
    """Resources of at most `BATCH` lessons, with their stages; the lessons are `processing` from now on.

    A lesson that somebody changes at this moment is passed over.
    :param since: lessons that began earlier are left alone.
    """
    chosen = (await session.scalars(_finished(since).with_for_update(of=Lesson, skip_locked=True))).all()
    if not chosen:
        return []
    rows = await session.execute(
        select(Lesson, Booking, School, Person.name, Recording.spool)
        .join(Booking, Booking.id == Lesson.booking)
        .join(Recording, Recording.lesson == Lesson.id)
        .join(School, School.id == Booking.school)
        .join(Person, Person.id == Lesson.teacher)
        .where(Lesson.id.in_(chosen))
        .order_by(Lesson.id)
    )
    entries: list[audit.Entry] = []
    made: list[str] = []
    for lesson, booking, school, teacher, spool in rows.all():
        term = await session.scalar(
            select(Term.name)
            .where(Term.calendar == school.calendar, Term.starts <= lesson.day, Term.ends >= lesson.day)
            .limit(1)
        )
        row = Resource(
            id=new_id(now),
            kind="lesson",
            state="waiting",
            title=lesson.title,
            subject=booking.subject,
            grade=booking.grade,
            term=(term or "")[:40],
            textbook=booking.textbook,
            unit=booking.unit,
            points=list(booking.points),
            form=booking.form,
            teacher=lesson.teacher,
            teacher_name=teacher,
            school=school.id,
            region=school.region,
            day=lesson.day,
            rights=booking.rights,
            lesson=lesson.id,
            spool=spool,
            made=int(now),
            changed=int(now),
        )
        session.add(row)
        await session.flush()
        await work.begin(session, row.id, row.kind, now)
        made.append(row.id)
        entries.append(audit.Entry(CLOCK, "resource.created", row.id, {"lesson": lesson.id, "kind": row.kind}))
    await transitions.advance(session, chosen, "process", CLOCK, now)
    await audit.append_all(session, int(now), entries)
    return made
