"""A lesson over REST: seen, entered, changed."""

from __future__ import annotations

import datetime as dt

from signalling import tokens
from tests.booking.county import NOW, TUESDAY, at, claims_are_right, lessons_of, set_lesson
from tests.rest.office import Office, body, plan

SECRET = b"s" * 32
NEXT = TUESDAY + dt.timedelta(days=7)


async def booked(office: Office, **changes: object) -> str:
    """The first lesson of a new booking."""
    planner = await office.page("p0")
    return str((await planner.post("/bookings", body(**changes)))["lessons"][0])


async def test_a_lesson_with_all_that_its_page_shows(office: Office) -> None:
    lesson = await booked(office, unit="第三单元", points=["分数"], note="请带练习本")
    teacher = await office.page("t0")
    shown = await teacher.get(f"/lessons/{lesson}")
    assert (shown["lesson"], shown["state"], shown["day"], shown["period"]) == (lesson, "scheduled", "2026-09-08", 1)
    assert (shown["opens"], shown["closes"]) == (at(TUESDAY, 7, 50), at(TUESDAY, 8, 45))
    assert (shown["opened"], shown["live"], shown["ended"]) == (None, None, None)
    assert (shown["unit"], shown["points"], shown["note"]) == ("第三单元", ["分数"], "请带练习本")
    assert [seat["classroom_name"] for seat in shown["seats"]] == ["主讲教室", "接收教室", "接收教室"]
    assert shown["may"] == [
        *("lesson.run", "lesson.assist", "lesson.ready", "device.read"),
        *("ledger.read", "rating.give", "rating.read"),
    ]
    assert "booking.change" in (await (await office.page("p0")).get(f"/lessons/{lesson}"))["may"]
    stranger = await office.page("janitor")
    assert await stranger.refused("GET", f"/lessons/{lesson}") == (403, "forbidden")
    assert await teacher.refused("GET", "/lessons/0000000000000000") == (404, "not_found")


async def test_my_lessons_of_a_day(office: Office) -> None:
    first = await booked(office)
    second = await booked(office, plan=plan(period=3))
    await booked(office, plan=plan(NEXT))
    teacher, assistant = await office.page("t0"), await office.page("a1")
    assert await teacher.get("/lessons/mine") == []
    office.clock.now = at(TUESDAY, 7)
    for page, part, classroom in ((teacher, "lead", "r0"), (assistant, "assistant", "r1")):
        mine = await page.get("/lessons/mine")
        assert [(it["lesson"], it["part"], it["classroom"]) for it in mine] == [
            (first, part, classroom),
            (second, part, classroom),
        ]
        assert (mine[0]["opens"], mine[0]["closes"]) == (at(TUESDAY, 7, 50), at(TUESDAY, 8, 45))
    assert len(await teacher.get(f"/lessons/mine?day={NEXT}")) == 1
    assert await (await office.page("janitor")).get("/lessons/mine") == []


async def test_a_pass(office: Office) -> None:
    lesson = await booked(office)
    teacher, inspector = await office.page("t0"), await office.page("inspector")
    status, early = await teacher.call("POST", f"/lessons/{lesson}/pass", {})
    assert (status, early["code"]) == (403, "lesson_not_open") and early["retry_after_ms"] > 0
    await set_lesson(office.database, lesson, state="open")
    given = await teacher.post(f"/lessons/{lesson}/pass")
    assert given.items() >= {"room": lesson, "participant": "t0", "role": "lead", "closes": at(TUESDAY, 8, 45)}.items()
    claims = tokens.verify(SECRET, given["token"], now=NOW)
    assert (claims.room, claims.role, claims.participant) == (lesson, "lead", "t0")
    assistant = await (await office.page("a2")).post(f"/lessons/{lesson}/pass", {"as": "teacher"})
    assert assistant["role"] == "assistant"
    watching = await inspector.post(f"/lessons/{lesson}/pass", {"as": "supervisor"})
    assert (watching["role"], watching["participant"]) == ("supervisor", "inspector")
    for person, how in (("inspector", "teacher"), ("t0", "supervisor"), ("t00", "teacher"), ("janitor", "teacher")):
        page = await office.page(person)
        assert (await page.refused("POST", f"/lessons/{lesson}/pass", {"as": how}))[0] == 403
    assert await (await office.page("boss")).refused("POST", f"/lessons/{lesson}/pass", {}) == (403, "not_in_lesson")
    for state, code in (("cancelled", "lesson_cancelled"), ("ended", "lesson_over")):
        await set_lesson(office.database, lesson, state=state)
        assert await teacher.refused("POST", f"/lessons/{lesson}/pass", {}) == (403, code)


async def test_a_planner_changes_one_lesson(office: Office) -> None:
    lesson = await booked(office)
    planner = await office.page("p0")
    moved = await planner.post(f"/lessons/{lesson}/move", {"plan": plan(period=2), "version": 1})
    assert (moved["version"], moved["starts"]) == (2, at(TUESDAY, 8, 50))
    stale = {"plan": plan(period=3), "version": 1}
    assert await planner.refused("POST", f"/lessons/{lesson}/move", stale) == (409, "changed_meanwhile")
    assert (await planner.post(f"/lessons/{lesson}/substitute", {"teacher": "t00", "reason": "病假"}))["version"] == 3
    replaced = {"classroom": "r1", "assistant": None}
    assert (await planner.post(f"/lessons/{lesson}/substitute-assistant", replaced))["version"] == 4
    assert (await planner.call("PATCH", f"/lessons/{lesson}", {"title": "复习"}))[1]["version"] == 5
    shown = await planner.get(f"/lessons/{lesson}")
    assert (shown["title"], shown["teacher"], shown["seats"][1]["assistant"]) == ("复习", "t00", None)
    assert (await planner.post(f"/lessons/{lesson}/cancel", {"reason": "停电"}))["state"] == "cancelled"
    assert await planner.refused("PATCH", f"/lessons/{lesson}", {"title": "又"}) == (409, "lesson_over")
    status, instead = await planner.call("POST", f"/lessons/{lesson}/make-up", {"plan": plan(period=5)})
    assert (status, instead["state"], instead["starts"]) == (201, "scheduled", at(TUESDAY, 14))
    assert await planner.refused("POST", f"/lessons/{lesson}/make-up", {"plan": plan(period=6)}) == (409, "made_up")
    await claims_are_right(office.database)


async def test_the_teacher_goes_on_longer(office: Office) -> None:
    lesson = await booked(office)
    await booked(office, plan=plan(period=2))
    await set_lesson(office.database, lesson, state="live")
    office.clock.now = at(TUESDAY, 8, 35)
    teacher = await office.page("t0")
    longer = await teacher.post(f"/lessons/{lesson}/extend", {"minutes": 5})
    assert longer["ends"] == at(TUESDAY, 8, 45)
    status, refused = await teacher.call("POST", f"/lessons/{lesson}/extend", {"minutes": 10})
    assert (status, refused["code"]) == (409, "conflict")
    assert refused["problems"][0]["facts"]["starts"] == at(TUESDAY, 8, 50)
    for person in ("p0", "a1", "inspector", "t00"):
        page = await office.page(person)
        assert await page.refused("POST", f"/lessons/{lesson}/extend", {"minutes": 1}) == (403, "forbidden")


async def test_whoever_may_not_change_lessons_is_refused(office: Office) -> None:
    lesson = await booked(office)
    changes = (
        ("POST", "/move", {"plan": plan(period=2)}),
        ("POST", "/cancel", {}),
        ("POST", "/substitute", {"teacher": "t00"}),
        ("POST", "/substitute-assistant", {"classroom": "r1", "assistant": None}),
        ("POST", "/make-up", {"plan": plan(period=5)}),
        ("PATCH", "", {"title": "复习"}),
    )
    # A planner of a receiving school sees the lesson, and does not change it.
    for person in ("t0", "a1", "inspector", "janitor", "p1"):
        page = await office.page(person)
        for method, path, wanted in changes:
            assert await page.refused(method, f"/lessons/{lesson}{path}", wanted) == (403, "forbidden"), path
    (row,) = await lessons_of(office.database, (await (await office.page("p0")).get(f"/lessons/{lesson}"))["booking"])
    assert (row.version, row.state) == (1, "scheduled")
