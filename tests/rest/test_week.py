"""The timetable and the search for free times over REST."""

from __future__ import annotations

import pytest

from tests.booking.county import NOW, TUESDAY, at
from tests.rest.office import Office, body

MONDAY = "2026-09-07"


async def test_a_week(office: Office) -> None:
    made = await (await office.page("p0")).post("/bookings", body())
    for person, view, id in (
        ("t0", "teacher", "t0"),
        ("a1", "teacher", "a1"),
        ("janitor", "school", "s3"),
        ("p1", "classroom", "r1"),
        ("p1", "pupils", "c1"),
        ("inspector", "school", "s0"),
    ):
        page = await office.page(person)
        week = await page.get(f"/week?view={view}&id={id}&first={MONDAY}")
        assert (week["first"], week["days"], week["zone"]) == (MONDAY, 7, "Asia/Shanghai")
        assert week["today"] == {"day": "2026-09-05", "now": NOW}
        assert [lesson["lesson"] for lesson in week["lessons"]] == ([] if id == "s3" else made["lessons"])
    (lesson,) = (await (await office.page("t0")).get(f"/week?view=teacher&id=t0&first={MONDAY}"))["lessons"]
    assert (lesson["starts"], lesson["closes"], lesson["teacher_name"]) == (
        at(TUESDAY, 8),
        at(TUESDAY, 8, 45),
        "教师甲",
    )
    assert {seat["school_name"] for seat in lesson["seats"]} == {"第一小学", "第一村小", "第二村小"}
    assert "note" not in lesson and "textbook" not in lesson
    this_week = await (await office.page("t0")).get("/week?view=teacher&id=t0&days=14")
    assert (this_week["first"], len(this_week["lessons"])) == ("2026-08-31", 1)


@pytest.mark.parametrize(
    ("person", "query", "expected"),
    [
        ("janitor", "view=school&id=s0", (403, "forbidden")),
        ("t0", "view=classroom&id=r1", (403, "forbidden")),
        ("t0", "view=pupils&id=c1", (403, "forbidden")),
        ("a1", "view=teacher&id=t0", (403, "forbidden")),
        ("boss", "view=teacher&id=nobody", (404, "not_found")),
        ("boss", "view=school&id=s0&days=32", (422, "bad_week")),
        ("boss", "view=school&id=s0&first=9999-12-31", (422, "outside_term")),
        ("boss", "view=street&id=s0", (400, "bad_request")),
        ("boss", "view=school", (400, "bad_request")),
    ],
)
async def test_weeks_that_are_not_shown(office: Office, person: str, query: str, expected: tuple[int, str]) -> None:
    page = await office.page(person)
    assert await page.refused("GET", f"/week?{query}") == expected


async def test_free_times(office: Office) -> None:
    await (await office.page("p0")).post("/bookings", body())
    teacher = await office.page("t0")
    wanted = {"school": "s0", "resources": ["person:t0", "classroom:r3"], "minutes": 40}
    wanted |= {"first": "2026-09-08", "last": "2026-09-08"}
    slots = await teacher.post("/free", {**wanted, "by_period": True})
    assert [slot["period"] for slot in slots] == [2, 3, 4, 5, 6]
    assert slots[0] == {"day": "2026-09-08", "period": 2, "starts": at(TUESDAY, 8, 50), "ends": at(TUESDAY, 9, 30)}
    by_clock = await teacher.post("/free", {**wanted, "by_period": False})
    assert by_clock[0]["starts"] == at(TUESDAY, 8, 40)
    for person in ("a1", "inspector", "janitor", "p1"):
        page = await office.page(person)
        assert await page.refused("POST", "/free", wanted) == (403, "forbidden")
    assert await teacher.refused("POST", "/free", {**wanted, "minutes": 1}) == (422, "bad_search")
    assert await teacher.refused("POST", "/free", {**wanted, "resources": []}) == (400, "bad_request")
    assert await teacher.refused("POST", "/free", {**wanted, "resources": ["\0"]}) == (400, "bad_request")
