"""The audit log over HTTP."""

from __future__ import annotations

from sqlalchemy import update

from signalling.db.records import Audit
from tests.people.conftest import person
from tests.places.conftest import Desk


async def test_what_was_done(desk: Desk) -> None:
    county = desk.county
    me = (await desk.ask("GET", "/me"))["person"]
    for name in ("二号教室", "三号教室", "四号教室"):
        await desk.ask("PATCH", f"/classrooms/{county.lead_room}", {"name": name})
    first = await desk.ask("GET", f"/audit?subject={county.lead_room}&limit=2")
    assert [row["detail"]["after"]["name"] for row in first["items"]] == ["四号教室", "三号教室"]
    assert {(row["actor"], row["actor_name"], row["action"]) for row in first["items"]} == {
        (me["id"], me["name"], "classroom.changed")
    }
    params = {"subject": county.lead_room, "limit": "2", "after": first["next"]}
    second = await desk.ask("GET", "/audit", params=params)
    assert len(second["items"]) == 1 and second["next"] is None
    assert {row["action"] for row in (await desk.ask("GET", "/audit?action=person."))["items"]} == {"person.created"}
    assert len((await desk.ask("GET", "/audit?action=person.created&actor=command"))["items"]) == 1
    assert (await desk.ask("GET", "/audit?since=100000000000"))["items"] == []
    assert (await desk.ask("GET", "/audit?until=1000"))["items"] == []
    assert await desk.refused("GET", "/audit?since=soon") == (400, "bad_request")


async def test_each_reads_of_her_own(empty_desk: Desk) -> None:
    desk, county = empty_desk, empty_desk.county
    jia = await person(desk.office.accounts, "jia", school=county.lead)
    await desk.sign_in("leiter", ("admin", "school", county.lead))
    await desk.ask("PATCH", f"/classrooms/{county.lead_room}", {"seats": 3})
    rows = (await desk.ask("GET", f"/audit?subject={county.lead_room}"))["items"]
    assert [row["action"] for row in rows] == ["classroom.changed"]
    assert (await desk.ask("GET", f"/audit?subject={jia}"))["items"][0]["action"] == "person.created"
    for query in ("", "?subject=unknown", f"?subject={county.village_room}", "?subject=%00"):
        status, code = await desk.refused("GET", f"/audit{query}")
        assert (status, code) in ((403, "forbidden"), (400, "bad_request"))
    assert await desk.refused("GET", "/audit/verify") == (403, "forbidden")


async def test_verified(desk: Desk) -> None:
    whole = await desk.ask("GET", "/audit/verify")
    assert whole["ok"] and whole["broken_at"] is None and whole["anchor"].startswith(f"{whole['rows']}:")
    async with desk.office.database.write() as session:
        await session.execute(update(Audit).where(Audit.number == 2).values(detail={"made": "up"}))
    broken = await desk.ask("GET", "/audit/verify")
    assert not broken["ok"] and broken["broken_at"] == 2 and broken["why"] == "was changed"
