"""A county with people, lessons and displays, and a real server whose clock tests set."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy import update

from signalling.app import Signalling
from signalling.bell.belfry import Belfry
from signalling.cli import serve
from signalling.cli.serve import Server
from signalling.config import Config
from signalling.db.base import new_id
from signalling.db.engine import Database
from signalling.db.people import Person as PersonRow
from signalling.db.people import RoleGrant
from signalling.db.places import Device
from signalling.devices import keys, phone
from signalling.people import sessions
from signalling.people.roles import Role
from tests.booking.county import TUESDAY, at, book, fill, lessons_of, request, series, single
from tests.people.conftest import audit_rows, problem
from tests.signalling.fakes import FakeMedia

__all__ = ["TUESDAY", "at", "audit_rows", "book", "lessons_of", "problem", "request", "series", "single"]

SEVEN = at(TUESDAY, 7)
"""An hour before the first period of a school day."""
API = "/api/v1"


class Person:
    """A browser with somebody signed in."""

    def __init__(self, http: aiohttp.ClientSession, id: str, csrf: str) -> None:
        self.http = http
        self.id = id
        self._csrf = csrf

    async def call(self, method: str, path: str, **more: Any) -> aiohttp.ClientResponse:
        headers = {"X-CSRF-Token": self._csrf, **more.pop("headers", {})}
        return await self.http.request(method, API + path, headers=headers, **more)

    async def get(self, path: str, **more: Any) -> Any:
        answer = await self.call("GET", path, **more)
        assert answer.status == 200, await answer.text()
        return await answer.json()


class Display:
    """A display's page. :ivar key: of the device, once it has it."""

    def __init__(self, http: aiohttp.ClientSession, key: str = "", id: str = "") -> None:
        self.http = http
        self.key = key
        self.id = id
        self.code = ""
        self.claim = ""

    async def call(self, method: str, path: str, **more: Any) -> aiohttp.ClientResponse:
        headers = {"Authorization": f"Bearer {self.key}", **more.pop("headers", {})}
        return await self.http.request(method, API + path, headers=headers, **more)

    async def begin(self) -> None:
        answer = await self.http.post(f"{API}/pairings", json={})
        assert answer.status == 201, await answer.text()
        document = await answer.json()
        self.code, self.claim = document["code"], document["claim"]

    async def progress(self) -> dict[str, Any]:
        answer = await self.http.get(f"{API}/pairing", headers={"Authorization": f"Bearer {self.claim}"})
        assert answer.status == 200 and answer.headers["Cache-Control"] == "no-store"
        found: dict[str, Any] = await answer.json()
        if found["key"]:
            self.key, self.id = found["key"], found["device"]["id"]
        return found

    async def beat(self, seen: str = "", **state: Any) -> dict[str, Any]:
        answer = await self.call("POST", "/device/beat", json={"seen": seen, "state": state})
        assert answer.status == 200, await answer.text()
        return await answer.json()


class Clock:
    def __init__(self) -> None:
        self.now = float(SEVEN)

    def __call__(self) -> float:
        return self.now


class World:
    """:ivar clock: of the server and its bell; one that is turned keeps the bell from ringing."""

    def __init__(self, server: Server, database: Database, clock: Clock, stack: contextlib.AsyncExitStack) -> None:
        self.server = server
        self.database = database
        self.clock = clock
        self._stack = stack

    async def browser(self, **more: Any) -> aiohttp.ClientSession:
        session = aiohttp.ClientSession(f"http://127.0.0.1:{self.server.port}", **more)
        return await self._stack.enter_async_context(session)

    async def sign_in(self, id: str) -> Person:
        async with self.database.write() as session:
            begun = await sessions.begin(session, self.clock(), id, "test")
        return Person(await self.browser(cookies={"tongke": begun.cookie}), id, begun.csrf)

    async def somebody(self, role: Role, kind: str = "system", scope: str = "") -> Person:
        """Somebody new with one role, signed in."""
        id = new_id()
        async with self.database.write() as session:
            session.add(PersonRow(id=id, name=f"教师{id[-4:]}"))
            await session.flush()
            session.add(RoleGrant(person=id, role=role, kind=kind, scope=scope))
        return await self.sign_in(id)

    async def screen(self) -> Display:
        """A display that is not paired."""
        return Display(await self.browser())

    async def display(self, classroom: str, kind: str = "display") -> Display:
        """One that has its key."""
        key, id = keys.new_key(), new_id()
        async with self.database.write() as session:
            session.add(
                Device(id=id, classroom=classroom, kind=kind, name="大屏", paired=SEVEN, key_hash=keys.hashed(key))
            )
        return Display(await self.browser(), key, id)

    async def revoke(self, id: str) -> None:
        async with self.database.write() as session:
            await session.execute(update(Device).where(Device.id == id).values(revoked=int(self.clock())))

    async def row(self, id: str) -> Device:
        async with self.database.read() as session:
            return await session.get_one(Device, id)

    async def written(self) -> int:
        """What devices said is in the database."""
        return await self.server.signalling.devices.contacts.write(self.clock())


@pytest.fixture
def clock() -> Clock:
    return Clock()


OpenWorld = Callable[..., Awaitable[World]]


@pytest.fixture
async def open_world(
    tmp_path: Path, database_url: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[OpenWorld]:
    monkeypatch.setattr(serve, "Signalling", functools.partial(Signalling, clock=clock))
    monkeypatch.setattr(serve, "Belfry", functools.partial(Belfry, clock=clock))
    async with contextlib.AsyncExitStack() as stack:

        async def start(**settings: Any) -> World:
            http = {"host": ["127.0.0.1"], "port": 0, "tls": "off", **settings.pop("http", {})}
            config = Config(data_dir=tmp_path, http=http, database={"url": database_url}, **settings)
            server = await stack.enter_async_context(Server(config, media=FakeMedia))
            return World(server, await stack.enter_async_context(Database(database_url)), clock, stack)

        yield start


@pytest.fixture
async def world(open_world: OpenWorld) -> World:
    world = await open_world()
    await fill(world.database)
    return world


async def token_of(http: aiohttp.ClientSession, url: str) -> str:
    """What a phone that has read this address gets."""
    page, _, code = url.partition("#code=")
    assert page == "/assistant" and len(code) <= phone.MAX_CODE
    answer = await http.post("/api/v1/phone", json={"code": code})
    assert answer.status == 200
    return str((await answer.json())["token"])
