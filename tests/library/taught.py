"""A lesson that was really taught: rung in, published as WebRTC with speech in it, recorded, ended, and worked on."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from signalling.cli.serve import Server
from signalling.client.http import SignallingClient
from signalling.client.lesson import Lesson, sound_of
from signalling.client.publisher import Publisher
from signalling.config import Config
from signalling.db.engine import Database
from signalling.db.library import Stage
from tests.asr.phrases import MODEL
from tests.asr.speech import Plan, speak
from tests.bell.county import County, add_lesson, lesson
from tests.client.waiting import eventually

PATIENCE_S = 120.0


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not await condition():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


@dataclass(frozen=True)
class Taught:
    """:ivar resource: of the lesson, published and in the index."""

    server: Server
    room: str
    resource: str


@contextlib.asynccontextmanager
async def taught(
    folder: Path, database: Database, county: County, plan: Plan, lasts_s: int, **settings: Any
) -> AsyncIterator[Taught]:
    """:param plan: what the teacher says, from the moment she comes."""
    speak(folder / "speech.ogg", plan, lasts_s)
    heard = sound_of(folder / "speech.ogg")
    local = {"host": ["127.0.0.1"], "port": 0}
    config = Config(
        data_dir=folder / "var",
        http={**local, **settings.pop("http", {})},
        media=local,
        database={"url": database.url.render_as_string(hide_password=False)},
        bell={"open_before_minutes": 0, "tick_s": 0.1, "evidence_s": 1},
        recorder={"model": MODEL},
        **settings,
    )
    room = await add_lesson(database, county, int(time.time()) + 1, seconds=lasts_s, grace=0)
    async with Server(config) as server:
        belfry = server.belfry
        assert belfry is not None
        await eventually(lambda: belfry.doors.is_open(room))
        teacher = await server.signalling.passes.of_person(room, county.teacher, time.time())
        trusted = [server.ca_file] if server.ca_file is not None else []
        async with SignallingClient(server.url, teacher.token, trusted) as client:
            async with Publisher(client, room, Lesson(heard=heard).tracks) as publisher:
                await asyncio.wait_for(publisher.lost.wait(), lasts_s + 30)

        async def published() -> bool:
            return (await lesson(database, room)).state == "published"

        await until(published)
        resources: list[str] = []

        async def indexed() -> bool:
            query = select(Stage.resource).where(Stage.name == "index", Stage.state == "done")
            async with database.read() as session:
                resources[:] = await session.scalars(query)
            return bool(resources)

        await until(indexed)
        yield Taught(server, room, resources[0])
