"""The work after the bell over HTTP: who sees it, who may have it done again."""

from __future__ import annotations

from typing import Any

import pytest

from signalling.db.library import Stage
from signalling.library import work
from signalling.library.stages import NEVER, NO_MODEL
from tests.people.conftest import audit_rows
from tests.rest.library.conftest import Shelf, add, done, refused


@pytest.fixture
async def job(shelf: Shelf) -> str:
    """A lesson whose pictures were given up and that waits for a model."""
    id = await add(shelf.world, title="圆的面积", state="failed", published=None)
    async with shelf.world.database.write() as session:
        await work.begin(session, id, "lesson", 100)
        for name, values in {
            "finalise": {"state": "done", "progress": 1000, "began": 100, "ended": 160, "tries": 1},
            "pictures": {"state": "given_up", "error": "damaged", "detail": "It is damaged.", "due": NEVER, "tries": 6},
            "transcript": {"error": NO_MODEL, "due": NEVER},
        }.items():
            row = await session.get_one(Stage, (id, name))
            for column, value in values.items():
                setattr(row, column, value)
    return id


async def jobs(person: Any, query: str = "") -> list[dict[str, Any]]:
    return (await person.get(f"/stages{query}"))["items"]


async def test_what_is_not_through_is_listed_with_its_stages(shelf: Shelf, job: str) -> None:
    [shown] = await jobs(shelf.staff)
    stages = shown.pop("stages")
    assert shown == {
        **{"resource": job, "kind": "lesson", "state": "failed", "title": "圆的面积", "lesson": None},
        **{"teacher_name": "教师甲", "school_name": "第一小学", "day": "2026-09-08", "retry": True},
    }
    assert [stage["name"] for stage in stages] == ["finalise", "pictures", "transcript", "chapters", "publish", "index"]
    assert stages[1] == {
        **{"name": "pictures", "state": "given_up", "progress": 0, "tries": 6, "error": "damaged"},
        **{"detail": "It is damaged.", "due": None, "began": None, "ended": None},
    }
    assert (stages[0]["state"], stages[0]["began"], stages[0]["ended"]) == ("done", 100, 160)
    assert (stages[2]["error"], stages[2]["due"], stages[3]["due"]) == ("no_model", None, 100)
    assert await shelf.staff.get(f"/resources/{job}/stages") == stages


async def test_each_sees_what_she_teaches_or_looks_after(shelf: Shelf, job: str) -> None:
    assert [it["resource"] for it in await jobs(shelf.teacher)] == [job]
    assert await jobs(shelf.near) == await jobs(shelf.far) == []
    path = f"/resources/{job}/stages"
    assert await refused(shelf.near, "GET", path) == (403, "forbidden")
    assert await refused(shelf.near, "POST", f"{path}/retry", json={}) == (403, "forbidden")
    assert await refused(shelf.staff, "GET", "/resources/0000000000000000/stages") == (404, "not_found")


async def test_what_one_keeps_for_herself_is_listed_without_its_title(shelf: Shelf, job: str) -> None:
    await shelf.set(job, rights="own")
    assert [it["title"] for it in await jobs(shelf.teacher)] == ["圆的面积"]
    [shown] = await jobs(shelf.staff)
    assert (shown["resource"], shown["title"], shown["retry"]) == (job, "", True), "who looks after it can help"


async def test_the_list_by_state_and_in_pages(shelf: Shelf, job: str) -> None:
    other = await add(shelf.world, state="waiting", published=None)
    async with shelf.world.database.write() as session:
        await work.begin(session, other, "link", 100)
    assert {it["resource"] for it in await jobs(shelf.staff)} == {job, other}
    assert [it["resource"] for it in await jobs(shelf.staff, "?state=failed")] == [job]
    assert await jobs(shelf.staff, "?state=running") == []
    first = await shelf.staff.get("/stages?limit=1")
    rest = await shelf.staff.get(f"/stages?limit=1&after={first['next']}")
    found = [it["resource"] for it in (*first["items"], *rest["items"])]
    assert found == sorted((job, other), reverse=True) and rest["next"] is None


async def test_retry_of_all_that_is_not_done(shelf: Shelf, job: str) -> None:
    now = int(shelf.world.clock.now)
    stages = await done(await shelf.teacher.call("POST", f"/resources/{job}/stages/retry", json={}))
    assert [(it["state"], it["tries"], it["error"]) for it in stages[1:]] == [("waiting", 0, "")] * 5
    assert stages[0]["state"] == "done" and {it["due"] for it in stages[1:]} == {now}
    assert (await shelf.row(job)).state == "waiting"
    [row] = [row for row in await audit_rows(shelf.world.database) if row[1] == "stages.retry"]
    assert (row[0], row[2]) == ("t0", job)
    assert row[3]["stages"]["pictures"] == "given_up" and "finalise" not in row[3]["stages"]


async def test_retry_of_one_stage_and_what_cannot_be_retried(shelf: Shelf, job: str) -> None:
    path = f"/resources/{job}/stages/retry"
    assert await refused(shelf.staff, "POST", path, json={"name": "extract"}) == (404, "not_found")
    stages = await done(await shelf.staff.call("POST", path, json={"name": "finalise"}))
    assert [it["state"] for it in stages[:3]] == ["waiting", "given_up", "waiting"]
    async with shelf.world.database.write() as session:
        (await session.get_one(Stage, (job, "finalise"))).state = "running"
    assert await refused(shelf.staff, "POST", path, json={}) == (409, "stage_running")
    async with shelf.world.database.write() as session:
        for stage in await work.rows_of(session, job):
            stage.state = "done"
    assert await refused(shelf.staff, "POST", path, json={}) == (409, "nothing_to_retry")
