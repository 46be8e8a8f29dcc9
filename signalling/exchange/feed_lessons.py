"""The lessons of a calendar feed: a person's, a classroom's or a school's."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.booking import schooltime, week
from signalling.booking.week import LessonShown, SeatShown
from signalling.db.lessons import Booking, Lesson
from signalling.db.people import Person
from signalling.db.places import Classroom, School
from signalling.db.records import Audit
from signalling.exchange.ical import AHEAD, MAX_LESSONS, PAST, FeedLesson

Of = Literal["person", "classroom", "school"]


@dataclass(frozen=True, slots=True)
class Contents:
    """:ivar name: of the calendar. :ivar zone: IANA name."""

    name: str
    zone: str
    lessons: list[FeedLesson]


async def contents(session: AsyncSession, of: Of, id: str, now: float, page: str) -> Contents:
    """Cancelled lessons too; of too many the nearest ones.

    :param page: where a lesson is shown, to which its id is appended. :raises UserError: 404 `not_found`.
    """
    name, school = await _called(session, of, id)
    zone = await schooltime.zone(session, school)
    found = await week.shown(
        session,
        Lesson.id.in_(week.lessons_of("teacher" if of == "person" else of, id)),
        Lesson.starts > int(now - PAST.total_seconds()),
        Lesson.starts < int(now + AHEAD.total_seconds()),
        most=MAX_LESSONS,
    )
    changed = await _changed(session, {lesson.booking for lesson in found})
    return Contents(name, zone.key, [_feed_lesson(it, changed[it.booking], page) for it in found])


async def _called(session: AsyncSession, of: Of, id: str) -> tuple[str, str | None]:
    """The calendar's name, and the school in whose time it is."""
    if of == "person":
        query = select(Person.name, Person.school).where(Person.id == id)
    elif of == "school":
        query = select(School.name, School.id).where(School.id == id)
    else:
        query = (
            select(School.name + " · " + Classroom.name, School.id)
            .join(Classroom, Classroom.school == School.id)
            .where(Classroom.id == id)
        )
    row = (await session.execute(query)).first()
    if row is None:
        raise UserError(404, "not_found", "There is no such calendar; it may have been removed just now.")
    return row[0], row[1]


async def _changed(session: AsyncSession, bookings: Collection[str]) -> dict[str, int]:
    """When anything about a booking was changed last. The lessons of a series share it: a lesson that seems changed
    later than it was does no harm."""
    changed = {
        id: max(requested, decided or 0)
        for id, requested, decided in await session.execute(
            select(Booking.id, Booking.requested, Booking.decided).where(Booking.id.in_(bookings))
        )
    }
    about = Audit.action.startswith("booking.")
    rows = list(
        await session.execute(
            select(Audit.subject, func.max(Audit.at)).where(Audit.subject.in_(bookings), about).group_by(Audit.subject)
        )
    )
    rows += await session.execute(
        select(Lesson.booking, func.max(Audit.at))
        .join(Audit, Audit.subject == Lesson.id)
        .where(Lesson.booking.in_(bookings), about)
        .group_by(Lesson.booking)
    )
    for booking, at in rows:
        changed[booking] = max(changed[booking], at)
    return changed


def _feed_lesson(it: LessonShown, changed: int, page: str) -> FeedLesson:
    return FeedLesson(
        id=it.lesson,
        version=it.version,
        changed=changed,
        state=it.state,
        starts=it.starts,
        ends=it.ends,
        title=it.title,
        subject=it.subject,
        teacher=it.teacher_name,
        lead="".join(_places(seat for seat in it.seats if seat.part == "lead")),
        receiving=_places(seat for seat in it.seats if seat.part == "receiving"),
        link=f"{page}{it.lesson}",
    )


def _places(seats: Iterable[SeatShown]) -> list[str]:
    return [f"{seat.school_name} {seat.classroom_name}" for seat in seats]
