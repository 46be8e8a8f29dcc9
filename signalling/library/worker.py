"""A worker: takes resources out of the queue and does their stages, each try in a process of its own.

What it knows is in the database: it takes a stage with a lease, renews it while the stage's process goes on, and writes
what came of it. Killed at any moment it leaves a lease that runs out, files that are whole, and a manifest that says
what is done.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from recorder import manifest, spool, transcript
from recorder.stages import keep
from signalling.bell import holder
from signalling.db.engine import Database
from signalling.library import publish, stages, work
from signalling.library.child import DONE, TOO_SLOW, Bounds, Call, Child, Outcome, refused, too_slow
from signalling.library.queue import LATER, Queue
from signalling.library.stages import BAD_MODEL, BAD_MODEL_S, NEVER, NO_MODEL, SLOW_TRIES, Side
from signalling.library.work import LEASE_S, Task

log = structlog.get_logger("signalling.library")

T = TypeVar("T")

PROGRESS_S = 1.0
RENEW_S = 10.0
MARGIN_S = 10.0
"""A stage whose lease could not be renewed is ended so long before another may take it."""
IDLE_S = 0.5
AWAY_S = 1.0
"""Pauses while the queue is empty, and while the database or the queue is away."""
BUSY_S = 5
STOP_S = 0.4
"""What was not done may be written so long when the worker stops."""

Heard = Callable[[str, str, float], None]
"""Stage, what came of it, seconds."""


class Indexer(Protocol):
    """Whoever keeps the index of the library."""

    async def put(self, resource: str) -> bool:
        """Index a resource as it is in the database now. Done twice, it changes nothing.

        False: the index is elsewhere, and has not followed yet.
        :raises UserError: below 500: no second try would mend it.
        """
        ...


@dataclass(frozen=True, slots=True)
class Shop:
    """What a worker works with. :ivar folder: of recordings. :ivar store: URL of finished files.
    :ivar calls: stage → what does it; `publish` is told the resource too, `index` needs none.
    :ivar side: what is done here."""

    folder: Path
    store: str
    calls: Mapping[str, Call]
    indexer: Indexer
    bounds: Bounds = field(default_factory=Bounds)
    side: Side = "all"


class Worker:
    """:param clock: seconds since 1970. :param heard: is told of each try."""

    def __init__(
        self,
        database: Database,
        queue: Queue,
        shop: Shop,
        clock: Callable[[], float] = time.time,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        heard: Heard = lambda stage, result, seconds: None,
    ) -> None:
        self.name = holder.new_name()
        self._database = database
        self._queue = queue
        self._shop = shop
        self._clock = clock
        self._monotonic = monotonic
        self._heard = heard
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """What is under way is ended and left to others."""
        self._stopping.set()

    async def run(self) -> None:
        """Returns after `stop`."""
        log.info("worker_started", worker=self.name)
        while not self._stopping.is_set():
            try:
                resource = await asyncio.to_thread(self._queue.take)
            except UserError as error:
                log.warning("worker_waits", code=error.code, detail=error.detail)
                await self._pause(AWAY_S)
                continue
            if resource is None:
                await self._pause(IDLE_S)
                continue
            try:
                await self.process(resource)
            except Exception:
                log.exception("bug", task="worker", resource=resource)
                await self._pause(AWAY_S)
        await asyncio.to_thread(self._queue.close)
        log.info("worker_stopped", worker=self.name)

    async def process(self, resource: str) -> None:
        """Everything of a resource that can be done now, stage by stage.

        While others wait to be published what takes long comes last, so that it keeps nobody's resource from being so.
        """
        ours = await asyncio.to_thread(spool.identity, self._shop.folder)
        hurries, done = False, 0

        async def take(session: AsyncSession) -> Task | None:
            now, side = self._clock(), self._shop.side
            return await work.take(session, resource, self.name, now, ours, side, hurries=hurries)

        while not self._stopping.is_set():
            task = await self._insist(take)
            if task is None:
                break
            if not hurries and await self._others_wait(task):
                leave = partial(work.leave, task=task, due=int(self._clock()), now=self._clock())
                await self._insist(leave)
                hurries, done = True, 0
                continue
            done += 1
            began = self._monotonic()
            outcome = await self._attempt(task)
            seconds = self._monotonic() - began
            result = outcome.kind if outcome is not None else "left"
            self._heard(task.stage, result, seconds)
            told = {"resource": resource, "stage": task.stage, "seconds": round(seconds, 1)}
            if outcome is None:
                log.info("stage_left", **told)
                return
            if outcome is DONE:
                log.info("stage_done", **told)
            else:
                log.warning("stage_failed", **told, tries=task.tries, code=outcome.code, trace=outcome.trace)
        if hurries and done:
            with contextlib.suppress(UserError):  # the sweep will find it
                await asyncio.to_thread(self._queue.put, [resource], LATER)

    async def _others_wait(self, task: Task) -> bool:
        """Whether a long stage of something that is not published would keep others waiting."""
        if task.published or not stages.step(task.kind, task.stage).long:
            return False
        try:
            return await asyncio.to_thread(self._queue.has_others, task.resource)
        except UserError:  # nobody is known to wait
            return False

    # ------------------------------------------------------------ one try

    async def _attempt(self, task: Task) -> Outcome | None:
        """Do it and write what came of it. None: it was left undone."""
        step = stages.step(task.kind, task.stage)
        outcome = await self._do(task, step.limit_s)
        if outcome is None:
            leave = partial(work.leave, task=task, due=int(self._clock()), now=self._clock())
            try:
                async with asyncio.timeout(STOP_S):
                    await self._database.run(leave)
            except (UserError, TimeoutError):
                pass  # this process will be gone: the stage is free then
            return None
        if outcome is DONE and task.stage == "publish":
            outcome = await self._publish(task)
        if outcome is not DONE or task.stage != "publish":
            await self._insist(lambda session: self._write(session, task, outcome))
        return outcome

    async def _do(self, task: Task, limit_s: float) -> Outcome | None:
        """None: the worker stops, or the lease was lost."""
        call = self._call(task)
        if isinstance(call, Outcome):
            return call
        child = Child(call, str(self._folder(task)), task.facts, self._shop.bounds) if call is not None else None
        doing: asyncio.Task[Outcome] = asyncio.create_task(
            child.run(limit_s) if child is not None else self._index(task, limit_s), name=task.stage
        )
        others = [
            asyncio.create_task(self._keep_lease(task, child)),
            asyncio.create_task(self._stopping.wait()),
        ]
        try:
            await asyncio.wait((doing, *others), return_when=asyncio.FIRST_COMPLETED)
            return doing.result() if doing.done() else None
        finally:
            for other in (doing, *others):
                other.cancel()
            await asyncio.gather(doing, *others, return_exceptions=True)

    def _call(self, task: Task) -> Call | Outcome | None:
        """None: it is done in this process."""
        if task.stage == "index":
            return None
        call = self._shop.calls.get(task.stage)
        if call is None:
            return Outcome("refused", "no_program", "This version has no program for this stage; upgrade it.")
        return Call(call.call, {**call.options, "resource": task.resource}) if task.stage == "publish" else call

    async def _index(self, task: Task, limit_s: float) -> Outcome:
        try:
            async with asyncio.timeout(limit_s):
                if not await self._shop.indexer.put(task.resource):
                    return Outcome("busy")
        except TimeoutError:
            return too_slow(limit_s)
        except UserError as error:
            return refused(error.status, error.code, error.detail)
        except Exception as error:
            log.exception("bug", task="index", resource=task.resource)
            return Outcome("failed", "broke", f"The program that did it failed ({type(error).__name__}).")
        return DONE

    async def _keep_lease(self, task: Task, child: Child | None) -> None:
        """Returns when the lease is lost, or when it could not be renewed for too long."""
        renewed = self._monotonic()
        told = 0.0
        while True:
            await asyncio.sleep(PROGRESS_S)
            progress = child.progress if child is not None else 0.0
            now = self._monotonic()
            if progress == told and now - renewed < RENEW_S:
                continue
            try:
                async with asyncio.timeout(RENEW_S):
                    ours = await self._database.run(
                        partial(work.renew, task=task, progress=progress, now=self._clock())
                    )
            except (UserError, TimeoutError):
                if self._monotonic() - renewed >= LEASE_S - MARGIN_S:
                    log.error("lease_not_renewed", resource=task.resource, stage=task.stage)
                    return
                continue
            if not ours:
                log.warning("lease_lost", resource=task.resource, stage=task.stage)
                return
            renewed, told = now, progress

    # ------------------------------------------------------------ what came of it

    async def _write(self, session: AsyncSession, task: Task, outcome: Outcome) -> None:
        now = self._clock()
        if outcome is DONE:
            await work.finish(session, task, now)
        elif outcome.kind == "busy":
            await work.leave(session, task, int(now) + BUSY_S, now)
        elif outcome.code in (NO_MODEL, BAD_MODEL):
            due = NEVER if outcome.code == NO_MODEL else int(now) + BAD_MODEL_S
            await work.leave(session, task, due, now, code=outcome.code, detail=outcome.detail)
        else:
            slow = outcome.code == TOO_SLOW and task.tries >= SLOW_TRIES
            lasting = outcome.kind == "refused" or (slow and not stages.step(task.kind, task.stage).resumes)
            away = outcome.kind == "away"
            await work.fail(session, task, outcome.code, outcome.detail, now, lasting=lasting, away=away)

    async def _publish(self, task: Task) -> Outcome:
        """The files are in the store: the rows that name them, and then the end of those that no row names."""
        folder = self._folder(task)
        try:
            made = await asyncio.to_thread(lambda: (manifest.load(folder), transcript.load(folder)))
            published = await self._insist(lambda session: publish.publish(session, task, *made, self._clock()))
        except UserError as error:
            return refused(error.status, error.code, error.detail)
        except Exception as error:
            log.exception("bug", task="publish", resource=task.resource)
            return Outcome("failed", "broke", f"The program that did it failed ({type(error).__name__}).")
        if published:  # whoever has it now may have put files there that no row names yet
            await self._clear(task)
        return DONE

    async def _clear(self, task: Task) -> None:
        """Files that were replaced; what stays now goes when it is published the next time."""
        try:
            async with self._database.read() as session:
                keys = await publish.keys_of(session, task.resource)
            async with asyncio.timeout(RENEW_S):
                await asyncio.to_thread(keep.clear, self._shop.store, task.resource, keys)
        except (UserError, TimeoutError) as error:
            log.warning("files_left", resource=task.resource, reason=str(error))

    def _folder(self, task: Task) -> Path:
        return self._shop.folder / task.folder

    async def _insist(self, step: Callable[[AsyncSession], Awaitable[T]]) -> T | None:
        """Until the database takes it: what was done meanwhile is not done again. None: the worker stops."""
        said = False
        while not self._stopping.is_set():
            try:
                return await self._database.run(step)
            except UserError as error:
                if error.status != 503:
                    raise
                if not said:
                    said = True
                    log.error("worker_waits", code=error.code, detail=error.detail)
            await self._pause(AWAY_S)
        return None

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            pass
