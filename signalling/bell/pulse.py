"""A task that does one thing again and again, and is loud when the database keeps it from doing it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog

from mediaserver.api import UserError
from signalling.metrics import Metrics

log = structlog.get_logger("signalling.bell")

REPEAT_S = 30.0
"""A failure that lasts is logged again after so long."""
STOP_S = 0.4
"""What is under way when it is stopped may take so long to end by itself."""


class Pulse:
    """:param name: in the log and in `tongke_bell_failures_total`. :param every_s: from beginning to beginning.
    :param work: is tried again at the next beat, whatever it raised."""

    def __init__(self, name: str, work: Callable[[], Awaitable[object]], every_s: float, metrics: Metrics) -> None:
        self._name = name
        self._work = work
        self._every_s = every_s
        self._failures = metrics.bell_failures.labels(name)
        self._task: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self._silent_since: float | None = None
        self._said = 0.0

    def start(self) -> None:
        """The first beat is now."""
        self._task = asyncio.create_task(self._run(), name=self._name)

    async def stop(self) -> None:
        """Returns when it has ended; a second call does nothing."""
        task, self._task = self._task, None
        if task is None:
            return
        self._stopping.set()
        await asyncio.wait((task,), timeout=STOP_S)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def _run(self) -> None:
        while not self._stopping.is_set():
            began = time.monotonic()
            await self.beat()
            rest = max(0.0, began + self._every_s - time.monotonic())
            try:
                await asyncio.wait_for(self._stopping.wait(), rest)
            except TimeoutError:
                pass

    async def beat(self) -> None:
        try:
            await self._work()
        except UserError as error:
            self._failed(error)
        except Exception:
            self._failures.inc()
            log.exception("bug", task=self._name)
        else:
            if self._silent_since is not None:
                log.warning("back", task=self._name, silent_s=round(time.monotonic() - self._silent_since, 1))
                self._silent_since = None

    def _failed(self, error: UserError) -> None:
        self._failures.inc()
        now = time.monotonic()
        if self._silent_since is None:
            self._silent_since = now
        elif now - self._said < REPEAT_S:
            return
        self._said = now
        log.error(
            "silent", task=self._name, code=error.code, detail=error.detail, for_s=round(now - self._silent_since)
        )
