"""One lesson is moved, cancelled, substituted, made up for, extended; what is over stays as it was."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import insert, select

from mediaserver.api import UserError
from signalling.booking import change
from signalling.booking.limits import Rules
from signalling.booking.request import Receiver
from signalling.db.engine import Database
from signalling.db.lessons import Claim, Lesson
from signalling.db.people import Person, RoleGrant
from signalling.db.records import Notice
from signalling.timetable.series import Plan
from tests.booking.county import (
    NOW,
    RULES,
    TUESDAY,
    WEEKLY,
    at,
    book,
    consistent,
    elsewhere,
    lessons_of,
    request,
    set_lesson,
    single,
)

DAY = dt.timedelta(days=1)


async def move(database: Database, lesson: str, when: Plan, now: float = NOW, **more: object) -> change.Changed:
    return await change.move(database, lesson, when, "p0", now, **{"rules": RULES, **more})  # type: ignore[arg-type]


async def substitute(database: Database, lesson: str, teacher: str, now: float = NOW, **more: object) -> change.Changed:
    return await change.substitute(database, lesson, teacher, "p0", now, rules=RULES, **more)  # type: ignore[arg-type]


async def extend(database: Database, lesson: str, minutes: int, now: float, **more: object) -> change.Changed:
    return await change.extend(database, lesson, minutes, "t0", now, rules=RULES, **more)  # type: ignore[arg-type]


async def make_up(database: Database, lesson: str, when: Plan, now: float = NOW) -> change.Changed:
    return await change.make_up(database, lesson, when, "p0", now, rules=RULES)


async def code_of(attempt: object) -> str:
    with pytest.raises(UserError) as caught:
        await attempt  # type: ignore[misc]
    assert not caught.value.detail[0].islower() and caught.value.detail.endswith(".")
    return caught.value.code


async def test_a_lesson_is_moved_and_its_old_time_is_free(county: Database) -> None:
    made = await book(county, request())
    moved = await move(county, made.lessons[0], single(TUESDAY + DAY, 2), version=1)
    assert (moved.version, moved.starts) == (2, at(TUESDAY + DAY, 8, 50))
    lesson = (await lessons_of(county, made.booking))[0]
    assert (lesson.day, lesson.period, lesson.moved) == (TUESDAY + DAY, 2, True)
    assert lesson.closes == lesson.ends + 300
    await consistent(county)
    assert (await book(county, request(plan=single()))).state == "booked"
    await consistent(county)


async def test_a_lesson_may_overlap_its_own_old_time(county: Database) -> None:
    made = await book(county, request(), rules=Rules(capacity=3))
    await move(county, made.lessons[0], single(period=None, starts=8 * 60 + 10), rules=Rules(capacity=3))
    await consistent(county)


async def test_a_move_onto_others_is_refused_with_alternatives(county: Database) -> None:
    made = await book(county, request())
    await book(county, elsewhere(teacher="t0", plan=single(period=2)))
    with pytest.raises(UserError) as caught:
        await move(county, made.lessons[0], single(period=2))
    assert caught.value.code == "conflict"
    assert [problem["code"] for problem in caught.value.extra["problems"]] == ["teacher_busy"]
    assert [offer["period"] for offer in caught.value.extra["alternatives"]][:2] == [1, 3]
    assert await code_of(move(county, made.lessons[0], single(dt.date(2026, 10, 1)))) == "conflict"
    assert await code_of(move(county, made.lessons[0], single(TUESDAY - 7 * DAY))) == "conflict"
    assert await code_of(move(county, made.lessons[0], single(rule=WEEKLY))) == "not_single"
    assert await code_of(move(county, made.lessons[0], single(period=12))) == "unknown_period"
    assert await code_of(move(county, "nothing", single())) == "unknown_lesson"
    await consistent(county)


async def test_a_limit_set_too_low_afterwards_keeps_nobody_from_making_room(county: Database) -> None:
    made = await book(county, request())
    await book(county, elsewhere(plan=single()))
    few = Rules(capacity=4)
    await move(
        county, made.lessons[0], single(period=None, starts=8 * 60 + 5, minutes=35), rules=few
    )  # no more than before
    await move(county, made.lessons[0], single(period=2), rules=few)
    assert await code_of(move(county, made.lessons[0], single(period=1), rules=few)) == "conflict"
    await consistent(county)


async def test_what_has_begun_or_was_cancelled_cannot_be_moved(county: Database) -> None:
    made = await book(county, request())
    first, second, third = made.lessons
    later = single(TUESDAY + DAY)
    assert await code_of(move(county, first, later, at(TUESDAY, 8))) == "already_begun"
    await set_lesson(county, second, state="live")
    assert await code_of(move(county, second, later)) == "already_begun"
    assert await code_of(change.cancel(county, second, "p0", NOW)) == "already_begun"
    await change.cancel(county, third, "p0", NOW)
    assert await code_of(move(county, third, later)) == "already_begun"
    assert await code_of(change.cancel(county, third, "p0", NOW)) == "already_begun"
    assert await code_of(change.cancel(county, first, "p0", at(TUESDAY, 9))) == "already_begun"
    await consistent(county)


async def test_who_saw_an_old_version_is_told(county: Database) -> None:
    made = await book(county, request())
    lesson = made.lessons[0]
    await move(county, lesson, single(period=2), version=1)
    with pytest.raises(UserError, match="Somebody changed this lesson meanwhile; look at it again") as caught:
        await move(county, lesson, single(period=3), version=1)
    assert (caught.value.status, caught.value.code, caught.value.extra) == (409, "changed_meanwhile", {"version": 2})
    for attempt in (
        change.cancel(county, lesson, "p0", NOW, version=1),
        substitute(county, lesson, "t00", version=1),
        extend(county, lesson, 5, NOW, version=1),
    ):
        assert await code_of(attempt) == "changed_meanwhile"


async def test_of_two_who_move_one_lesson_one_is_told(county: Database, database_url: str) -> None:
    made = await book(county, request())
    async with Database(database_url) as other:
        results = await asyncio.gather(
            move(county, made.lessons[0], single(period=2), version=1),
            move(other, made.lessons[0], single(period=3), version=1),
            return_exceptions=True,
        )
    assert sorted(getattr(result, "code", "moved") for result in results) == ["changed_meanwhile", "moved"]
    await consistent(county)


async def test_a_cancelled_lesson_holds_nothing(county: Database) -> None:
    made = await book(county, request())
    cancelled = await change.cancel(county, made.lessons[0], "p0", NOW, reason="停电", version=1)
    assert (cancelled.state, cancelled.version) == ("cancelled", 2)
    await consistent(county)
    async with county.read() as session:
        assert (await session.get_one(Lesson, made.lessons[0])).reason == "停电"
    await book(county, request(plan=single()))
    await set_lesson(county, made.lessons[1], state="open")
    assert (await change.cancel(county, made.lessons[1], "p0", NOW)).state == "cancelled"
    await consistent(county)


async def test_another_teacher_takes_a_lesson_if_she_is_free(county: Database) -> None:
    made = await book(county, request())
    await book(county, elsewhere(plan=single(TUESDAY + 7 * DAY)))
    changed = await substitute(county, made.lessons[0], "t00", reason="病假")
    assert changed.version == 2
    await consistent(county)
    lesson = (await lessons_of(county, made.booking))[0]
    assert (lesson.teacher, lesson.moved) == ("t00", True)
    await book(county, elsewhere(teacher="t0", plan=single()))  # who is ill has nothing to do
    assert await code_of(substitute(county, made.lessons[1], "t00")) == "conflict"
    assert await code_of(substitute(county, made.lessons[1], "a1")) == "person_twice"
    assert await code_of(substitute(county, made.lessons[1], "a3")) == "wrong_teacher"
    assert await code_of(substitute(county, made.lessons[1], "t0")) == "same_teacher"
    await consistent(county)


async def test_a_lesson_that_is_on_can_be_taken_over(county: Database) -> None:
    made = await book(county, request())
    lesson = made.lessons[0]
    await set_lesson(county, lesson, state="live")
    await substitute(county, lesson, "t00", at(TUESDAY, 8, 20))
    await consistent(county)
    assert await code_of(substitute(county, lesson, "t0", at(TUESDAY, 8, 45))) == "lesson_over"
    await set_lesson(county, made.lessons[1], state="ended")
    assert await code_of(substitute(county, made.lessons[1], "t00")) == "lesson_over"


async def test_another_assistant_is_beside_the_pupils(county: Database) -> None:
    async with county.write() as session:
        rows = [{"id": f"b{n}", "school": f"s{n}", "name": f"代课教师{n}"} for n in (1, 2)]
        await session.execute(insert(Person), rows)
    made = await book(county, request(dual=True))
    lesson = made.lessons[0]

    def assist(classroom: str, assistant: str | None, **more: int) -> Coroutine[Any, Any, change.Changed]:
        return change.substitute_assistant(county, lesson, classroom, assistant, "p1", NOW, rules=RULES, **more)

    assert (await assist("r1", "b1", version=1)).version == 2
    await consistent(county)
    assert await code_of(assist("r1", "b1")) == "person_twice"
    assert await code_of(assist("r1", "t0")) == "person_twice"
    assert await code_of(assist("r1", "b2")) == "wrong_teacher"
    assert await code_of(assist("r1", None)) == "bad_form"
    assert await code_of(assist("r0", "b1")) == "unknown_classroom"
    assert await code_of(assist("r3", "b1")) == "unknown_classroom"
    assert await code_of(assist("r1", "a1", version=1)) == "changed_meanwhile"
    async with county.write() as session:
        await session.execute(
            insert(RoleGrant).values(id="g", person="b2", role="assistant", kind="school", scope="s3")
        )
    await book(county, replace(elsewhere(plan=single()), receivers=(Receiver("r3", "b2"),)))
    assert await code_of(assist("r2", "b2")) == "conflict"
    async with county.read() as session:
        told = set(await session.scalars(select(Notice.person).where(Notice.kind == "substituted")))
    assert {"a1", "b1", "a2", "t0"} <= told and "p1" not in told


async def test_an_assistant_may_be_missing_where_none_is_needed(county: Database) -> None:
    made = await book(county, request())
    await change.substitute_assistant(county, made.lessons[0], "r1", None, "p1", NOW, rules=RULES)
    await consistent(county)
    async with county.read() as session:
        facts = await session.scalar(select(Notice.facts).where(Notice.kind == "substituted").limit(1))
    assert facts is not None and (facts["from_teacher"], facts["to_teacher"]) == ("辅助教师1", None)


async def test_a_cancelled_lesson_is_made_up_for_once(county: Database) -> None:
    made = await book(county, request())
    missed = made.lessons[0]
    assert await code_of(make_up(county, missed, single(TUESDAY + DAY))) == "not_missed"
    await change.cancel(county, missed, "p0", NOW)
    assert await code_of(make_up(county, missed, single(TUESDAY + 7 * DAY))) == "conflict"
    instead = await make_up(county, missed, single(TUESDAY + DAY))
    async with county.read() as session:
        lesson = await session.get_one(Lesson, instead.lesson)
        assert (lesson.makes_up, lesson.booking, lesson.state) == (missed, made.booking, "scheduled")
    await consistent(county)
    assert await code_of(make_up(county, missed, single(TUESDAY + 2 * DAY))) == "made_up"
    await change.cancel(county, instead.lesson, "p0", NOW)
    await make_up(county, missed, single(TUESDAY + 2 * DAY))
    await consistent(county)


async def test_a_lesson_that_is_on_goes_on_longer_until_the_next_one_of_anybody_in_it(county: Database) -> None:
    made = await book(county, request(plan=single()))
    lesson = made.lessons[0]
    async with county.write() as session:
        await session.execute(
            insert(RoleGrant).values(id="g", person="a1", role="assistant", kind="school", scope="s3")
        )
    after = replace(elsewhere(plan=single(period=2)), receivers=(Receiver("r3", "a1"),))
    next_lesson = await book(county, after)
    now = at(TUESDAY, 8, 38)
    assert await code_of(extend(county, lesson, 10, now)) == "not_on"
    await set_lesson(county, lesson, state="live")
    longer = await extend(county, lesson, 5, now, version=1)
    assert (longer.ends, longer.version) == (at(TUESDAY, 8, 45), 2)
    await consistent(county)
    with pytest.raises(UserError) as caught:
        await extend(county, lesson, 6, now)
    (problem,) = caught.value.extra["problems"]
    assert (problem["code"], problem["facts"]["lesson"]) == ("assistant_busy", next_lesson.lessons[0])
    assert problem["facts"]["starts"] == at(TUESDAY, 8, 50)
    await extend(county, lesson, 5, now)
    row = (await lessons_of(county, made.booking))[0]
    assert (row.ends, row.extended, row.closes) == (at(TUESDAY, 8, 40), at(TUESDAY, 8, 50), at(TUESDAY, 8, 55))
    await consistent(county)
    for minutes in (0, -5, 111):
        assert await code_of(extend(county, lesson, minutes, now)) == "bad_length"
    assert await code_of(extend(county, lesson, 5, at(TUESDAY, 8, 55))) == "not_on"


async def test_machines_that_are_full_let_no_lesson_grow(county: Database) -> None:
    made = await book(county, request(plan=single()))
    await book(county, elsewhere(plan=single(period=None, starts=8 * 60 + 40)))
    await set_lesson(county, made.lessons[0], state="live")
    now = at(TUESDAY, 8, 30)
    with pytest.raises(UserError) as caught:
        await change.extend(county, made.lessons[0], 5, "t0", now, rules=Rules(capacity=4))
    assert [problem["code"] for problem in caught.value.extra["problems"]] == ["capacity"]
    await change.extend(county, made.lessons[0], 5, "t0", now, rules=Rules(capacity=5))
    async with county.read() as session:
        ends = set(await session.scalars(select(Claim.ends).where(Claim.lesson == made.lessons[0])))
    assert ends == {at(TUESDAY, 8, 45)}
    await consistent(county)
