"""Days of a calendar that are unlike others: holidays, and days that run another day's timetable (调休)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from sqlalchemy import delete, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.booking.schooltime import in_our_time
from signalling.db import audit
from signalling.db.engine import Database
from signalling.db.lessons import Booking, Lesson
from signalling.db.times import CalendarDay
from signalling.places import coming
from signalling.places.calendars import following, locked
from signalling.timetable.calendar import SpecialDay

MAX_DAYS = 5000
"""Of one calendar: some 30 a year."""
_BATCH = 1000


async def set_days(
    database: Database, now: float, actor: str, calendar: str, days: Sequence[SpecialDay], *, beside: bool = False
) -> Mapping[str, int]:
    """Make `days` the special days of a calendar.

    :param beside: keep those that it has besides.
    :returns: how many were created, changed, unchanged and removed.
    :raises UserError: 404 `not_found`; 409 `lessons_booked`; 422 `day_twice`, `day_runs_itself`, `runs_swapped_day`,
        `outside_term`, `too_many`.
    """
    given = _plausible(days)

    async def work(session: AsyncSession) -> Mapping[str, int]:
        await locked(session, calendar)
        rows = await session.execute(
            select(CalendarDay.day, CalendarDay.runs, CalendarDay.name).where(CalendarDay.calendar == calendar)
        )
        known = {day: SpecialDay(day, runs, name) for day, runs, name in rows}
        wanted = {**known, **given} if beside else given
        _consistent(wanted)
        await _strands_nothing(session, now, calendar, known, wanted)
        gone = known.keys() - wanted.keys()
        new = {day: special for day, special in wanted.items() if known.get(day) != special}
        changed = new.keys() & known.keys()
        stale = sorted(gone | changed)
        for first in range(0, len(stale), _BATCH):
            batch = stale[first : first + _BATCH]
            await session.execute(
                delete(CalendarDay).where(CalendarDay.calendar == calendar, CalendarDay.day.in_(batch))
            )
        if new:
            await session.execute(
                insert(CalendarDay),
                [{"calendar": calendar, "day": day, "runs": it.runs, "name": it.name} for day, it in new.items()],
            )
        counts = {
            "created": len(new) - len(changed),
            "changed": len(changed),
            "unchanged": sum(known.get(day) == special for day, special in given.items()),
            "removed": len(gone),
        }
        if new or gone:
            await audit.append(session, int(now), actor, "calendar.days", calendar, counts)
        return counts

    return await database.run(work)


def _plausible(days: Sequence[SpecialDay]) -> dict[dt.date, SpecialDay]:
    given: dict[dt.date, SpecialDay] = {}
    for special in days:
        for day in (special.day, *([special.runs] if special.runs else ())):
            in_our_time(day)
        if special.day in given:
            raise UserError(422, "day_twice", f"{special.day} is named twice; keep one of the two.")
        if special.runs == special.day:
            raise UserError(
                422,
                "day_runs_itself",
                f"{special.day} runs its own timetable anyway; leave it out, or leave runs empty.",
            )
        given[special.day] = special
    return given


def _consistent(days: Mapping[dt.date, SpecialDay]) -> None:
    if len(days) > MAX_DAYS:
        raise UserError(422, "too_many", f"A calendar has at most {MAX_DAYS} special days; begin a new calendar.")
    for special in days.values():
        if special.runs in days and days[special.runs].runs is not None:
            # One would have to follow it from day to day.
            raise UserError(
                422,
                "runs_swapped_day",
                f"{special.day} runs the timetable of {special.runs}, which itself runs another day's; name that one.",
            )


async def _strands_nothing(
    session: AsyncSession,
    now: float,
    calendar: str,
    known: Mapping[dt.date, SpecialDay],
    wanted: Mapping[dt.date, SpecialDay],
) -> None:
    """A day off takes its lessons away, also those that schools of other calendars give. A day that runs another
    timetable takes those away that came there by their series."""
    off: list[dt.date] = []
    swapped: list[dt.date] = []
    for day in sorted(known.keys() | wanted.keys()):
        before = known[day].runs if day in known else day
        after = wanted[day].runs if day in wanted else day
        if before != after and before is not None:
            (off if after is None else swapped).append(day)
    affected = []
    if off:
        affected.append(Lesson.day.in_(off) & coming.at_schools(following(calendar)))
    if swapped:
        by_series = (Booking.rule != "") & ~Lesson.moved & Booking.school.in_(following(calendar))
        affected.append(Lesson.day.in_(swapped) & by_series)
    if affected:
        await coming.hold(session, following(calendar))
        await coming.require_none(
            session, now, "lie on days that would have no school or another timetable; move or cancel them first",
            or_(*affected),
        )  # fmt: skip
