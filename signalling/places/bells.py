"""Bell tables: when a school's periods begin and end, from which day on."""

from __future__ import annotations

import datetime as dt
import itertools
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import delete, insert, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.booking import schooltime
from signalling.db import audit
from signalling.db.base import new_id
from signalling.db.engine import Database
from signalling.db.lessons import Booking, Lesson
from signalling.db.places import School
from signalling.db.times import BellTable, Calendar
from signalling.db.times import Period as PeriodRow
from signalling.places import coming, naming, schools
from signalling.timetable.calendar import Period

MAX_TABLES, MAX_PERIODS, MAX_NUMBER = 40, 40, 99
_MIDNIGHT = 24 * 60
_MAX_PAIRS = 5000
"""Days and periods of coming lessons that are looked for; one table rings for some 200 days."""


@dataclass(frozen=True, slots=True)
class Table:
    """:ivar starts: first day it is rung."""

    name: str
    starts: dt.date
    periods: Sequence[Period]


@dataclass(frozen=True, slots=True)
class TableShown:
    id: str
    name: str
    starts: dt.date
    periods: list[Period]


Tables = Mapping[dt.date, Sequence[Period]]


async def tables(session: AsyncSession, school: str) -> list[TableShown]:
    """In the order of their first days."""
    periods: dict[str, list[Period]] = defaultdict(list)
    rows = await session.execute(
        select(PeriodRow)
        .join(BellTable, BellTable.id == PeriodRow.bell_table)
        .where(BellTable.school == school)
        .order_by(PeriodRow.number)
    )
    for row in rows.scalars():
        periods[row.bell_table].append(Period(row.number, row.name, row.starts, row.ends))
    found = select(BellTable).where(BellTable.school == school).order_by(BellTable.starts)
    return [TableShown(it.id, it.name, it.starts, periods[it.id]) for it in await session.scalars(found)]


async def replace(database: Database, now: float, actor: str, school: str, wanted: Sequence[Table]) -> list[TableShown]:
    """Make `wanted` the tables of a school; those that ring already and are not named stay.

    :raises UserError: 404; 409 `lessons_booked`: a period of a coming lesson would move or go; `bells_have_rung`:
        lessons were given by what would change; 422 `bad_name`, `bad_bells`.
    """
    given = {table.starts: _plausible(table) for table in wanted}
    if len(given) != len(wanted):
        raise _bad("Two bell tables begin on the same day; give one of them another day.")

    async def work(session: AsyncSession) -> list[TableShown]:
        await coming.hold(session, select(School.id).where(School.id == school))
        row = await schools.locked(session, school)
        zone = await session.scalar(select(Calendar.zone).where(Calendar.id == row.calendar))
        today = dt.datetime.fromtimestamp(int(now), ZoneInfo(str(zone))).date()
        known = {table.starts: table for table in await tables(session, school)}
        kept = {starts: table for starts, table in known.items() if starts <= today and starts not in given}
        if len(kept) + len(given) > MAX_TABLES:
            raise _bad(f"A school has at most {MAX_TABLES} bell tables; leave out old ones.")
        new = {starts: table for starts, table in given.items() if not _same(known.get(starts), table)}
        gone = known.keys() - kept.keys() - given.keys()
        if not new and not gone:
            return list(known.values())
        before = {starts: table.periods for starts, table in known.items()}
        after = {starts: table.periods for starts, table in {**kept, **given}.items()}
        await _moves_nothing(session, now, school, before, after, min(new.keys() | gone))
        stale = [known[starts].id for starts in known.keys() & (gone | new.keys())]
        await session.execute(delete(BellTable).where(BellTable.id.in_(stale)))
        for starts, table in new.items():
            id = known[starts].id if starts in known else new_id(now)
            await session.execute(insert(BellTable).values(id=id, school=school, name=table.name, starts=starts))
            await session.execute(
                insert(PeriodRow),
                [
                    {"bell_table": id, "number": it.number, "name": it.name, "starts": it.starts, "ends": it.ends}
                    for it in table.periods
                ],
            )
        result = await tables(session, school)
        detail = {
            "set": [{"name": table.name, "starts": starts.isoformat()} for starts, table in sorted(new.items())],
            "removed": [starts.isoformat() for starts in sorted(gone)],
        }
        await audit.append(session, int(now), actor, "bells.set", school, detail)
        return result

    return await database.run(work)


def _same(known: TableShown | None, table: Table) -> bool:
    return known is not None and (known.name, known.periods) == (table.name, list(table.periods))


async def _moves_nothing(
    session: AsyncSession, now: float, school: str, before: Tables, after: Tables, since: dt.date
) -> None:
    """Periods in which lessons lie ring as they did."""
    mine = (Booking.school == school, Lesson.period.is_not(None), Lesson.day >= since)
    slots = select(Lesson.day, Lesson.period).join(Booking, Booking.id == Lesson.booking).where(*mine).distinct()
    for coming_ones in (True, False):
        on = coming.still_on(now)
        rows = (await session.execute(slots.where(on if coming_ones else ~on, Lesson.state != "cancelled"))).all()
        moved = [(day, number) for day, number in rows if _rung(before, day, number) != _rung(after, day, number)]
        if not moved:
            continue
        if not coming_ones:
            raise UserError(
                409,
                "bells_have_rung",
                f"Lessons were given by the bell table of {min(moved)[0]}, so it is kept; "
                "leave it as it is and add one that begins tomorrow or later.",
            )
        await coming.require_none(
            session,
            now,
            "lie in periods that would ring at another time or not at all; move them, or let the table begin later",
            *mine,
            tuple_(Lesson.day, Lesson.period).in_(sorted(moved)[:_MAX_PAIRS]),
        )


def _rung(tables: Tables, day: dt.date, number: int) -> tuple[int, int] | None:
    begun = [first for first in tables if first <= day]
    periods = tables[max(begun)] if begun else ()
    return next(((period.starts, period.ends) for period in periods if period.number == number), None)


def _plausible(table: Table) -> Table:
    schooltime.in_our_time(table.starts)
    periods = sorted(table.periods, key=lambda period: period.number)
    if not 1 <= len(periods) <= MAX_PERIODS:
        raise _bad(f"A bell table has 1 to {MAX_PERIODS} periods; add or remove some.")
    for period in periods:
        if not 1 <= period.number <= MAX_NUMBER or not 0 <= period.starts < period.ends <= _MIDNIGHT:
            raise _bad(f"The period {period.number} must begin before it ends, on one day; correct its times.")
    for earlier, later in itertools.pairwise(periods):
        if earlier.number == later.number or later.starts < earlier.ends:
            raise _bad(f"The periods {earlier.number} and {later.number} overlap; correct their times.")
    named = [Period(it.number, naming.called(it.name, 40), it.starts, it.ends) for it in periods]
    return Table(naming.called(table.name), table.starts, named)


def _bad(sentence: str) -> UserError:
    return UserError(422, "bad_bells", sentence)
