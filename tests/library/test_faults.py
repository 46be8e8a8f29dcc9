"""Stages that crash, hang, eat memory or refuse; a database and a queue that go away."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from signalling.db.engine import Database
from signalling.db.library import Resource
from signalling.db.records import Notice
from signalling.library import stages, work
from signalling.library.child import Bounds, Call, Child
from signalling.library.queue import SOON, Queue
from signalling.library.stages import NEVER, TRIES
from tests.bell.county import EIGHT, audited, lesson, make_county
from tests.database.postgresql import PostgreSQL
from tests.library.hall import LESSON, Hall, alive, until


@pytest.mark.parametrize(
    ("how", "code"),
    [("abort", "crashed"), ("exit", "crashed"), ("memory", "out_of_memory"), ("bug", "broke")],
)
async def test_what_breaks_is_tried_again_later_and_given_up_at_last(hall: Hall, how: str, code: str):
    resource, folder = await hall.resource()
    (folder / "order-finalise").write_text(how)
    worker = hall.worker(memory_mb=3000 if how == "memory" else 0)
    pauses = []
    for tries in range(1, TRIES + 1):
        await worker.process(resource)
        await worker.process(resource)  # nothing: its time has not come
        stage = (await hall.stages(resource))["finalise"]
        assert (stage.error, stage.tries, len(hall.begun(folder))) == (code, tries, tries)
        if tries < TRIES:
            assert stage.state == "failed"
            assert (await hall.row(resource)).state == "processing"
            assert {later.due for later in (await hall.stages(resource)).values()} == {stage.due}
            pauses.append(stage.due - int(hall.clock()))
            hall.clock.set(stage.due)
    assert pauses == sorted(pauses) and pauses[0] == 30 and pauses[-1] == 3600
    assert await hall.states(resource) == {**dict.fromkeys(LESSON, "waiting"), "finalise": "given_up"}
    assert {stage.due for stage in (await hall.stages(resource)).values()} == {NEVER}
    assert (await hall.row(resource)).state == "failed"
    assert (await lesson(hall.database, folder.name)).state == "processing"
    [entry] = await audited(hall.database, "resource.failed")
    assert (entry.subject, entry.detail["stage"], entry.detail["error"]) == (resource, "finalise", code)
    async with hall.database.read() as session:
        [notice] = await session.scalars(select(Notice))
    assert (notice.person, notice.kind) == (hall.county.teacher, "unpublished")

    (folder / "order-finalise").unlink()
    await hall.database.run(lambda session: work.retry(session, resource, "", "boss", hall.clock()))
    assert (await hall.row(resource)).state == "waiting"
    await worker.process(resource)
    assert await hall.states_done(resource)
    assert (await hall.row(resource)).state == "published"


async def test_what_meets_a_full_disk_is_tried_again_each_hour_for_a_week(hall: Hall):
    """One over a weekend takes no lesson with it."""
    resource, folder = await hall.resource()
    (folder / "order-finalise").write_text("away")
    worker = hall.worker()
    for _ in range(2 * TRIES):
        await worker.process(resource)
        stage = (await hall.stages(resource))["finalise"]
        assert (stage.state, stage.error) == ("failed", "disk_full")
        hall.clock.set(stage.due)
    assert (await hall.row(resource)).state == "processing"
    hall.clock.pass_(work.AWAY_DAYS * 86_400)
    while (stage := (await hall.stages(resource))["finalise"]).state == "failed":
        hall.clock.set(max(stage.due, hall.clock()))
        await worker.process(resource)
    assert stage.state == "given_up" and (await hall.row(resource)).state == "failed"


async def test_what_no_second_try_would_mend_is_given_up_at_once(hall: Hall):
    resource, folder = await hall.resource()
    (folder / "order-finalise").write_text("refuse")
    await hall.worker().process(resource)
    stage = (await hall.stages(resource))["finalise"]
    assert (stage.state, stage.tries, stage.error) == ("given_up", 1, "damaged")
    assert stage.detail == "This file is damaged; upload it again."


@pytest.mark.parametrize("resumes", [False, True])
async def test_what_hangs_is_ended_in_its_time(hall: Hall, monkeypatch: pytest.MonkeyPatch, resumes: bool):
    """And is not begun six times: a film that takes four hours each time would have a worker for a day."""
    resource, folder = await hall.resource()
    (folder / "order-finalise").write_text("hang")
    quick = stages.Step("finalise", True, 1, resumes)
    monkeypatch.setitem(stages.CHAINS, "lesson", (quick, *stages.CHAINS["lesson"][1:]))
    for state in ("failed", "failed" if resumes else "given_up"):
        await hall.worker().process(resource)
        stage = (await hall.stages(resource))["finalise"]
        assert (stage.state, stage.error) == (state, "too_slow")
        assert not alive(hall.pid(folder))
        hall.clock.pass_(3600)


async def test_what_a_library_prints_disturbs_nothing(hall: Hall):
    resource, folder = await hall.resource()
    (folder / "order-finalise").write_text("talk")
    await hall.worker().process(resource)
    assert await hall.states_done(resource)


async def test_a_program_that_is_not_there_is_a_failed_try(tmp_path: Path, hall: Hall):
    _, folder = await hall.resource()
    for call, detail in (
        ("recorder.nothing:run", "ModuleNotFoundError"),
        ("recorder.manifest:nothing", "AttributeError"),
    ):
        outcome = await Child(Call(call), str(folder), {}, Bounds()).run(60)
        assert (outcome.kind, outcome.code) == ("failed", "broke") and detail in outcome.detail + outcome.trace
    outcome = await Child(Call("tests.library.doing:finalise"), str(tmp_path / "gone"), {}, Bounds()).run(60)
    assert (outcome.kind, outcome.code) == ("failed", "no_recording")


async def test_a_poisoned_lesson_holds_up_no_other(hall: Hall, database_url: str):
    poisoned, first = await hall.resource()
    (first / "order-finalise").write_text("abort")
    sound, _ = await hall.resource(EIGHT + 3600)
    queue = Queue(hall.folder)
    queue.put([poisoned, sound], SOON)
    async with hall.hand(database_url):
        await until(lambda: hall.states_done(sound))
    assert (await hall.states(poisoned))["finalise"] == "failed"
    queue.close()


async def test_progress_is_shown_while_a_stage_goes_on(hall: Hall, database_url: str):
    resource, folder = await hall.resource()
    (folder / "hold-finalise").touch()
    queue = Queue(hall.folder)
    queue.put([resource], SOON)
    async with hall.hand(database_url):

        async def half() -> bool:
            return (await hall.stages(resource))["finalise"].progress == 500

        await until(half)
        (folder / "hold-finalise").unlink()
        await until(lambda: hall.states_done(resource))
    queue.close()


async def test_an_index_that_is_busy_is_asked_again(hall: Hall):
    resource, folder = await hall.resource()
    (folder / "order-index").touch()
    await hall.worker().process(resource)
    stage = (await hall.stages(resource))["index"]
    assert (stage.state, stage.error) == ("failed", "index_busy")
    (folder / "order-index").unlink()
    hall.clock.set(stage.due)
    await hall.worker().process(resource)
    assert await hall.states_done(resource)


async def test_the_database_may_be_away_while_a_stage_goes_on(hall: Hall):
    server = PostgreSQL()
    server.start()
    try:
        url = server.url(server.create())
        async with Database(url) as database:
            await database.upgrade()
            await _away(hall, database, url, server)
    finally:
        server.stop()


async def _away(hall: Hall, database: Database, url: str, server: PostgreSQL) -> None:
    away = Hall(database, await make_county(database), hall.clock, hall.folder, hall.store)
    resource, folder = await away.resource()
    (folder / "hold-pictures").touch()
    queue = Queue(hall.folder)
    queue.put([resource], SOON)
    async with away.hand(url) as worker:
        await until(lambda: away.begun(folder)[-1:] == ["pictures"])
        server.pause()
        (folder / "hold-pictures").unlink()
        await until(lambda: "pictures" in (folder / "done").read_text())
        assert worker.returncode is None
        server.resume()
        await until(lambda: away.states_done(resource))
    assert away.begun(folder) == list(LESSON), "nothing was done twice"
    queue.close()


async def test_a_worker_waits_for_a_database_that_is_busy_for_long(hall: Hall, database_url: str):
    resource, folder = await hall.resource()
    worker = hall.worker()
    async with Database(database_url) as other:
        with capture_logs() as logs:
            async with other.write() as session:
                row = await session.get(Resource, resource, with_for_update=True)
                assert row is not None
                running = asyncio.create_task(worker.process(resource))
                await until(lambda: any(line["event"] == "worker_waits" for line in logs))
                assert not running.done() and hall.begun(folder) == []
            await running
    assert await hall.states_done(resource) and hall.begun(folder) == list(LESSON)
