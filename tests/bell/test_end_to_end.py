"""A lesson from its bell to its evidence, with a real server and real media."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp

from signalling.bell import ledger
from signalling.bell.ledger import Scope
from signalling.bell.ringing import LessonClosed, LessonOpened, LessonWentLive
from signalling.cli.serve import Server
from signalling.client.http import SignallingClient, tls_context
from signalling.client.lesson import Lesson
from signalling.client.publisher import Publisher
from signalling.client.watcher import Watcher
from signalling.config import Config
from signalling.db import audit
from signalling.db.engine import Database
from tests.bell.county import County, add_lesson, audited, lesson
from tests.bell.test_evidence import rows
from tests.client.waiting import eventually

LASTS_S = 10
AFTERWARDS = ("ended", "processing")
"""The finishing of its recording may have begun."""


async def report(url: str, context: ssl.SSLContext, token: str) -> None:
    """The page of a display, as far as evidence needs it."""
    async with aiohttp.ClientSession() as http, http.ws_connect(f"{url}/ws", ssl=context) as ws:
        await ws.send_json({"t": "hello", "v": 1, "token": token})
        while True:
            await ws.send_json({"t": "stats", "picture": True, "sound": True, "delay_ms": 120.0})
            await asyncio.sleep(0.5)


def first(heard: list[Any], kind: type[Any]) -> Callable[[], bool]:
    return lambda: any(isinstance(event, kind) for event in heard)


async def test_a_lesson_rings_opens_goes_live_and_ends_by_itself(
    database_url: str, database: Database, county: County, tmp_path: Path
) -> None:
    local = {"host": ["127.0.0.1"], "port": 0}
    bell = {"open_before_minutes": 0, "tick_s": 0.1, "evidence_s": 1}
    config = Config(data_dir=tmp_path, http=local, media=local, database={"url": database_url}, bell=bell)
    starts = int(time.time()) + 2
    room = await add_lesson(database, county, starts, seconds=LASTS_S, grace=0)
    heard: list[Any] = []
    async with contextlib.AsyncExitStack() as stack:
        server = await stack.enter_async_context(Server(config))
        belfry = server.belfry
        assert belfry is not None and server.ca_file is not None
        belfry.bell.listeners.append(heard.append)
        await eventually(first(heard, LessonOpened))
        teacher = await server.signalling.passes.of_person(room, county.teacher, time.time())
        display = await server.signalling.passes.of_device(room, county.display, time.time())

        async def client(token: str) -> SignallingClient:
            return await stack.enter_async_context(SignallingClient(server.url, token, [server.ca_file]))  # type: ignore[list-item]

        page = asyncio.create_task(report(server.url, tls_context([server.ca_file]), display.token))

        async def close() -> None:
            page.cancel()
            await asyncio.gather(page, return_exceptions=True)

        stack.push_async_callback(close)
        publisher = await stack.enter_async_context(Publisher(await client(teacher.token), room, Lesson().tracks))
        watcher = await stack.enter_async_context(Watcher(await client(display.token), room))
        await watcher.frames("camera", 10)
        await eventually(first(heard, LessonWentLive))
        await eventually(first(heard, LessonClosed), timeout=LASTS_S + 10)
        await asyncio.wait_for(publisher.lost.wait(), 10)
        await eventually(lambda: belfry.evidence._lessons == {})
        assert not page.done(), "the page was thrown out"
    assert [type(event) for event in heard] == [LessonOpened, LessonWentLive, LessonClosed]
    row = await lesson(database, room)
    assert row.state in AFTERWARDS and row.reason == ""
    assert row.opened is not None and row.live is not None and row.ended is not None
    assert starts <= row.opened <= row.live <= row.ended and row.ended - starts >= LASTS_S
    got = await rows(database, room)
    assert got[county.teacher].sent >= 2 and got[county.teacher].classroom == county.studio
    assert got[county.display].seen >= 2 and got[county.display].heard >= 2
    assert got[county.display].quality["delay_p50"] == 150
    [item] = [it for it in await ledger.items(database, Scope(starts - 60, starts + 60)) if it.part == "lead"]
    assert (item.teacher, item.planned_s) == (county.teacher, LASTS_S)
    assert item.taught_s == min(got[county.teacher].sent, LASTS_S)
    assert item.audit == tuple(it.number for it in await audited(database)) and len(item.audit) == 4
    assert await audit.verify(database) is None
