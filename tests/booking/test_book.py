"""Bookings, requests that wait for a school's yes, and several people who want one slot."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import sys

import pytest
from sqlalchemy import func, select, update

from mediaserver.api import UserError
from signalling import problems
from signalling.booking import book as booking
from signalling.booking import claims, series
from signalling.booking.limits import Rules
from signalling.booking.listing import Filter, listed
from signalling.booking.request import Receiver, request_of
from signalling.booking.rows import booking_places
from signalling.db.engine import Database
from signalling.db.lessons import Booking, Claim, Lesson, Seat
from signalling.db.places import School
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
    single,
)
from tests.booking.county import (
    series as weekly,
)


async def count(database: Database, table: type) -> int:
    async with database.read() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


async def asks(database: Database, *schools: str) -> None:
    async with database.write() as session:
        await session.execute(update(School).where(School.id.in_(schools)).values(approves=True))


async def test_a_booking_becomes_lessons_with_seats_and_claims(county: Database) -> None:
    made = await book(county, request(dual=True, device="box", points=("分数",)))
    assert (made.state, len(made.lessons), made.waits) == ("booked", 3, ())
    lessons = await lessons_of(county, made.booking)
    assert [lesson.id for lesson in lessons] == list(made.lessons)
    first = lessons[0]
    assert (first.state, first.day, first.period, first.title) == ("scheduled", TUESDAY, 1, "三年级数学")
    assert (first.starts, first.ends, first.closes) == (at(TUESDAY, 8), at(TUESDAY, 8, 40), at(TUESDAY, 8, 45))
    assert (await count(county, Seat), await count(county, Claim)) == (9, 3 * (3 + 3 + 3 + 1))
    await consistent(county)


async def test_a_booking_can_be_asked_for_again_as_it_was(county: Database) -> None:
    plan = weekly(rule="FREQ=WEEKLY", weeks="even", without=frozenset([TUESDAY + dt.timedelta(days=14)]))
    wanted = request(dual=True, device="box", plan=plan, note="带尺子")
    made = await book(county, wanted)
    async with county.read() as session:
        row = await session.get_one(Booking, made.booking)
        assert request_of(row, await booking_places(session, row.id)) == wanted


async def test_a_conflict_saves_nothing_and_says_what_would_be_free(county: Database) -> None:
    await book(county, request())
    with pytest.raises(UserError, match="is taken by the lesson 三年级数学") as caught:
        await book(county, request())
    assert (caught.value.status, caught.value.code) == (409, "conflict")
    document = json.loads(problems.from_user_error(caught.value).body)  # type: ignore[arg-type]
    assert len(document["problems"]) == 20 and document["more"] == 7
    assert {problem["code"] for problem in document["problems"]} == {
        "teacher_busy",
        "assistant_busy",
        "classroom_busy",
        "pupils_busy",
    }
    assert document["alternatives"][0]["period"] == 2
    assert "(and 26 more problems); choose another time, or change who" in document["detail"]
    assert (await count(county, Booking), await count(county, Lesson)) == (1, 3)
    await consistent(county)


async def test_a_request_waits_for_every_school_that_wants_to_be_asked_and_holds_nothing(county: Database) -> None:
    await asks(county, "s0", "s2")
    made = await book(county, request(), "p1", may_approve={"s1"})
    assert (made.state, made.waits, made.lessons) == ("requested", ("s0", "s2"), ())
    assert (await count(county, Lesson), await count(county, Claim)) == (0, 0)
    half = await booking.approve(county, made.booking, "p2", NOW, rules=RULES, may_approve={"s2"}, version=1)
    assert (half.state, half.waits, half.version) == ("requested", ("s0",), 2)
    whole = await booking.approve(county, made.booking, "p0", NOW, rules=RULES, may_approve={"s0"}, version=2)
    assert (whole.state, len(whole.lessons)) == ("booked", 3)
    async with county.read() as session:
        row = await session.get_one(Booking, made.booking)
        assert (row.state, row.decided_by, row.decided, row.requested_by) == ("booked", "p0", NOW, "p1")
    await consistent(county)


async def test_a_planner_sees_what_waits_for_her(county: Database) -> None:
    await asks(county, "s0", "s2")
    first = await book(county, request(note="请安排"), "p1", may_approve={"s1"})
    second = await book(county, request(plan=single(period=2)), "p2", NOW + 60, may_approve={"s2"})
    await book(county, elsewhere(plan=single(period=4)), may_approve={"s0"})

    async def seen(school: str) -> list[str]:
        async with county.read() as session:
            return [it.booking for it in await listed(session, Filter(school, waits=True), 10)]

    assert await seen("s0") == [second.booking, first.booking]
    assert (await seen("s2"), await seen("s1")) == ([first.booking], [])
    async with county.read() as session:
        (shown,) = await listed(session, Filter("s0", waits=True), 1, (NOW + 60, second.booking))
    assert (shown.teacher_name, shown.school_name, shown.requested_by_name) == ("教师甲", "第一小学", "教务1")
    assert (shown.plan, shown.note, shown.waits, shown.requested) == (weekly(), "请安排", ("s0", "s2"), NOW)
    await booking.approve(county, first.booking, "p2", NOW, rules=RULES, may_approve={"s2"})
    assert (await seen("s2"), await seen("s0")) == ([], [second.booking, first.booking])


async def test_whoever_may_say_yes_for_all_of_them_books_at_once(county: Database) -> None:
    await asks(county, "s0", "s2", "s3")
    assert (await book(county, request(), may_approve={"s0", "s2"})).state == "booked"


async def test_an_approval_checks_again(county: Database) -> None:
    await asks(county, "s0")
    late = await book(county, request(), "p1")
    await book(county, request(), "p0", may_approve={"s0"})
    with pytest.raises(UserError) as caught:
        await booking.approve(county, late.booking, "p0", NOW, rules=RULES, may_approve={"s0"})
    assert caught.value.code == "conflict" and caught.value.extra["alternatives"]
    async with county.read() as session:
        assert (await session.get_one(Booking, late.booking)).state == "requested"
    with pytest.raises(UserError, match="is taken by"):
        await book(county, request(), "p1")
    await consistent(county)


async def test_a_late_yes_leaves_out_what_is_over(county: Database) -> None:
    await asks(county, "s0")
    made = await book(county, request(), "p1")
    late = await booking.approve(county, made.booking, "p0", at(TUESDAY, 12), rules=RULES, may_approve={"s0"})
    assert (len(late.lessons), [lesson.day for lesson in late.past]) == (2, [TUESDAY])
    await consistent(county)


async def test_refused(county: Database) -> None:
    await asks(county, "s0")
    made = await book(county, request(), "p1")
    with pytest.raises(UserError, match="waits for other schools") as caught:
        await booking.refuse(county, made.booking, "p1", NOW, may_approve={"s1"})
    assert caught.value.status == 403
    with pytest.raises(UserError, match="Somebody changed this booking"):
        await booking.refuse(county, made.booking, "p0", NOW, may_approve={"s0"}, version=7)
    with pytest.raises(UserError, match="at most 2000 characters"):
        await booking.refuse(county, made.booking, "p0", NOW, may_approve={"s0"}, reason="长" * 2001)
    await booking.refuse(county, made.booking, "p0", NOW, may_approve={"s0"}, reason="教师外出培训")
    for again in (
        booking.approve(county, made.booking, "p0", NOW, rules=RULES, may_approve={"s0"}),
        booking.refuse(county, made.booking, "p0", NOW, may_approve={"s0"}),
    ):
        with pytest.raises(UserError, match="it is refused"):
            await again
    await book(county, request(), may_approve={"s0"})
    await consistent(county)


async def test_a_request_can_be_withdrawn(county: Database) -> None:
    await asks(county, "s0")
    made = await book(county, request(), "p1")
    with pytest.raises(UserError, match="it is requested"):
        await series.cancel(county, made.booking, "p1", NOW)
    with pytest.raises(UserError, match="changed this booking meanwhile"):
        await booking.withdraw(county, made.booking, "p1", NOW, version=2)
    await booking.withdraw(county, made.booking, "p1", NOW, reason="不需要了", version=1)
    with pytest.raises(UserError, match="it is cancelled"):
        await booking.withdraw(county, made.booking, "p1", NOW)
    with pytest.raises(UserError, match="it is cancelled"):
        await booking.approve(county, made.booking, "p0", NOW, rules=RULES, may_approve={"s0"})


async def test_unknown_bookings(county: Database) -> None:
    with pytest.raises(UserError) as caught:
        await booking.approve(county, "nothing", "p0", NOW, rules=RULES, may_approve=set())
    assert (caught.value.status, caught.value.code) == (404, "unknown_booking")


async def outcomes(*attempts: object) -> list[str]:
    results = await asyncio.gather(*attempts, return_exceptions=True)  # type: ignore[call-overload]
    for result in results:
        if isinstance(result, Exception) and not isinstance(result, UserError):
            raise result
    return sorted(result.code if isinstance(result, UserError) else result.state for result in results)


async def test_of_twenty_who_want_the_last_slot_one_gets_it(county: Database, database_url: str) -> None:
    """Two servers; each wish shares only one thing with the next, and all of them the teacher."""
    async with Database(database_url) as other:
        wishes = [
            book(database, request(receivers=(Receiver(f"r{1 + number % 3}"),)))
            for number in range(10)
            for database in (county, other)
        ]
        assert await outcomes(*wishes) == ["booked"] + ["conflict"] * 19
    assert await count(county, Booking) == 1
    await consistent(county)


async def test_the_last_place_on_the_machines_is_given_once(county: Database, database_url: str) -> None:
    """Nothing in common but the machines."""
    rules = Rules(capacity=4)
    async with Database(database_url) as other:
        wishes = [book(county, request(), rules=rules), book(other, elsewhere(), rules=rules)]
        assert await outcomes(*wishes) == ["booked", "conflict"]
    await consistent(county)


async def test_bookings_of_different_times_all_succeed_together(county: Database, database_url: str) -> None:
    async with Database(database_url) as other:
        wishes = [
            book(database, request(plan=single(TUESDAY, period)))
            for period, database in zip(range(1, 7), [county, other] * 3, strict=True)
        ]
        assert await outcomes(*wishes) == ["booked"] * 6
    await consistent(county)


async def test_several_processes_want_the_last_slot(county: Database, database_url: str) -> None:
    """Four servers, five tries each."""
    code = (
        "import asyncio, sys\n"
        "from mediaserver.api import UserError\n"
        "from signalling.db.engine import Database\n"
        "from tests.booking.county import book, request\n"
        "async def one(database):\n"
        "    try:\n"
        "        print((await book(database, request())).state)\n"
        "    except UserError as error:\n"
        "        print(error.code)\n"
        "async def main():\n"
        "    async with Database(sys.argv[1]) as database:\n"
        "        await asyncio.gather(*(one(database) for _ in range(5)))\n"
        "asyncio.run(main())\n"
    )
    servers = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", code, database_url, stdout=asyncio.subprocess.PIPE)
        for _ in range(4)
    ]
    said = [(await server.communicate())[0].decode().split() for server in servers]
    assert sorted(word for words in said for word in words) == ["booked"] + ["conflict"] * 19
    await consistent(county)


async def test_what_ended_is_given_back(county: Database) -> None:
    made = await book(county, request())

    async def end(session: object) -> None:
        lesson = await session.get_one(Lesson, made.lessons[0])  # type: ignore[attr-defined]
        lesson.state = "ended"
        await claims.release(session, [lesson.id])  # type: ignore[arg-type]

    await county.run(end)
    await consistent(county)
    assert (await book(county, request(plan=single()))).state == "booked"
    await consistent(county)
