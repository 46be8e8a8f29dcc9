"""Regions, schools, classrooms and classes over HTTP."""

from __future__ import annotations

from signalling.db.places import School
from signalling.people.accounts import COMMAND
from tests.people.conftest import NOW, audit_rows
from tests.places.conftest import Desk


async def test_a_county_is_built_up(desk: Desk) -> None:
    province = await desk.ask("POST", "/regions", {"kind": "province", "name": "  另一省 "})
    assert province == {"id": province["id"], "parent": None, "kind": "province", "name": "另一省"}
    county = await desk.ask("POST", "/regions", {"parent": province["id"], "kind": "county", "name": "南县"})
    calendar = await desk.ask("POST", "/calendars", {"name": "南县校历"})
    assert calendar == {
        "id": calendar["id"], "name": "南县校历", "zone": "Asia/Shanghai", "terms": [], "days": [], "may_write": True,
    }  # fmt: skip
    body = {"region": county["id"], "calendar": calendar["id"], "name": "南县中心小学", "kind": "both"}
    school = await desk.ask("POST", "/schools", body)
    assert school == {
        "id": school["id"], **body, "region_name": "南县", "approves": False, "active": True,
    }  # fmt: skip
    assert await desk.ask("GET", f"/schools/{school['id']}") == school
    room = await desk.ask(
        "POST", "/classrooms", {"school": school["id"], "name": "录播教室", "kind": "lead", "seats": 50}
    )
    assert room["school_name"] == "南县中心小学" and room["seats"] == 50
    pupils = await desk.ask("POST", "/classes", {"school": school["id"], "name": "三年级1班", "grade": "三年级"})
    changed = await desk.ask("PATCH", f"/classes/{pupils['id']}", {"size": 31, "active": False})
    assert changed == {**pupils, "size": 31, "active": False}
    rows = await audit_rows(desk.office.database)
    assert [action for _, action, *_ in rows][3:] == [
        "region.created", "region.created", "calendar.created", "school.created",
        "classroom.created", "class.created", "class.closed",
    ]  # fmt: skip
    assert rows[-1][3] == {"before": {"size": 0, "active": True}, "after": {"size": 31, "active": False}}


async def test_what_changes_nothing_is_not_logged(desk: Desk) -> None:
    room = f"/classrooms/{desk.county.lead_room}"
    before = await desk.ask("GET", room)
    assert await desk.ask("PATCH", room, {"name": before["name"], "active": True}) == before
    assert "classroom.changed" not in {action for _, action, *_ in await audit_rows(desk.office.database)}


async def test_lists(desk: Desk) -> None:
    county = desk.county
    whole = await desk.ask("GET", f"/schools?region={county.city}")
    assert [it["name"] for it in whole["items"]] == sorted(("第一小学", "河边村小学", "西县小学")) and whole[
        "next"
    ] is None
    assert len((await desk.ask("GET", f"/schools?region={county.county}"))["items"]) == 2
    assert [it["id"] for it in (await desk.ask("GET", "/schools?q=河边"))["items"]] == [county.village]
    assert (await desk.ask("GET", "/schools?q=%25"))["items"] == [] == (await desk.ask("GET", "/schools?q=_"))["items"]
    assert [it["id"] for it in (await desk.ask("GET", "/schools?kind=lead"))["items"]] == [county.lead]
    first = await desk.ask("GET", "/classrooms?limit=2")
    second = await desk.ask("GET", "/classrooms", params={"limit": 2, "after": first["next"]})
    assert {it["id"] for it in first["items"] + second["items"]} == {
        county.lead_room, county.village_room, county.foreign_room,
    }  # fmt: skip
    assert second["next"] is None
    assert len((await desk.ask("GET", f"/regions?parent={county.city}"))["items"]) == 2


async def test_refusals(desk: Desk) -> None:
    county = desk.county
    region = {"parent": county.county, "kind": "city", "name": "倒置市"}
    assert await desk.refused("POST", "/regions", region) == (422, "bad_region")
    assert await desk.refused("POST", "/regions", {**region, "parent": "nothing"}) == (404, "not_found")
    assert await desk.refused("POST", "/regions", {"kind": "village", "name": "村"}) == (400, "bad_request")
    assert await desk.refused("PATCH", f"/regions/{county.county}", {"name": "\t "}) == (422, "bad_name")
    assert await desk.refused("DELETE", f"/regions/{county.county}") == (409, "region_in_use")
    room = {"school": county.lead, "name": "录播教室", "kind": "lead"}
    assert await desk.refused("POST", "/classrooms", room) == (409, "name_taken")
    await desk.ask("POST", "/classrooms", {**room, "name": "第二教室"})
    second = (await desk.ask("GET", "/classrooms?q=第二"))["items"][0]["id"]
    assert await desk.refused("PATCH", f"/classrooms/{second}", {"name": "录播教室"}) == (409, "name_taken")
    assert await desk.refused("GET", "/classrooms/nothing") == (404, "not_found")
    assert await desk.refused("PATCH", f"/schools/{county.lead}", {"calendar": "nothing"}) == (404, "not_found")


async def test_a_region_somebody_has_a_role_for_stays(desk: Desk) -> None:
    made = await desk.ask("POST", "/regions", {"kind": "province", "name": "空省"})
    id = await desk.office.accounts.create(NOW, COMMAND, name="教师甲", login="jia")
    await desk.office.accounts.grant(NOW, COMMAND, id, "planner", "region", made["id"])
    assert await desk.refused("DELETE", f"/regions/{made['id']}") == (409, "region_in_use")
    await desk.office.accounts.revoke(NOW, COMMAND, id, "planner", "region", made["id"])
    assert await desk.ask("DELETE", f"/regions/{made['id']}") is None
    assert await desk.refused("DELETE", f"/regions/{made['id']}") == (404, "not_found")


async def test_a_made_school_is_made_once(desk: Desk) -> None:
    body = {"school": desk.county.lead, "name": "三年级1班"}
    key = {"Idempotency-Key": "once"}
    first = await desk.ask("POST", "/classes", body, headers=key)
    assert await desk.ask("POST", "/classes", body, headers=key) == first
    assert await desk.refused("POST", "/classes", body) == (409, "name_taken")


async def test_a_county_cannot_take_anothers_calendar(empty_desk: Desk) -> None:
    desk, county = empty_desk, empty_desk.county
    calendar = (await _calendar_of(desk, county.lead)).pop()
    await desk.sign_in("ost", ("admin", "region", county.county))
    own = await desk.ask("POST", "/calendars", {"name": "东县校历"})
    moved = await desk.ask("PATCH", f"/schools/{county.lead}", {"calendar": own["id"]})
    assert moved["calendar"] == own["id"]
    # The old one lies within the city now, since schools of both counties follow it: it takes nobody in further.
    assert (await desk.ask("PATCH", f"/schools/{county.lead}", {"calendar": calendar}))["calendar"] == calendar
    await desk.ask("PATCH", f"/schools/{county.lead}", {"calendar": own["id"]})
    await desk.sign_in("west", ("admin", "region", county.other_county))
    refused = await desk.refused("PATCH", f"/schools/{county.foreign}", {"calendar": own["id"]})
    assert refused == (403, "forbidden")
    made = {"region": county.other_county, "calendar": own["id"], "name": "新小学", "kind": "lead"}
    assert await desk.refused("POST", "/schools", made) == (403, "forbidden")


async def test_a_school_sees_that_its_countys_calendar_is_not_its_own(empty_desk: Desk) -> None:
    desk, county = empty_desk, empty_desk.county
    calendar = (await _calendar_of(desk, county.lead)).pop()
    await desk.sign_in("chef", ("admin", "system", ""))
    assert (await desk.ask("GET", f"/calendars/{calendar}"))["may_write"]
    await desk.sign_in("school", ("admin", "school", county.lead))
    assert not (await desk.ask("GET", f"/calendars/{calendar}"))["may_write"]
    assert await desk.refused("PATCH", f"/calendars/{calendar}", {"name": "校历"}) == (403, "forbidden")


async def _calendar_of(desk: Desk, school: str) -> set[str]:
    async with desk.office.database.read() as session:
        row = await session.get(School, school)
        assert row is not None
        return {row.calendar}
