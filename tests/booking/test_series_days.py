"""A series is moved after its school entered holidays and swapped days: no lesson is lost, none is held twice."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import insert

from mediaserver.api import UserError
from signalling.booking import change
from signalling.booking import series as change_series
from signalling.db.engine import Database
from signalling.db.times import CalendarDay
from signalling.timetable.series import Plan, Skipped
from tests.booking.county import NOW, RULES, TUESDAY, at, book, consistent, lessons_of, request, series, single

DAY, WEEK = dt.timedelta(days=1), dt.timedelta(days=7)
DAYS = [TUESDAY + number * WEEK for number in range(4)]
THIRD = DAYS[2]
FOUR = "FREQ=WEEKLY;COUNT=4"
SUNDAY, HOLIDAY = dt.date(2026, 9, 20), dt.date(2026, 10, 6)


async def calls_off(database: Database, day: dt.date, lesson: str) -> None:
    """A holiday is entered, for which its lesson had to go."""
    await change.cancel(database, lesson, "p0", NOW)
    await special(database, day, None)


async def special(database: Database, day: dt.date, runs: dt.date | None) -> None:
    async with database.write() as session:
        await session.execute(insert(CalendarDay).values(calendar="year", day=day, runs=runs, name="校历"))


async def move(
    database: Database, booking: str, since: dt.date, plan: Plan, by_hand: change_series.ByHand = "ask"
) -> change_series.Series:
    return await change_series.move(database, booking, since, plan, "p0", NOW, rules=RULES, by_hand=by_hand)


async def shown(database: Database, booking: str) -> list[tuple[dt.date, int | None, str]]:
    await consistent(database)
    return [(lesson.day, lesson.period, lesson.state) for lesson in await lessons_of(database, booking)]


def later(*cancelled: dt.date) -> list[tuple[dt.date, int, str]]:
    """The four lessons when those that remain were moved to the second period."""
    return [(day, 1, "cancelled") if day in cancelled else (day, 2, "scheduled") for day in DAYS]


async def test_a_lesson_called_off_for_a_holiday_takes_no_other_ones_place(county: Database) -> None:
    made = await book(county, request(plan=series(rule=FOUR)))
    await calls_off(county, THIRD, made.lessons[2])
    moved = await move(county, made.booking, TUESDAY, series(rule=FOUR, period=2))
    assert moved.skipped == (Skipped(THIRD, "holiday"),)
    assert await shown(county, made.booking) == later(THIRD)
    wednesdays = series(first=TUESDAY + DAY, rule=FOUR, period=3)
    await move(county, made.booking, TUESDAY, wednesdays)  # the day after the holiday has school: one is added
    days = [day for day, _, state in await shown(county, made.booking) if state == "scheduled"]
    assert days == [day + DAY for day in DAYS]


async def test_nor_does_one_that_was_moved_away_from_it_and_is_kept(county: Database) -> None:
    made = await book(county, request(plan=series(rule=FOUR)))
    await change.move(county, made.lessons[2], single(THIRD + 3 * DAY, 5), "p0", NOW, rules=RULES)
    await special(county, THIRD, None)
    await move(county, made.booking, TUESDAY, series(rule=FOUR, period=2), by_hand="keep")
    assert await shown(county, made.booking) == [
        *((day, 2, "scheduled") for day in DAYS[:2]),
        (THIRD + 3 * DAY, 5, "scheduled"),
        (DAYS[3], 2, "scheduled"),
    ]
    moved = await move(county, made.booking, TUESDAY, series(rule=FOUR, period=3), by_hand="move")
    assert moved.lessons[-1] == made.lessons[2]  # the plan has no day for it, and it is that one that goes
    states = {lesson.id: lesson.state for lesson in await lessons_of(county, made.booking)}
    assert states == {id: "cancelled" if id == made.lessons[2] else "scheduled" for id in made.lessons}
    await consistent(county)


async def test_nor_does_an_exception_that_the_new_plan_names_too(county: Database) -> None:
    made = await book(county, request(plan=series(rule=FOUR)))
    await change_series.leave_out(county, made.booking, THIRD, "p0", NOW)
    without = frozenset((THIRD,))
    await move(county, made.booking, TUESDAY, series(rule=FOUR, period=2, without=without))
    assert await shown(county, made.booking) == later(THIRD)
    wednesdays = series(first=TUESDAY + DAY, rule=FOUR, without=frozenset((THIRD + DAY,)))
    await move(county, made.booking, TUESDAY, wednesdays)
    days = [day for day, _, state in await shown(county, made.booking) if state == "scheduled"]
    assert days == [day + DAY for day in DAYS if day != THIRD]


async def test_a_lesson_of_a_day_that_the_new_plan_leaves_out_is_the_one_that_goes(county: Database) -> None:
    made = await book(county, request(plan=series(rule=FOUR)))
    moved = await move(county, made.booking, TUESDAY, series(rule=FOUR, period=2, without=frozenset((DAYS[1],))))
    assert moved.lessons[-1] == made.lessons[1]
    assert await shown(county, made.booking) == later(DAYS[1])


async def test_a_lesson_called_off_by_hand_keeps_its_place(county: Database) -> None:
    made = await book(county, request(plan=series(rule=FOUR)))
    await change.move(county, made.lessons[1], single(DAYS[3] + DAY, 5), "p0", NOW, rules=RULES)
    await change.cancel(county, made.lessons[1], "p0", NOW)
    await move(county, made.booking, TUESDAY, series(rule=FOUR, period=2))
    assert await shown(county, made.booking) == [
        *((day, 2, "scheduled") for day in DAYS if day != DAYS[1]),
        (DAYS[3] + DAY, 5, "cancelled"),
    ]


async def test_a_series_booked_after_the_swapped_day_does_not_reach_back_to_it(county: Database) -> None:
    await special(county, SUNDAY, HOLIDAY)
    made = await book(county, request(plan=series(first=THIRD)), now=at(SUNDAY + DAY, 12))
    assert made.skipped == (Skipped(HOLIDAY, "before"),)
    assert [day for day, _, _ in await shown(county, made.booking)] == [THIRD, DAYS[3]]
    early = await book(county, request(plan=series(first=THIRD, period=2)))
    assert [day for day, _, _ in await shown(county, early.booking)] == [THIRD, DAYS[3]]


async def test_a_lesson_on_a_swapped_day_before_the_change_stays(county: Database) -> None:
    await special(county, SUNDAY, HOLIDAY)
    made = await book(county, request(plan=series(rule="FREQ=WEEKLY;COUNT=6")))
    last = HOLIDAY + WEEK
    behind = [(TUESDAY, 1, "scheduled"), (DAYS[1], 1, "scheduled"), (SUNDAY, 1, "scheduled")]
    assert await shown(county, made.booking) == behind + [(day, 1, "scheduled") for day in (THIRD, DAYS[3], last)]
    for period in (2, 1):
        moved = await move(county, made.booking, THIRD, series(first=THIRD, rule=FOUR, period=period))
        assert moved.lessons == made.lessons[3:]
        expected = behind + [(day, period, "scheduled") for day in (THIRD, DAYS[3], last)]
        assert await shown(county, made.booking) == expected


async def test_a_make_up_saturday_after_the_change_stays_with_the_day_that_it_runs(county: Database) -> None:
    wednesday, saturday = TUESDAY + DAY, dt.date(2026, 10, 10)
    made = await book(county, request(plan=series(first=wednesday, rule="FREQ=WEEKLY;UNTIL=20261021")))
    before = await shown(county, made.booking)
    assert [day for day, _, _ in before][-3:] == [saturday, saturday + 4 * DAY, saturday + 11 * DAY]
    monday = saturday + 2 * DAY
    moved = await move(county, made.booking, saturday - DAY, series(first=monday, rule="FREQ=WEEKLY;COUNT=2", period=2))
    assert moved.lessons == made.lessons[-2:]
    after = [(monday, 2, "scheduled"), (monday + WEEK, 2, "scheduled")]
    assert await shown(county, made.booking) == before[:-2] + after
    for lesson in moved.lessons:
        await change.cancel(county, lesson, "p0", NOW)
    with pytest.raises(UserError) as caught:
        await move(county, made.booking, saturday - DAY, series(first=monday))
    assert caught.value.code == "nothing_left"


async def test_lessons_are_paired_in_the_order_of_their_planned_days(county: Database) -> None:
    """Tuesday, the 6th of October is taught on a Sunday before; Wednesday, the 7th on a Saturday after."""
    await special(county, SUNDAY, HOLIDAY)
    made = await book(county, request(plan=series(rule="FREQ=WEEKLY;COUNT=6")))
    await move(county, made.booking, TUESDAY, series(first=TUESDAY + DAY, rule="FREQ=WEEKLY;COUNT=6", period=2))
    days = {lesson.id: lesson.day for lesson in await lessons_of(county, made.booking)}
    first, second, swapped, third, fourth, last = made.lessons
    wednesdays = [day + DAY for day in DAYS]
    assert [days[id] for id in (first, second, third, fourth)] == wednesdays
    assert (days[swapped], days[last]) == (dt.date(2026, 10, 10), HOLIDAY + WEEK + DAY)
    await consistent(county)
