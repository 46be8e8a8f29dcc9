"""A lesson of the timetable, with a real server, real media and a real recorder."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

import av

from recorder import manifest
from signalling.cli.serve import Server
from signalling.client.http import SignallingClient
from signalling.client.lesson import Lesson
from signalling.client.publisher import Publisher
from signalling.config import Config
from signalling.db.engine import Database
from signalling.db.library import Recording
from tests.bell.county import County, add_lesson, lesson
from tests.bell.test_doors import until
from tests.client.waiting import eventually


async def row(database: Database, lesson: str) -> Recording | None:
    async with database.read() as session:
        return await session.get(Recording, lesson)


def seconds(path: Path) -> float:
    """How much of a file can be played."""
    with av.open(str(path)) as file:
        times = [float(packet.pts * packet.time_base) for packet in file.demux(file.streams[0]) if packet.size]
    return max(times) - min(times)


async def test_a_lesson_is_recorded_while_everything_goes_wrong(
    database_url: str, database: Database, county: County, tmp_path: Path
) -> None:
    local = {"host": ["127.0.0.1"], "port": 0}
    bell = {"open_before_minutes": 0, "tick_s": 0.1}
    config = Config(data_dir=tmp_path, http=local, media=local, database={"url": database_url}, bell=bell)
    room = await add_lesson(database, county, int(time.time()), seconds=600)
    folder = config.recording_dir / room
    for life in range(2):
        async with contextlib.AsyncExitStack() as stack:
            server = await stack.enter_async_context(Server(config))
            assert server.ca_file is not None and server.belfry is not None
            recordings, doors = server.signalling.recordings, server.belfry.doors
            await doors.look()
            token = server.token(room, "lead", id=county.teacher)
            await until(lambda: _opened(database, room))
            client = await stack.enter_async_context(SignallingClient(server.url, token, [server.ca_file]))
            await stack.enter_async_context(Publisher(client, room, Lesson().tracks))
            capture = recordings._recorder
            assert capture is not None

            def written(more: int, capture=capture) -> bool:
                state = capture.state(room)
                return state is not None and state.begun and state.bytes >= more

            await eventually(lambda: written(1), timeout=20)
            before = capture.state(room).bytes
            if life == 0:
                os.kill(capture.pid, signal.SIGKILL)
            await eventually(lambda before=before: written(before + 100_000), timeout=30)
            kept = await row(database, room)
            assert kept is not None and kept.state == "recording"
            assert recordings._metrics.registry.get_sample_value("tongke_recordings", {"state": "recording"}) == 1
            if life == 0:
                await capture.stop()  # the server goes while she teaches
            else:
                await server.signalling.rooms.end(room, county.teacher)
                await until(lambda: _ended(database, room))
        between = manifest.load(folder)
        assert between.ended is (life == 1)
        assert all(part.closed for track in between.tracks for part in track.parts)
    camera = between.track(f"{county.teacher}-camera")
    assert camera is not None and len(camera.parts) >= 2
    assert "server" in {gap.why for gap in camera.gaps}
    assert all(seconds(folder / part.file) > 0.5 for part in camera.parts)
    found = await row(database, room)
    assert found is not None and found.bytes > 0 and found.tracks == len(between.tracks) and found.ended is not None


async def _opened(database: Database, room: str) -> bool:
    return (await lesson(database, room)).state in ("open", "live")


async def _ended(database: Database, room: str) -> bool:
    found = await row(database, room)
    return found is not None and found.state == "ended"
