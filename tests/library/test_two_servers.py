"""Two servers on one database, each with its own lessons: neither touches what the other one has."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from recorder import spool
from recorder.retention import Rule, parts_of
from signalling.cli.serve import Server
from signalling.client.http import SignallingClient
from signalling.client.lesson import Lesson as Taught
from signalling.client.lesson import sound_of
from signalling.client.publisher import Publisher
from signalling.config import Config
from signalling.db.engine import Database
from signalling.db.lessons import Lesson
from signalling.db.library import Recording, Resource, ResourceFile, Stage
from signalling.library import removing, retention, work
from signalling.library.queue import Queue
from signalling.library.shelf import Shelf
from signalling.library.sweep import remember
from signalling.recording import rows
from tests.asr.speech import speak
from tests.bell.county import County, add_lesson, lesson, make_county
from tests.database.postgresql import PostgreSQL
from tests.library.hall import Hall
from tests.library.taught import until

LASTS_S = 8
NOW = 4_000_000_000
"""Long after."""


@pytest.fixture
async def shared(postgresql: PostgreSQL, postgresql_template: str) -> AsyncIterator[Database]:
    name = postgresql.create(postgresql_template)
    async with Database(postgresql.url(name)) as database:
        yield database
    postgresql.drop(name)


def config_of(folder: Path, shared: Database, name: str) -> Config:
    """Of a machine: all folders are its own but the store of finished files."""
    local = {"host": ["127.0.0.1"], "port": 0}
    return Config(
        data_dir=folder / name,
        http=local,
        media=local,
        database={"url": shared.url.render_as_string(hide_password=False)},
        bell={"open_before_minutes": 0, "tick_s": 0.1, "evidence_s": 1},
        recorder={"workers": 1, "files": f"file://{folder / 'store'}"},
    )


async def teach(server: Server, shared: Database, county: County, room: str, sound: Path) -> None:
    async def is_open() -> bool:
        return (await lesson(shared, room)).state == "open"

    await until(is_open)  # one of the two rings
    assert server.ca_file is not None
    teacher = await server.signalling.passes.of_person(room, county.teacher, time.time())
    async with SignallingClient(server.url, teacher.token, [server.ca_file]) as client:
        async with Publisher(client, room, Taught(heard=sound_of(sound)).tracks) as publisher:
            await asyncio.wait_for(publisher.lost.wait(), LASTS_S + 60)


async def test_each_finishes_its_own_lessons_and_leaves_the_others(shared: Database, tmp_path: Path) -> None:
    county = await make_county(shared)
    speak(tmp_path / "speech.ogg", ((1.0, "同学们好"),), LASTS_S)
    async with contextlib.AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(Server(config_of(tmp_path, shared, name))) for name in "ab"]
        rooms = [await add_lesson(shared, county, int(time.time()) + 1, seconds=LASTS_S, grace=0) for _ in "ab"]
        pairs = list(zip(servers, rooms, strict=True))
        await asyncio.gather(*(teach(server, shared, county, room, tmp_path / "speech.ogg") for server, room in pairs))

        async def done() -> bool:
            async with shared.read() as session:
                asked = select(Stage.resource).where(Stage.name == "index", Stage.state == "done")
                return len((await session.scalars(asked)).all()) == len(rooms)

        await until(done)
        async with shared.read() as session:
            tries = await session.scalar(select(func.max(Stage.tries)).where(Stage.name != "transcript"))
            resources = {row.lesson: row for row in await session.scalars(select(Resource))}
            files = {row.resource for row in await session.scalars(select(ResourceFile))}
        assert tries == 1, "nobody tried what only the other one can do"
        for server in servers:
            await until(partial(finds_both, server))
        assert files == {row.id for row in resources.values()}
        for server, room in pairs:
            folder = server.config.recording_dir
            assert (await lesson(shared, room)).state == "published"
            assert resources[room].spool == spool.identity(folder)
            assert [path.name for path in folder.iterdir() if not path.name.startswith(".")] == [room]
            assert list((tmp_path / "store" / resources[room].id).iterdir())
            for other in servers:
                shown = await other.signalling.recordings.read(room)
                assert (shown.elsewhere, bool(shown.tracks)) == (other is not server, other is server)
                assert shown.state == "ended" and shown.trouble == ""

        (one, first), (two, second) = pairs
        rule = Rule(keep_days=0, keep_parts_days=0)
        assert await retention.shed(shared, two.config.recording_dir, rule, NOW) > 0
        assert parts_of(two.config.recording_dir / second) == 0
        assert parts_of(one.config.recording_dir / first) > 0

        async def bury(session):  # type: ignore[no-untyped-def]
            row = await session.get(Resource, resources[first].id)
            await removing.bury(session, row, time.time() - 2 * removing.LINGER_S, "boss")

        await shared.run(bury)
        two.signalling.shelf.discard()
        await until(lambda: noted(shared, first, removing.PARTS_LEFT))
        assert not (tmp_path / "store" / resources[first].id).exists(), "nobody gets at anything any more"
        assert (one.config.recording_dir / first).exists()
        one.signalling.shelf.discard()
        await until(lambda: noted(shared, first, ""))
        assert not (one.config.recording_dir / first).exists()


async def finds_both(server: Server) -> bool:
    """In the index of its own `data_dir`."""
    return (await server.signalling.searches.search("", frozenset({"system"}))).total == 2


async def noted(shared: Database, room: str, note: str) -> bool:
    async with shared.read() as session:
        return await session.scalar(select(Resource.note).where(Resource.lesson == room)) == note


async def test_a_worker_leaves_what_lies_on_another_machine(hall: Hall) -> None:
    resource, _ = await hall.resource()
    async with hall.database.write() as session:
        await session.execute(update(Resource).values(spool="f" * 16))
    await hall.worker().process(resource)
    assert {stage.tries for stage in (await hall.stages(resource)).values()} == {0}
    now = hall.clock()
    assert await hall.database.run(lambda session: work.take(session, resource, "w-1-2-3", now, "f" * 16)) is not None


async def test_who_cannot_read_his_folder_takes_nothing_that_lies_in_one(hall: Hall, tmp_path: Path) -> None:
    """Its disk is away: nobody knows whether it is the one in which they are."""
    resource, _ = await hall.resource()
    name = spool.identity(hall.folder)
    async with hall.database.write() as session:
        await session.execute(update(Resource).values(spool=name))
    queue, now = Queue(tmp_path), hall.clock()
    assert await remember(hall.database, queue, now, spool.UNKNOWN, "all") == 0
    take = partial(work.take, resource=resource, worker="w-1-2-3", now=now)
    assert await hall.database.run(partial(take, spool=spool.UNKNOWN)) is None
    assert await remember(hall.database, queue, now, name, "all") == 1
    assert await hall.database.run(partial(take, spool=name)) is not None


async def test_a_disk_that_was_away_is_cleared_when_it_is_back(hall: Hall, tmp_path: Path) -> None:
    resource, folder = await hall.resource()
    name = spool.identity(hall.folder)
    async with hall.database.write() as session:
        await session.execute(update(Resource).values(spool=name))
        await removing.bury(session, await session.get_one(Resource, resource), NOW - 2 * removing.LINGER_S, "boss")
    away = tmp_path / "unmounted" / "recording"
    assert spool.identity(away) == spool.UNKNOWN
    for place, note in ((away, removing.PARTS_LEFT), (away, removing.PARTS_LEFT), (hall.folder, "")):
        shelf = Shelf(hall.store, place, hall.database, lambda: NOW)
        await removing.clear(hall.database, NOW, shelf.remove, spool.identity(place))
        assert (await hall.row(resource)).note == note
        assert folder.exists() == bool(note)


async def test_what_another_machine_records_is_its_own_to_close(hall: Hall) -> None:
    """Rows as a server sees them that was started while the other one is away."""
    ours, theirs = [await hall.lesson(number, state="recording", ended=None) for number in (1, 2)]
    now = 1_000_000_000
    async with hall.database.write() as session:
        await session.execute(update(Lesson).values(ended=now - 3600))
        await session.execute(update(Recording).where(Recording.lesson == theirs).values(spool="f" * 16))
        await session.execute(update(Recording).where(Recording.lesson == ours).values(spool="a" * 16))
    async with hall.database.read() as session:
        assert await rows.left_open(session, "a" * 16, now - 7200) == [ours]
        assert set(await rows.left_open(session, "a" * 16, now)) == {ours, theirs}, "it never came back"
        assert set(await rows.left_open(session, "", now - 7200)) == {ours, theirs}


def test_a_folder_has_one_name_whoever_asks_first(tmp_path: Path) -> None:
    folder = tmp_path / "recording"
    name = spool.identity(folder)
    assert len(name) == 16 and spool.identity(folder) == name
    assert [path.name for path in folder.iterdir()] == [spool.NAME]
    (tmp_path / "link").symlink_to(folder)
    assert spool.identity(tmp_path / "link") == name
    assert spool.identity(tmp_path / "other") != name
    (folder / spool.NAME).write_text("")
    assert spool.identity(folder) not in ("", name)
    assert spool.identity(tmp_path / "nowhere" / "recording") == spool.UNKNOWN
