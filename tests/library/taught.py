"""A lesson that was really taught: rung in, published as WebRTC with speech in it, recorded, ended, and worked on.

What is sent is encoded before it begins and passed on as it is, none of it left out: this process is the server, too,
and a teacher who has to encode beside it falls silent on a busy machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
from av import VideoFrame
from sqlalchemy import select

from signalling.cli.serve import Server
from signalling.client.http import SignallingClient
from signalling.client.publisher import Publisher
from signalling.client.slides import Painter, camera_scene, screen_scenes
from signalling.client.source import Source
from signalling.config import Config
from signalling.db.engine import Database
from signalling.db.library import Stage
from tests.asr.phrases import MODEL
from tests.asr.speech import Plan, speak
from tests.bell.county import County, add_lesson, lesson
from tests.client.waiting import eventually

PATIENCE_S = 120.0
FPS = 10
JOINS_S = 10
"""So long may she need to join on a busy machine: the lesson is longer than what she says."""


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


def film(path: Path, painter: Painter, lasts_s: int) -> None:
    """VP8 in WebM, with a keyframe each second: whoever passes it on can make none when one is asked for."""
    options = {"deadline": "realtime", "cpu-used": "8", "g": str(FPS)}
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libvpx", rate=FPS, options=options)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = painter.width, painter.height, "yuv420p", 500_000
        for number in range(lasts_s * FPS):
            picture = painter.picture(number / FPS, int(1000 * time.time()))
            container.mux(stream.encode(VideoFrame.from_ndarray(picture, format="yuv420p")))
        container.mux(stream.encode())


@contextlib.asynccontextmanager
async def taught(
    folder: Path, database: Database, county: County, plan: Plan, lasts_s: int, **settings: Any
) -> AsyncIterator[Taught]:
    """:param plan: what the teacher says, from the moment she comes. :param lasts_s: how long she stays."""
    speak(folder / "speech.ogg", plan, lasts_s)
    film(folder / "camera.webm", Painter([camera_scene()]), lasts_s)
    film(folder / "screen.webm", Painter(screen_scenes(640, 360)), lasts_s)
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
    room = await add_lesson(database, county, int(time.time()) + 1, seconds=JOINS_S + lasts_s, grace=0)
    async with Server(config) as server:
        belfry = server.belfry
        assert belfry is not None
        await eventually(lambda: belfry.doors.is_open(room))
        teacher = await server.signalling.passes.of_person(room, county.teacher, time.time())
        trusted = [server.ca_file] if server.ca_file is not None else []
        async with contextlib.AsyncExitStack() as stack:
            client = await stack.enter_async_context(SignallingClient(server.url, teacher.token, trusted))
            names = ("camera.webm", "screen.webm", "speech.ogg")
            sources = [await stack.enter_async_context(await Source.open(str(folder / name))) for name in names]
            tracks = [track for source in sources for track in source.tracks()]
            publisher = await stack.enter_async_context(Publisher(client, room, tracks))
            await asyncio.wait_for(publisher.lost.wait(), JOINS_S + lasts_s + 30)

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
