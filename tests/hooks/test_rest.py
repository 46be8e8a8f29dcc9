"""Webhooks over HTTP: who may, what is shown, and a ping that really arrives."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from signalling.db.records import Webhook
from signalling.hooks import webhooks as service
from tests.client.waiting import eventually
from tests.hooks.receiver import Receiver
from tests.people.conftest import (
    County,
    Office,
    OpenOffice,
    audit_rows,
    cheap,
    county,
    open_office,
    person,
    problem,
)

__all__ = ["cheap", "county", "open_office"]
EVENTS = ["booking.booked", "lesson.open"]
TARGET = "https://hooks.example/in?key=s3cret"


@pytest.fixture
async def office(open_office: OpenOffice, county: County) -> Office:
    office: Office = await open_office(webhooks={"allow": ["127.0.0.0/8"]})
    await person(office.accounts, "root", ("admin", "system", ""))
    await person(office.accounts, "east", ("admin", "region", county.county))
    await person(office.accounts, "head", ("admin", "school", county.village))
    await person(office.accounts, "plan", ("planner", "system", ""), ("supervisor", "system", ""))
    await office.sign_in("root")
    return office


async def call(office: Office, method: str, path: str, **body: Any) -> Any:
    more = {"json": body} if body else {}
    return await office.http.request(method, f"/api/v1{path}", headers=office.header(), **more)


async def create(office: Office, scope: str = "", url: str = TARGET, events: list[str] = EVENTS) -> dict[str, Any]:
    answer = await call(office, "POST", "/webhooks", url=url, events=events, scope=scope)
    assert answer.status == 201, await answer.text()
    return await answer.json()  # type: ignore[no-any-return]


async def listed(office: Office, query: str = "") -> list[dict[str, Any]]:
    answer = await office.http.get(f"/api/v1/webhooks{query}")
    assert answer.status == 200
    return (await answer.json())["items"]  # type: ignore[no-any-return]


async def test_from_making_to_removing(office: Office, county: County) -> None:
    made = await create(office, county.county)
    assert made == {"id": made["id"], "url": TARGET, "events": EVENTS, "scope": county.county, "active": True} | {
        "secret": made["secret"]
    }
    assert made["secret"].startswith("whsec_")
    [shown] = await listed(office)
    assert shown == {name: made[name] for name in ("id", "url", "events", "scope", "active")}
    changed = await call(office, "PATCH", f"/webhooks/{made['id']}", events=["lesson.ended"], active=False)
    assert await changed.json() == shown | {"events": ["lesson.ended"], "active": False}
    renewed = await (await call(office, "POST", f"/webhooks/{made['id']}/secret")).json()
    assert renewed["secret"] != made["secret"]
    inactive = await call(office, "POST", f"/webhooks/{made['id']}/ping")
    assert await problem(inactive) == (409, "webhook_inactive")
    assert (await call(office, "DELETE", f"/webhooks/{made['id']}")).status == 204
    assert await listed(office) == []
    assert await problem(await call(office, "DELETE", f"/webhooks/{made['id']}")) == (404, "not_found")
    log = [row for row in await audit_rows(office.database) if row[1].startswith("webhook.")]
    assert [row[1] for row in log] == ["webhook.created", "webhook.changed", "webhook.secret", "webhook.removed"]
    assert "s3cret" not in str(log) and "whsec" not in str(log)


async def test_a_ping_arrives_and_is_listed(office: Office) -> None:
    async with Receiver() as receiver:
        made = await create(office, url=receiver.url)
        ids = []
        for _ in range(3):
            answer = await call(office, "POST", f"/webhooks/{made['id']}/ping")
            assert answer.status == 201
            ids.append((await answer.json())["id"])
        path = f"/api/v1/webhooks/{made['id']}/deliveries"
        async with asyncio.timeout(10):
            while True:
                document = await (await office.http.get(path)).json()
                if all(item["status"] == "204" for item in document["items"]):
                    break
        assert all(got.is_signed(made["secret"]) for got in receiver.got)
        assert {got.document["type"] for got in receiver.got} == {"ping"}
        assert {item["id"] for item in document["items"]} == set(ids) and document["next"] is None
        item = document["items"][0]
        assert set(item) == {"id", "event", "made", "due", "tries", "status", "answer"}
        assert (item["event"], item["due"], item["tries"]) == ("ping", None, 1)
        first = await (await office.http.get(path + "?limit=2")).json()
        rest = await (await office.http.get(f"{path}?limit=2&after={first['next']}")).json()
        assert [it["id"] for it in (*first["items"], *rest["items"])] == [it["id"] for it in document["items"]]
        again = await call(office, "POST", f"/deliveries/{ids[0]}/again")
        assert again.status == 200 and (await again.json())["tries"] == 0
        await eventually(lambda: len(receiver.got) == 4)
        assert [got.id for got in receiver.got].count(ids[0]) == 2


async def test_everybody_sees_and_changes_her_own(office: Office, county: County) -> None:
    everything = await create(office)
    east = await create(office, county.county)
    village = await create(office, county.village)
    west = await create(office, county.other_county)
    foreign = await create(office, county.foreign)
    await office.sign_in("east")
    assert {it["id"] for it in await listed(office)} == {east["id"], village["id"]}
    await create(office, county.lead)
    await office.sign_in("head")
    assert {it["id"] for it in await listed(office)} == {village["id"]}
    await create(office, county.village)
    for scope in ("", county.county, county.lead, county.foreign):
        answer = await call(office, "POST", "/webhooks", url=TARGET, events=EVENTS, scope=scope)
        assert await problem(answer) == (403, "forbidden")
    for hook in (everything, east, west, foreign):
        assert await problem(await call(office, "PATCH", f"/webhooks/{hook['id']}", active=False)) == (403, "forbidden")


ROUTES = [
    ("GET", "/webhooks"),
    ("POST", "/webhooks"),
    ("PATCH", "/webhooks/{webhook}"),
    ("DELETE", "/webhooks/{webhook}"),
    ("POST", "/webhooks/{webhook}/secret"),
    ("POST", "/webhooks/{webhook}/ping"),
    ("GET", "/webhooks/{webhook}/deliveries"),
    ("POST", "/deliveries/{delivery}/again"),
]


async def test_the_wrong_role_and_strangers_are_refused(office: Office) -> None:
    made = await create(office)
    delivery = await (await call(office, "POST", f"/webhooks/{made['id']}/ping")).json()
    routes = {(operation.method, operation.path) for operation in office.server.signalling.api.operations}
    assert {it for it in routes if "webhook" in it[1] or "deliver" in it[1]} == set(ROUTES)
    for login, wanted in (("plan", (403, "forbidden")), (None, (401, "signed_out"))):
        if login is None:
            office.http.cookie_jar.clear()
        else:
            await office.sign_in(login)
        for method, path in ROUTES:
            body = {"url": TARGET, "events": EVENTS, "scope": ""} if (method, path) == ROUTES[1] else {}
            address = path.format(webhook=made["id"], delivery=delivery["id"])
            assert await problem(await call(office, method, address, **body)) == wanted, (method, path)


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"url": "ftp://hooks.example"}, (422, "bad_url")),
        ({"url": "http://10.0.0.1/"}, (422, "forbidden_target")),
        ({"url": "http://169.254.169.254/"}, (422, "forbidden_target")),
        ({"events": ["lesson.flown"]}, (422, "bad_events")),
        ({"events": []}, (400, "bad_request")),
        ({"events": ["ping"]}, (422, "bad_events")),
        ({"scope": "0000000000000000"}, (404, "not_found")),
        ({"scope": "a/b"}, (400, "bad_request")),
        ({"secret": "mine"}, (400, "bad_request")),
    ],
)
async def test_what_cannot_be(office: Office, changes: dict[str, Any], wanted: tuple[int, str]) -> None:
    body = {"url": TARGET, "events": EVENTS, "scope": "", **changes}
    assert await problem(await call(office, "POST", "/webhooks", **body)) == wanted
    assert await listed(office) == []


async def test_there_are_not_too_many(office: Office, county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MAX_A_SCOPE", 2)
    for _ in range(2):
        await create(office, county.lead)
    answer = await call(office, "POST", "/webhooks", url=TARGET, events=EVENTS, scope=county.lead)
    assert await problem(answer) == (409, "too_many_webhooks")
    await create(office, county.village)


async def test_lists_come_in_pages(office: Office) -> None:
    made = sorted([(await create(office))["id"] for _ in range(3)])
    first = await (await office.http.get("/api/v1/webhooks?limit=2")).json()
    rest = await (await office.http.get(f"/api/v1/webhooks?limit=2&after={first['next']}")).json()
    assert [it["id"] for it in (*first["items"], *rest["items"])] == made and rest["next"] is None
    assert await problem(await office.http.get("/api/v1/webhooks?after=x")) == (422, "bad_cursor")


async def test_a_webhook_outlives_its_region(office: Office) -> None:
    async with office.database.write() as session:
        session.add(Webhook(id="w", url=TARGET, secret="x", events=EVENTS, scope="0000000000000000", active=True))
    assert [it["id"] for it in await listed(office)] == ["w"]
    await office.sign_in("east")
    assert await problem(await call(office, "DELETE", "/webhooks/w")) == (403, "forbidden")
    await office.sign_in("root")
    assert (await call(office, "DELETE", "/webhooks/w")).status == 204
