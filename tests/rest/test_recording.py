"""`/lessons/{lesson}/recording`: what people see of it, and their orders."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from recorder import manifest
from recorder.manifest import Gap, Manifest, Part, Track
from signalling.db.records import Audit
from tests.devices.conftest import World, clock, open_world, problem, world
from tests.rest.fuzz.scene import Scene, scene

__all__ = ["clock", "open_world", "world"]


@pytest.fixture
async def made(world: World) -> Scene:
    return await scene(world)


def path(made: Scene, more: str = "") -> str:
    return f"/lessons/{made.lesson}/recording{more}"


async def audited(world: World, action: str) -> list[Any]:
    async with world.database.read() as session:
        return list(await session.scalars(select(Audit).where(Audit.action == action)))


async def test_waits_for_the_teacher(world: World, made: Scene) -> None:
    boss = await world.sign_in("boss")
    found = await boss.get(path(made))
    assert (found["state"], found["began"], found["tracks"], found["may"]) == ("waiting", None, [], {"control": True})


async def test_orders_are_obeyed_and_on_the_log(world: World, made: Scene) -> None:
    teacher = await world.sign_in("t0")
    answer = await teacher.call("POST", path(made), json={"action": "pause"})
    assert answer.status == 200 and (await answer.json())["state"] == "paused"
    answer = await teacher.call("POST", path(made), json={"action": "stop"})
    assert (await answer.json())["state"] == "stopped"
    assert await problem(await teacher.call("POST", path(made), json={"action": "resume"})) == (
        409,
        "wrong_recording_state",
    )
    [entry] = await audited(world, "recording.stop")
    assert (entry.actor, entry.subject) == ("t0", made.lesson)
    assert await problem(await teacher.call("POST", path(made), json={"action": "burn"})) == (400, "bad_request")


async def test_a_planner_reads_and_gives_no_orders(world: World, made: Scene) -> None:
    planner = await world.somebody("planner", "region", "county")
    assert (await planner.get(path(made)))["may"] == {"control": False}
    for method, more in (("POST", ""), ("PUT", "/excluded/x"), ("DELETE", "/excluded/x")):
        answer = await planner.call(method, path(made, more), **({"json": {"action": "stop"}} if not more else {}))
        assert await problem(answer) == (403, "forbidden"), method


async def test_a_classroom_is_left_out_and_taken_in(world: World, made: Scene) -> None:
    teacher = await world.sign_in("t0")
    display = made.known["device"][2]
    answer = await teacher.call("PUT", path(made, f"/excluded/{display}"))
    assert answer.status == 200 and (await answer.json())["excluded"] == [display]
    again = await teacher.call("PUT", path(made, f"/excluded/{display}"))
    assert (await again.json())["excluded"] == [display]
    assert len(await audited(world, "recording.exclude")) == 1
    answer = await teacher.call("DELETE", path(made, f"/excluded/{display}"))
    assert (await answer.json())["excluded"] == []
    box = made.known["device"][0]
    assert await problem(await teacher.call("PUT", path(made, f"/excluded/{box}"))) == (404, "not_found")


async def test_shows_tracks_and_gaps_of_the_files(world: World, made: Scene) -> None:
    teacher = await world.sign_in("t0")
    await teacher.call("POST", path(made), json={"action": "pause"})
    folder = world.server.config.recording_dir / made.lesson
    folder.mkdir(parents=True)
    part = Part(file="parts/a.webm", codec="vp8", start_us=0, duration_us=3_000_000, bytes=900)
    gap = Gap(start_us=1_000_000, end_us=1_500_000, why="network")
    track = Track(id="t0-camera", participant="t0", source="camera", kind="video", parts=[part], gaps=[gap])
    manifest.save(folder, Manifest(room=made.lesson, began=0, tracks=[track]))
    found = await teacher.get(path(made))
    assert found["tracks"] == [
        {"id": "t0-camera", "participant": "t0", "source": "camera", "kind": "video", "bytes": 900, "length_ms": 3000}
    ]
    assert found["gaps"] == [{"track": "t0-camera", "starts_ms": 1000, "ends_ms": 1500, "why": "network"}]
    (folder / manifest.NAME).write_bytes(b"{")
    assert (await teacher.get(path(made)))["tracks"] == [], "a damaged manifest is the worker's business"


async def test_a_server_that_does_not_record(world: World, made: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world.server.signalling.recordings, "_enabled", False)
    teacher = await world.sign_in("t0")
    assert await problem(await teacher.call("POST", path(made), json={"action": "start"})) == (409, "recording_off")
