"""Finds in the database what the work after the bell has to do, and puts it into the queue.

Lessons that have just ended become resources; stages that lag are remembered: the queue may have lost them, their
worker may have died, their time may have come, a model may have appeared.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, Literal

import structlog
from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from signalling.bell import holder
from signalling.bell.pulse import Pulse
from signalling.db.engine import Database
from signalling.db.library import Resource, Stage, here
from signalling.library import making, stages, work
from signalling.library.making import BATCH
from signalling.library.queue import LATER, NEXT, SOON, Queue
from signalling.library.stages import NAMES, STATES, Side
from signalling.metrics import Metrics

log = structlog.get_logger("signalling.library")

TICK_S = 2.0
"""A lesson that ends is looked at so soon after its recording is closed."""
RECENT_S = 86_400
LAGGING_S = 15.0
MODEL_S = 60.0
ALL_S = 3600.0
"""So often lessons of any age are looked for, and when the server starts."""
LIMIT = 500
"""Resources that are put into the queue at once, of each priority."""


Which = Literal["lessons", "others", "published"]
"""Lessons that nobody can watch yet, other resources that nobody can, and what is made better."""


class Sweep:
    """:param held: whether this server is the one that rings. :param has_model: whether speech can be recognised.
    :param wake: is called once, when there is something in the queue or in the library: whoever made it, its stages or
        the index may lag. :param spool: name of this server's folder of recordings; may block. What lies in another
        server's is for its own workers, and that server remembers it."""

    def __init__(
        self,
        database: Database,
        queue: Queue,
        held: Callable[[], bool],
        has_model: Callable[[], bool],
        wake: Callable[[], None],
        spool: Callable[[], str],
        metrics: Metrics,
        clock: Callable[[], float] = time.time,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        tick_s: float = TICK_S,
        side: Side = "all",
    ) -> None:
        self._database = database
        self._queue = queue
        self._held = held
        self._has_model = has_model
        self._wake = wake
        self._spool = spool
        self._metrics = metrics
        self._clock = clock
        self._monotonic = monotonic
        self._side = side
        self._last: dict[str, float] = {}
        self._woken = False
        self._pulse = Pulse("stages", self.look, tick_s, metrics)

    def start(self) -> None:
        self._pulse.start()

    async def stop(self) -> None:
        await self._pulse.stop()
        await asyncio.to_thread(self._queue.close)

    async def look(self) -> None:
        """:raises UserError: 503 `database_unavailable` or `queue_unavailable`; the next look finds the same."""
        now = self._clock()
        if self._held():
            await self._sweep(now)
        if self._is_time("model", MODEL_S) and self._has_model():
            await self._catch_up(now)
        if self._is_time("lagging", LAGGING_S):
            await self._remember(now)
        if not self._woken and (await asyncio.to_thread(self._queue.size) or await self._has_resources()):
            self._woken = True
            self._wake()

    async def _has_resources(self) -> bool:
        async with self._database.read() as session:
            return (await session.scalars(select(Resource.id).limit(1))).first() is not None

    async def _sweep(self, now: float) -> None:
        if self._is_time("all", ALL_S):
            await self._make(0, now)
        else:
            await self._make(now - RECENT_S, now)
        if self._is_time("count", LAGGING_S):
            await self._count(now)

    def _is_time(self, what: str, every_s: float) -> bool:
        now = self._monotonic()
        if now - self._last.get(what, -every_s) < every_s and what in self._last:
            return False
        self._last[what] = now
        return True

    async def _make(self, since: float, now: float) -> None:
        while True:
            async with self._database.read() as session:
                if not await making.is_due(session, since):
                    return
            made = await self._database.run(lambda session: making.make(session, since, now))
            if stages.does(self._side, "lesson", "finalise"):
                await asyncio.to_thread(self._queue.put, made, SOON)
            log.info("resources_made", resources=len(made))
            if len(made) < BATCH:
                return

    async def _remember(self, now: float) -> None:
        ours = await asyncio.to_thread(self._spool)
        if put := await remember(self._database, self._queue, now, ours, self._side):
            log.info("stages_lag", resources=put)

    async def _catch_up(self, now: float) -> None:
        ours = await asyncio.to_thread(self._spool)
        if woken := await self._database.run(lambda session: work.wake(session, now, LIMIT, ours, self._side)):
            log.info("stages_woken", stages=woken)

    async def _count(self, now: float) -> None:
        async with self._database.read() as session:
            counts, oldest = await census(session, now)
        for name in NAMES:
            for state in STATES:
                if state != "done":
                    self._metrics.stages.labels(name, state).set(counts.get((name, state), 0))
        self._metrics.stages_oldest.set(oldest)


async def remember(database: Database, queue: Queue, now: float, spool: str, side: Side) -> int:
    """Put into the queue what could be done now on a side. :returns: how much was not in it."""
    put = 0
    for which, priority in (("lessons", SOON), ("others", NEXT), ("published", LATER)):
        async with database.read() as session:
            found = await lagging(session, now, spool, which, side)
        put += await asyncio.to_thread(queue.put, found, priority)
    return put


async def lagging(session: AsyncSession, now: float, spool: str, which: Which, side: Side = "all") -> Sequence[str]:
    """Resources of which a stage could be done now and nobody does one, at most `LIMIT`, those that wait for longest
    first. :param spool: the folder in which their files are."""
    running = await session.scalars(select(Stage.worker).where(Stage.state == "running").distinct())
    dead = [worker for worker in running if holder.is_dead(worker)]
    lost = and_(Stage.state == "running", or_(Stage.lease <= int(now), Stage.worker.in_(dead)))
    held = select(Stage.resource).where(Stage.state == "running", Stage.lease > int(now), Stage.worker.not_in(dead))
    due = and_(Stage.state.in_(("waiting", "failed")), Stage.due <= int(now), Stage.resource.not_in(held))
    waits: Any = Resource.published.is_(None)
    chosen: dict[Which, tuple[Any, ...]] = {
        "lessons": (waits, Resource.kind == "lesson"),
        "others": (waits, Resource.kind != "lesson"),
        "published": (Resource.published.is_not(None),),
    }
    query = (
        select(Stage.resource)
        .join(Resource, Resource.id == Stage.resource)
        .where(
            or_(due, lost),
            Resource.state != "removed",
            *chosen[which],
            here(Resource.spool, spool),
            *work.of_side(side),
        )
        .group_by(Stage.resource)
        .order_by(func.min(Stage.due), Stage.resource)
        .limit(LIMIT)
    )
    return (await session.scalars(query)).all()


async def census(session: AsyncSession, now: float) -> tuple[dict[tuple[str, str], int], float]:
    """Stages that are not done, by name and state, and for how many seconds the one that waits for longest is due."""
    rows = await session.execute(
        select(Stage.name, Stage.state, func.count())
        .where(Stage.state.in_([state for state in STATES if state != "done"]))
        .group_by(Stage.name, Stage.state)
    )
    oldest = await session.scalar(
        select(func.min(Stage.due)).where(Stage.state.in_(("waiting", "failed")), Stage.due <= int(now))
    )
    return {(name, state): count for name, state, count in rows}, 0 if oldest is None else max(0.0, now - oldest)
