"""A series is moved, cancelled, substituted from a day on; what lies behind stays as it was."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Coroutine
from typing import Any

import pytest
from sqlalchemy import insert, select

from mediaserver.api import UserError
from signalling.booking import change
from signalling.booking import series as change_series
from signalling.booking.request import Receiver
from signalling.db.engine import Database
from signalling.db.lessons import Booking, BookingSeat, Lesson, Seat
from signalling.db.people import Person, RoleGrant
from signalling.timetable.series import Plan
from tests.booking.county import (
    NOW,
    RULES,
    TUESDAY,
    at,
    book,
    consistent,
    elsewhere,
    lessons_of,
    request,
    series,
    set_lesson,
    single,
)

DAY = dt.timedelta(days=1)
WEEK = 7 * DAY
NEXT = TUESDAY + WEEK


def four(**changes: object) -> Plan:
    return series(rule="FREQ=WEEKLY;COUNT=4", **changes)


async def move(
    database: Database, booking: str, since: dt.date, plan: Plan, now: float = NOW, **more: object
) -> change_series.Series:
    return await change_series.move(database, booking, since, plan, "p0", now, rules=RULES, **more)  # type: ignore[arg-type]


async def code_of(attempt: object) -> str:
    with pytest.raises(UserError) as caught:
        await attempt  # type: ignore[misc]
    return caught.value.code


async def shown(database: Database, booking: str) -> list[tuple[dt.date, int | None, str]]:
    return [(lesson.day, lesson.period, lesson.state) for lesson in await lessons_of(database, booking)]


async def test_lessons_from_a_day_on_move_and_those_before_stay(county: Database) -> None:
    made = await book(county, request(plan=four()))
    moved = await move(county, made.booking, NEXT, series(first=NEXT + DAY, period=2), version=1)
    assert (moved.version, moved.lessons) == (2, made.lessons[1:])
    assert await shown(county, made.booking) == [
        (TUESDAY, 1, "scheduled"),
        (NEXT + DAY, 2, "scheduled"),
        (NEXT + DAY + WEEK, 2, "scheduled"),
        (NEXT + DAY + 2 * WEEK, 2, "scheduled"),
    ]
    async with county.read() as session:
        row = await session.get_one(Booking, made.booking)
        assert (row.first, row.period, row.rule) == (NEXT + DAY, 2, "FREQ=WEEKLY;COUNT=3")
    await consistent(county)
    assert await code_of(move(county, made.booking, NEXT, series(first=NEXT), version=1)) == "changed_meanwhile"
    assert await code_of(move(county, made.booking, NEXT, series(first=TUESDAY))) == "bad_start"


async def test_what_is_over_stays_even_when_the_day_lies_before_it(county: Database) -> None:
    made = await book(county, request(plan=four()))
    now = at(NEXT, 12)
    await set_lesson(county, made.lessons[0], state="ended")
    await move(county, made.booking, TUESDAY, four(period=3), now)
    assert await shown(county, made.booking) == [
        (TUESDAY, 1, "ended"),
        (NEXT, 1, "scheduled"),
        (NEXT + WEEK, 3, "scheduled"),
        (NEXT + 2 * WEEK, 3, "scheduled"),
    ]
    assert await code_of(move(county, made.booking, TUESDAY, four(period=2), at(NEXT + 9 * WEEK, 8))) == "nothing_left"


async def test_lessons_moved_by_hand_are_asked_about(county: Database) -> None:
    made = await book(county, request())
    by_hand = made.lessons[1]
    await change.move(county, by_hand, single(NEXT + DAY, 5), "p0", NOW, rules=RULES)
    with pytest.raises(UserError, match="1 of these lessons were moved or changed one by one") as caught:
        await move(county, made.booking, TUESDAY, series(period=2))
    assert (caught.value.status, caught.value.code) == (409, "moved_by_hand")
    assert caught.value.extra["lessons"] == [{"lesson": by_hand, "starts": at(NEXT + DAY, 14)}]
    await move(county, made.booking, TUESDAY, series(period=2), by_hand="keep")
    kept = [(TUESDAY, 2, "scheduled"), (NEXT + DAY, 5, "scheduled"), (NEXT + WEEK, 2, "scheduled")]
    assert await shown(county, made.booking) == kept
    await consistent(county)
    await move(county, made.booking, TUESDAY, series(period=3), by_hand="move")
    assert {period for _, period, _ in await shown(county, made.booking)} == {3}
    await move(county, made.booking, TUESDAY, series(period=4))  # moved with the others, so nobody is asked any more
    await consistent(county)


async def test_a_shorter_plan_cancels_and_a_longer_one_adds(county: Database) -> None:
    made = await book(county, request())
    await move(county, made.booking, TUESDAY, series(rule="FREQ=WEEKLY;COUNT=2", period=2))
    assert [state for _, _, state in await shown(county, made.booking)] == ["scheduled"] * 2 + ["cancelled"]
    await consistent(county)
    await move(county, made.booking, TUESDAY, four(period=3))
    states = [(period, state) for _, period, state in await shown(county, made.booking)]
    assert states == [(3, "scheduled"), (3, "scheduled"), (1, "cancelled"), (3, "scheduled")]
    await consistent(county)


async def test_a_series_may_take_over_its_own_slots_but_not_those_of_others(county: Database) -> None:
    made = await book(county, request())
    await move(county, made.booking, TUESDAY, series(first=NEXT))  # a week later, onto itself
    await consistent(county)
    await book(county, elsewhere(teacher="t0", plan=single(NEXT + WEEK, 2)))
    with pytest.raises(UserError) as caught:
        await move(county, made.booking, NEXT, series(first=NEXT, period=2))
    assert [problem["code"] for problem in caught.value.extra["problems"]] == ["teacher_busy"]
    offers = caught.value.extra["alternatives"]
    assert [(offer["first"], offer["period"]) for offer in offers] == [
        (NEXT.isoformat(), 1),
        (NEXT.isoformat(), 3),
        (NEXT.isoformat(), 4),
        ((NEXT + DAY).isoformat(), 2),
        ((NEXT + 2 * DAY).isoformat(), 2),  # and not the Monday before the day from which on it moves
    ]
    for offer in offers:
        again = Plan(dt.date.fromisoformat(offer["first"]), 40, offer["rule"], period=offer["period"])
        await move(county, made.booking, NEXT, again)
    assert await code_of(move(county, made.booking, NEXT, series(first=NEXT, period=8))) == "unknown_period"
    await consistent(county)


async def test_a_series_is_cancelled_from_a_day_on_or_as_a_whole(county: Database) -> None:
    made = await book(county, request())
    cut = await change_series.cancel(county, made.booking, "p0", NOW, since=NEXT, reason="教师调动", version=1)
    assert (cut.state, cut.lessons) == ("booked", made.lessons[1:])
    await consistent(county)
    whole = await change_series.cancel(county, made.booking, "p0", NOW)
    assert (whole.state, whole.lessons) == ("cancelled", made.lessons[:1])
    await consistent(county)
    assert await code_of(change_series.cancel(county, made.booking, "p0", NOW)) == "not_booked"
    assert await code_of(move(county, made.booking, TUESDAY, series())) == "not_booked"
    assert (await book(county, request())).state == "booked"


async def test_a_series_with_lessons_behind_it_stays_booked(county: Database) -> None:
    made = await book(county, request())
    await set_lesson(county, made.lessons[0], state="ended")
    assert (await change_series.cancel(county, made.booking, "p0", at(TUESDAY, 12))).state == "booked"
    assert await code_of(change_series.cancel(county, made.booking, "p0", at(TUESDAY, 12))) == "nothing_left"


async def test_an_exception(county: Database) -> None:
    made = await book(county, request())
    changed = await change_series.leave_out(county, made.booking, NEXT, "p0", NOW, reason="期中考试", version=1)
    assert (changed.lessons, changed.version) == (made.lessons[1:2], 2)
    async with county.read() as session:
        assert (await session.get_one(Booking, made.booking)).without == [NEXT.isoformat()]
    await consistent(county)
    assert await code_of(change_series.leave_out(county, made.booking, NEXT, "p0", NOW)) == "nothing_left"
    assert await code_of(change_series.leave_out(county, made.booking, NEXT + DAY, "p0", NOW)) == "nothing_left"
    instead = await change.make_up(county, made.lessons[1], single(NEXT + DAY), "p0", NOW, rules=RULES)
    assert instead.state == "scheduled"
    await consistent(county)


async def test_another_teacher_takes_the_series_from_a_day_on(county: Database) -> None:
    made = await book(county, request(plan=four()))
    await change.substitute(county, made.lessons[3], "p0", "p0", NOW, rules=RULES)  # of the same school, and free
    changed = await change_series.substitute(county, made.booking, NEXT, "t00", "p0", NOW, rules=RULES, version=1)
    assert changed.lessons == made.lessons[1:3]
    assert [lesson.teacher for lesson in await lessons_of(county, made.booking)] == ["t0", "t00", "t00", "p0"]
    async with county.read() as session:
        assert (await session.get_one(Booking, made.booking)).teacher == "t00"
    await consistent(county)
    await book(county, elsewhere(teacher="t0", plan=single(NEXT + WEEK, 1)))
    back = change_series.substitute(county, made.booking, NEXT, "t0", "p0", NOW, rules=RULES)
    assert await code_of(back) == "conflict"
    nobody = change_series.substitute(county, made.booking, NEXT + 9 * WEEK, "t0", "p0", NOW, rules=RULES)
    assert await code_of(nobody) == "nothing_left"
    await consistent(county)


async def test_another_assistant_is_beside_the_pupils_from_a_day_on(county: Database) -> None:
    async with county.write() as session:
        await session.execute(insert(Person), [{"id": "b1", "school": "s1", "name": "代课教师"}])
    made = await book(county, request(plan=four()))
    await change.substitute_assistant(county, made.lessons[3], "r1", "p1", "p0", NOW, rules=RULES)

    def assist(classroom: str, assistant: str | None, **more: Any) -> Coroutine[Any, Any, change_series.Series]:
        since = more.pop("since", None)
        return change_series.substitute_assistant(
            county, made.booking, since, classroom, assistant, "p0", NOW, rules=RULES, **more
        )

    changed = await assist("r1", "b1", since=NEXT, version=1)
    assert (changed.lessons, changed.version) == (made.lessons[1:3], 2)
    await consistent(county)
    async with county.read() as session:
        seats = await session.scalars(
            select(Seat.assistant)
            .join(Lesson, Lesson.id == Seat.lesson)
            .where(Seat.classroom == "r1")
            .order_by(Lesson.starts)
        )
        assert list(seats) == ["a1", "b1", "b1", "p1"]
        seat = await session.get_one(BookingSeat, (made.booking, "r1"))
        assert seat.assistant == "b1"
    for classroom, assistant, code in (
        ("r0", "b1", "unknown_classroom"),
        ("r3", "b1", "unknown_classroom"),
        ("r1", "b1", "person_twice"),
        ("r1", "t0", "person_twice"),
        ("r1", "a3", "wrong_teacher"),
    ):
        assert await code_of(assist(classroom, assistant)) == code
    await book(county, dataclasses.replace(elsewhere(plan=single(NEXT)), receivers=(Receiver("r3", "a3"),)))
    async with county.write() as session:
        await session.execute(
            insert(RoleGrant), [{"person": "a3", "role": "assistant", "kind": "school", "scope": "s1"}]
        )
    assert await code_of(assist("r1", "a3")) == "conflict"
    gone = await assist("r1", None)
    assert gone.lessons == made.lessons[1:3]
    assert await code_of(assist("r1", None)) == "same_teacher"
    await consistent(county)


async def test_a_dual_teacher_series_keeps_its_assistants(county: Database) -> None:
    made = await book(county, request(dual=True))
    nobody = change_series.substitute_assistant(county, made.booking, None, "r1", None, "p0", NOW, rules=RULES)
    assert await code_of(nobody) == "bad_form"
