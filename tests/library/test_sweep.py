"""What the sweep finds: lessons that ended, stages that lag, models that appear; one server or two."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import update

from signalling.db.library import Resource, Stage
from signalling.library import sweep, work
from signalling.library.queue import Queue
from signalling.library.sweep import Sweep, lagging
from signalling.metrics import Metrics
from tests.bell.county import EIGHT, lesson
from tests.library.hall import Hall

DAY = 86_400


@dataclass
class Server:
    hall: Hall
    queue: Queue
    metrics: Metrics = field(default_factory=Metrics)
    held: bool = True
    model: bool = False
    woken: int = 0
    spool: str = ""

    def __post_init__(self) -> None:
        clock = self.hall.clock
        self.sweep = Sweep(
            *(self.hall.database, self.queue, lambda: self.held, lambda: self.model, self._wake, lambda: self.spool),
            *(self.metrics, clock),
            monotonic=clock.monotonic,
        )

    def _wake(self) -> None:
        self.woken += 1

    async def look(self, seconds: float = 0) -> list[str]:
        """What is in the queue after a look, which is empty then."""
        self.hall.clock.pass_(seconds)
        await self.sweep.look()
        found = []
        while (item := self.queue.take()) is not None:
            found.append(item)
        return found


@pytest.fixture
def server(hall: Hall, tmp_path: Path) -> Iterator[Server]:
    made = Server(hall, Queue(tmp_path))
    yield made
    made.queue.close()


async def test_a_lesson_is_found_within_seconds_of_its_end(hall: Hall, server: Server):
    assert await server.look() == [] and server.woken == 0
    id = await hall.lesson()
    [resource] = await server.look(sweep.TICK_S)
    assert (await hall.row(resource)).lesson == id
    assert (await lesson(hall.database, id)).state == "processing"
    assert server.woken == 1
    assert await server.look(sweep.TICK_S) == [], "it is not said twice in a row"
    assert await server.look(sweep.LAGGING_S) == [resource], "but again when nobody has done it"


async def test_old_lessons_are_found_when_the_server_starts_and_each_hour(hall: Hall, server: Server):
    await hall.lesson(EIGHT - 30 * DAY)
    assert len(await server.look()) == 1
    await hall.lesson(EIGHT - 31 * DAY)
    assert len(await server.look(sweep.LAGGING_S)) == 1
    assert await hall.made(0) != [], "the second one is left"
    await hall.lesson(EIGHT - 32 * DAY)
    assert len(await server.look(sweep.ALL_S)) == 3


async def test_who_does_not_ring_makes_nothing_and_still_has_workers_for_what_others_put_in(hall: Hall, server: Server):
    server.held = False
    await hall.lesson()
    assert await server.look() == [] and server.woken == 0
    server.queue.put(["r"], 0)
    assert await server.look(sweep.TICK_S) == ["r"] and server.woken == 1


async def test_two_servers_at_once_make_one_resource_of_a_lesson(hall: Hall, tmp_path: Path):
    ids = [await hall.lesson(EIGHT - number * 3600) for number in range(8)]
    servers = [Server(hall, Queue(tmp_path / name)) for name in "abc"]
    await asyncio.gather(*(server.sweep.look() for server in servers))
    async with hall.database.read() as session:
        resources = await lagging(session, hall.clock(), "", "lessons")
    assert len(resources) == len(ids)
    assert {(await hall.row(resource)).lesson for resource in resources} == set(ids)
    for server in servers:
        server.queue.close()


async def test_what_lags_is_remembered_the_unpublished_first(hall: Hall, server: Server):
    published, _ = await hall.resource()
    await hall.worker().process(published)
    await hall.database.run(lambda session: work.retry(session, published, "pictures", "boss", hall.clock()))
    waiting, _ = await hall.resource(EIGHT + 3600)
    hall.clock.pass_(1)
    running, _ = await hall.resource(EIGHT + 7200)
    await hall.database.run(lambda session: work.take(session, running, "elsewhere-1-2-3", hall.clock()))
    removed, _ = await hall.resource(EIGHT + 9000)
    async with hall.database.write() as session:
        await session.execute(update(Resource).where(Resource.id == removed).values(state="removed"))
    assert await server.look() == [waiting, published]
    assert await server.look(work.LEASE_S) == [waiting, running, published], "whose lease has run out lags too"


async def test_what_waits_for_its_time_or_for_a_hand_is_left_alone(hall: Hall, server: Server):
    later, first = await hall.resource()
    never, second = await hall.resource(EIGHT + 3600)
    (first / "order-finalise").write_text("bug")
    (second / "order-finalise").write_text("refuse")
    for resource in (later, never):
        await hall.worker().process(resource)
    assert await server.look() == []
    assert await server.look(30) == [later]
    assert await server.look(10 * DAY) == [later]


async def test_lessons_are_heard_when_a_model_appears(hall: Hall, server: Server):
    resource, folder = await hall.resource()
    (folder / "order-transcript").write_text("no_model")
    await hall.worker().process(resource)
    assert await server.look() == []
    server.model = True
    assert await server.look(sweep.MODEL_S) == [resource]
    assert (await hall.states(resource))["transcript"] == "waiting"


async def test_stages_are_counted_by_what_they_wait_for(hall: Hall, server: Server):
    await hall.resource()
    gone, folder = await hall.resource(EIGHT + 3600)
    (folder / "order-finalise").write_text("refuse")
    await hall.worker().process(gone)
    async with hall.database.write() as session:
        await session.execute(update(Stage).where(Stage.due < EIGHT * 2).values(due=int(hall.clock()) - 100))
    await server.look()
    text = server.metrics.render().decode()
    assert 'tongke_stages{name="finalise",state="waiting"} 1.0' in text
    assert 'tongke_stages{name="finalise",state="given_up"} 1.0' in text
    assert 'tongke_stages{name="index",state="waiting"} 2.0' in text
    assert "tongke_stages_oldest_seconds 100.0" in text
