from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from sqlalchemy import insert

from mediaserver.api import LocalBus
from signalling.app import Signalling
from signalling.config import Config
from signalling.db.engine import Database
from signalling.db.people import Person, RoleGrant
from tests.booking.county import fill
from tests.rest.office import GRANTS, PEOPLE, Clock, Office

OpenOffice = Callable[..., Awaitable[Office]]


@pytest.fixture
async def open_office(database: Database, database_url: str) -> AsyncIterator[OpenOffice]:
    """Start the HTTP side with settings of the test's own."""
    await fill(database)
    async with database.write() as session:
        people = [{"id": id, "name": f"人员{id}", "school": school} for id, school in PEOPLE.items()]
        await session.execute(insert(Person), people)
        grants = [
            {"person": person, "role": role, "kind": kind, "scope": scope} for person, role, kind, scope in GRANTS
        ]
        await session.execute(insert(RoleGrant), grants)
    async with contextlib.AsyncExitStack() as stack:

        async def start(**settings: Any) -> Office:
            clock = Clock()
            bell = {"grace_minutes": 5, **settings.pop("bell", {})}
            http = {"tls": "off", **settings.pop("http", {})}
            config = Config(http=http, bell=bell, database={"url": database_url}, **settings)
            signalling = Signalling(config, LocalBus(), b"s" * 32, database, clock=clock)
            runner = web.AppRunner(signalling.app, access_log=None)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            stack.callback(signalling.people._passwords.close)
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            host, port = runner.addresses[0][:2]
            http_session = aiohttp.ClientSession(f"http://{host}:{port}", cookie_jar=aiohttp.DummyCookieJar())
            return Office(await stack.enter_async_context(http_session), database, clock)

        yield start


@pytest.fixture
async def office(open_office: OpenOffice) -> Office:
    return await open_office()
