"""Workers that are killed, in each stage, and two workers on one lesson: the result is that of one undisturbed run."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal

import pytest

from signalling.bell import holder
from signalling.db.library import Stage
from signalling.library import work
from signalling.library.queue import SOON, Queue
from signalling.library.stages import LOST, TRIES
from tests.bell.county import EIGHT, audited
from tests.library.hall import LESSON, Hall, alive, pids_of, until


async def undisturbed(hall: Hall) -> dict[str, object]:
    resource, _ = await hall.resource(EIGHT - 86_400)
    await hall.worker().process(resource)
    return await hall.shown(resource)


async def test_a_worker_killed_in_each_stage_is_followed_by_another(hall: Hall, database_url: str):
    wanted = await undisturbed(hall)
    resource, folder = await hall.resource()
    queue = Queue(hall.folder)
    for stage in LESSON:
        (folder / f"hold-{stage}").touch()
    for number, stage in enumerate(LESSON):
        async with hall.hand(database_url) as worker:
            queue.put([resource], SOON)
            await until(lambda stage=stage: hall.begun(folder)[-1:] == [stage])
            children = pids_of(worker.pid)
            assert len(children) == (stage != "index")
            os.kill(worker.pid, signal.SIGKILL)
            await worker.wait()
            await until(lambda children=children: not any(alive(pid) for pid in children))
        stages = await hall.stages(resource)
        assert [stages[name].state for name in LESSON] == ["done"] * number + ["running"] + ["waiting"] * (5 - number)
        assert holder.is_dead(stages[stage].worker)
        (folder / f"hold-{stage}").unlink()
        # The next one finds the dead one's lease at once, does this stage and is held at the one after it.
    queue.put([resource], SOON)
    async with hall.hand(database_url):
        await until(lambda: hall.states_done(resource))
    assert await hall.shown(resource) == wanted
    assert hall.begun(folder) == [name for name in LESSON for _ in range(2)], "each was begun twice and no oftener"
    assert (folder / "done").read_text().split() == list(LESSON[:-1]), "and done once"
    assert hall.indexed()[1:] == [f"{resource} 2 认识分数"]
    assert {stage.tries for stage in (await hall.stages(resource)).values()} == {2}
    told = [entry for entry in await audited(hall.database, "resource.published") if entry.subject == resource]
    assert len(told) == 1
    queue.close()


async def test_a_stage_that_kills_every_worker_is_given_up(hall: Hall, database_url: str):
    resource, folder = await hall.resource()
    (folder / "hold-finalise").touch()
    queue = Queue(hall.folder)
    for number in range(TRIES):
        async with hall.hand(database_url) as worker:
            queue.put([resource], SOON)
            await until(lambda number=number: len(hall.begun(folder)) == number + 1)
            os.kill(worker.pid, signal.SIGKILL)
            await worker.wait()
    await hall.worker().process(resource)
    stage = (await hall.stages(resource))["finalise"]
    assert (stage.state, stage.error, stage.tries) == ("given_up", LOST, TRIES)
    assert (await hall.row(resource)).state == "failed"
    queue.close()


async def test_two_workers_do_one_lesson_once(hall: Hall, database_url: str):
    wanted = await undisturbed(hall)
    resource, folder = await hall.resource()
    queue = Queue(hall.folder)
    async with hall.hand(database_url), hall.hand(database_url):

        async def asked_and_done() -> bool:
            queue.put([resource], SOON)  # a queue may remind of it at any time
            return await hall.states_done(resource)

        await until(asked_and_done)
    assert hall.begun(folder) == list(LESSON)
    assert await hall.shown(resource) == wanted
    queue.close()


async def test_two_workers_side_by_side_do_two_lessons(hall: Hall, database_url: str):
    one, first = await hall.resource()
    other, second = await hall.resource(EIGHT + 3600)
    for folder in (first, second):
        (folder / "hold-finalise").touch()
    queue = Queue(hall.folder)
    queue.put([one, other], SOON)
    async with hall.hand(database_url), hall.hand(database_url):
        await until(lambda: hall.begun(first) and hall.begun(second))
        for folder in (first, second):
            (folder / "hold-finalise").unlink()
        await until(lambda: hall.states_done(one))
        await until(lambda: hall.states_done(other))
    queue.close()


async def test_a_worker_that_is_told_to_stop_leaves_what_it_does(hall: Hall, database_url: str):
    resource, folder = await hall.resource()
    (folder / "hold-transcript").touch()
    queue = Queue(hall.folder)
    queue.put([resource], SOON)
    async with hall.hand(database_url) as worker:
        await until(lambda: hall.begun(folder)[-1:] == ["transcript"])
        child = hall.pid(folder)
        worker.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(worker.wait(), 5) == 0
    assert not alive(child)
    stage = (await hall.stages(resource))["transcript"]
    assert (stage.state, stage.tries, stage.error) == ("waiting", 0, "")
    assert stage.due <= int(stage.ended or 0)
    queue.close()


@pytest.mark.parametrize("held", [True, False])
async def test_a_folder_that_another_process_works_in_is_left_alone(hall: Hall, held: bool):
    resource, folder = await hall.resource()
    with (folder / "work.lock").open("w") as file:
        if held:
            fcntl.flock(file, fcntl.LOCK_EX)
        await hall.worker().process(resource)
    stage = (await hall.stages(resource))["finalise"]
    assert (stage.state, stage.tries, bool(hall.begun(folder))) == (
        ("waiting", 0, False) if held else ("done", 1, True)
    )


async def test_who_was_overtaken_removes_no_files(hall: Hall):
    """It was stopped for longer than its lease. Another one has put the files there and not written its rows yet."""
    resource, folder = await hall.resource()
    (folder / "hold-publish").touch()
    overtaken = asyncio.create_task(hall.worker().process(resource))
    await until(lambda: "publish" in hall.begun(folder))
    async with hall.database.write() as session:
        stage = await session.get_one(Stage, (resource, "publish"))
        stage.worker, stage.lease = "another", int(hall.clock()) + work.LEASE_S
    (folder / "hold-publish").unlink()
    await overtaken
    assert {"camera", "poster"} <= hall.stored(resource).keys()
