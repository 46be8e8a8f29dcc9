"""The school's time as the database has it: calendars of the schools in a lesson, and the lead school's periods."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.db import times
from signalling.db.places import School
from signalling.timetable.calendar import Calendar, Period, Term
from signalling.timetable.series import MAX_TERM, Occurrence, Plan, Skipped, expand


@dataclass(frozen=True, slots=True)
class SchoolTime:
    """:ivar calendar: the lead school's. :ivar periods: its bell tables by the first day they are rung.
    :ivar others: calendars of the other schools unlike the lead school's, by a school's (id, name)."""

    calendar: Calendar
    periods: Mapping[dt.date, Sequence[Period]]
    others: Mapping[tuple[str, str], Calendar]

    def rung(self, day: dt.date) -> Sequence[Period]:
        """The periods of a day, whether there is school on it or not."""
        begun = [first for first in self.periods if first <= day]
        return self.periods[max(begun)] if begun else ()

    def expand(self, plan: Plan) -> tuple[list[Occurrence], list[Skipped]]:
        """A series follows the timetable that days run; a single lesson is meant for the day it names.

        :raises UserError: 422, as `series.expand`.
        """
        return expand(plan, self.calendar_of(plan), self.periods)

    def calendar_of(self, plan: Plan) -> Calendar:
        """By which it takes place: of a single lesson one without swapped days."""
        if plan.rule:
            return self.calendar
        holiday = self.calendar.runs(plan.first) is None
        return dataclasses.replace(self.calendar, days={plan.first: None} if holiday else {})

    def is_school_day(self, day: dt.date) -> bool:
        """A weekday, or a weekend day that runs another day's timetable."""
        runs = self.calendar.runs(day)
        return runs is not None and runs.weekday() < 5 and self.calendar.term(day) is not None


def in_our_time(day: dt.date) -> None:
    """Days can be counted from here in both directions. :raises UserError: 422 `outside_term`."""
    if not 2000 <= day.year < 2200:
        raise UserError(422, "outside_term", f"{day} lies in no term; choose a day in a term.")


async def load(session: AsyncSession, lead: str, schools: Collection[str], around: dt.date) -> SchoolTime:
    """:param schools: of the receiving classrooms. :param around: days further off than a term do not matter.

    :raises UserError: 422 `unknown_school`, `outside_term`.
    """
    in_our_time(around)
    found = {
        row.id: row
        for row in await session.execute(
            select(School.id, School.name, School.calendar, times.Calendar.zone)
            .join(times.Calendar, times.Calendar.id == School.calendar)
            .where(School.id.in_({lead, *schools}))
        )
    }
    if lead not in found:
        raise UserError(422, "unknown_school", "There is no such school; choose another one.")
    calendars = await _calendars(session, {row.calendar: row.zone for row in found.values()}, around)
    own = found[lead].calendar
    # One school speaks for all that share its calendar: a holiday of forty schools is said once.
    others: dict[str, tuple[str, str]] = {}
    for row in sorted(found.values(), key=lambda row: row.id):
        if row.calendar != own:
            others.setdefault(row.calendar, (row.id, row.name))
    return SchoolTime(
        calendars[own], await _periods(session, lead), {school: calendars[id] for id, school in others.items()}
    )


async def zone(session: AsyncSession, school: str | None) -> ZoneInfo:
    """In which a school lives. :param school: None: somebody who belongs to none."""
    calendar = times.Calendar
    query = select(calendar.zone).join(School, School.calendar == calendar.id).where(School.id == school)
    return ZoneInfo(await session.scalar(query) or times.ZONE)


async def _calendars(session: AsyncSession, zones: Mapping[str, str], around: dt.date) -> dict[str, Calendar]:
    terms: dict[str, list[Term]] = defaultdict(list)
    term = times.Term
    for calendar, name, starts, ends in await session.execute(
        select(term.calendar, term.name, term.starts, term.ends)
        .where(term.calendar.in_(zones), term.ends >= around - MAX_TERM, term.starts <= around + MAX_TERM)
        .order_by(term.starts)
    ):
        terms[calendar].append(Term(name, starts, ends))
    days: dict[str, dict[dt.date, dt.date | None]] = defaultdict(dict)
    day = times.CalendarDay
    for calendar, special, runs in await session.execute(
        select(day.calendar, day.day, day.runs).where(
            day.calendar.in_(zones), day.day.between(around - MAX_TERM, around + MAX_TERM)
        )
    ):
        days[calendar][special] = runs
    return {id: Calendar(ZoneInfo(zone), tuple(terms[id]), days[id]) for id, zone in zones.items()}


async def _periods(session: AsyncSession, school: str) -> dict[dt.date, list[Period]]:
    periods: dict[dt.date, list[Period]] = defaultdict(list)
    table, period = times.BellTable, times.Period
    for first, number, name, starts, ends in await session.execute(
        select(table.starts, period.number, period.name, period.starts, period.ends)
        .join(period, period.bell_table == table.id)
        .where(table.school == school)
        .order_by(table.starts, period.number)
    ):
        periods[first].append(Period(number, name, starts, ends))
    return dict(periods)
