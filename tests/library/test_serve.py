"""A whole server: a lesson that ends is found in the library, done by its own workers with the real stages."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from pathlib import Path

from sqlalchemy import select, update

from recorder.manifest import save
from recorder.stages import pictures
from signalling.cli.serve import Server
from signalling.cli.worker import order_of
from signalling.config import Config
from signalling.db.library import Recording, Resource, Stage
from signalling.library import publish
from signalling.library.crew import PROGRAM
from signalling.library.queue import SOON, Queue
from tests.library.doing import SECOND
from tests.library.hall import Hall, alive, until
from tests.library.shelf import shelve, stale
from tests.recorder.making import Maker
from tests.signalling.fakes import FakeMedia

LENGTH = 4 * SECOND
PUBLIC = frozenset({"public"})


def config_of(tmp_path: Path, database_url: str, workers: int = 1) -> Config:
    http = {"host": ["127.0.0.1"], "port": 0, "tls": "off"}
    recorder = {"folder": tmp_path / "recording", "files": f"file://{tmp_path / 'library'}", "workers": workers}
    return Config(data_dir=tmp_path, http=http, database={"url": database_url}, recorder=recorder)


async def recorded(hall: Hall) -> str:
    """A lesson of four seconds with real pictures and sound, whose recording is not closed yet."""
    lesson = await hall.lesson(int(time.time()) - 3600, state="recording")
    for file in (hall.folder / lesson).iterdir():
        file.unlink()
    await asyncio.to_thread(_parts, hall.folder / lesson, hall.county.teacher)
    return lesson


def _parts(folder: Path, teacher: str) -> None:
    maker = Maker(folder)
    maker.manifest.room, maker.manifest.lead = folder.name, teacher
    maker.talk(teacher, 0, LENGTH)
    maker.film(teacher, 0, LENGTH)
    maker.film(teacher, 0, LENGTH, source="screen", size=(320, 180))
    maker.manifest.ended, maker.manifest.length_us = True, LENGTH
    save(folder, maker.manifest)


async def close(hall: Hall, lesson: str) -> None:
    async with hall.database.write() as session:
        await session.execute(update(Recording).where(Recording.lesson == lesson).values(state="ended"))


async def found(hall: Hall, lesson: str) -> str | None:
    """The resource, when its last stage is done and the index holds it."""
    async with hall.database.read() as session:
        query = select(Resource.id).join(Stage, Stage.resource == Resource.id)
        query = query.where(Resource.lesson == lesson, Resource.indexed == Resource.version)
        return await session.scalar(query.where(Stage.name == "index", Stage.state == "done"))


async def test_a_server_brings_a_lesson_into_the_library(hall: Hall, tmp_path: Path, database_url: str):
    lesson = await recorded(hall)
    async with Server(config_of(tmp_path, database_url), media=FakeMedia) as server:
        assert server.crew is not None and server.crew.pids == [], "nothing is there to be done"
        await close(hall, lesson)
        resource = await until(lambda: found(hall, lesson))
        row = await hall.row(resource)
        assert (row.state, row.note, row.length_ms) == ("published", "no_model", 4000)
        shown = await hall.shown(resource)
        names = {file[0] for file in shown["resource_file"]}
        assert {"camera", "screen", "poster", "strip", "slide-1"} <= names
        assert row.gaps["strip"]["columns"] == 10 and row.gaps["strip"]["every_ms"] == 10_000
        text = server.signalling.metrics.render().decode()
        assert "tongke_workers 1.0" in text
        assert 'tongke_stage_seconds_count{name="publish",result="done"} 1.0' in text
        [pid] = server.crew.pids
    assert not alive(pid), "it ends with its server"


async def test_a_worker_that_is_killed_is_started_again(hall: Hall, tmp_path: Path, database_url: str):
    lesson = await recorded(hall)
    async with Server(config_of(tmp_path, database_url), media=FakeMedia) as server:
        assert server.crew is not None
        server.crew.wake()
        [pid] = await until(lambda: server.crew.pids)
        os.kill(pid, signal.SIGKILL)
        [other] = await until(lambda: [it for it in server.crew.pids if it != pid])
        assert other != pid
        await close(hall, lesson)
        await until(lambda: found(hall, lesson))


async def test_a_server_whose_stages_are_done_elsewhere_keeps_its_index(hall: Hall, tmp_path: Path, database_url: str):
    await shelve(hall.database, None, "r1", "勾股定理", kind="link")
    resource, _ = await hall.resource()
    async with Server(config_of(tmp_path, database_url, workers=0), media=FakeMedia) as server:

        async def kept() -> bool:
            return await stale(hall.database) == []

        await until(kept)
        assert server.crew is not None and len(server.crew.pids) == 1
        assert [hit.id for hit in (await server.signalling.searches.search("勾股", PUBLIC)).hits] == ["r1"]
        assert {stage.tries for stage in (await hall.stages(resource)).values()} == {0}


async def test_the_command_works_beside_a_server_and_stops_when_told(hall: Hall, tmp_path: Path, database_url: str):
    resource, _ = await hall.resource()
    queue = Queue(tmp_path)
    queue.put([resource], SOON)
    env = {
        **os.environ,
        **{"TONGKE_DATA_DIR": str(tmp_path), "TONGKE_DATABASE__URL": database_url},
        **{"TONGKE_RECORDER__FOLDER": str(hall.folder), "TONGKE_RECORDER__FILES": hall.store},
    }
    code = "from signalling.cli import main; main(['worker'])"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, cwd=Path.cwd(), env=env)

    async def tried() -> bool:
        return (await hall.stages(resource))["finalise"].tries > 0

    try:
        await until(tried)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 10) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert (await hall.stages(resource))["finalise"].state != "running"
    queue.close()


async def test_a_worker_ends_when_its_server_is_gone(hall: Hall, tmp_path: Path, database_url: str):
    resource, folder = await hall.resource()
    order = order_of(config_of(tmp_path, database_url))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", PROGRAM), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(order.line() + b"\n")
        queue = Queue(tmp_path)
        queue.put([resource], SOON)
        assert json.loads(await asyncio.wait_for(process.stdout.readline(), 60))["stage"] == "finalise"
        process.stdin.close()
        assert await asyncio.wait_for(process.wait(), 10) == 0
        queue.close()
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
    assert folder.exists() and "running" not in (await hall.states(resource)).values()


def test_an_order_shows_no_password():
    config = Config(
        database={"url": "postgresql://tongke:geheim@db/tongke"}, redis={"url": "redis://:geheim@redis:6379/0"}
    )
    order = order_of(config)
    assert "geheim" in order.database and "geheim" in order.redis and "geheim" not in repr(order)


def test_pictures_of_a_strip_are_as_large_as_rows_say():
    assert publish.TILE == pictures.TILE
