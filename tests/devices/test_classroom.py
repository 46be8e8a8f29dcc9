"""Who is ready for a lesson, and what is told from its classrooms: pupils counted, faults."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete, select, update

from signalling import tokens
from signalling.bell.passes import Passes
from signalling.db import audit
from signalling.db.lessons import Lesson, Participation
from signalling.db.people import RoleGrant
from signalling.db.records import Delivery, Notice
from signalling.devices.contacts import ONLINE_S
from signalling.devices.readiness import FRESH_S
from signalling.hooks.webhooks import Webhooks
from tests.booking.county import set_lesson
from tests.devices.conftest import SEVEN, Display, World, audit_rows, book, lessons_of, problem, request, single
from tests.devices.test_device import PREFLIGHT

NOW = SEVEN - 86400 * 3


@pytest.fixture
async def lesson(world: World) -> Lesson:
    booked = await book(world.database, request(plan=single()), now=NOW)
    [lesson] = await lessons_of(world.database, booked.booking)
    return lesson


async def opened(world: World, lesson: Lesson) -> None:
    await set_lesson(world.database, lesson.id, state="live")
    world.clock.now = lesson.starts


async def preflight(display: Display, **changes: Any) -> None:
    answer = await display.call("POST", "/device/preflight", json={**PREFLIGHT, **changes})
    assert answer.status == 204, await answer.text()


class TestReadiness:
    async def test_of_each_classroom(self, world: World, lesson: Lesson) -> None:
        teacher = await world.sign_in("t0")
        display = await world.display("r1")
        await display.beat()
        await preflight(display, lesson=lesson.id)
        ready = await teacher.get(f"/lessons/{lesson.id}/readiness")
        assert [(it["classroom"], it["part"], it["device"], it["online"], it["seen"]) for it in ready] == [
            ("r0", "lead", "screen", False, None),
            ("r1", "receiving", display.id, True, SEVEN),
            ("r2", "receiving", None, False, None),
        ]
        assert [it["preflight"] and it["preflight"]["grade"] for it in ready] == [None, "amber", None]
        await world.written()
        assert await teacher.get(f"/lessons/{lesson.id}/readiness") == ready
        world.clock.now += ONLINE_S
        assert not any(it["online"] for it in await teacher.get(f"/lessons/{lesson.id}/readiness"))

    async def test_of_two_displays_the_one_that_is_there(self, world: World, lesson: Lesson) -> None:
        teacher = await world.sign_in("t0")
        displays = [await world.display("r1") for _ in range(3)]
        await displays[1].beat()
        await world.revoke(displays[2].id)
        ready = {it["classroom"]: it for it in await teacher.get(f"/lessons/{lesson.id}/readiness")}
        assert ready["r1"]["device"] == displays[1].id

    async def test_one_heard_by_a_clock_that_was_ahead_is_not_there(self, world: World, lesson: Lesson) -> None:
        teacher = await world.sign_in("t0")
        dead, alive = [await world.display("r1") for _ in range(2)]
        world.clock.now = SEVEN + 8 * 3600
        await dead.beat()
        await world.written()
        world.clock.now = SEVEN
        ready = {it["classroom"]: it for it in await teacher.get(f"/lessons/{lesson.id}/readiness")}
        assert not ready["r1"]["online"]
        await alive.beat()
        for _ in range(2):
            ready = {it["classroom"]: it for it in await teacher.get(f"/lessons/{lesson.id}/readiness")}
            assert (ready["r1"]["device"], ready["r1"]["online"]) == (alive.id, True)
            await world.written()

    async def test_a_test_of_long_ago_says_nothing(self, world: World, lesson: Lesson) -> None:
        teacher, display = await world.sign_in("t0"), await world.display("r1")
        for made, shown in ((lesson.starts - FRESH_S - 1, False), (lesson.starts - FRESH_S, True)):
            world.clock.now = made
            await preflight(display)
            ready = {it["classroom"]: it for it in await teacher.get(f"/lessons/{lesson.id}/readiness")}
            assert (ready["r1"]["preflight"] is not None) is shown

    async def test_for_whom(self, world: World, lesson: Lesson) -> None:
        path = f"/lessons/{lesson.id}/readiness"
        for person in (
            await world.sign_in("t0"),
            await world.sign_in("a1"),
            await world.sign_in("p0"),
            await world.sign_in("p2"),
            await world.somebody("admin"),
            await world.somebody("supervisor", "region", "county"),
        ):
            assert (await person.call("GET", path)).status == 200
        for person in (
            await world.sign_in("a3"),
            await world.sign_in("p3"),
            await world.somebody("staff"),
            await world.somebody("teacher", "school", "s3"),
        ):
            assert await problem(await person.call("GET", path)) == (403, "forbidden")
        admin = await world.somebody("admin")
        assert await problem(await admin.call("GET", "/lessons/nothing/readiness")) == (404, "not_found")


class Phone:
    """A page with a room token."""

    def __init__(self, world: World, token: str, room: str) -> None:
        self._world = world
        self._token = token
        self.room = room

    async def say(self, what: str, room: str = "", **body: Any) -> tuple[int, str]:
        http = await self._world.browser()
        answer = await http.post(
            f"/api/v1/rooms/{room or self.room}/{what}", json=body, headers={"Authorization": f"Bearer {self._token}"}
        )
        return (204, "") if answer.status == 204 else await problem(answer)


def passes(world: World) -> Passes:
    return Passes(world.database, world.server._secret)


async def beside(world: World, lesson: Lesson, display: Display) -> Phone:
    return Phone(world, (await passes(world).of_phone(lesson.id, display.id, world.clock())).token, lesson.id)


async def of_person(world: World, lesson: Lesson, person: str) -> Phone:
    return Phone(world, (await passes(world).of_person(lesson.id, person, world.clock())).token, lesson.id)


def by_hand(world: World, room: str, role: str, participant: str) -> Phone:
    now = world.clock()
    token = tokens.mint(world.server._secret, room=room, role=role, now=now, participant=participant)
    return Phone(world, token, room)


class TestCount:
    async def counts(self, world: World) -> dict[tuple[str, str | None], int]:
        async with world.database.read() as session:
            rows = await session.execute(
                select(Participation.participant, Participation.classroom, Participation.count).where(
                    Participation.count.is_not(None)
                )
            )
            return {(participant, classroom): count for participant, classroom, count in rows}

    async def test_by_the_phone_beside_a_display(self, world: World, lesson: Lesson) -> None:
        await opened(world, lesson)
        display = await world.display("r1")
        phone = await beside(world, lesson, display)
        for pupils in (31, 32):
            assert await phone.say("count", pupils=pupils) == (204, "")
        assert await self.counts(world) == {(display.id, "r1"): 32}
        rows = [row for row in await audit_rows(world.database) if row[1] == "lesson.count"]
        assert [row[3] for row in rows] == [{"classroom": "r1", "pupils": n} for n in (31, 32)]

    async def test_a_classroom_has_one_count(self, world: World, lesson: Lesson) -> None:
        await opened(world, lesson)
        display = await world.display("r1")
        phone, assistant = await beside(world, lesson, display), await of_person(world, lesson, "a1")
        other = await of_person(world, lesson, "a2")
        await phone.say("count", pupils=30)
        await other.say("count", pupils=20)
        assert await assistant.say("count", pupils=31) == (204, "")
        assert await self.counts(world) == {("a1", "r1"): 31, ("a2", "r2"): 20}
        await phone.say("count", pupils=29)
        assert await self.counts(world) == {(display.id, "r1"): 29, ("a2", "r2"): 20}

    async def test_not_by_others(self, world: World, lesson: Lesson) -> None:
        await opened(world, lesson)
        display = await world.display("r1")
        phone = await beside(world, lesson, display)
        teacher = await of_person(world, lesson, "t0")
        assert await teacher.say("count", pupils=3) == (403, "not_in_lesson")
        assert await by_hand(world, lesson.id, "assistant", "a3").say("count", pupils=3) == (403, "not_in_lesson")
        assert await by_hand(world, "demo", "assistant", "a1").say("count", pupils=3) == (404, "not_found")
        assert await phone.say("count", room="demo", pupils=3) == (403, "wrong_room")
        assert await Phone(world, display.key, lesson.id).say("count", pupils=3) == (401, "token_invalid")
        await world.revoke(display.id)
        assert await phone.say("count", pupils=3) == (403, "not_in_lesson")
        assert await self.counts(world) == {}

    @pytest.mark.parametrize("pupils", [-1, 501, "3", 2.5, None])
    async def test_nonsense(self, world: World, lesson: Lesson, pupils: Any) -> None:
        await opened(world, lesson)
        assert await (await of_person(world, lesson, "a1")).say("count", pupils=pupils) == (400, "bad_request")

    async def test_before_it(self, world: World, lesson: Lesson) -> None:
        await opened(world, lesson)
        phone = await of_person(world, lesson, "a1")
        await set_lesson(world.database, lesson.id, state="scheduled")
        assert await phone.say("count", pupils=3) == (409, "lesson_not_open")
        assert await phone.say("fault", kind="sound") == (409, "lesson_not_open")


class TestFault:
    async def notices(self, world: World) -> list[Notice]:
        async with world.database.read() as session:
            rows = await session.scalars(select(Notice).where(Notice.kind == "fault").order_by(Notice.person))
            return list(rows)

    async def test_planners_of_the_school_are_told(self, world: World, lesson: Lesson) -> None:
        await opened(world, lesson)
        display = await world.display("r1")
        phone = await beside(world, lesson, display)
        assert await phone.say("fault", kind="sound", text="没有声音") == (204, "")
        [notice] = await self.notices(world)
        assert (notice.person, notice.lesson, notice.made, notice.read) == ("p1", lesson.id, lesson.starts, None)
        assert notice.facts == {
            "title": "三年级数学",
            "starts": lesson.starts,
            "classroom": "r1",
            "classroom_name": "接收教室",
            "school": "s1",
            "school_name": "第一村小",
            "fault": "sound",
            "text": "没有声音",
            "by": "第一村小 · 接收教室",
        }
        [row] = [row for row in await audit_rows(world.database) if row[1] == "lesson.fault"]
        assert row[2:] == (lesson.id, {"classroom": "r1", "fault": "sound", "text": "没有声音", "told": 1})
        assert await audit.verify(world.database) is None

    async def test_webhooks_are_told(self, world: World, lesson: Lesson) -> None:
        await opened(world, lesson)
        hooks = Webhooks(world.database, b"s" * 32, ())
        wanting, other = [
            await hooks.create("https://hooks.example/", ["lesson.fault"], scope, "tester", NOW)
            for scope in ("s1", "s3")
        ]
        phone = await beside(world, lesson, await world.display("r1"))
        assert await phone.say("fault", kind="sound", text="没有声音") == (204, "")
        async with world.database.read() as session:
            [told] = await session.scalars(select(Delivery).where(Delivery.event == "lesson.fault"))
        assert told.webhook == wanting.id and other.id != wanting.id
        fault = {"fault": "sound", "text": "没有声音", "by": "第一村小 · 接收教室"}
        place = {"classroom": "r1", "classroom_name": "接收教室", "classroom_school": "第一村小"}
        assert told.body.items() >= {"lesson": lesson.id, "at": lesson.starts, **fault, **place}.items()

    async def test_where_a_school_has_none_those_of_the_region(self, world: World, lesson: Lesson) -> None:
        await opened(world, lesson)
        county = await world.somebody("planner", "region", "county")
        await world.somebody("planner", "region", "city")
        room = await world.somebody("planner", "classroom", "r2")
        phone = await of_person(world, lesson, "a1")
        async with world.database.write() as session:
            await session.execute(delete(RoleGrant).where(RoleGrant.person == "p1"))
        assert await phone.say("fault", kind="line") == (204, "")
        assert [it.person for it in await self.notices(world)] == [county.id]
        other = await of_person(world, lesson, "a2")
        assert await other.say("fault", kind="picture") == (204, "")
        assert {it.person for it in await self.notices(world)} == {county.id, "p2", room.id}

    async def test_where_nobody_plans_it_is_written_down(self, world: World, lesson: Lesson) -> None:
        await opened(world, lesson)
        phone = await of_person(world, lesson, "a1")
        async with world.database.write() as session:
            await session.execute(update(RoleGrant).values(role="staff"))
        assert await phone.say("fault", kind="other", text="投影坏了") == (204, "")
        [row] = [row for row in await audit_rows(world.database) if row[1] == "lesson.fault"]
        assert row[3]["told"] == 0

    async def test_by_the_teacher_and_by_a_display(self, world: World, lesson: Lesson) -> None:
        await opened(world, lesson)
        display = await world.display("r2")
        screen = Phone(world, (await passes(world).of_device(lesson.id, display.id, world.clock())).token, lesson.id)
        for phone in (await of_person(world, lesson, "t0"), screen):
            assert await phone.say("fault", kind="screen") == (204, "")
        assert [it.person for it in await self.notices(world)] == ["p0", "p2"]

    async def test_not_by_others(self, world: World, lesson: Lesson) -> None:
        await opened(world, lesson)
        for participant in ("t00", "nobody", "screenx"):
            phone = by_hand(world, lesson.id, "supervisor", participant)
            assert await phone.say("fault", kind="sound") == (403, "not_in_lesson")
        assert await by_hand(world, "demo", "lead", "t0").say("fault", kind="sound") == (404, "not_found")

    @pytest.mark.parametrize("body", [{}, {"kind": "smell"}, {"kind": "sound", "text": "x" * 501}, {"kind": None}])
    async def test_nonsense(self, world: World, lesson: Lesson, body: dict[str, Any]) -> None:
        await opened(world, lesson)
        assert await (await of_person(world, lesson, "a1")).say("fault", **body) == (400, "bad_request")

    async def test_not_without_end(self, world: World, lesson: Lesson) -> None:
        await opened(world, lesson)
        phone = await of_person(world, lesson, "a1")
        for _ in range(20):
            assert (await phone.say("fault", kind="sound"))[0] == 204
        assert await phone.say("fault", kind="sound") == (429, "too_many_attempts")
        assert await phone.say("count", pupils=3) == (429, "too_many_attempts")
