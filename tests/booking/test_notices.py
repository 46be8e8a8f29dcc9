"""Everyone concerned is told, nobody of what she did herself; webhooks get the same; all of it is on the log."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import delete, insert, select, update

from signalling.booking import book as booking
from signalling.booking import change, series
from signalling.db.engine import Database
from signalling.db.people import Person
from signalling.db.places import School
from signalling.db.records import Audit, Delivery, Notice, Webhook
from tests.booking.county import NOW, RULES, TUESDAY, at, book, consistent, request, set_lesson, single
from tests.booking.county import series as weekly

DAY = dt.timedelta(days=1)
EVERYBODY = {"t0", "a1", "a2", "p0", "p1", "p2"}


async def told(database: Database, kind: str) -> set[str]:
    async with database.read() as session:
        return set(await session.scalars(select(Notice.person).where(Notice.kind == kind)))


async def test_those_who_teach_those_who_asked_and_the_planners_of_the_schools(county: Database) -> None:
    made = await book(county, request(), "p1")
    assert await told(county, "booked") == EVERYBODY - {"p1"}
    async with county.read() as session:
        notice = (await session.scalars(select(Notice).where(Notice.person == "t0"))).one()
    assert (notice.lesson, notice.made, notice.read) == (made.lessons[0], NOW, None)
    assert notice.facts == {
        "booking": made.booking,
        "lesson": made.lessons[0],
        "title": "三年级数学",
        "form": "delivered",
        "school": "第一小学",
        "teacher": "教师甲",
        "by": "教务1",
        "starts": at(TUESDAY, 8),
        "ends": at(TUESDAY, 8, 40),
        "lessons": 3,
    }


async def test_every_change_is_told_and_logged(county: Database) -> None:
    async with county.write() as session:
        await session.execute(update(School).where(School.id == "s0").values(approves=True))
    refused = await book(county, request(), "p1")
    await booking.refuse(county, refused.booking, "p0", NOW, may_approve={"s0"}, reason="满了")
    made = await book(county, request(), "p1")
    approved = await booking.approve(county, made.booking, "p0", NOW, rules=RULES, may_approve={"s0"})
    first, second, third = approved.lessons
    await change.move(county, first, single(TUESDAY, 2), "t0", NOW, rules=RULES, may_approve={"s0"})
    await change.substitute(county, second, "t00", "p0", NOW, rules=RULES)
    await change.cancel(county, third, "p0", NOW)
    await change.make_up(county, third, single(TUESDAY, 5), "p0", NOW, rules=RULES, may_approve={"s0"})
    await set_lesson(county, first, state="live")
    await change.extend(county, first, 5, "t0", at(TUESDAY, 9), rules=RULES)
    await series.cancel(county, made.booking, "clock", NOW)
    kinds = ["requested", "refused", "requested", "approved", "moved", "substituted", "cancelled", "made_up"]
    kinds += ["extended", "cancelled"]
    async with county.read() as session:
        log = list(await session.scalars(select(Audit).order_by(Audit.number)))
    assert [row.action for row in log] == [f"booking.{kind}" for kind in kinds]
    assert [row.subject for row in log][4:9] == [first, second, third, log[7].subject, first]
    assert {row.detail["booking"] for row in log[2:]} == {made.booking}
    assert await told(county, "requested") == EVERYBODY - {"p1"}
    assert await told(county, "approved") == EVERYBODY - {"p0"}
    assert await told(county, "refused") == EVERYBODY - {"p0"}
    assert await told(county, "moved") == EVERYBODY - {"t0"}
    assert await told(county, "substituted") == (EVERYBODY | {"t00"}) - {"p0"}
    async with county.read() as session:
        facts = await session.scalar(select(Notice.facts).where(Notice.kind == "substituted").limit(1))
    assert facts is not None and (facts["from_teacher"], facts["to_teacher"]) == ("教师甲", "教师乙")
    await consistent(county)


async def test_who_is_beside_the_pupils_in_one_lesson_alone_is_told_what_becomes_of_it(county: Database) -> None:
    async with county.write() as session:
        rows = [{"id": f"b{n}", "school": "s1", "name": f"代课教师{n}"} for n in range(4)]
        await session.execute(insert(Person), rows)
    made = await book(county, request(plan=weekly(rule="FREQ=WEEKLY;COUNT=4")))
    for number, lesson in enumerate(made.lessons):
        await change.substitute_assistant(county, lesson, "r1", f"b{number}", "p0", NOW, rules=RULES)
    since = TUESDAY + 7 * DAY
    moved = weekly(first=since, rule="FREQ=WEEKLY;COUNT=2", period=2)
    await series.move(county, made.booking, since, moved, "p0", NOW, rules=RULES, by_hand="move")
    assert await told(county, "moved") == EVERYBODY - {"p0"} | {"b1", "b2", "b3"}  # the last one is called off by it
    await series.leave_out(county, made.booking, TUESDAY, "p0", NOW)
    assert await told(county, "cancelled") == EVERYBODY - {"p0"} | {"b0"}
    await series.cancel(county, made.booking, "p0", NOW)
    assert await told(county, "cancelled") == EVERYBODY - {"p0"} | {"b0", "b1", "b2"}
    await consistent(county)


async def test_they_are_told_of_another_teacher_too(county: Database) -> None:
    async with county.write() as session:
        await session.execute(insert(Person), [{"id": "b1", "school": "s1", "name": "代课教师"}])
    made = await book(county, request())
    await change.substitute_assistant(county, made.lessons[2], "r1", "b1", "p0", NOW, rules=RULES)
    async with county.write() as session:
        await session.execute(delete(Notice))
    await series.substitute(county, made.booking, None, "t00", "p0", NOW, rules=RULES)
    assert await told(county, "substituted") == (EVERYBODY | {"t00", "b1"}) - {"p0"}


async def test_who_is_not_active_any_more_is_not_told(county: Database) -> None:
    made = await book(county, request())
    async with county.write() as session:
        await session.execute(update(Person).where(Person.id.in_(("a1", "p2"))).values(active=False))
    await change.cancel(county, made.lessons[0], "clock", NOW)
    assert await told(county, "cancelled") == EVERYBODY - {"a1", "p2"}


async def test_webhooks_that_want_it_get_a_delivery(county: Database) -> None:
    hooks = [
        ("all", ["booking.booked", "booking.moved"], "", True),
        ("city", ["booking.booked"], "city", True),
        ("school", ["booking.booked"], "s2", True),
        ("elsewhere", ["booking.booked"], "s3", True),
        ("othercity", ["booking.booked"], "cit", True),
        ("event", ["booking.moved"], "", True),
        ("off", ["booking.booked"], "", False),
    ]
    async with county.write() as session:
        rows = [
            {"id": id, "url": "https://hooks.example", "secret": "x", "events": events, "scope": scope, "active": on}
            for id, events, scope, on in hooks
        ]
        await session.execute(insert(Webhook), rows)
    made = await book(county, request())
    async with county.read() as session:
        deliveries = list(await session.scalars(select(Delivery)))
    assert {delivery.webhook for delivery in deliveries} == {"all", "city", "school"}
    for delivery in deliveries:
        assert (delivery.event, delivery.due, delivery.tries) == ("booking.booked", NOW, 0)
        assert (delivery.body["booking"], delivery.body["lessons"]) == (made.booking, 3)
