"""One worker and one lesson: from its end to the library."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from signalling.db.library import Resource, Stage
from signalling.db.records import Delivery, Notice, Webhook
from signalling.library import work
from signalling.library.queue import SOON, Queue
from signalling.library.stages import NEVER, TRIES
from tests.bell.county import audited, lesson
from tests.library.doing import LINES
from tests.library.hall import LESSON, Hall


async def test_a_recorded_lesson_becomes_a_resource_and_is_published(hall: Hall):
    id = await hall.lesson()
    [resource] = await hall.made()
    row = await hall.row(resource)
    assert (row.kind, row.state, row.title, row.subject, row.grade) == (
        "lesson",
        "waiting",
        "认识分数",
        "数学",
        "三年级",
    )
    assert (row.term, row.textbook, row.unit, row.points) == ("2025—2026 第二学期", "人教版", "分数", ["二分之一"])
    assert (row.teacher, row.teacher_name, row.school) == (hall.county.teacher, "教师甲", hall.county.school)
    assert (row.rights, row.form, row.lesson, row.published) == ("county", "delivered", id, None)
    assert (await lesson(hall.database, id)).state == "processing"

    await hall.worker().process(resource)

    assert await hall.states(resource) == dict.fromkeys(LESSON, "done")
    assert hall.begun(hall.folder / id) == list(LESSON)
    row = await hall.row(resource)
    assert (row.state, row.length_ms, row.note, row.version) == ("published", 60_000, "", 2)
    assert row.published == int(hall.clock())
    shown = await hall.shown(resource)
    assert [file[0] for file in shown["resource_file"]] == ["camera", "poster", "slide-1", "slide-2"]
    assert [line[3] for line in shown["line"]] == list(LINES)
    assert {line[5] for line in shown["line"]} == {"教师甲"}
    assert len(shown["slide"]) == len(shown["chapter"]) == 2
    assert hall.stored(resource) == {"camera": 18_000, "poster": 6, "slide-1": 7, "slide-2": 7}
    assert hall.indexed() == [f"{resource} 2 认识分数"]
    assert (await lesson(hall.database, id)).state == "published"
    assert [entry.action for entry in await audited(hall.database)] == [
        "lesson.processing",
        "resource.created",
        "lesson.published",
        "resource.published",
    ]
    async with hall.database.read() as session:
        [notice] = await session.scalars(select(Notice))
    assert (notice.person, notice.kind, notice.lesson) == (hall.county.teacher, "published", id)
    assert notice.facts["resource"] == resource and notice.facts["title"] == "认识分数"


@pytest.mark.parametrize(("rights", "told"), [("own", ("", "")), ("school", ("认识分数", "教师甲"))])
async def test_other_programs_do_not_hear_what_is_kept_private(hall: Hall, rights: str, told: tuple[str, str]):
    resource, _ = await hall.resource()
    async with hall.database.write() as session:
        session.add(Webhook(url="https://example.org/", secret="x", events=["resource.published"]))
        await session.execute(update(Resource).values(rights=rights))
    await hall.worker().process(resource)
    async with hall.database.read() as session:
        [delivery] = await session.scalars(select(Delivery).where(Delivery.event == "resource.published"))
        [notice] = await session.scalars(select(Notice))
    assert (delivery.body["title"], delivery.body["teacher"]) == told
    assert notice.facts["title"] == "认识分数", "she does"


async def test_what_was_not_recorded_stays_as_it_is(hall: Hall):
    id = await hall.lesson(bytes=0)
    other = await hall.lesson(state="recording", ended=None)
    assert await hall.made() == []
    assert {(await lesson(hall.database, it)).state for it in (id, other)} == {"ended"}


async def test_a_second_making_finds_nothing(hall: Hall):
    await hall.lesson()
    assert len(await hall.made()) == 1
    assert await hall.made() == []


async def test_a_lesson_is_published_without_a_model_and_caught_up_later(hall: Hall):
    resource, folder = await hall.resource()
    (folder / "order-transcript").write_text("no_model")
    await hall.worker().process(resource)
    stages = await hall.stages(resource)
    assert {name: stage.state for name, stage in stages.items()} == {
        **dict.fromkeys(LESSON, "done"),
        "transcript": "waiting",
    }
    assert (stages["transcript"].error, stages["transcript"].due, stages["transcript"].tries) == ("no_model", NEVER, 0)
    row = await hall.row(resource)
    assert (row.state, row.note) == ("published", "no_model")
    assert (await hall.shown(resource))["line"] == []

    (folder / "order-transcript").unlink()
    hall.clock.pass_(86_400)
    await hall.worker().process(resource)
    assert (await hall.row(resource)).note == "no_model", "it was not woken"
    assert await hall.database.run(lambda session: work.wake(session, hall.clock(), 10)) == 1
    await hall.worker().process(resource)

    assert await hall.states(resource) == dict.fromkeys(LESSON, "done")
    row = await hall.row(resource)
    assert (row.state, row.note, row.version, row.published) == ("published", "", 3, int(hall.clock() - 86_400))
    assert len((await hall.shown(resource))["line"]) == len(LINES)
    assert hall.begun(folder).count("finalise") == hall.begun(folder).count("pictures") == 1
    assert hall.begun(folder).count("publish") == 2
    assert [line.split()[1] for line in hall.indexed()] == ["2", "3"]
    async with hall.database.read() as session:
        assert len((await session.scalars(select(Notice))).all()) == 1, "it is told once"


async def test_nobody_waits_for_the_transcripts_of_all_who_came_before(hall: Hall):
    resource, folder = await hall.resource()
    queue = Queue(hall.folder)
    queue.put(["another"], SOON)
    await hall.worker().process(resource)
    assert hall.begun(folder) == [name for name in LESSON if name != "transcript"]
    assert (await hall.row(resource)).state == "published"
    stage = (await hall.stages(resource))["transcript"]
    assert (stage.state, stage.tries, stage.error) == ("waiting", 0, "")
    assert (await hall.row(resource)).note == "transcript_later"

    assert [queue.take(), queue.take(), queue.take()] == ["another", resource, None], "it comes behind all others"
    await hall.worker().process(resource)
    assert hall.begun(folder)[len(LESSON) - 1 :] == ["transcript", "chapters", "publish", "index"]
    assert await hall.states_done(resource) and (await hall.row(resource)).note == ""
    assert len((await hall.shown(resource))["line"]) == len(LINES)
    queue.close()


async def test_a_model_that_cannot_be_loaded_is_no_fault_of_the_lesson(hall: Hall):
    resource, folder = await hall.resource()
    (folder / "order-transcript").write_text("bad_model")
    await hall.worker().process(resource)
    for _ in range(TRIES + 1):
        stage = (await hall.stages(resource))["transcript"]
        assert (stage.state, stage.error, stage.tries) == ("waiting", "bad_model", 0)
        assert (await hall.row(resource)).state == "published"
        hall.clock.set(stage.due)
        await hall.worker().process(resource)
    (folder / "order-transcript").unlink()
    hall.clock.set((await hall.stages(resource))["transcript"].due)
    await hall.worker().process(resource)
    assert await hall.states_done(resource)


async def test_a_model_is_for_the_lessons_of_its_machine(hall: Hall):
    resource, folder = await hall.resource()
    (folder / "order-transcript").write_text("no_model")
    await hall.worker().process(resource)
    now = hall.clock()
    assert await hall.database.run(lambda session: work.wake(session, now, 10, side="others")) == 0
    async with hall.database.write() as session:
        await session.execute(update(Resource).where(Resource.id == resource).values(spool="theirs"))
    assert await hall.database.run(lambda session: work.wake(session, now, 10, "ours")) == 0
    assert await hall.database.run(lambda session: work.wake(session, now, 10, "theirs", "lessons")) == 1


async def test_a_later_stage_that_failed_is_due_when_what_it_is_made_from_is_mended(hall: Hall):
    resource, folder = await hall.resource()
    (folder / "order-pictures").write_text("bug")
    worker = hall.worker()
    await worker.process(resource)
    (folder / "order-finalise").write_text("refuse")
    await hall.database.run(lambda session: work.retry(session, resource, "finalise", "boss", hall.clock()))
    await worker.process(resource)
    assert (await hall.stages(resource))["pictures"].due == NEVER
    (folder / "order-finalise").unlink()
    (folder / "order-pictures").unlink()
    await hall.database.run(lambda session: work.retry(session, resource, "finalise", "boss", hall.clock()))
    await worker.process(resource)
    assert await hall.states_done(resource)


async def test_what_may_lag_holds_up_nothing_when_it_fails(hall: Hall):
    resource, folder = await hall.resource()
    (folder / "order-pictures").write_text("refuse")
    await hall.worker().process(resource)
    stages = await hall.stages(resource)
    assert (stages["pictures"].state, stages["pictures"].error) == ("given_up", "damaged")
    assert stages["pictures"].detail == "This file is damaged; upload it again."
    row = await hall.row(resource)
    assert (row.state, row.note) == ("published", "no_pictures")


async def test_what_is_no_longer_made_goes_with_its_rows_and_files(hall: Hall):
    resource, folder = await hall.resource()
    await hall.worker().process(resource)
    (folder / "order-pictures").write_text("fewer")
    assert set(hall.stored(resource)) == {"camera", "poster", "slide-1", "slide-2"}
    await hall.database.run(
        lambda session: work.retry(session, resource, "pictures", hall.county.teacher, hall.clock())
    )
    await hall.worker().process(resource)
    assert set(hall.stored(resource)) == {"camera", "poster", "slide-1"}
    shown = await hall.shown(resource)
    assert [file[0] for file in shown["resource_file"]] == ["camera", "poster", "slide-1"]
    assert len(shown["slide"]) == len(shown["chapter"]) == 1


async def test_stages_run_under_what_live_media_has(hall: Hall):
    resource, folder = await hall.resource()
    (folder / "order-finalise").write_text("tell")
    await hall.worker(memory_mb=4096).process(resource)
    nice, threads, memory, first = (folder / "told").read_text().split()
    assert (int(nice) >= 5, threads, int(memory)) == (True, "1", 4096 << 20)
    assert first == "1000", "when memory is short it is ended before live media"


async def test_who_lost_its_lease_changes_nothing_any_more(hall: Hall):
    resource, _ = await hall.resource()
    take = lambda name: lambda session: work.take(session, resource, name, hall.clock())  # noqa: E731
    slow = await hall.database.run(take("slow"))
    assert slow is not None and await hall.database.run(take("quick")) is None
    hall.clock.pass_(work.LEASE_S)
    quick = await hall.database.run(take("quick"))
    assert quick is not None and (quick.stage, quick.tries) == ("finalise", 2)
    for step in (
        lambda session: work.renew(session, slow, 0.5, hall.clock()),
        lambda session: work.finish(session, slow, hall.clock()),
        lambda session: work.fail(session, slow, "broke", "It broke.", hall.clock(), lasting=True),
        lambda session: work.leave(session, slow, 0, hall.clock()),
    ):
        assert await hall.database.run(step) is False
    assert await hall.database.run(lambda session: work.renew(session, quick, 0.25, hall.clock())) is True
    stage = (await hall.stages(resource))["finalise"]
    assert (stage.state, stage.worker, stage.progress, stage.lease) == ("running", "quick", 250, int(hall.clock()) + 60)
    assert isinstance(stage, Stage)
