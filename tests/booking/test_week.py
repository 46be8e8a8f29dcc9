"""The week of a classroom, a teacher, a class of pupils and a school."""

from __future__ import annotations

import datetime as dt

import pytest

from mediaserver.api import UserError
from signalling.booking import change
from signalling.booking.week import LessonShown, SeatShown, View, week
from signalling.db.engine import Database
from tests.booking.county import NOW, RULES, TUESDAY, at, book, elsewhere, request, set_lesson, single

MONDAY = TUESDAY - dt.timedelta(days=1)


async def seen(database: Database, view: View, id: str, first: dt.date = MONDAY, days: int = 7) -> list[LessonShown]:
    async with database.read() as session:
        return await week(session, view, id, first, days)


async def test_all_that_a_page_shows(county: Database) -> None:
    made = await book(county, request(dual=True))
    (lesson,) = await seen(county, "classroom", "r1")
    assert lesson == LessonShown(
        lesson=made.lessons[0],
        booking=made.booking,
        version=1,
        booking_version=1,
        state="scheduled",
        day=TUESDAY,
        period=1,
        starts=at(TUESDAY, 8),
        ends=at(TUESDAY, 8, 40),
        closes=at(TUESDAY, 8, 45),
        title="三年级数学",
        form="delivered",
        dual=True,
        subject="数学",
        grade="",
        records=True,
        school="s0",
        teacher="t0",
        teacher_name="教师甲",
        series=True,
        moved=False,
        makes_up=None,
        reason="",
        seats=(
            SeatShown("r0", "主讲教室", "s0", "第一小学", "lead", None, None, "c0", "三年级1班"),
            SeatShown("r1", "接收教室", "s1", "第一村小", "receiving", "a1", "辅助教师1", "c1", "三年级1班"),
            SeatShown("r2", "接收教室", "s2", "第二村小", "receiving", "a2", "辅助教师2", "c2", "三年级1班"),
        ),
    )


async def test_views(county: Database) -> None:
    made = await book(county, request())
    other = await book(county, elsewhere(plan=single(period=2)))
    late = await book(county, request(plan=single(TUESDAY + dt.timedelta(days=6))))
    first = made.lessons[0]
    wanted: list[tuple[View, str, list[str]]] = [
        ("classroom", "r0", [first]),
        ("classroom", "r3", list(other.lessons)),
        ("teacher", "t0", [first]),
        ("teacher", "a2", [first]),
        ("teacher", "t00", list(other.lessons)),
        ("pupils", "c1", [first]),
        ("school", "s0", [first, *other.lessons]),
        ("school", "s3", list(other.lessons)),
        ("school", "nowhere", []),
    ]
    for view, id, lessons in wanted:
        assert [lesson.lesson for lesson in await seen(county, view, id)] == lessons, (view, id)
    both = await seen(county, "school", "s1", MONDAY + dt.timedelta(days=7))
    assert [lesson.lesson for lesson in both] == [*late.lessons, made.lessons[1]]
    assert len(await seen(county, "school", "s1", MONDAY, 31)) == 4


async def test_cancelled_moved_and_extended_lessons_are_shown_as_they_are(county: Database) -> None:
    made = await book(county, request())
    await change.cancel(county, made.lessons[0], "p0", NOW, reason="停电")
    instead = await change.make_up(county, made.lessons[0], single(TUESDAY, 2), "p0", NOW, rules=RULES)
    await set_lesson(county, instead.lesson, state="live")
    await change.extend(county, instead.lesson, 5, "t0", at(TUESDAY, 9), rules=RULES)
    cancelled, made_up = await seen(county, "teacher", "t0")
    assert (cancelled.state, cancelled.reason) == ("cancelled", "停电")
    assert (made_up.makes_up, made_up.ends) == (made.lessons[0], at(TUESDAY, 9, 35))


@pytest.mark.parametrize("days", [0, 32])
async def test_a_week_is_bounded(county: Database, days: int) -> None:
    with pytest.raises(UserError, match="1 to 31 days"):
        await seen(county, "school", "s0", MONDAY, days)
    with pytest.raises(UserError, match="lies in no term"):
        await seen(county, "school", "s0", dt.date.max)
