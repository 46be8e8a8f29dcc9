"""The whole life of a booking over REST."""

from __future__ import annotations

import asyncio
import datetime as dt

from sqlalchemy import func, select, update

from signalling.db.lessons import Booking
from signalling.db.places import School
from tests.booking.county import NOW, TUESDAY, WEEKLY, at, claims_are_right, consistent
from tests.rest.conftest import OpenOffice
from tests.rest.office import Office, body, plan

WEEK = dt.timedelta(days=7)


async def asks(office: Office, *schools: str) -> None:
    async with office.database.write() as session:
        await session.execute(update(School).where(School.id.in_(schools)).values(approves=True))


async def bookings(office: Office) -> int:
    async with office.database.read() as session:
        return int(await session.scalar(select(func.count()).select_from(Booking)) or 0)


async def test_forms(office: Office) -> None:
    forms = await (await office.page("janitor")).get("/forms")
    assert [form["code"] for form in forms] == ["delivered", "master", "channel", "preparation", "mass"]
    assert forms[0].items() >= {"zh": "专递课堂", "least": 1, "usual": 2, "most": 3, "dual": True}.items()


async def test_a_series_is_booked_by_a_teacher(office: Office) -> None:
    teacher = await office.page("t0")
    status, made = await teacher.call("POST", "/bookings", body(plan=plan(rule=WEEKLY, without=["2026-09-15"])))
    assert (status, made["state"], made["version"], made["waits"], made["past"]) == (201, "booked", 1, [], [])
    assert made["skipped"] == [{"planned": "2026-09-15", "why": "exception"}] and len(made["lessons"]) == 2
    shown = await teacher.get(f"/bookings/{made['booking']}")
    assert [lesson["day"] for lesson in shown["lessons"]] == ["2026-09-08", "2026-09-22"]
    assert shown["plan"] == {
        "first": "2026-09-08",
        "minutes": 40,
        "rule": WEEKLY,
        "without": ["2026-09-15"],
        "weeks": "all",
        "period": 1,
        "starts": None,
    }
    assert [(seat["classroom"], seat["assistant"]) for seat in shown["seats"]] == [
        ("r0", None),
        ("r1", "a1"),
        ("r2", "a2"),
    ]
    assert (shown["teacher_name"], shown["school_name"], shown["requested_by"]) == ("教师甲", "第一小学", "t0")
    assert await (await office.page("janitor")).refused("GET", f"/bookings/{made['booking']}") == (403, "forbidden")
    await consistent(office.database)


async def test_request_approval_and_the_series_after_it(office: Office) -> None:
    await asks(office, "s0", "s2")
    teacher, planner, other = await office.page("t0"), await office.page("p0"), await office.page("p2")
    made = await teacher.post("/bookings", body(plan=plan(rule=WEEKLY), note="请安排"))
    id = made["booking"]
    assert (made["state"], made["waits"], made["lessons"]) == ("requested", ["s0", "s2"], [])
    waiting = await other.get("/bookings?school=s2&waits=true&state=requested")
    assert [(it["booking"], it["note"], it["requested_by_name"]) for it in waiting["items"]] == [
        (id, "请安排", "教师甲")
    ]
    half = await other.post(f"/bookings/{id}/approve", {"version": 1})
    assert (half["state"], half["waits"]) == ("requested", ["s0"])
    assert (await other.get("/bookings?school=s2&waits=true"))["items"] == []
    assert await planner.refused("POST", f"/bookings/{id}/approve", {"version": 1}) == (409, "changed_meanwhile")
    booked = await planner.post(f"/bookings/{id}/approve", {"version": 2})
    assert (booked["state"], len(booked["lessons"])) == ("booked", 3)
    assert await planner.refused("POST", f"/bookings/{id}/approve", {}) == (409, "not_waiting")
    later = {"since": "2026-09-15", "plan": plan(TUESDAY + WEEK, 2, rule="FREQ=WEEKLY;COUNT=2")}
    status, refused = await planner.call("POST", f"/bookings/{id}/move", later)
    assert (status, refused["code"], refused["schools"]) == (409, "needs_yes", ["第二村小"])
    lesson = f"/lessons/{booked['lessons'][0]}"
    assert await planner.refused("POST", f"{lesson}/move", {"plan": plan(period=3)}) == (409, "needs_yes")
    boss = await office.page("boss")
    moved = await boss.post(f"/bookings/{id}/move", later)
    assert moved["lessons"] == booked["lessons"][1:]
    out = await planner.post(f"/bookings/{id}/leave-out", {"day": "2026-09-22", "reason": "春游"})
    assert out["lessons"] == booked["lessons"][2:]
    beside = {"classroom": "r1", "assistant": None, "since": "2026-09-15"}
    assert (await planner.post(f"/bookings/{id}/substitute-assistant", beside))["lessons"] == booked["lessons"][1:2]
    given = await planner.post(f"/bookings/{id}/substitute", {"teacher": "t00"})
    assert given["lessons"] == booked["lessons"][:2]
    cancelled = await planner.post(f"/bookings/{id}/cancel", {"reason": "停电", "version": given["version"]})
    assert cancelled["state"] == "cancelled"
    shown = await planner.get(f"/bookings/{id}")
    assert [lesson["state"] for lesson in shown["lessons"]] == ["cancelled"] * 3
    assert (shown["teacher"], shown["decided_by"], shown["decided"]) == ("t00", "p0", NOW)
    instead = {"plan": plan(TUESDAY, 3)}
    assert await planner.refused("POST", f"{lesson}/make-up", instead) == (409, "needs_yes")
    assert (await boss.post(f"{lesson}/make-up", instead))["starts"] == at(TUESDAY, 9, 40)
    await consistent(office.database)


async def test_a_request_is_refused_or_taken_back(office: Office) -> None:
    await asks(office, "s0")
    teacher, planner = await office.page("t0"), await office.page("p0")
    first = (await teacher.post("/bookings", body()))["booking"]
    assert await planner.post(f"/bookings/{first}/refuse", {"reason": "教室维修"}) is None
    assert await teacher.refused("POST", f"/bookings/{first}/withdraw", {}) == (409, "not_waiting")
    second = (await teacher.post("/bookings", body()))["booking"]
    other = await office.page("t00")
    assert await other.refused("POST", f"/bookings/{second}/withdraw", {}) == (403, "forbidden")
    assert await teacher.post(f"/bookings/{second}/withdraw", {"reason": "不需要了"}) is None
    states = {it["booking"]: it["state"] for it in (await teacher.get("/bookings?mine=true"))["items"]}
    assert states == {first: "refused", second: "cancelled"}


async def test_a_conflict_says_why_and_what_would_be_free(office: Office) -> None:
    planner, teacher = await office.page("p0"), await office.page("t0")
    made = await planner.post("/bookings", body())
    status, refused = await teacher.call("POST", "/bookings", body())
    assert (status, refused["code"], refused["more"]) == (409, "conflict", 0)
    assert {it["code"] for it in refused["problems"]} == {
        *("assistant_busy", "classroom_busy", "pupils_busy", "teacher_busy")
    }
    busy = next(it for it in refused["problems"] if it["code"] == "teacher_busy")
    assert busy["facts"].items() >= {"name": "教师甲", "lesson": made["lessons"][0], "starts": at(TUESDAY, 8)}.items()
    assert len(refused["alternatives"]) == 5 and refused["alternatives"][0]["period"] == 2
    offered = {name: refused["alternatives"][0][name] for name in ("first", "minutes", "period", "rule", "weeks")}
    assert (await teacher.post("/bookings", body(plan=offered)))["state"] == "booked"


async def test_a_check_saves_nothing(office: Office) -> None:
    planner = await office.page("p0")
    free = await planner.post("/bookings/check", body(plan=plan(rule=WEEKLY)))
    assert (free["problems"], free["alternatives"], len(free["lessons"])) == ([], [], 3)
    assert free["lessons"][0] == {
        "planned": "2026-09-08",
        "day": "2026-09-08",
        "starts": at(TUESDAY, 8),
        "ends": at(TUESDAY, 8, 40),
    }
    assert await bookings(office) == 0
    made = await planner.post("/bookings", body(plan=plan(rule=WEEKLY)))
    taken = await planner.post("/bookings/check", body())
    assert "teacher_busy" in {it["code"] for it in taken["problems"]} and taken["alternatives"]
    # What moves is not in its own way.
    for name, value, shift in (
        ("ignore_lesson", made["lessons"][0], {}),
        ("ignore_booking", made["booking"], {"rule": WEEKLY}),
    ):
        moving = await planner.post("/bookings/check", body(plan=plan(**shift), **{name: value}))
        assert moving["problems"] == []
        teacher = await office.page("t0")
        assert await teacher.refused("POST", "/bookings/check", body(**{name: value})) == (403, "forbidden")
    other = await planner.post("/bookings/check", body(plan=plan(TUESDAY + WEEK), ignore_lesson=made["lessons"][0]))
    assert other["problems"]
    assert await bookings(office) == 1
    await claims_are_right(office.database)


async def test_what_cannot_be_understood(office: Office) -> None:
    planner = await office.page("p0")
    for wrong, expected in (
        (body(title=" "), (422, "no_title")),
        (body(form="lecture"), (422, "unknown_form")),
        (body(receivers=[]), (422, "bad_form")),
        (body(teacher="nobody"), (422, "unknown_teacher")),
        (body(plan=plan(period=77)), (422, "unknown_period")),
        (body(plan=plan(dt.date.max)), (422, "outside_term")),
        (body(plan=plan(rule="FREQ=SECONDLY")), (422, "bad_rule")),
        (body(plan=plan(period=10**30)), (422, "unknown_period")),
        (body(plan={"first": "heute", "minutes": 40}), (400, "bad_request")),
        (body(classroom="\0"), (400, "bad_request")),
        (body(secret=1), (400, "bad_request")),
        (body(classroom="nowhere"), (404, "not_found")),
        (body(form="mass", receivers=[{"classroom": f"{n:016}"} for n in range(2000)]), (422, "unknown_classroom")),
        (body(note="长" * 100_000), (413, "too_large")),
    ):
        assert await planner.refused("POST", "/bookings", wrong) == expected
        assert await planner.refused("POST", "/bookings/check", wrong) == expected
    assert await bookings(office) == 0


async def test_a_post_that_is_sent_twice_books_once(office: Office) -> None:
    planner = await office.page("p0")
    key = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}
    first = await planner.raw("POST", "/bookings", body(), **key)
    again = await planner.raw("POST", "/bookings", body(), **key)
    assert (first.status, again.status) == (201, 201)
    assert await first.json() == await again.json()
    assert again.headers["Idempotency-Replayed"] == "1"
    other = await planner.raw("POST", "/bookings", body(plan=plan(period=4)), **key)
    assert (other.status, (await other.json())["code"]) == (422, "key_reused")
    assert await bookings(office) == 1


async def test_two_race_for_the_last_slot(open_office: OpenOffice) -> None:
    """Places for two classrooms are left on the machines, and two others want them at once."""
    office = await open_office(bell={"capacity_classrooms": 2})
    pages = [await office.page("p0"), await office.page("boss")]
    wishes = [
        body(receivers=[{"classroom": "r1"}], lead_class=None),
        body(teacher="t00", classroom="r00", receivers=[{"classroom": "r3"}], lead_class=None),
    ]
    answers = await asyncio.gather(
        *(page.call("POST", "/bookings", wish) for page, wish in zip(pages, wishes, strict=True))
    )
    assert sorted(status for status, _ in answers) == [201, 409]
    (refused,) = (document for status, document in answers if status == 409)
    assert [it["code"] for it in refused["problems"]] == ["capacity"]
    assert await bookings(office) == 1
    await consistent(office.database)


async def test_ten_race_for_one_teacher(office: Office) -> None:
    pages = [await office.page(person) for person in ("p0", "t0", "boss", "t00", "p0") * 2]
    answers = await asyncio.gather(*(page.call("POST", "/bookings", body()) for page in pages))
    assert sorted(status for status, _ in answers) == [201] + [409] * 9
    await consistent(office.database)


async def test_a_booking_is_edited(office: Office) -> None:
    planner = await office.page("p0")
    made = await planner.post("/bookings", body(plan=plan(rule=WEEKLY)))
    path = f"/bookings/{made['booking']}"
    await planner.call("PATCH", f"/lessons/{made['lessons'][2]}", {"title": "单元测验"})
    edit = {"title": " 分数 ", "textbook": "人教版", "points": ["约分", "通分"], "records": False, "version": 1}
    assert await planner.call("PATCH", path, edit) == (200, {"booking": made["booking"], "version": 2})
    assert await planner.refused("PATCH", path, edit) == (409, "changed_meanwhile")
    assert await planner.refused("PATCH", path, {"title": " "}) == (422, "no_title")
    assert await planner.refused("PATCH", path, {"grade": "x" * 41}) == (422, "too_long")
    assert await planner.refused("PATCH", path, {"teacher": "t00"}) == (400, "bad_request")
    shown = await planner.get(path)
    assert [lesson["title"] for lesson in shown["lessons"]] == ["分数", "分数", "单元测验"]
    assert [lesson["version"] for lesson in shown["lessons"]] == [2, 2, 2]
    assert (shown["textbook"], shown["points"], shown["records"], shown["subject"]) == (
        *("人教版", ["约分", "通分"], False, "数学"),
    )
    assert (await planner.call("PATCH", path, {"textbook": "人教版"}))[1]["version"] == 2
    await planner.post(f"{path}/cancel")
    assert await planner.refused("PATCH", path, {"note": "x"}) == (409, "not_booked")
    await consistent(office.database)


async def test_lists_in_pages(office: Office) -> None:
    planner = await office.page("p0")
    made = []
    for period in (1, 2, 3):
        office.clock.now += 1
        made.append((await planner.post("/bookings", body(plan=plan(period=period))))["booking"])
    first = await planner.get("/bookings?school=s0&limit=2")
    rest = await planner.get(f"/bookings?school=s0&limit=2&after={first['next']}")
    assert [it["booking"] for it in first["items"] + rest["items"]] == made[::-1] and rest["next"] is None
    assert (await planner.get("/bookings?school=s0&state=refused"))["items"] == []
    assert await planner.refused("GET", "/bookings") == (422, "no_filter")
    assert await planner.refused("GET", "/bookings?school=s1") == (403, "forbidden")
    assert await planner.refused("GET", "/bookings?school=s0&after=x") == (422, "bad_cursor")
    village = await office.page("p1")
    assert len((await village.get("/bookings?school=s1"))["items"]) == 3
