"""A recorder box publishes a lesson: real server, real media, a box of the tests' own that speaks RTSP."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from sqlalchemy import update

from signalling.boxes.boxes import Boxes, State
from signalling.cli.serve import Server
from signalling.client.http import SignallingClient
from signalling.client.lesson import Lesson as Shown
from signalling.client.publisher import Publisher
from signalling.client.watcher import Watcher
from signalling.config import Config
from signalling.db.engine import Database
from signalling.db.lessons import Booking, Lesson
from signalling.db.places import Device
from signalling.devices import keys
from signalling.tokens import load_secret
from tests.bell.county import County, add_lesson, lesson, make_county
from tests.bell.test_doors import until
from tests.bell.test_servers import state_is
from tests.client.media import alaw, make_file
from tests.client.rtsp_server import RtspServer
from tests.client.test_cli import alive
from tests.client.test_source import pictures_of
from tests.client.waiting import eventually

PASSWORD = "k@eide:7 /weiß"
LOCAL = {"host": ["127.0.0.1"], "port": 0}
BELL = {"open_before_minutes": 0, "tick_s": 0.1, "lease_s": 3}


@pytest.fixture
async def county(database: Database) -> County:
    return await make_county(database)


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[RtspServer]:
    pictures = pictures_of(make_file(tmp_path / "box.mp4", frames=50))
    async with RtspServer(pictures, credentials=f"admin:{PASSWORD}", digest=True, sound=alaw()) as box:
        yield box


def config(tmp_path: Path, url: str, **more: object) -> Config:
    return Config(data_dir=tmp_path, http=LOCAL, media=LOCAL, database={"url": url}, bell=BELL, **more)


async def connect(database: Database, county: County, box: RtspServer, made: Config, password: str = PASSWORD) -> None:
    """The box is the device of the booking."""
    sealed = keys.seal(load_secret(made.secret_file), county.box, password)
    url = box.url.replace("://", "://admin@")
    async with database.write() as session:
        await session.execute(update(Device).where(Device.id == county.box).values(url=url, secret=sealed))
        await session.execute(update(Booking).values(device=county.box))


def boxes_of(server: Server) -> Boxes:
    assert server.boxes is not None
    return server.boxes


def state(server: Server, county: County) -> State:
    found = boxes_of(server).state(county.box)
    assert found is not None
    return found


def shows(server: Server, county: County, fits: Callable[[State], bool]) -> Callable[[], bool]:
    def check() -> bool:
        found = boxes_of(server).state(county.box)
        return found is not None and fits(found)

    return check


def pid_of(server: Server, county: County) -> int:
    child = boxes_of(server)._boxes[county.box].child
    assert child is not None and child.pid is not None
    return child.pid


def others_see(pid: int) -> bytes:
    """What everybody on the machine can read of a process, or everybody with the server's account."""
    return Path(f"/proc/{pid}/cmdline").read_bytes() + Path(f"/proc/{pid}/environ").read_bytes()


async def end(database: Database, room: str) -> None:
    async with database.write() as session:
        await session.execute(update(Lesson).where(Lesson.id == room).values(closes=int(time.time())))


@contextlib.asynccontextmanager
async def watching(server: Server, room: str) -> AsyncIterator[Watcher]:
    assert server.ca_file is not None
    token = server.token(room, "classroom", id="display")
    async with SignallingClient(server.url, token, [server.ca_file]) as client:
        async with Watcher(client, room, videos=1) as watcher:
            yield watcher


async def test_from_the_bell_to_the_end(
    database: Database, database_url: str, county: County, box: RtspServer, tmp_path: Path
) -> None:
    """Opened → pictures and sound → the box is cut and comes back → a new server → over, and nothing is left."""
    made = config(tmp_path, database_url)
    await connect(database, county, box, made)
    async with Server(made) as server:
        room = await add_lesson(database, county, int(time.time()))
        await eventually(shows(server, county, lambda it: it.connected), 30)
        assert state(server, county) == State(room, True, "", "", 1)
        first = pid_of(server, county)
        assert b"signalling.client.box" in others_see(first) and b"eide" not in others_see(first)
        async with watching(server, room) as watcher:
            main = await watcher.frames("main", 10, 20)
            assert (main.width, main.height) == (320, 240)
            await watcher.audible("program")
            await box.stop()
            await eventually(shows(server, county, lambda it: not it.connected and it.code == "source"), 30)
            assert "127.0.0.1" in state(server, county).sentence and "eide" not in state(server, county).sentence
            await box.start()
            await watcher.frames("main", 10, 30)
        await eventually(shows(server, county, lambda it: it.connected), 30)
        assert pid_of(server, county) == first, "what a box does is no reason to start anew"
        row = await lesson(database, room)
        assert row.state == "live" and row.live is not None
    await eventually(lambda: not alive(first))
    async with Server(made) as server:
        await eventually(shows(server, county, lambda it: it.connected), 30)
        second = pid_of(server, county)
        async with watching(server, room) as watcher:
            await watcher.frames("main", 5, 20)
        await end(database, room)
        await eventually(lambda: boxes_of(server).state(county.box) is None)
        await eventually(lambda: not alive(second))
        registry = server.signalling.metrics.registry
        assert registry.get_sample_value("tongke_boxes", {"state": "connected"}) == 0


async def test_a_process_that_was_killed_is_started_again(
    database: Database, database_url: str, county: County, box: RtspServer, tmp_path: Path
) -> None:
    made = config(tmp_path, database_url)
    await connect(database, county, box, made)
    async with Server(made) as server:
        await add_lesson(database, county, int(time.time()))
        await eventually(shows(server, county, lambda it: it.connected), 30)
        process = boxes_of(server)._boxes[county.box].child._process  # type: ignore[union-attr]
        assert process is not None
        process.kill()
        await eventually(shows(server, county, lambda it: it.connected and it.starts == 2), 40)
        last = pid_of(server, county)
    await eventually(lambda: not alive(last))


async def test_a_wrong_password_is_said_and_not_tried_again_and_again(
    database: Database, database_url: str, county: County, box: RtspServer, tmp_path: Path
) -> None:
    made = config(tmp_path, database_url)
    await connect(database, county, box, made, "falsch&falsch")
    async with Server(made) as server:
        await add_lesson(database, county, int(time.time()))
        await eventually(shows(server, county, lambda it: it.code == "source_refused"), 30)
        found = state(server, county)
        assert not found.connected and "falsch" not in found.sentence and "password" in found.sentence
        await eventually(lambda: boxes_of(server)._boxes[county.box].child is None)
        refused = box.refused
        for _ in range(5):
            await boxes_of(server).look()
        assert boxes_of(server)._boxes[county.box].child is None and box.refused == refused
        assert box.plays == 0


async def test_the_teacher_keeps_the_lesson_she_publishes_herself(
    database: Database, database_url: str, county: County, box: RtspServer, tmp_path: Path
) -> None:
    made = config(tmp_path, database_url)
    async with Server(made) as server:
        room = await add_lesson(database, county, int(time.time()))
        await eventually(lambda: server.belfry is not None and server.belfry.bell.held)
        assert server.ca_file is not None
        token = server.token(room, "lead", id=county.teacher)

        await until(state_is(database, room, "open"))
        async with SignallingClient(server.url, token, [server.ca_file]) as client:
            async with Publisher(client, room, [Shown().sound]) as publisher:
                await connect(database, county, box, made)
                await eventually(shows(server, county, lambda it: it.code == "room_has_lead"), 30)
                assert not publisher.lost.is_set()
                process = pid_of(server, county)
        await eventually(shows(server, county, lambda it: it.connected), 60)
        assert pid_of(server, county) == process
