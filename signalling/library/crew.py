"""The workers of a server: processes, started when there is work, again when they die, and ended with it."""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections.abc import Callable

import structlog

from signalling.library.stages import NAMES
from signalling.metrics import Metrics

log = structlog.get_logger("signalling.library")

PROGRAM = "signalling.cli.worker"
PAUSES_S = (1.0, 60.0)
"""First and longest pause before a worker that ended is started again."""
LASTED_S = 60.0
"""One that ran for so long has not died of what it began with."""
STOP_S = 0.4
"""A worker may take so long to write that it leaves what it does."""
MAX_LINE = 4096
RESULTS = frozenset(("done", "refused", "failed", "away", "busy", "left"))


class Crew:
    """:param order: what each worker is told on its standard input, which is also its leash: one line.
    :param workers: how many."""

    def __init__(
        self, order: bytes, workers: int, metrics: Metrics, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._order = order
        self._workers = workers
        self._metrics = metrics
        self._monotonic = monotonic
        self._tasks: list[asyncio.Task[None]] = []
        self._processes: set[asyncio.subprocess.Process] = set()

    @property
    def pids(self) -> list[int]:
        return sorted(process.pid for process in self._processes)

    def wake(self) -> None:
        """There may be something to do: a server with an empty library needs no workers."""
        if not self._tasks:
            self._tasks = [asyncio.create_task(self._keep(), name="worker") for _ in range(self._workers)]

    async def stop(self) -> None:
        """Returns when they are gone."""
        for task in self._tasks:
            task.cancel()
        # Whoever waits no longer takes nothing from them: they still see their processes gone.
        await asyncio.shield(asyncio.gather(*self._tasks, return_exceptions=True))
        self._tasks = []

    async def _keep(self) -> None:
        pause = PAUSES_S[0]
        while True:
            began = self._monotonic()
            try:
                status = await self._run()
                log.warning("worker_lost", status=status)
            except OSError as error:
                log.error("worker_not_started", detail=error.strerror)
            pause = PAUSES_S[0] if self._monotonic() - began >= LASTED_S else min(pause * 2, PAUSES_S[1])
            await asyncio.sleep(pause * random.uniform(0.75, 1.25))

    async def _run(self) -> int:
        """One worker, from its start to its end."""
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", PROGRAM), stdin=pipe, stdout=pipe, limit=MAX_LINE, start_new_session=True
        )
        assert process.stdin is not None and process.stdout is not None
        self._processes.add(process)
        self._metrics.workers.set(len(self._processes))
        try:
            try:
                process.stdin.write(self._order + b"\n")
                await process.stdin.drain()
                while line := await process.stdout.readline():
                    self._hear(line)
            except (ConnectionError, ValueError):
                process.kill()  # it died before it could read, or writes what it must not
            return await process.wait()
        finally:
            process.stdin.close()
            await _end(process)
            self._processes.discard(process)
            self._metrics.workers.set(len(self._processes))

    def _hear(self, line: bytes) -> None:
        """:raises ValueError: nothing that a worker says."""
        said = json.loads(line)
        name, result = said["stage"], said["result"]
        if name in NAMES and result in RESULTS:
            self._metrics.stage_seconds.labels(name, result).observe(float(said["seconds"]))


async def _end(process: asyncio.subprocess.Process) -> None:
    waiting = asyncio.ensure_future(process.communicate())  # reads the pipe empty, on which it could hang otherwise
    try:
        await asyncio.wait((waiting,), timeout=STOP_S)
    finally:
        if not waiting.done():
            process.kill()
        await asyncio.gather(waiting, return_exceptions=True)
