"""Notices over REST: one's own alone."""

from __future__ import annotations

from tests.booking.county import NOW
from tests.rest.office import Office, body, plan


async def test_notices(office: Office) -> None:
    planner, teacher = await office.page("p0"), await office.page("t0")
    made = [await planner.post("/bookings", body(plan=plan(period=period))) for period in (1, 2, 3)]
    assert await teacher.get("/notices/count") == {"unread": 3}
    assert await planner.get("/notices/count") == {"unread": 0}
    first = await teacher.get("/notices?limit=2")
    rest = await teacher.get(f"/notices?limit=2&after={first['next']}")
    told = first["items"] + rest["items"]
    assert {it["facts"]["booking"] for it in told} == {it["booking"] for it in made}
    assert {(it["kind"], it["made"], it["read"]) for it in told} == {("booked", NOW, None)}
    assert {it["lesson"] for it in told} == {it["lessons"][0] for it in made}
    others = await office.page("a1")
    stolen = [it["id"] for it in (await others.get("/notices"))["items"]]
    assert await teacher.post("/notices/read", {"ids": [told[0]["id"], *stolen]}) == {"unread": 2}
    assert await others.get("/notices/count") == {"unread": 3}
    assert [it["id"] for it in (await teacher.get("/notices?unread=true"))["items"]] == [it["id"] for it in told[1:]]
    assert await teacher.post("/notices/read", {"all": True}) == {"unread": 0}
    for wrong in ({}, {"ids": []}, {"all": True, "ids": ["x"]}, {"ids": ["\0"]}):
        assert await teacher.refused("POST", "/notices/read", wrong) == (400, "bad_request")
