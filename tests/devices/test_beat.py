"""What a display hears with each beat: its day, when it is another one than it has, and when to come again."""

from __future__ import annotations

import asyncio
import datetime as dt

import pytest
from sqlalchemy import update

from signalling.booking import change
from signalling.booking.limits import Rules
from signalling.db.lessons import Lesson
from signalling.db.places import Classroom
from signalling.devices import day, days
from signalling.timetable.series import Plan
from tests.booking.county import set_lesson
from tests.devices.conftest import SEVEN, TUESDAY, World, at, audit_rows, book, lessons_of, problem, request, single

RULES = Rules(grace_s=300)
NOW = SEVEN - 86400 * 3


async def one_lesson(world: World, **changes: object) -> Lesson:
    booked = await book(world.database, request(plan=single(), **changes), now=NOW)
    [lesson] = await lessons_of(world.database, booked.booking)
    return lesson


async def test_a_day_with_a_lesson(world: World) -> None:
    lesson = await one_lesson(world)
    display, studio = await world.display("r1"), await world.display("r0")
    beat = await display.beat()
    assert beat["now"] == SEVEN and beat["etag"]
    assert beat["day"] == {
        "device": {"id": display.id, "name": "大屏"},
        "classroom": {"id": "r1", "name": "接收教室"},
        "school": {"id": "s1", "name": "第一村小"},
        "zone": "Asia/Shanghai",
        "date": TUESDAY.isoformat(),
        "running": TUESDAY.isoformat(),
        "holiday": "",
        "periods": [],
        "lessons": [
            {
                "lesson": lesson.id,
                "title": "三年级数学",
                "teacher_name": "教师甲",
                "school_name": "第一小学",
                "classroom_name": "主讲教室",
                "form": "delivered",
                "state": "scheduled",
                "opens": lesson.starts - 600,
                "starts": lesson.starts,
                "ends": lesson.ends,
                "closes": lesson.closes,
                "version": 1,
                "role": "classroom",
            }
        ],
    }
    lead = (await studio.beat())["day"]
    assert [it["role"] for it in lead["lessons"]] == ["staff"]
    assert lead["periods"][0] == {"number": 1, "name": "第1节", "starts": 480, "ends": 520}


async def test_a_holiday(world: World) -> None:
    world.clock.now = at(dt.date(2026, 10, 1), 9)
    told = (await (await world.display("r0")).beat())["day"]
    assert (told["running"], told["holiday"], told["lessons"]) == (None, "国庆节", [])
    world.clock.now = at(dt.date(2026, 10, 10), 9)
    told = (await (await world.display("r0")).beat())["day"]
    assert (told["running"], told["holiday"]) == ("2026-10-07", "调休")


async def test_nothing_is_told_twice(world: World) -> None:
    await one_lesson(world)
    display = await world.display("r1")
    first = await display.beat()
    again = await display.beat(first["etag"])
    assert (again["day"], again["etag"]) == (None, first["etag"])
    world.clock.now += days.REFRESH_S
    assert (await display.beat(first["etag"]))["day"] is None, "made anew and the same"
    assert (await display.beat("another"))["day"] == first["day"]
    assert (await display.beat())["day"] == first["day"]


class TestChanges:
    """Each is noticed at the next beat."""

    async def changed(self, world: World, lesson: Lesson, doing: str) -> None:
        database, now = world.database, world.clock()
        if doing == "cancel":
            await change.cancel(database, lesson.id, "p0", now, reason="教师生病")
        elif doing == "move":
            await change.move(database, lesson.id, Plan(TUESDAY, 40, period=3), "p0", now, rules=RULES)
        elif doing == "away":
            later = Plan(TUESDAY + dt.timedelta(days=1), 40, period=3)
            await change.move(database, lesson.id, later, "p0", now, rules=RULES)
        elif doing == "substitute":
            await change.substitute(database, lesson.id, "t00", "p0", now, rules=RULES)
        elif doing == "add":
            wanted = request(plan=single(period=4), teacher="t00", classroom="r00", lead_class=None)
            await book(database, wanted, now=NOW)
        else:
            await set_lesson(database, lesson.id, state=doing)

    @pytest.mark.parametrize("doing", ["cancel", "move", "away", "substitute", "add", "open"])
    async def test_of_a_lesson(self, world: World, doing: str) -> None:
        lesson = await one_lesson(world)
        display, other = await world.display("r1"), await world.display("r3")
        before, elsewhere = await display.beat(), await other.beat()
        await self.changed(world, lesson, doing)
        after = await display.beat(before["etag"])
        assert after["etag"] != before["etag"]
        lessons = after["day"]["lessons"]
        if doing == "cancel":
            assert [it["state"] for it in lessons] == ["cancelled"]
        elif doing == "move":
            assert [it["starts"] for it in lessons] == [at(TUESDAY, 9, 40)]
        elif doing == "away":
            assert lessons == []
        elif doing == "substitute":
            assert [it["teacher_name"] for it in lessons] == ["教师乙"]
        elif doing == "add":
            assert len(lessons) == 2
        else:
            assert [it["state"] for it in lessons] == ["open"]
        assert (await other.beat(elsewhere["etag"]))["day"] is None

    async def test_of_the_day(self, world: World) -> None:
        await one_lesson(world)
        display = await world.display("r1")
        before = await display.beat()
        world.clock.now = at(TUESDAY + dt.timedelta(days=1), 7)
        after = await display.beat(before["etag"])
        assert after["day"]["date"] == "2026-09-09" and after["day"]["lessons"] == []

    async def test_of_a_name_within_minutes(self, world: World) -> None:
        display = await world.display("r0")
        before = await display.beat()
        async with world.database.write() as session:
            await session.execute(update(Classroom).where(Classroom.id == "r0").values(name="新主讲教室"))
        after = await display.beat(before["etag"])
        assert after["day"]["classroom"]["name"] == "新主讲教室", "its own at once"

    async def test_to_another_classroom(self, world: World) -> None:
        await one_lesson(world)
        display, admin = await world.display("r3"), await world.somebody("admin")
        before = await display.beat()
        assert before["day"]["lessons"] == []
        assert (await admin.call("PATCH", f"/devices/{display.id}", json={"classroom": "r1"})).status == 200
        after = await display.beat(before["etag"])
        assert after["day"]["classroom"]["id"] == "r1" and len(after["day"]["lessons"]) == 1


async def test_a_lesson_over_midnight_is_still_shown(world: World) -> None:
    lesson = await one_lesson(world)
    midnight = day.bounds("Asia/Shanghai", TUESDAY)[1]
    await set_lesson(world.database, lesson.id, starts=midnight - 600, ends=midnight + 1800, closes=midnight + 2100)
    display = await world.display("r1")
    for now, shown in ((midnight - 60, 1), (midnight + 60, 1), (midnight + 2100, 1), (midnight + 86400, 0)):
        world.clock.now = now
        assert len((await display.beat())["day"]["lessons"]) == shown, now


class TestAgain:
    async def test_more_displays_come_less_often(self, world: World) -> None:
        contacts = world.server.signalling.devices.contacts
        contacts._chance = lambda: 0.5
        for online, seconds in ((0, 20), (1000, 20), (2000, 40), (3000, 60), (100_000, 60)):
            contacts._online = online
            assert contacts.again(0, None) == seconds

    async def test_not_all_at_once_and_sooner_before_a_bell(self, world: World) -> None:
        contacts = world.server.signalling.devices.contacts
        contacts._online = 3000
        drawn = [contacts.again(0, None) for _ in range(200)]
        assert min(drawn) >= 51 and max(drawn) <= 69 and len(set(drawn)) > 50
        assert all(17 <= contacts.again(0, 120) <= 23 for _ in range(50))
        assert all(51 <= contacts.again(0, 121) <= 69 for _ in range(50))

    async def test_the_bells_of_the_day(self, world: World) -> None:
        lesson = await one_lesson(world)
        display = await world.display("r1")
        world.server.signalling.devices.contacts._online = 3000
        etag = (await display.beat())["etag"]
        for now, soon in (
            (lesson.starts - 1000, False),
            (lesson.starts - 660, True),
            (lesson.starts - 500, False),
            (lesson.starts - 60, True),
            (lesson.starts, False),
        ):
            world.clock.now = now
            assert ((await display.beat(etag))["again_s"] < 30) is soon, now - lesson.starts


class TestKeys:
    async def test_revoked(self, world: World) -> None:
        display, admin = await world.display("r1"), await world.somebody("admin", "school", "s1")
        await display.beat()
        assert (await admin.call("DELETE", f"/devices/{display.id}")).status == 204
        assert (await admin.call("DELETE", f"/devices/{display.id}")).status == 204, "a second time does nothing"
        assert await problem(await display.call("POST", "/device/beat")) == (401, "device_revoked")

    @pytest.mark.parametrize("key", ["", "wrong", "x" * 5000, "ключ"])
    async def test_unknown(self, world: World, key: str) -> None:
        answer = await (await world.screen()).http.post(
            "/api/v1/device/beat", headers={"Authorization": f"Bearer {key}"}
        )
        assert await problem(answer) == (401, "device_revoked")

    async def test_a_room_token_or_a_cookie_is_no_key(self, world: World) -> None:
        display = await world.display("r1")
        admin = await world.somebody("admin")
        assert await problem(await admin.call("POST", "/device/beat")) == (401, "device_revoked")
        display.key = world.server.token("r1", "classroom")
        assert await problem(await display.call("POST", "/device/beat")) == (401, "device_revoked")

    async def test_a_key_is_no_session_and_no_room_token(self, world: World) -> None:
        display = await world.display("r1")
        assert await problem(await display.call("GET", "/devices")) == (401, "signed_out")
        assert await problem(await display.call("GET", "/rooms")) == (401, "token_invalid")

    async def test_guessing_is_written_down_within_bounds_and_hurts_nobody_else(self, world: World) -> None:
        display, thief = await world.display("r1"), await world.screen()
        statuses = []
        for number in range(65):
            thief.key = f"key{number}"
            statuses.append((await thief.call("POST", "/device/beat")).status)
        assert statuses == [401] * 60 + [429] * 5
        assert (await display.beat())["day"], "behind the same address"
        rows = [row for row in await audit_rows(world.database) if row[1] == "access.refused"]
        assert len(rows) == 20 and {row[2] for row in rows} == {"unknown"}
        assert rows[0][3] == {"route": "POST /api/v1/device/beat", "code": "device_revoked", "from": "127.0.0.1"}

    async def test_a_revoked_key_is_named_on_the_log(self, world: World) -> None:
        display = await world.display("r1")
        await world.revoke(display.id)
        await display.call("POST", "/device/beat")
        [row] = await audit_rows(world.database)
        assert row[:3] == ("stranger", "access.refused", display.id) and display.key not in str(row)


@pytest.mark.parametrize(
    "body",
    [
        {"seen": "x" * 65},
        {"state": {"Key": 1}},
        {"state": {"k": "x" * 201}},
        {"state": {"k": {"deep": 1}}},
        {"state": {"k": "\0"}},
        {"state": {f"k_{chr(97 + n)}": n for n in range(21)}},
        {"more": 1},
    ],
)
async def test_a_state_is_small(world: World, body: dict[str, object]) -> None:
    display = await world.display("r1")
    assert await problem(await display.call("POST", "/device/beat", json=body)) == (400, "bad_request")


async def test_many_at_once(world: World) -> None:
    """A county that comes back after its power was gone."""
    await one_lesson(world)
    displays = [await world.display("r1") for _ in range(60)]
    beats = await asyncio.gather(*(display.beat() for display in displays))
    assert all(len(beat["day"]["lessons"]) == 1 for beat in beats)
