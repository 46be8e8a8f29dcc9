"""What would move or strand booked lessons is refused, and says how many and which."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
from typing import Any

import pytest

from mediaserver.api import UserError
from signalling.booking import change
from signalling.booking.book import Booked
from signalling.db.engine import Database
from signalling.places import bells, calendars, classes, classrooms, days, schoolday, schools
from signalling.places.bells import Table
from signalling.timetable.calendar import Period, SpecialDay
from tests.booking.conftest import county
from tests.booking.county import (
    NOW,
    PERIODS,
    TUESDAY,
    at,
    book,
    consistent,
    lessons_of,
    request,
    series,
    set_lesson,
    single,
)

__all__ = ["county"]

D = dt.date
NATIONAL = [SpecialDay(D(2026, 10, day), None, "国庆节") for day in range(1, 8)]
SWAP = SpecialDay(D(2026, 10, 10), D(2026, 10, 7), "调休")


async def refused(work, code: str = "lessons_booked") -> UserError:
    with pytest.raises(UserError) as caught:
        await work
    assert caught.value.code == code and caught.value.detail.endswith(".")
    return caught.value


class TestClosing:
    async def test_a_classroom_with_coming_lessons_stays_open(self, county: Database) -> None:
        booked = await book(county, request())
        for room in ("r0", "r1"):
            error = await refused(classrooms.change(county, NOW, "p0", room, active=False))
            assert error.status == 409 and error.extra["count"] == 3
            assert error.detail.startswith(
                "3 booked lessons (the first on 2026-09-08: 三年级数学, 第一小学) would lose"
            )
            first = error.extra["lessons"][0]  # type: ignore[index]
            assert first["lesson"] == booked.lessons[0] and first["starts"] == at(TUESDAY, 8)
        await classrooms.change(county, NOW, "p0", "r3", active=False)
        for lesson in booked.lessons:
            await change.cancel(county, lesson, "p0", NOW)
        await classrooms.change(county, NOW, "p0", "r0", active=False)
        with pytest.raises(UserError) as caught:
            await book(county, request())
        assert caught.value.code == "classroom_inactive"
        await classrooms.change(county, NOW, "p0", "r0", active=True)
        await book(county, request())
        await consistent(county)

    async def test_lessons_that_are_over_do_not_count(self, county: Database) -> None:
        booked = await book(county, request(plan=single()))
        await set_lesson(county, booked.lessons[0], state="ended")
        await classrooms.change(county, NOW, "p0", "r0", active=False)

    async def test_a_classroom_stays_what_lessons_need(self, county: Database) -> None:
        await book(county, request(classroom="r00"))
        error = await refused(classrooms.change(county, NOW, "p0", "r00", kind="receiving"))
        assert "as a lead classroom" in error.detail
        await classrooms.change(county, NOW, "p0", "r00", kind="lead")
        error = await refused(classrooms.change(county, NOW, "p0", "r1", kind="lead"))
        assert "as a receiving classroom" in error.detail
        await classrooms.change(county, NOW, "p0", "r1", kind="both", name="二号教室", seats=40)

    async def test_schools_and_classes(self, county: Database) -> None:
        await book(county, request())
        for school in ("s0", "s1"):
            await refused(schools.change(county, NOW, "p0", school, active=False))
            await refused(schools.change(county, NOW, "p0", school, calendar="other"))
        for pupils in ("c0", "c1"):
            await refused(classes.change(county, NOW, "p0", pupils, active=False))
        await schools.change(county, NOW, "p0", "s3", active=False, calendar="other")
        await classes.change(county, NOW, "p0", "c3", active=False)
        await schools.change(county, NOW, "p0", "s0", name="第一实验小学", approves=True, kind="both")
        await consistent(county)


@pytest.mark.parametrize(
    ("table", "which", "code"), [(classrooms, "r1", "classroom_inactive"), (classes, "c1", "unknown_class")]
)
async def test_closing_and_booking_at_once(county: Database, table: Any, which: str, code: str) -> None:
    """One of the two comes first, and the other one sees it."""
    for _ in range(5):
        closed, booked = await asyncio.gather(
            table.change(county, NOW, "p0", which, active=False),
            book(county, request(plan=single())),
            return_exceptions=True,
        )
        outcome = [getattr(it, "code", None) for it in (closed, booked)]
        assert outcome in ([None, code], ["lessons_booked", None]), outcome
        if isinstance(booked, Booked):
            await change.cancel(county, booked.lessons[0], "p0", NOW)
        else:
            await table.change(county, NOW, "p0", which, active=True)
    await consistent(county)


async def test_another_timetable_and_booking_at_once(county: Database) -> None:
    for number in range(5):
        day = TUESDAY + number * dt.timedelta(days=1)
        off, booked = await asyncio.gather(
            days.set_days(county, NOW, "p0", "year", [SpecialDay(day, None, "运动会")], beside=True),
            book(county, request(plan=single(day))),
            return_exceptions=True,
        )
        outcome = [getattr(it, "code", None) for it in (off, booked)]
        assert outcome in ([None, "conflict"], ["lessons_booked", None]), outcome
    await consistent(county)


class TestTerms:
    TERM = D(2026, 9, 1), D(2027, 1, 15)

    async def test_lessons_stay_in_their_term(self, county: Database) -> None:
        await book(county, request())
        error = await refused(calendars.change_term(county, NOW, "p0", "year", "year", starts=D(2026, 9, 16)))
        assert error.extra["count"] == 2
        await refused(calendars.change_term(county, NOW, "p0", "year", "year", ends=D(2026, 9, 20)))
        await refused(calendars.remove_term(county, NOW, "p0", "year", "year"))
        await calendars.change_term(county, NOW, "p0", "year", "year", ends=D(2027, 1, 22), name="第一学期")
        async with county.read() as session:
            terms = (await calendars.whole(session, "year")).terms
        assert [(term.name, term.starts, term.ends) for term in terms] == [("第一学期", D(2026, 9, 1), D(2027, 1, 22))]
        await consistent(county)

    async def test_odd_weeks_stay_odd(self, county: Database) -> None:
        await book(county, request(plan=series(weeks="odd", rule="FREQ=WEEKLY;COUNT=4")))
        error = await refused(calendars.change_term(county, NOW, "p0", "year", "year", starts=D(2026, 8, 25)))
        assert "odd or even weeks" in error.detail
        await calendars.change_term(county, NOW, "p0", "year", "year", starts=D(2026, 8, 20))

    async def test_new_ones(self, county: Database) -> None:
        async def add(starts: dt.date, ends: dt.date, calendar: str = "year") -> str:
            return await calendars.add_term(county, NOW, "p0", calendar, name="新学期", starts=starts, ends=ends)

        await refused(add(D(2027, 1, 15), D(2027, 7, 1)), "terms_overlap")
        await refused(add(D(2027, 3, 1), D(2027, 2, 28)), "bad_term")
        await refused(add(D(2027, 3, 1), D(2028, 7, 1)), "bad_term")
        await refused(add(D(1900, 3, 1), D(1900, 7, 1)), "outside_term")
        await refused(add(D(2027, 3, 1), D(2027, 7, 1), "nothing"), "not_found")
        term = await add(D(2027, 3, 1), D(2027, 7, 1))
        await refused(calendars.remove_term(county, NOW, "p0", "other", term), "not_found")
        await calendars.remove_term(county, NOW, "p0", "year", term)
        await consistent(county)

    async def test_one_in_which_was_taught_is_kept(self, county: Database) -> None:
        booked = await book(county, request(plan=single()))
        await set_lesson(county, booked.lessons[0], state="ended")
        await refused(calendars.remove_term(county, NOW, "p0", "year", "year"), "term_has_lessons")


class TestDays:
    async def put(self, county: Database, *more: SpecialDay, calendar: str = "year", beside: bool = False) -> None:
        given = more if beside else (*NATIONAL, SWAP, *more)
        await days.set_days(county, NOW, "p0", calendar, given, beside=beside)

    async def test_a_holiday_does_not_strand_lessons(self, county: Database) -> None:
        booked = await book(county, request())
        sports = SpecialDay(TUESDAY, None, "运动会")
        error = await refused(self.put(county, sports))
        assert error.extra["count"] == 1 and "no school" in error.detail
        await change.cancel(county, booked.lessons[0], "p0", NOW)
        await self.put(county, sports)
        await consistent(county)

    async def test_lessons_of_other_calendars_count(self, county: Database) -> None:
        await schools.change(county, NOW, "p0", "s1", calendar="other")
        await book(county, request(plan=single()))
        await refused(self.put(county, SpecialDay(TUESDAY, None, "校庆"), calendar="other", beside=True))
        # Of its lead school's calendar another timetable: a single lesson is meant for the day it names.
        await self.put(county, SpecialDay(TUESDAY, TUESDAY - dt.timedelta(days=1), "调休"), beside=True)

    async def test_swapped_days(self, county: Database) -> None:
        wednesdays = series(first=D(2026, 9, 30), rule="FREQ=WEEKLY;COUNT=2")
        booked = await book(county, request(plan=wednesdays))
        assert [lesson.day for lesson in await lessons_of(county, booked.booking)] == [D(2026, 9, 30), SWAP.day]
        error = await refused(days.set_days(county, NOW, "p0", "year", NATIONAL))
        assert error.extra["lessons"][0]["day"] == "2026-10-10"  # type: ignore[index]
        other = dataclasses.replace(SWAP, runs=D(2026, 10, 6))
        await refused(self.put(county, other, beside=True))
        renamed = dataclasses.replace(SWAP, name="补课")
        await self.put(county, renamed, beside=True)

    async def test_what_is_counted(self, county: Database) -> None:
        sports = SpecialDay(D(2026, 11, 2), None, "运动会")
        done = await days.set_days(county, NOW, "p0", "year", [*NATIONAL[:3], sports])
        assert done == {"created": 1, "changed": 0, "unchanged": 3, "removed": 5}
        renamed = dataclasses.replace(sports, name="校运会")
        done = await days.set_days(county, NOW, "p0", "year", [renamed], beside=True)
        assert done == {"created": 0, "changed": 1, "unchanged": 0, "removed": 0}
        async with county.read() as session:
            assert (await calendars.whole(session, "year")).days == [*NATIONAL[:3], renamed]
        await consistent(county)

    @pytest.mark.parametrize(
        ("code", "wrong"),
        [
            ("day_twice", [NATIONAL[0], NATIONAL[0]]),
            ("day_runs_itself", [SpecialDay(TUESDAY, TUESDAY, "")]),
            ("runs_swapped_day", [SWAP, SpecialDay(D(2026, 10, 17), SWAP.day, "")]),
            ("outside_term", [SpecialDay(D(1, 1, 1), None, "")]),
        ],
    )
    async def test_what_cannot_be(self, county: Database, code: str, wrong: list[SpecialDay]) -> None:
        await refused(days.set_days(county, NOW, "p0", "year", wrong), code)


class TestBells:
    USUAL = [Period(number, f"第{number}节", *times) for number, times in PERIODS.items()]  # noqa: RUF012

    def table(self, starts: dt.date, name: str = "作息时间", **changed: tuple[int, int]) -> Table:
        periods = [
            dataclasses.replace(it, starts=changed[f"p{it.number}"][0], ends=changed[f"p{it.number}"][1])
            if f"p{it.number}" in changed
            else it
            for it in self.USUAL
        ]
        return Table(name, starts, periods)

    async def put(self, county: Database, *tables: Table) -> list[bells.TableShown]:
        return await bells.replace(county, NOW, "p0", "s0", tables)

    async def test_a_period_in_which_lessons_lie_keeps_its_time(self, county: Database) -> None:
        await book(county, request())
        error = await refused(self.put(county, self.table(D(2026, 9, 14), p1=(490, 530), p2=(531, 570))))
        assert error.extra["count"] == 2 and "let the table begin later" in error.detail
        await refused(self.put(county, Table("短", D(2026, 9, 14), self.USUAL[1:])))
        shown = await self.put(county, self.table(D(2026, 9, 23), "冬季", p1=(490, 530), p2=(531, 570)))
        assert [(it.name, it.starts) for it in shown] == [("作息时间", D(2026, 9, 1)), ("冬季", D(2026, 9, 23))]
        winter = await self.put(county, self.table(D(2026, 9, 14), "冬季", p5=(850, 890), p6=(900, 940)))
        assert [it.starts for it in winter] == [D(2026, 9, 1), D(2026, 9, 14)]
        assert [it.starts for it in await self.put(county)] == [D(2026, 9, 1)]
        await consistent(county)

    async def test_one_by_which_was_taught_is_kept(self, county: Database) -> None:
        booked = await book(county, request(plan=single()))
        changed = self.table(D(2026, 9, 1), p1=(490, 530), p2=(531, 570))
        await refused(self.put(county, changed))
        await set_lesson(county, booked.lessons[0], state="ended")
        await refused(self.put(county, changed), "bells_have_rung")
        await self.put(county, self.table(D(2026, 9, 1), "改名", p6=(900, 940)))
        async with county.read() as session:
            day = await schoolday.school_day(session, "s0", NOW, TUESDAY)
        assert [period.starts for period in day.periods] == [480, 530, 580, 630, 840, 900]

    async def test_the_first_one_may_have_begun(self, county: Database) -> None:
        shown = await bells.replace(county, NOW, "p0", "s1", [self.table(D(2026, 8, 1))])
        assert await bells.replace(county, NOW, "p0", "s1", [self.table(D(2026, 8, 1))]) == shown
        await consistent(county)

    @pytest.mark.parametrize(
        "wrong",
        [
            [Table("空", TUESDAY, [])],
            [Table("倒", TUESDAY, [Period(1, "第1节", 500, 480)])],
            [Table("重", TUESDAY, [Period(1, "第1节", 480, 520), Period(2, "第2节", 519, 550)])],
            [Table("双", TUESDAY, [Period(1, "第1节", 480, 520), Period(1, "第1节", 530, 550)])],
            [
                Table("甲", TUESDAY, [Period(1, "第1节", 480, 520)]),
                Table("乙", TUESDAY, [Period(1, "第1节", 480, 520)]),
            ],
        ],
    )
    async def test_what_cannot_be(self, county: Database, wrong: list[Table]) -> None:
        await refused(self.put(county, *wrong), "bad_bells")


async def test_a_day_at_school(county: Database) -> None:
    async with county.read() as session:
        today = await schoolday.school_day(session, "s0", NOW)
        assert today.day == D(2026, 9, 5) and today.running == D(2026, 9, 5) and today.holiday == ""
        assert today.term is not None and (today.term.name, today.term.week) == ("秋季学期", 1)
        assert [period.number for period in today.periods] == list(PERIODS)
        holiday = await schoolday.school_day(session, "s0", NOW, D(2026, 10, 1))
        assert holiday.running is None and holiday.holiday == "国庆节"
        swapped = await schoolday.school_day(session, "s0", NOW, SWAP.day)
        assert swapped.running == SWAP.runs and swapped.holiday == "调休"
        late = at(D(2026, 9, 5), 23, 59)
        assert (await schoolday.school_day(session, "s0", late + 60)).day == D(2026, 9, 6)
        between = await schoolday.school_day(session, "s1", NOW, D(2027, 2, 1))
        assert between.term is None and between.periods == []
        await refused(schoolday.school_day(session, "nothing", NOW), "not_found")
        await refused(schoolday.school_day(session, "s0", NOW, D(9999, 12, 31)), "outside_term")
