"""A county with two schools, cheap passwords, a clock that tests set, and a real server to sign in at."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from http.cookies import Morsel
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy import select

from signalling.cli.serve import Server
from signalling.config import Config
from signalling.db.engine import Database
from signalling.db.places import Classroom, Region, School
from signalling.db.records import Audit
from signalling.db.times import Calendar
from signalling.people import passwords
from signalling.people.accounts import COMMAND, Accounts
from signalling.people.passwords import Passwords
from signalling.people.roles import SYSTEM, Chain, Scope
from tests.signalling.fakes import FakeMedia

NOW = 1_800_000_000.0
PASSWORD = "herbst-laterne-zug"


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True)
class County:
    """Ids: of two counties in one city, two schools in the first one and one in the other, and their classrooms."""

    province: str
    city: str
    county: str
    other_county: str
    lead: str
    village: str
    foreign: str
    lead_room: str
    village_room: str
    foreign_room: str

    @property
    def lead_room_chain(self) -> Chain:
        return (*self.lead_chain, Scope("classroom", self.lead_room))

    @property
    def lead_chain(self) -> Chain:
        regions = (Scope("region", id) for id in (self.province, self.city, self.county))
        return (SYSTEM, *regions, Scope("school", self.lead))


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "PARAMETERS", {"time_cost": 1, "memory_cost": 8, "parallelism": 1})


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def seed_county(database: Database) -> County:
    async with database.write() as session:

        async def add(row: Any) -> str:
            session.add(row)
            await session.flush()
            return str(row.id)

        async def region(kind: str, name: str, parent: Region | None) -> Region:
            row = Region(kind=kind, name=name, parent=parent.id if parent else None, path="")
            session.add(row)
            await session.flush()
            row.path = f"{parent.path if parent else '/'}{row.id}/"
            await session.flush()
            return row

        province = await region("province", "某省", None)
        city = await region("city", "某市", province)
        county = await region("county", "东县", city)
        other = await region("county", "西县", city)
        calendar = await add(Calendar(name="校历"))
        lead = await add(School(name="第一小学", kind="lead", region=county.id, calendar=calendar))
        village = await add(School(name="河边村小学", kind="receiving", region=county.id, calendar=calendar))
        foreign = await add(School(name="西县小学", kind="receiving", region=other.id, calendar=calendar))
        rooms = [
            await add(Classroom(school=school, name="录播教室", kind="both")) for school in (lead, village, foreign)
        ]
        return County(province.id, city.id, county.id, other.id, lead, village, foreign, *rooms)


@pytest.fixture
async def county(database: Database) -> County:
    return await seed_county(database)


@pytest.fixture
def hasher() -> Iterator[Passwords]:
    made = Passwords(2)
    yield made
    made.close()


@pytest.fixture
def accounts(database: Database, hasher: Passwords) -> Accounts:
    return Accounts(database, hasher)


async def person(
    accounts: Accounts, login: str, *grants: tuple[str, str, str], school: str | None = None, password: str = PASSWORD
) -> str:
    """Somebody with roles; returns the id."""
    id = await accounts.create(NOW, COMMAND, name=f"教师{login}", login=login, password=password, school=school)
    for role, kind, scope in grants:
        assert await accounts.grant(NOW, COMMAND, id, role, kind, scope)
    return id


async def audit_rows(database: Database) -> list[tuple[str, str, str, dict[str, Any]]]:
    """(actor, action, subject, detail) of each row."""
    async with database.read() as session:
        rows = await session.execute(
            select(Audit.actor, Audit.action, Audit.subject, Audit.detail).order_by(Audit.number)
        )
        return [(actor, action, subject, detail) for actor, action, subject, detail in rows]


class Office:
    """A running server and a browser at it."""

    def __init__(self, server: Server, http: aiohttp.ClientSession, database: Database) -> None:
        self.server = server
        self.http = http
        self.database = database
        self.csrf = ""

    @property
    def accounts(self) -> Accounts:
        return self.server.signalling.people.accounts

    async def sign_in(self, login: str, password: str = PASSWORD) -> aiohttp.ClientResponse:
        answer = await self.http.post("/api/v1/login", json={"login": login, "password": password})
        if answer.status == 200:
            self.csrf = (await answer.json())["csrf"]
        return answer

    def header(self) -> dict[str, str]:
        return {"X-CSRF-Token": self.csrf}

    async def me(self) -> int:
        return (await self.http.get("/api/v1/me")).status


async def problem(answer: aiohttp.ClientResponse) -> tuple[int, str]:
    assert answer.content_type == "application/problem+json"
    document = await answer.json()
    assert document["detail"].endswith(".")
    return answer.status, document["code"]


def morsel(answer: aiohttp.ClientResponse, name: str = "tongke") -> Morsel[str]:
    return answer.cookies[name]


OpenOffice = Callable[..., Any]


@pytest.fixture
async def open_office(tmp_path: Path, database_url: str) -> AsyncIterator[OpenOffice]:
    """Start a server with settings of the test's own."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(**settings: Any) -> Office:
            http = {"host": ["127.0.0.1"], "port": 0, "tls": "off", **settings.pop("http", {})}
            config = Config(data_dir=tmp_path, http=http, database={"url": database_url}, **settings)
            server = await stack.enter_async_context(Server(config, media=FakeMedia))
            database = await stack.enter_async_context(Database(database_url))
            base = f"http://127.0.0.1:{server.port}" if http["tls"] == "off" else server.url
            browser = aiohttp.ClientSession(base, cookie_jar=aiohttp.CookieJar(unsafe=True))
            return Office(server, await stack.enter_async_context(browser), database)

        yield start


@pytest.fixture
async def office(open_office: OpenOffice) -> Office:
    return await open_office()
