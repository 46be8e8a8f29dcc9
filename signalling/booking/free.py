"""When are these people and classrooms free together: "this teacher, these three classrooms, 40 minutes, next week"."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.booking import load, schooltime
from signalling.booking.claims import Holding
from signalling.booking.limits import Rules
from signalling.booking.request import plain
from signalling.booking.schooltime import SchoolTime, in_our_time
from signalling.booking.survey import survey
from signalling.db.places import Classroom
from signalling.timetable.series import MAX_MINUTES, MIN_MINUTES

MAX_DAYS = 31
MAX_RESOURCES = 100
MAX_FOUND = 200
STEP_MINUTES = 5


@dataclass(frozen=True, slots=True)
class Search:
    """:ivar school: the lead school, whose days and periods count. :ivar schools: of the other classrooms: their
    holidays count too. :ivar resources: `person:…`, `classroom:…`, `pupils:…`, `device:…`.
    :ivar by_period: at the beginnings of periods that are long enough; else every five minutes of the school day."""

    school: str
    resources: frozenset[str]
    minutes: int
    first: dt.date
    last: dt.date
    schools: frozenset[str] = frozenset()
    by_period: bool = True


@dataclass(frozen=True, slots=True)
class Slot:
    """:ivar period: its number, None when times of day were searched. Instants are seconds since 1970."""

    day: dt.date
    period: int | None
    starts: int
    ends: int


async def find(session: AsyncSession, search: Search, now: float, *, rules: Rules, most: int = 50) -> list[Slot]:
    """The first free slots in the order of time, at most `most` (and `MAX_FOUND`).

    :raises UserError: 422 `bad_search`, `unknown_school`, `outside_term`, `bad_text`.
    """
    _bounded(search)
    time = await schooltime.load(session, search.school, search.schools, search.first)
    slots = list(_slots(search, time))
    if not slots:
        return []
    resources = tuple(sorted(search.resources))
    span = slots[0].starts, max(slot.ends for slot in slots)
    around = await survey(session, time, rules, now, resources, span)
    free = []
    for slot in slots:
        wanted = Holding("", slot.starts, slot.ends, resources)
        if around.fits([wanted]):
            free.append((slot, load.changes([(slot.starts, slot.ends, wanted.classrooms)])))
    if rules.capacity:
        carried = await load.carried(session, {at for _, change in free for at in change})
        free = [(slot, change) for slot, change in free if load.full(carried, change, rules.capacity) is None]
    return [slot for slot, _ in free[: min(most, MAX_FOUND)]]


async def schools_of(session: AsyncSession, resources: Collection[str]) -> frozenset[str]:
    """Of the classrooms among these resources. :raises UserError: 422 `bad_text`."""
    plain(*resources)
    ids = [id for kind, _, id in (resource.partition(":") for resource in resources) if kind == "classroom"]
    return frozenset(await session.scalars(select(Classroom.school).where(Classroom.id.in_(ids)).distinct()))


def _bounded(search: Search) -> None:
    in_our_time(search.first)
    plain(search.school, *search.schools, *search.resources)
    if not 0 <= (search.last - search.first).days < MAX_DAYS:
        raise UserError(422, "bad_search", f"A search covers 1 to {MAX_DAYS} days; choose a shorter time.")
    if not MIN_MINUTES <= search.minutes <= MAX_MINUTES:
        raise UserError(422, "bad_search", f"A lesson lasts {MIN_MINUTES} to {MAX_MINUTES} minutes.")
    if not 1 <= len(search.resources) <= MAX_RESOURCES:
        raise UserError(
            422, "bad_search", f"A search is for 1 to {MAX_RESOURCES} people, classrooms, classes and devices."
        )


def _slots(search: Search, time: SchoolTime) -> Iterator[Slot]:
    """In the order of time, on school days of the lead school; its periods may lie in any order or overlap."""
    for number in range((search.last - search.first).days + 1):
        day = search.first + dt.timedelta(days=number)
        rung = time.rung(day)
        if not rung or not time.is_school_day(day):
            continue
        begins: list[tuple[int, int | None]]
        if search.by_period:
            begins = sorted(
                (period.starts, period.number) for period in rung if period.ends - period.starts >= search.minutes
            )
        else:
            opens = -(-min(period.starts for period in rung) // STEP_MINUTES) * STEP_MINUTES
            closes = max(period.ends for period in rung)
            begins = [(minute, None) for minute in range(opens, closes - search.minutes + 1, STEP_MINUTES)]
        for minute, period in begins:
            starts = time.calendar.instant(day, minute)
            yield Slot(day, period, starts, starts + search.minutes * 60)
