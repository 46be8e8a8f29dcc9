"""A lesson of the timetable whose recorder is on another machine: real server, real media, a real line."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

from sqlalchemy import update

from recorder import manifest, spool
from signalling.cli.serve import Server
from signalling.client.http import SignallingClient
from signalling.client.lesson import Lesson
from signalling.client.publisher import Publisher
from signalling.config import Config
from signalling.db.engine import Database
from signalling.db.lessons import Lesson as Row
from tests.bell.county import County, add_lesson
from tests.bell.test_doors import until
from tests.client.waiting import eventually
from tests.recorder.machine import machines
from tests.recording.test_end_to_end import _ended, _opened, row


async def test_what_a_server_left_there_is_closed_by_the_next_one(
    database_url: str, database: Database, county: County, tmp_path: Path
) -> None:
    """None of them ever sees the folder."""
    local = {"host": ["127.0.0.1"], "port": 0}
    bell = {"open_before_minutes": 0, "tick_s": 0.1}
    room = await add_lesson(database, county, int(time.time()), seconds=600)
    async with machines(tmp_path / "there") as machine:
        recorder = {"command": machine.command}
        common = {"http": local, "media": local, "database": {"url": database_url}, "bell": bell}
        config = Config(data_dir=tmp_path / "here", recorder=recorder, **common)
        async with contextlib.AsyncExitStack() as stack:
            server = await stack.enter_async_context(Server(config))
            assert server.ca_file is not None and server.belfry is not None
            await server.belfry.doors.look()
            await until(lambda: _opened(database, room))
            token = server.token(room, "lead", id=county.teacher)
            client = await stack.enter_async_context(SignallingClient(server.url, token, [server.ca_file]))
            await stack.enter_async_context(Publisher(client, room, Lesson().tracks))
            capture = server.signalling.recordings._recorder
            assert capture is not None
            await eventually(lambda: (it := capture.state(room)) is not None and it.bytes > 50_000, timeout=30)
        assert await machine.ended(0) == 0
        left = manifest.load(machine.folder / room)
        assert not left.ended and all(part.closed for track in left.tracks for part in track.parts)
        async with database.write() as session:
            await session.execute(update(Row).where(Row.id == room).values(state="ended", ended=int(time.time())))
        async with Server(config):
            await until(lambda: _ended(database, room))
        kept = manifest.load(machine.folder / room)
        assert kept.ended and kept.length_us > 0
        found = await row(database, room)
        assert found is not None and found.bytes == sum(part.bytes for it in kept.tracks for part in it.parts) > 50_000
        assert [path.name for path in config.recording_dir.iterdir()] == [spool.NAME], "nothing of it is here"
