"""Free slots: this teacher and these classrooms, 40 minutes, next week."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import replace

import pytest
from sqlalchemy import update

from mediaserver.api import UserError
from signalling.booking.free import Search, Slot, find
from signalling.booking.limits import Rules
from signalling.db.engine import Database
from signalling.db.places import School
from tests.booking.county import NOW, RULES, TUESDAY, at, book, elsewhere, request, single

DAY = dt.timedelta(days=1)
MONDAY = TUESDAY - DAY
TOGETHER = frozenset(("person:t0", "classroom:r0", "classroom:r1", "classroom:r2"))
WEEK = Search("s0", TOGETHER, 40, MONDAY, MONDAY + 6 * DAY)


async def found(
    database: Database, search: Search, now: float = NOW, rules: Rules = RULES, most: int = 50
) -> list[Slot]:
    async with database.read() as session:
        return await find(session, search, now, rules=rules, most=most)


async def test_periods_of_a_week(county: Database) -> None:
    await book(county, request(plan=single(period=1)))
    await book(county, elsewhere(teacher="t0", plan=single(period=3)))
    slots = await found(county, WEEK)
    assert len(slots) == 5 * 6 - 2
    assert [slot.period for slot in slots if slot.day == TUESDAY] == [2, 4, 5, 6]
    assert slots[0] == Slot(MONDAY, 1, at(MONDAY, 8), at(MONDAY, 8, 40))
    assert await found(county, WEEK, most=3) == slots[:3]
    assert await found(county, replace(WEEK, minutes=45)) == []
    for slot in slots[::7]:
        assert (await book(county, request(plan=single(slot.day, slot.period)))).state == "booked"


async def test_any_five_minutes(county: Database) -> None:
    await book(county, request(plan=single(period=1)))
    day = replace(WEEK, first=TUESDAY, last=TUESDAY, by_period=False, minutes=90)
    slots = await found(county, day, most=200)
    assert (slots[0].starts, slots[-1].ends) == (at(TUESDAY, 8, 40), at(TUESDAY, 15, 30))
    assert {later.starts - earlier.starts for earlier, later in itertools.pairwise(slots)} == {300}
    assert {slot.period for slot in slots} == {None}


async def test_holidays_swapped_days_and_what_is_over(county: Database) -> None:
    october = replace(WEEK, first=dt.date(2026, 9, 28), last=dt.date(2026, 10, 11))
    days = sorted({slot.day.isoformat()[5:] for slot in await found(county, october, most=200)})
    assert days == ["09-28", "09-29", "09-30", "10-08", "10-09", "10-10"]
    today = replace(WEEK, first=TUESDAY, last=TUESDAY)
    assert [slot.period for slot in await found(county, today, at(TUESDAY, 10))] == [4, 5, 6]
    assert await found(county, replace(WEEK, first=dt.date(2027, 2, 1), last=dt.date(2027, 2, 7))) == []


async def test_days_off_of_the_other_schools(county: Database) -> None:
    async with county.write() as session:
        await session.execute(update(School).where(School.id == "s2").values(calendar="other"))
    week = replace(WEEK, first=dt.date(2026, 9, 14), last=dt.date(2026, 9, 16), schools=frozenset(("s2",)))
    assert {slot.day.day for slot in await found(county, week)} == {14, 16}


async def test_machines_that_are_full(county: Database) -> None:
    await book(county, elsewhere(plan=single()))
    day = replace(WEEK, first=TUESDAY, last=TUESDAY)
    assert [slot.period for slot in await found(county, day, rules=Rules(capacity=5))] == [1, 2, 3, 4, 5, 6]
    assert [slot.period for slot in await found(county, day, rules=Rules(capacity=4))] == [2, 3, 4, 5, 6]
    assert await found(county, day, rules=Rules(capacity=2)) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"last": MONDAY - DAY},
        {"last": MONDAY + 31 * DAY},
        {"minutes": 4},
        {"minutes": 241},
        {"resources": frozenset()},
        {"resources": frozenset(f"person:{number}" for number in range(101))},
        {"school": "nowhere"},
        {"school": "\0"},
        {"first": dt.date.max, "last": dt.date.max},
    ],
)
async def test_searches_are_bounded(county: Database, changes: dict[str, object]) -> None:
    with pytest.raises(UserError, match=r"[.]$") as caught:
        await found(county, replace(WEEK, **changes))
    assert caught.value.status == 422
