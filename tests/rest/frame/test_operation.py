"""What stands between aiohttp and a handler."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pytest
from aiohttp import web

from signalling import app as signalling_app
from signalling.access import Rule
from signalling.bodies import Body, Query
from signalling.rest.operation import Call, Nothing, Operation
from signalling.rest.rooms import RoomsResource
from tests.people.conftest import County, Office, OpenOffice, person, problem, seed_county


class Wanted(Body):
    name: str
    size: int = 0


class Asked(Query):
    many: tuple[str, ...] = ()
    one: int = 0


@dataclass(frozen=True, slots=True)
class Made:
    name: str
    by: str
    now: int


class ThingsResource:
    """Stands in for all others."""

    def __init__(self) -> None:
        self.done = 0

    def operations(self) -> Iterable[Operation]:
        yield Operation("POST", "/t/{school}", self.make, right="places.write", of="school", status=201, creates=True)
        yield Operation("GET", "/t", self.ask, right="places.read", of="system")
        yield Operation("DELETE", "/t/{thing}", self.drop)
        yield Operation("GET", "/t.csv", self.table, rule=Rule.PUBLIC, content="text/csv")

    async def make(self, call: Call[Wanted, Nothing]) -> Made:
        """Make a thing"""
        self.done += 1
        call.finish.append(lambda response: response.headers.add("X-Finished", "1"))
        return Made(call.body.name, call.person, int(call.now))

    async def ask(self, call: Call[Nothing, Asked]) -> list[str]:
        """What was asked"""
        return [*call.query.many, str(call.query.one)]

    async def drop(self, call: Call[Nothing, Nothing]) -> None:
        """Drop a thing"""
        call.id("thing")

    async def table(self, call: Call[Nothing, Nothing]) -> web.Response:
        """A table"""
        return web.Response(text="a,b", content_type="text/csv")


@dataclass
class Bench:
    office: Office
    county: County
    things: ThingsResource


@pytest.fixture
async def bench(open_office: OpenOffice, monkeypatch: pytest.MonkeyPatch) -> Bench:
    things = ThingsResource()
    operations = RoomsResource.operations
    monkeypatch.setattr(
        signalling_app.RoomsResource, "operations", lambda self: [*operations(self), *things.operations()]
    )
    office = await open_office()
    county = await seed_county(office.database)
    await person(office.accounts, "jia", ("admin", "school", county.lead))
    await office.sign_in("jia")
    return Bench(office, county, things)


async def test_the_right_is_asked_before_the_body_is_read(bench: Bench) -> None:
    http, header = bench.office.http, bench.office.header()
    for body in ({"name": "a"}, {"wrong": 1}):
        for school, expected in ((bench.county.village, (403, "forbidden")), ("nothing", (404, "not_found"))):
            answer = await http.post(f"/api/v1/t/{school}", json=body, headers=header)
            assert await problem(answer) == expected
    answer = await http.post(f"/api/v1/t/{bench.county.lead}", json={"name": "a"})
    assert await problem(answer) == (403, "csrf")
    assert bench.things.done == 0


async def test_the_answer_is_the_dataclass(bench: Bench) -> None:
    path = f"/api/v1/t/{bench.county.lead}"
    answer = await bench.office.http.post(path, json={"name": "课件"}, headers=bench.office.header())
    assert answer.status == 201 and answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Finished"] == "1"
    made = await answer.json()
    assert made["name"] == "课件" and set(made) == {"name", "by", "now"}


@pytest.mark.parametrize("body", ['{"name": 1}', '{"name": "a", "more": 1}', '{"name": "a", "size": "1"}', "[]", "{"])
async def test_bodies_that_do_not_fit(bench: Bench, body: str) -> None:
    headers = {**bench.office.header(), "Content-Type": "application/json"}
    answer = await bench.office.http.post(f"/api/v1/t/{bench.county.lead}", data=body, headers=headers)
    assert await problem(answer) == (400, "bad_request") and bench.things.done == 0


async def test_a_form_of_another_site_is_not_taken(bench: Bench) -> None:
    path = f"/api/v1/t/{bench.county.lead}"
    answer = await bench.office.http.post(path, data={"name": "a"}, headers=bench.office.header())
    assert await problem(answer) == (415, "not_json")


async def test_a_repetition_over_http(bench: Bench) -> None:
    path, headers = f"/api/v1/t/{bench.county.lead}", {**bench.office.header(), "Idempotency-Key": "k1"}
    first = await bench.office.http.post(path, json={"name": "a"}, headers=headers)
    again = await bench.office.http.post(path, json={"name": "a"}, headers=headers)
    assert first.status == again.status == 201 and await first.json() == await again.json()
    assert again.headers["Idempotency-Replayed"] == "1" and bench.things.done == 1
    other = await bench.office.http.post(path, json={"name": "b"}, headers=headers)
    assert await problem(other) == (422, "key_reused")


async def test_a_repetition_asks_the_right_again(bench: Bench) -> None:
    """Whoever lost it does not read the old answer."""
    path, headers = f"/api/v1/t/{bench.county.lead}", {**bench.office.header(), "Idempotency-Key": "k1"}
    assert (await bench.office.http.post(path, json={"name": "a"}, headers=headers)).status == 201
    id = (await (await bench.office.http.get("/api/v1/me")).json())["person"]["id"]
    await bench.office.accounts.revoke(0, "command", id, "admin", "school", bench.county.lead)
    answer = await bench.office.http.post(path, json={"name": "a"}, headers=headers)
    assert await problem(answer) == (403, "forbidden")


async def test_queries(bench: Bench) -> None:
    http = bench.office.http
    assert await (await http.get("/api/v1/t?many=a&many=b&one=3")).json() == ["a", "b", "3"]
    for query in ("one=x", "one=1&one=2", "other=1"):
        assert await problem(await http.get(f"/api/v1/t?{query}")) == (400, "bad_request")


async def test_nothing_to_answer(bench: Bench) -> None:
    http, header = bench.office.http, bench.office.header()
    answer = await http.delete("/api/v1/t/abc", headers=header)
    assert answer.status == 204 and await answer.text() == ""
    for id in ("%00", "a-b", "x" * 17):
        assert await problem(await http.delete(f"/api/v1/t/{id}", headers=header)) == (404, "not_found")
    table = await http.get("/api/v1/t.csv")
    assert table.content_type == "text/csv" and (await http.head("/api/v1/t.csv")).status == 200


def test_a_wrong_declaration_does_not_start() -> None:
    things = ThingsResource()

    async def unnamed(call):  # type: ignore[no-untyped-def]
        """Nothing is known of it"""

    for wrong in (
        Operation("GET", "/t/{thing}", things.ask, right="places.read", of="school"),
        Operation("GET", "/t", unnamed),
    ):
        with pytest.raises((ValueError, KeyError, StopIteration)):
            wrong.add(web.Application(), lambda: 0.0)
