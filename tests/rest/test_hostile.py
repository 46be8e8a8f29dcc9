"""Requests that no page sends: too long, too slow, of the wrong kind, under another's name."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from signalling import bodies
from signalling.db.records import Answered
from signalling.db.times import Calendar
from signalling.rest import idempotency, rooms
from signalling.whip import MAX_BODY
from tests.devices.conftest import Person, World, clock, open_world, problem, world
from tests.rest.fuzz.scene import scene

__all__ = ["clock", "open_world", "world"]

JSON = "application/json"


@pytest.fixture
async def boss(world: World) -> Person:
    return await world.somebody("admin")


Send = Callable[..., Awaitable[tuple[int, str]]]


@pytest.fixture
def send(boss: Person) -> Send:
    """A calendar's making, as it should not be sent."""

    async def send(data: Any, type: str = JSON, **headers: str) -> tuple[int, str]:
        answer = await boss.call("POST", "/calendars", data=data, headers={"Content-Type": type, **headers})
        return await problem(answer)

    return send


class TestBodies:
    async def test_too_long(self, send: Send) -> None:
        long = b'{"name": "' + b"x" * MAX_BODY + b'"}'
        assert await send(long) == (413, "too_large")

        async def in_chunks() -> Any:
            for begin in range(0, len(long), 4096):
                yield long[begin : begin + 4096]

        assert await send(in_chunks()) == (413, "too_large")
        assert await send(gzip.compress(long), **{"Content-Encoding": "gzip"}) == (413, "too_large")

    async def test_what_a_school_really_has_is_not_too_long(self, boss: Person) -> None:
        days = [{"day": f"{year}-{month:02}-{day:02}", "name": "放假调休" * 20}
                for year in range(2026, 2028) for month in range(1, 13) for day in range(1, 29)]  # fmt: skip
        assert len(json.dumps({"days": days}, ensure_ascii=False).encode()) > MAX_BODY
        assert (await boss.call("PUT", "/calendars/other/days", json={"days": days})).status == 200

    @pytest.mark.parametrize("path", ["/calendars", "/bookings", "/webhooks", "/people", "/login"])
    async def test_too_slow(self, boss: Person, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bodies, "RECEIVE_S", 0.05)
        assert await problem(await boss.call("POST", path, data=_never(), headers={"Content-Type": JSON})) == (
            408,
            "too_slow",
        )

    async def test_a_key_is_not_taken_by_what_never_comes(
        self, world: World, boss: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = await scene(world)
        monkeypatch.setattr(bodies, "RECEIVE_S", 0.05)
        [webhook] = made.known["webhook"]
        answer = await boss.call(
            "POST", f"/webhooks/{webhook}/ping", data=_never(), headers={"Idempotency-Key": "1", "Content-Type": JSON}
        )
        assert await problem(answer) == (408, "too_slow")
        async with world.database.read() as session:
            assert await session.scalar(select(func.count()).select_from(Answered)) == 0

    async def test_an_offer_too_slow(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        made = await scene(world)
        monkeypatch.setattr(bodies, "RECEIVE_S", 0.05)
        async with await world.browser() as browser:
            headers = {**made.room, "Content-Type": "application/sdp"}
            answer = await browser.post(f"/whep/{made.lesson}", data=_never(), headers=headers)
            assert await problem(answer) == (408, "too_slow")

    async def test_a_line_test_too_slow(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(rooms, "MEASURE_S", 0.05)
        display = await world.display("r1")
        assert await problem(await display.call("POST", "/device/line", data=_never())) == (408, "too_slow")

    @pytest.mark.parametrize(
        "type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/json", ""]
    )
    async def test_of_another_type(self, send: Send, type: str) -> None:
        assert await send(b'{"name": "x"}', type) == (415, "not_json")

    @pytest.mark.parametrize(
        "data",
        [
            b"[" * 30_000,
            b'{"name":' * 8_000,
            b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
            b'{"name": "x"',
            b'{"name": "\xff\xfe"}',
            b'{"name": "\\ud800"}',
            b'{"name": "\\u0000"}',
            b'{"name": NaN}',
            b'\xef\xbb\xbf{"name": "x"',
            b'{"name": ' + b"9" * 20_000 + b"}",
            b'"name"',
            b"null",
            b"\0",
            b'{"name": "x", "__proto__": {}}',
        ],
    )
    async def test_not_what_is_wanted(self, send: Send, data: bytes) -> None:
        assert await send(data) == (400, "bad_request")

    @pytest.mark.parametrize("encoding", ["gzip", "deflate"])
    async def test_not_encoded_as_it_says(self, send: Send, encoding: str) -> None:
        assert await send(b'{"name": "x"}', **{"Content-Encoding": encoding}) == (400, "bad_request")

    async def test_an_upload_that_is_no_form(self, boss: Person) -> None:
        for head in ('name="\x01"', 'name="x"\r\nX: \x00', "x" * 40_000):
            data = f"--x\r\nContent-Disposition: form-data; {head}\r\n\r\ny\r\n--x--\r\n".encode()
            answer = await boss.call(
                "POST", "/imports/roster", data=data, headers={"Content-Type": "multipart/form-data; boundary=x"}
            )
            assert await problem(answer) == (400, "bad_upload"), head[:20]

    @pytest.mark.parametrize("day", ["0", "20260908", "2026-9-8", "2026-09-08T00:00:00", "2026-02-30", "1600000000"])
    async def test_days_are_dates(self, boss: Person, day: str) -> None:
        assert await problem(await boss.call("GET", f"/lessons/mine?day={day}")) == (400, "bad_request")
        term = {"name": "秋", "starts": day, "ends": "2101-01-15"}
        answer = await boss.call("POST", "/calendars/year/terms", json=term)
        assert (await answer.json())["detail"] == "In starts: input should be a day such as 2026-09-08."


async def _never() -> Any:
    """Begins, and waits until the other side has lost patience."""
    yield b"{"
    await asyncio.Event().wait()


class TestHeaders:
    async def test_the_method_is_the_one_that_was_sent(self, boss: Person) -> None:
        for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
            answer = await boss.call("POST", "/calendars", json={"name": name}, headers={name: "DELETE"})
            assert answer.status == 201
            answer = await boss.call("GET", "/calendars?_method=DELETE", headers={name: "DELETE"})
            assert await problem(answer) == (400, "bad_request")
            assert await problem(await boss.call("POST", "/calendars/year", headers={name: "PATCH"})) == (
                405,
                "method_not_allowed",
            )

    async def test_another_host(self, boss: Person, world: World) -> None:
        """Nothing of a request is believed because of the name that it was sent to, and none breaks out of a header."""
        for host in ("evil.example", "a;script-src *", "x" * 300, "[::1]:1", "a b", "é"):
            answer = await boss.call("GET", "/me", headers={"Host": host})
            policy = answer.headers["Content-Security-Policy"]
            assert answer.status == 200 and "script-src 'self';" in policy and policy.count("script-src") == 1
            assert ("evil.example" in policy) is (host == "evil.example")
        forged = await boss.call("POST", "/me/feed", json={}, headers={"Host": "evil.example"})
        assert (await forged.json())["url"].startswith("http://evil.example/")  # she fools herself alone

    async def test_a_given_address_counts_before_the_host(self, open_world: Any) -> None:
        world = await open_world(http={"public_url": "http://tongke.example.org"})
        boss = await world.somebody("admin")
        made = await boss.call("POST", "/me/feed", json={}, headers={"Host": "evil.example"})
        assert (await made.json())["url"].startswith("http://tongke.example.org/")


async def test_a_thousand_keys_of_one_person(boss: Person, world: World) -> None:
    """Each is done once, however often it is sent, and nobody else's are in the way. A busy database is asked again."""
    line = asyncio.Semaphore(20)

    async def make(person: Person, number: int) -> tuple[int, bool, str]:
        body, headers = {"name": f"校历{number}"}, {"Idempotency-Key": f"key-{number}"}
        async with line:
            while (answer := await person.call("POST", "/calendars", json=body, headers=headers)).status == 503:
                await answer.release()
            return answer.status, idempotency.REPLAYED in answer.headers, (await answer.json()).get("id", "")

    first = await asyncio.gather(*(make(boss, number) for number in range(1000)))
    # 409: the database was so busy that nobody knew whether it had been done.
    assert {(status, again) for status, again, _ in first} <= {(201, False), (409, False)}
    again = await asyncio.gather(*(make(boss, number) for number in range(0, 1000, 10)))
    assert again == [(status, status == 201, id) for status, _, id in first[::10]]
    other = await world.somebody("admin")
    assert (await make(other, 0))[:2] == (201, False)
    async with world.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Answered)) == 1001
        made = Counter(await session.scalars(select(Calendar.name)))
        assert made.pop("校历0") == 2, "hers, and the other's"
        assert all(made[f"校历{number}"] == 1 for number, (status, *_) in enumerate(first) if number and status == 201)
        assert set(made.values()) == {1}
    await idempotency.sweep(world.database, world.clock.now + idempotency.KEPT_S + 1)
    async with world.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Answered)) == 0
