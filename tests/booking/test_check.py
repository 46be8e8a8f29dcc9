"""What stands in the way of a booking is found before anything is saved, and something free is offered."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import insert, update

from mediaserver.api import UserError
from signalling.booking.check import Checked, check
from signalling.booking.limits import Rules
from signalling.booking.request import Receiver, Request
from signalling.db.engine import Database
from signalling.db.people import Person, RoleGrant
from signalling.db.places import Classroom, School
from signalling.db.times import BellTable, Calendar, Period, Term
from signalling.timetable.series import Plan
from tests.booking.county import (
    NOW,
    RULES,
    TUESDAY,
    WEEKLY,
    at,
    book,
    elsewhere,
    lessons_of,
    request,
    series,
    single,
)

DAY = dt.timedelta(days=1)


async def checked(database: Database, wanted: Request, now: float = NOW, **more: Any) -> Checked:
    async with database.read() as session:
        return await check(session, wanted, now, **{"rules": RULES, **more})


def codes(result: Checked) -> list[str]:
    return [problem.code for problem in result.problems]


def seats(*receivers: Receiver) -> dict[str, Any]:
    return {"receivers": receivers}


async def test_lessons_that_would_come_of_it(county: Database) -> None:
    result = await checked(county, request())
    assert [lesson.starts for lesson in result.lessons] == [at(TUESDAY + 7 * week * DAY, 8) for week in range(3)]
    assert (result.problems, result.alternatives, result.skipped) == ((), (), ())


async def test_holidays_and_exceptions_are_skipped_and_a_swapped_day_is_taught(county: Database) -> None:
    wednesday = dt.date(2026, 9, 23)
    plan = series(first=wednesday, rule="FREQ=WEEKLY;COUNT=4", without=frozenset([wednesday + 7 * DAY]))
    result = await checked(county, request(plan=plan))
    assert [lesson.day for lesson in result.lessons] == [wednesday, dt.date(2026, 10, 10), dt.date(2026, 10, 14)]
    assert [(day.planned, day.why) for day in result.skipped] == [(dt.date(2026, 9, 30), "exception")]
    plan = series(first=dt.date(2026, 9, 24), rule="FREQ=WEEKLY;COUNT=3")
    result = await checked(county, request(plan=plan))
    assert [(day.planned, day.why) for day in result.skipped] == [(dt.date(2026, 10, 1), "holiday")]
    assert not result.problems


@pytest.mark.parametrize(
    ("wanted", "code", "resource"),
    [
        (elsewhere(teacher="t0"), "teacher_busy", "person:t0"),
        (elsewhere(classroom="r00", device="box"), "device_busy", "device:box"),
        (request(teacher="t00", classroom="r00", lead_class="c0", **seats(Receiver("r3"))), "pupils_busy", "pupils:c0"),
        (request(teacher="t00", lead_class=None, **seats(Receiver("r3"))), "classroom_busy", "classroom:r0"),
        (
            request(teacher="t00", classroom="r00", lead_class=None, **seats(Receiver("r3", "a1"))),
            "assistant_busy",
            "person:a1",
        ),
    ],
)
async def test_everybody_and_everything_is_in_one_lesson_at_a_time(
    county: Database, wanted: Request, code: str, resource: str
) -> None:
    async with county.write() as session:
        await session.execute(
            insert(RoleGrant).values(id="g", person="a1", role="assistant", kind="school", scope="s3")
        )
    first = await book(county, request(device="box"))
    result = await checked(county, wanted)
    assert codes(result) == [code] * 3
    problem = result.problems[0]
    assert problem.facts | {"name": ""} == {
        "resource": resource,
        "name": "",
        "lesson": first.lessons[0],
        "booking": first.booking,
        "title": "三年级数学",
        "teacher": "教师甲",
        "school": "第一小学",
        "starts": at(TUESDAY, 8),
        "ends": at(TUESDAY, 8, 40),
        "wanted_starts": at(TUESDAY, 8),
        "wanted_ends": at(TUESDAY, 8, 40),
    }
    sentence = "is taken by the lesson 三年级数学 from 2026-09-08 08:00 to 08:40."
    assert problem.sentence == f"{problem.facts['name']} {sentence}"
    assert result.alternatives


async def test_adjacent_lessons_do_not_clash(county: Database) -> None:
    await book(county, request(plan=single(period=None, starts=8 * 60)))
    for starts in (7 * 60 + 20, 8 * 60 + 40):
        assert not (await checked(county, request(plan=single(period=None, starts=starts)))).problems
    for starts in (7 * 60 + 21, 8 * 60 + 39):
        assert "teacher_busy" in codes(await checked(county, request(plan=single(period=None, starts=starts))))


async def test_one_teacher_in_two_schools_is_one_teacher(county: Database) -> None:
    other = Request(
        title="四年级语文", form="master", school="s1", teacher="t0", classroom="r1", plan=single(), receivers=()
    )
    async with county.write() as session:
        await session.execute(update(Classroom).where(Classroom.id == "r1").values(kind="both"))
        await session.execute(
            insert(BellTable).values(id="bell1", school="s1", name="作息时间", starts=dt.date(2026, 9, 1))
        )
        await session.execute(insert(Period).values(bell_table="bell1", number=1, name="第1节", starts=490, ends=530))
    with pytest.raises(UserError, match="教师甲 does not teach at the school") as caught:
        await checked(county, other)
    assert caught.value.code == "wrong_teacher"
    async with county.write() as session:
        await session.execute(insert(RoleGrant).values(id="g", person="t0", role="teacher", kind="school", scope="s1"))
    assert not (await checked(county, other)).problems
    await book(county, elsewhere(teacher="t0"))
    assert codes(await checked(county, other)) == ["teacher_busy"]


async def test_its_own_lessons_do_not_count(county: Database) -> None:
    first = await book(county, request())
    assert len(codes(await checked(county, request()))) == 20
    assert (await checked(county, request())).more == 27 - 20
    assert not codes(await checked(county, request(), ignore_booking=first.booking))
    again = await checked(county, request(), ignore_lesson=first.lessons[0])
    assert {problem.facts["lesson"] for problem in again.problems} == set(first.lessons[1:])


async def test_past(county: Database) -> None:
    now = at(TUESDAY, 8, 2)
    result = await checked(county, request(), now)
    assert codes(result) == ["past"]
    assert result.problems[0].facts == {"starts": at(TUESDAY, 8), "lessons": 1}
    assert not (await checked(county, request(), at(TUESDAY, 8))).problems
    late = await checked(county, request(), now, late=True)
    assert (len(late.lessons), [lesson.day for lesson in late.past]) == (2, [TUESDAY])
    assert codes(await checked(county, request(plan=single()), now, late=True)) == ["past"]


async def test_a_single_day_without_school_is_a_problem_with_alternatives(county: Database) -> None:
    result = await checked(county, request(plan=single(dt.date(2026, 10, 7))))
    assert codes(result) == ["holiday"]
    assert result.problems[0].sentence == "第一小学 has a holiday on 2026-10-07."
    days = {offer["first"] for offer in result.offers()}
    assert days == {"2026-10-08", "2026-10-09", "2026-10-10", "2026-10-12", "2026-10-13"}
    result = await checked(county, request(plan=single(dt.date(2027, 1, 16))))
    assert codes(result) == ["outside_term"]
    assert result.alternatives[0].plan.first == dt.date(2027, 1, 15)


async def test_a_single_lesson_takes_place_on_a_working_saturday(county: Database) -> None:
    result = await checked(county, request(plan=single(dt.date(2026, 10, 10))))
    assert [lesson.day for lesson in result.lessons] == [dt.date(2026, 10, 10)]


async def test_days_off_of_another_school(county: Database) -> None:
    async with county.write() as session:
        await session.execute(update(School).where(School.id == "s2").values(calendar="other"))
    result = await checked(county, request())
    assert codes(result) == ["holiday"]
    assert result.problems[0].facts == {"school": "s2", "name": "第二村小", "days": ["2026-09-15"], "count": 1}
    async with county.write() as session:
        await session.execute(update(Term).where(Term.calendar == "other").values(ends=dt.date(2026, 9, 20)))
    assert codes(await checked(county, request())) == ["outside_term", "holiday"]


@pytest.mark.parametrize(
    ("plan", "code"),
    [
        (series(period=9), "unknown_period"),
        (series(rule="FREQ=SECONDLY"), "bad_rule"),
        (series(rule="FREQ=WEEKLY;BYDAY=TH;UNTIL=20260908"), "no_lessons"),
        (series(minutes=241), "bad_length"),
        (series(starts=480), "no_time"),
        (single(period=None, starts=-1), "no_time"),
        (single(period=None, starts=480, minutes=0), "bad_length"),
        (series(rule="FREQ=DAILY", period=None, starts=1430, minutes=240), None),
        (series(rule="FREQ=WEEKLY"), None),  # endless: to the end of the term
    ],
)
async def test_plans_that_are_wrong_are_refused_and_endless_ones_end(
    county: Database, plan: Plan, code: str | None
) -> None:
    if code is None:
        result = await checked(county, request(plan=plan))
        assert result.lessons[-1].day <= dt.date(2027, 1, 15)
        return
    with pytest.raises(UserError) as caught:
        await checked(county, request(plan=plan))
    assert (caught.value.status, caught.value.code) == (422, code)


async def test_a_series_across_the_change_of_clocks_keeps_its_time_of_day(county: Database) -> None:
    async with county.write() as session:
        await session.execute(update(Calendar).values(zone="Europe/Berlin"))
    sundays = series(first=dt.date(2026, 10, 18), rule=WEEKLY, period=None, starts=8 * 60)
    first = await book(county, request(plan=sundays))
    starts = [lesson.starts for lesson in await lessons_of(county, first.booking)]
    assert [later - earlier for earlier, later in itertools.pairwise(starts)] == [
        7 * 86_400 + 3600,
        7 * 86_400,
    ]
    assert codes(await checked(county, elsewhere(teacher="t0", plan=sundays))) == ["teacher_busy"] * 3


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (request(title=" "), "no_title"),
        (request(title="长" * 121), "too_long"),
        (request(points=("点",) * 51), "too_long"),
        (request(title="a\0"), "bad_text"),
        (request(note="\ud800"), "bad_text"),
        (request(classroom="\0"), "bad_text"),
        (request(plan=series(weeks="third")), "bad_weeks"),
        (request(plan=series(without=frozenset(TUESDAY + n * DAY for n in range(401)))), "too_long"),
        (request(plan=series(first=dt.date.max)), "outside_term"),
        (request(plan=series(first=dt.date.min)), "outside_term"),
        (request(form="seminar"), "unknown_form"),
        (request(receivers=()), "bad_form"),
        (request(dual=True, **seats(Receiver("r1"))), "bad_form"),
        (request(**seats(Receiver("r1"), Receiver("r1"))), "classroom_twice"),
        (request(**seats(Receiver("r0"))), "classroom_twice"),
        (request(**seats(Receiver("r1", "t0"))), "person_twice"),
        (request(**seats(Receiver("r1", "a1"), Receiver("r2", "a1"))), "person_twice"),
        (request(**seats(Receiver("r1", None, "c1"), Receiver("r2", None, "c1"))), "pupils_twice"),
        (request(**seats(Receiver("nowhere"))), "unknown_classroom"),
        (request(classroom="r1", **seats(Receiver("r2"))), "wrong_classroom"),
        (request(school="s1", teacher="p1"), "wrong_school"),
        (request(school="nowhere"), "wrong_school"),
        (request(teacher="nobody"), "unknown_teacher"),
        (request(teacher="a1", receivers=(Receiver("r2"),)), "wrong_teacher"),
        (request(**seats(Receiver("r1", "a2"))), "wrong_teacher"),
        (request(**seats(Receiver("r1", "a1", "c2"))), "wrong_class"),
        (request(**seats(Receiver("r1", "a1", "c9"))), "unknown_class"),
        (request(device="screen"), "wrong_device"),
        (request(device="none"), "wrong_device"),
    ],
)
async def test_requests_that_are_wrong(county: Database, wanted: Request, code: str) -> None:
    with pytest.raises(UserError, match=r"^[^a-z].*[.]$") as caught:
        await checked(county, wanted)
    assert (caught.value.status, caught.value.code) == (422, code)


@pytest.mark.parametrize(
    ("table", "id", "code"),
    [(Person, "t0", "teacher_inactive"), (Classroom, "r1", "classroom_inactive"), (School, "s2", "classroom_inactive")],
)
async def test_what_is_not_in_use_any_more(county: Database, table: Any, id: str, code: str) -> None:
    async with county.write() as session:
        await session.execute(update(table).where(table.id == id).values(active=False))
    with pytest.raises(UserError) as caught:
        await checked(county, request())
    assert caught.value.code == code


async def test_alternatives_are_near_and_free_for_everybody(county: Database) -> None:
    await book(county, request())
    await book(county, elsewhere(plan=series(period=2)))  # in the way of nobody
    await book(county, request(plan=series(period=3), teacher="t00", classroom="r00", lead_class=None))
    result = await checked(county, request())
    assert [(offer["first"], offer["period"], offer["rule"], offer["lessons"]) for offer in result.offers()] == [
        ("2026-09-08", 2, WEEKLY, 3),
        ("2026-09-08", 4, WEEKLY, 3),
        ("2026-09-08", 5, WEEKLY, 3),
        ("2026-09-09", 1, WEEKLY, 3),
        ("2026-09-07", 1, WEEKLY, 3),
    ]
    for alternative in result.alternatives:
        assert not (await checked(county, request(plan=alternative.plan))).problems


async def test_alternatives_of_clock_times_lie_within_the_school_day_and_do_not_overlap(county: Database) -> None:
    plan = single(period=None, starts=8 * 60 + 10, minutes=60)
    await book(county, request(plan=plan))
    result = await checked(county, request(plan=plan))
    starts = [offer["starts"] for offer in result.offers() if offer["first"] == TUESDAY.isoformat()]
    assert starts == [550, 610, 670]
    assert len(result.alternatives) == 5


async def test_exceptions_are_shifted_with_the_days(county: Database) -> None:
    plan = series(without=frozenset([TUESDAY + 7 * DAY]))
    await book(county, request(plan=plan))
    result = await checked(county, request(plan=plan))
    assert result.offers()[3]["without"] == ["2026-09-16"]
    assert [lesson.day.day for lesson in result.alternatives[3].lessons] == [9, 23]


async def test_pupils_may_watch_a_masters_lesson_beside_another_one(county: Database) -> None:
    await book(county, request(form="master"))
    pupils = request(teacher="t00", classroom="r00", lead_class="c0", receivers=(Receiver("r3"),))
    assert not (await checked(county, pupils)).problems


async def test_weekdays_of_a_series_are_shifted_within_the_week(county: Database) -> None:
    plan = series(rule="FREQ=WEEKLY;BYDAY=TU,TH;UNTIL=20260924")
    await book(county, request(plan=plan))
    result = await checked(county, request(plan=plan))
    days = [(alternative.plan.first, alternative.plan.rule) for alternative in result.alternatives[3:]]
    assert days == [
        (TUESDAY + DAY, "FREQ=WEEKLY;BYDAY=WE,FR;UNTIL=20260925"),
        (TUESDAY - DAY, "FREQ=WEEKLY;BYDAY=MO,WE;UNTIL=20260923"),
    ]


async def test_capacity_is_counted_over_all_schools(county: Database) -> None:
    await book(county, request())
    assert not (await checked(county, elsewhere(), rules=Rules(capacity=5))).problems
    result = await checked(county, elsewhere(), rules=Rules(capacity=4))
    assert codes(result) == ["capacity"]
    assert result.problems[0].facts == {"starts": at(TUESDAY, 8), "classrooms": 5, "limit": 4}
    assert "5 classrooms would be connected, and the machines carry 4" in result.problems[0].sentence
    assert [alternative.plan.period for alternative in result.alternatives] == [2, 3, 4, 1, 1]
    assert codes(await checked(county, request(), rules=Rules(capacity=2)))[0] != "capacity"
    alone = await checked(county, elsewhere(plan=single(period=6)), rules=Rules(capacity=1))
    assert (codes(alone), alone.alternatives) == (["capacity"], ())


async def test_a_lesson_for_all_is_bounded(county: Database) -> None:
    async with county.write() as session:
        rows = [{"id": f"m{n}", "school": "s1", "name": f"教室{n}", "kind": "receiving"} for n in range(200)]
        await session.execute(insert(Classroom), rows)
    wanted = request(
        form="mass", receivers=tuple(Receiver(f"m{n}") for n in range(200)), plan=series(rule="FREQ=DAILY")
    )
    with pytest.raises(UserError, match="at most 98 lessons") as caught:
        await checked(county, wanted)
    assert caught.value.code == "too_much"
    assert not (await checked(county, replace(wanted, plan=series()))).problems
