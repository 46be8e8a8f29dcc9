"""A creating request that is sent twice is done once, on both databases."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from sqlalchemy import func, select, update

from mediaserver.api import UserError
from signalling.db.engine import Database
from signalling.db.people import Person
from signalling.db.records import Answered
from signalling.rest import idempotency
from signalling.rest.idempotency import HEADER, REPLAYED, RUNNING_S, once

NOW = 1_800_000_000.0


@pytest.fixture
async def people(database: Database) -> Database:
    async with database.write() as session:
        session.add_all([Person(id="jia", name="教师甲"), Person(id="yi", name="教师乙")])
    return database


class Shop:
    """Counts what is really done."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.done = 0
        self.fails: Exception | None = None
        self.go = asyncio.Event()
        self.go.set()
        self.begun = asyncio.Event()

    async def work(self) -> tuple[int, Any]:
        self.begun.set()
        await self.go.wait()
        if self.fails is not None:
            raise self.fails
        self.done += 1
        return 201, {"number": self.done}

    async def post(
        self, body: bytes = b"{}", key: str = "k", person: str = "jia", now: float = NOW, path: str = "/things"
    ) -> web.Response:
        request = make_mocked_request("POST", path)
        request._read_bytes = body
        return await once(self.database, person, key, request, now, self.work)

    async def refused(self, *args: Any, **more: Any) -> tuple[int, str]:
        with pytest.raises(UserError) as caught:
            await self.post(*args, **more)
        assert caught.value.detail.endswith(".")
        return caught.value.status, caught.value.code


@pytest.fixture
def shop(people: Database) -> Shop:
    return Shop(people)


def document(response: web.Response) -> Any:
    assert response.headers["Cache-Control"] == "no-store"
    return json.loads(response.text or "")


async def test_a_repetition_is_answered_the_same(shop: Shop) -> None:
    first = await shop.post()
    assert (first.status, document(first)) == (201, {"number": 1}) and REPLAYED not in first.headers
    again = await shop.post(now=NOW + 3600)
    assert (again.status, document(again)) == (201, {"number": 1}) and again.headers[REPLAYED] == "1"
    assert shop.done == 1


async def test_keys_are_each_persons_own(shop: Shop) -> None:
    await shop.post()
    assert document(await shop.post(person="yi")) == {"number": 2}
    assert document(await shop.post(key="another")) == {"number": 3}


async def test_another_request_needs_another_key(shop: Shop) -> None:
    await shop.post()
    assert await shop.refused(b'{"more":1}') == (422, "key_reused")
    assert await shop.refused(path="/others") == (422, "key_reused")
    assert await shop.refused(path="/things?a=1") == (422, "key_reused")
    assert shop.done == 1


@pytest.mark.parametrize("key", ["", "x" * 129, "has space", "schlüssel", "tab\t", "\0"])
async def test_what_is_no_key(shop: Shop, key: str) -> None:
    assert await shop.refused(key=key) == (422, "bad_key")


async def test_a_refusal_frees_the_key(shop: Shop) -> None:
    shop.fails = UserError(409, "conflict", "Taken; choose another time.")
    assert await shop.refused() == (409, "conflict")
    shop.fails = None
    assert document(await shop.post(b'{"other":1}')) == {"number": 1}


async def test_two_at_once(shop: Shop) -> None:
    shop.go.clear()
    first = asyncio.create_task(shop.post())
    await shop.begun.wait()
    assert await shop.refused() == (409, "in_progress")
    shop.go.set()
    assert document(await first) == {"number": 1} == document(await shop.post())


async def test_many_at_once(shop: Shop) -> None:
    answers = await asyncio.gather(*(shop.post() for _ in range(8)), return_exceptions=True)
    assert shop.done == 1
    for answer in answers:
        if isinstance(answer, UserError):
            assert (answer.status, answer.code) == (409, "in_progress")
        else:
            assert isinstance(answer, web.Response) and document(answer) == {"number": 1}
    assert any(isinstance(answer, web.Response) for answer in answers)


async def test_a_process_that_died_between(shop: Shop) -> None:
    """Nobody knows whether it was done, so it is not done again."""
    shop.fails = RuntimeError("the power went")
    with pytest.raises(RuntimeError):
        await shop.post()
    shop.fails = None
    assert await shop.refused(now=NOW + RUNNING_S - 1) == (409, "in_progress")
    assert await shop.refused(now=NOW + RUNNING_S) == (409, "outcome_unknown")
    assert shop.done == 0
    assert document(await shop.post(key="new")) == {"number": 1}


async def test_nobody_fills_the_table(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "MAX_KEYS", 3)
    for number in range(2):
        await shop.post(key=f"k{number}")
    await shop.post(key="k2")
    assert await shop.refused(key="k3") == (429, "too_many_keys")
    assert document(await shop.post(key="k0")) == {"number": 1}
    assert shop.done == 3


async def test_the_sweep(shop: Shop) -> None:
    await shop.post(key="old")
    await shop.post(key="young")
    async with shop.database.write() as session:
        late = int(NOW + 10)
        await session.execute(update(Answered).where(Answered.key == "young").values(at=late))
    await idempotency.sweep(shop.database, NOW + idempotency.KEPT_S + 5)
    async with shop.database.read() as session:
        assert list(await session.scalars(select(Answered.key))) == ["young"]
        assert await session.scalar(select(func.count()).select_from(Person)) == 2
    assert HEADER == "Idempotency-Key"


async def test_a_database_that_went_away_after_something_was_written(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have been done: sent again with this key it is not done twice. What was refused before may be."""
    away = UserError(503, "database_unavailable", "The database is away.")
    shop.fails = away
    assert await shop.refused() == (503, "database_unavailable")
    shop.fails = None
    assert (await shop.post()).status == 201, "nothing had been written, so the key is free"

    async def half() -> tuple[int, Any]:
        async with shop.database.write() as session:
            session.add(Person(id="bing", name="教师丙"))
        raise away

    monkeypatch.setattr(shop, "work", half)
    assert await shop.refused(key="other") == (503, "database_unavailable")
    assert await shop.refused(key="other") == (409, "outcome_unknown")
