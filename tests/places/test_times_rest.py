"""Calendars, terms, special days and bell tables over HTTP."""

from __future__ import annotations

from tests.people.conftest import audit_rows
from tests.places.conftest import Desk

BELLS = {
    "name": "夏季作息",
    "starts": "2100-05-01",
    "periods": [{"number": 1, "name": "第1节", "starts": 480, "ends": 520}],
}


async def test_a_calendar(desk: Desk) -> None:
    made = await desk.ask("POST", "/calendars", {"name": "校历", "zone": "Asia/Urumqi"})
    one = f"/calendars/{made['id']}"
    assert await desk.refused("POST", "/calendars", {"name": "校历", "zone": "Asia/../x"}) == (422, "bad_zone")
    assert (await desk.ask("PATCH", one, {"name": "南县校历"}))["name"] == "南县校历"
    autumn = {"name": "秋季", "starts": "2100-09-01", "ends": "2101-01-15"}
    terms = (await desk.ask("POST", f"{one}/terms", autumn))["terms"]
    assert terms == [{"id": terms[0]["id"], **autumn}]
    term = f"{one}/terms/{terms[0]['id']}"
    assert (await desk.ask("PATCH", term, {"ends": "2101-01-20"}))["terms"][0]["ends"] == "2101-01-20"
    assert await desk.refused("PATCH", term, {"ends": "2100-01-20"}) == (422, "bad_term")
    assert await desk.refused("PATCH", f"{one}/terms/%00", {"name": "x"}) == (404, "not_found")
    days = [
        {"day": "2100-10-01", "runs": None, "name": "国庆节"},
        {"day": "2100-10-09", "runs": "2100-10-05", "name": "补课"},
    ]
    whole = await desk.ask("PUT", f"{one}/days", {"days": days})
    assert whole["days"] == days and whole == await desk.ask("GET", one)
    assert (await desk.ask("PUT", f"{one}/days", {"days": days[:1]}))["days"] == days[:1]
    assert await desk.refused("PUT", f"{one}/days", {"days": [days[0]] * 2}) == (422, "day_twice")
    assert await desk.ask("DELETE", term) is None
    assert [it["id"] for it in (await desk.ask("GET", "/calendars?q=南县"))["items"]] == [made["id"]]
    rows = [action for _, action, subject, _ in await audit_rows(desk.office.database) if subject == made["id"]]
    assert rows == [
        "calendar.created", "calendar.changed", "term.created", "term.changed",
        "calendar.days", "calendar.days", "term.removed",
    ]  # fmt: skip


async def test_holidays_are_proposed(desk: Desk) -> None:
    calendar = (await desk.ask("GET", "/calendars"))["items"][0]["id"]
    proposal = await desk.ask("GET", f"/calendars/{calendar}/proposal?first=2025-09-01&last=2025-10-31")
    assert {"day": "2025-10-01", "runs": None, "name": proposal["days"][1]["name"]} in proposal["days"]
    assert proposal["uncertain"] == []
    bad = f"/calendars/{calendar}/proposal?first=2025-09-01&last=2035-10-31"
    assert await desk.refused("GET", bad) == (422, "bad_years")


async def test_bells_and_days(desk: Desk) -> None:
    school = f"/schools/{desk.county.lead}"
    assert await desk.ask("GET", f"{school}/bells") == []
    shown = await desk.ask("PUT", f"{school}/bells", {"tables": [BELLS]})
    assert shown == [{"id": shown[0]["id"], **BELLS}] == await desk.ask("GET", f"{school}/bells")
    day = await desk.ask("GET", f"{school}/day?day=2100-05-03")
    assert day == {
        "day": "2100-05-03", "zone": "Asia/Shanghai", "running": "2100-05-03", "holiday": "", "term": None,
        "periods": BELLS["periods"],
    }  # fmt: skip
    assert (await desk.ask("GET", f"{school}/day"))["periods"] == []
    assert await desk.ask("PUT", f"{school}/bells", {"tables": []}) == []
    assert await desk.refused("PUT", f"{school}/bells", {"tables": [BELLS, BELLS]}) == (422, "bad_bells")
    assert await desk.refused("GET", f"{school}/day?day=tomorrow") == (400, "bad_request")


async def test_who_shares_a_calendar_shares_its_days(empty_desk: Desk) -> None:
    """Schools of two counties follow it, so it takes somebody of the city."""
    desk, county = empty_desk, empty_desk.county
    await desk.sign_in("ost", ("planner", "region", county.county))
    calendar = (await desk.ask("GET", f"/schools/{county.lead}"))["calendar"]
    assert await desk.refused("PUT", f"/calendars/{calendar}/days", {"days": []}) == (403, "forbidden")
    await desk.ask("PUT", f"/schools/{county.lead}/bells", {"tables": [BELLS]})
    own = await desk.ask("POST", "/calendars", {"name": "东县校历"})
    await desk.ask("PUT", f"/calendars/{own['id']}/days", {"days": []})
    await desk.sign_in("stadt", ("planner", "region", county.city))
    await desk.ask("PUT", f"/calendars/{calendar}/days", {"days": []})
    await desk.sign_in("schule", ("planner", "school", county.lead))
    assert await desk.refused("POST", "/calendars", {"name": "自己的校历"}) == (403, "forbidden")
