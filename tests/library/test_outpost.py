"""Lessons whose files are on the recorder's machine alone: two kinds of workers, two queues, one database."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from sqlalchemy import update

from recorder import spool
from recorder.retention import DAY_S, Rule
from signalling.cli import worker as command
from signalling.config import Config, ConfigError
from signalling.db.library import Resource
from signalling.library import stages
from signalling.library.outpost import Outpost
from signalling.library.queue import Queue
from signalling.library.stages import CHAINS, Side
from signalling.library.sweep import remember
from signalling.library.worker import Worker
from tests.bell.county import EIGHT
from tests.library import hand
from tests.library.hall import Hall

RULE = Rule(keep_days=0, keep_parts_days=7)


def worker(hall: Hall, side: Side, folder: Path) -> Worker:
    shop = dataclasses.replace(hand.shop(hall.database, folder, hall.store), side=side)
    return Worker(hall.database, Queue(folder), shop, hall.clock)


def outpost(hall: Hall, *, model: bool = False) -> Outpost:
    return Outpost(hall.database, Queue(hall.folder), hall.folder, RULE, lambda: model, hall.clock)


def test_each_stage_is_done_on_one_side() -> None:
    for kind, chain in CHAINS.items():
        for step in chain:
            assert stages.does("all", kind, step.name)
            assert stages.does("lessons", kind, step.name) != stages.does("others", kind, step.name)
    assert stages.does("others", "lesson", "index") and not stages.does("others", "lesson", "finalise")
    assert stages.does("others", "video", "ingest")


async def test_a_lesson_is_worked_on_where_its_files_are(hall: Hall, tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    resource, _ = await hall.resource()
    await worker(hall, "others", here).process(resource)
    assert set((await hall.states(resource)).values()) == {"waiting"}, "its files are not here"
    await outpost(hall).look()
    assert Queue(hall.folder).take() == resource
    await worker(hall, "lessons", hall.folder).process(resource)
    states = await hall.states(resource)
    assert (states["publish"], states.pop("index")) == ("done", "waiting")
    assert set(states.values()) == {"done"}
    queue = Queue(here)
    assert await remember(hall.database, queue, hall.clock(), spool.UNKNOWN, "lessons") == 0
    assert await remember(hall.database, queue, hall.clock(), spool.UNKNOWN, "others") == 1
    assert queue.take() == resource
    await worker(hall, "others", here).process(resource)
    assert (await hall.states(resource))["index"] == "done"


async def test_what_waits_for_a_model_is_woken_where_the_model_is(hall: Hall) -> None:
    resource, folder = await hall.resource()
    (folder / "order-transcript").write_text("no_model")
    await worker(hall, "lessons", hall.folder).process(resource)
    await outpost(hall).look()
    assert Queue(hall.folder).take() is None
    await outpost(hall, model=True).look()
    assert Queue(hall.folder).take() == resource


async def test_what_was_removed_is_removed_there(hall: Hall) -> None:
    resource, folder = await hall.resource()
    _, other = await hall.resource(EIGHT + 3600)
    assert await outpost(hall).clear() == 0
    async with hall.database.write() as session:
        await session.execute(update(Resource).where(Resource.id == resource).values(state="removed"))
    assert await outpost(hall).clear() == 1
    assert not folder.exists() and other.exists()


async def test_parts_that_are_due_are_removed_there(hall: Hall) -> None:
    resource, folder = await hall.resource()
    (folder / "parts").mkdir(exist_ok=True)
    (folder / "parts" / "teacher-camera-000.webm").write_bytes(b"1234")
    for side in ("lessons", "others"):
        await worker(hall, side, hall.folder).process(resource)  # type: ignore[arg-type]
    await outpost(hall).clear()
    assert (folder / "parts").exists()
    old = int(hall.clock()) - 8 * DAY_S
    async with hall.database.write() as session:
        await session.execute(update(Resource).where(Resource.id == resource).values(made=old))
    await outpost(hall).clear()
    assert folder.exists() and not (folder / "parts").exists()


def test_it_is_not_started_where_nobody_would_see_what_it_does(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text('[recorder]\nfiles = "s3://bucket/x"\n')
    with pytest.raises(ConfigError, match=r"database\.url"):
        command.worker(lessons=True, config_file=file)
    file.write_text('[database]\nurl = "postgresql://x:geheim@h/n"\n')
    with pytest.raises(ConfigError, match=r"recorder\.files"):
        command.worker(lessons=True, config_file=file)


def test_a_server_leaves_to_others_what_it_has_not() -> None:
    there = ["ssh", "recorder1", "tongke", "recorder"]
    assert command.side_of(Config()) == "all"
    assert command.side_of(Config(recorder={"command": there})) == "others"
    assert command.side_of(Config(recorder={"command": there, "shared": True})) == "all"
