"""Imports that run in the background, one at a time: their file, their progress, their report.

All of it is in the memory of this server: after a restart nobody knows of an import any more, and what it did is on the
audit log.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from mediaserver.api import UserError
from signalling.db.base import new_id
from signalling.exchange.oneroster import Progress
from signalling.exchange.report import Report
from signalling.rest import scratch

log = structlog.get_logger("signalling.rest")

MAX_PENDING = 8
"""Imports that are received, wait or run; each has a file."""
MAX_FINISHED = 50
"""Whose reports are kept."""
RECEIVE_S = 600.0
_CHUNK = 1 << 18

State = Literal["running", "done", "refused", "failed"]
Work = Callable[[Path, Progress], Awaitable[Report]]


class Stopped(Exception):
    """An import goes no further: its process would wait for its thread."""


@dataclass
class Import:
    """:ivar person: who began it. :ivar stage: `waiting`, `read`, `compare`, `write`. :ivar done: steps of the stage.
    :ivar state: `refused`: rows were, and nothing was written; `failed`: see `problem`."""

    id: str
    person: str
    state: State = "running"
    stage: str = "waiting"
    done: int = 0
    total: int | None = None
    report: Report | None = None
    problem: UserError | None = None
    stopped: bool = False

    def progress(self, stage: str, done: int, total: int | None) -> None:
        """In any thread. :raises Stopped: the server stops; a thread hears of it nowhere else."""
        if self.stopped:
            raise Stopped
        self.stage, self.done, self.total = stage, done, total


class Jobs:
    def __init__(self) -> None:
        self._jobs: dict[str, Import] = {}
        self._pending = 0
        self._running: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Lock()

    def find(self, id: str) -> Import:
        """:raises UserError: 404 `not_found`."""
        if id not in self._jobs:
            raise UserError(
                404,
                "not_found",
                "This server knows of no such import; it is forgotten after a restart, or when many others followed.",
            )
        return self._jobs[id]

    async def begin(self, request: web.Request, person: str, limit: int, work: Work) -> str:
        """Take the file of a request in, and let `work` have it when its turn comes; the file is removed then.

        :param limit: bytes of the file.
        :raises UserError: 400 `bad_upload`; 408 `too_slow`; 413 `too_large`; 503 `too_many_imports`.
        """
        if self._pending >= MAX_PENDING:
            raise UserError(
                503, "too_many_imports", f"{MAX_PENDING} imports wait already; try again when one of them is done."
            )
        self._pending += 1
        path: Path | None = None
        try:
            handle, name = tempfile.mkstemp(prefix=scratch.new_prefix())
            path = Path(name)
            await _receive(request, handle, limit)
        except BaseException:
            self._end(path)
            raise
        job = Import(new_id(), person)
        self._jobs[job.id] = job
        task = asyncio.create_task(self._run(job, path, work), name="import")
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        # Here and not in the task: one that is cancelled before its first step never reaches its own `finally`.
        task.add_done_callback(lambda _: self._end(path))
        return job.id

    async def stop(self) -> None:
        """What has not been written is not. The database must still be open."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _end(self, path: Path | None) -> None:
        self._pending -= 1
        if path is not None:
            path.unlink(missing_ok=True)
        finished = [id for id, job in self._jobs.items() if job.state != "running"]
        for id in finished[: max(len(finished) - MAX_FINISHED, 0)]:
            del self._jobs[id]

    async def _run(self, job: Import, path: Path, work: Work) -> None:
        try:
            async with self._turn:
                job.report = await work(path, job.progress)
            job.state = "refused" if job.report.refused and not job.report.written else "done"
        except asyncio.CancelledError:
            job.state, job.stopped = "failed", True
            raise
        except UserError as error:
            job.problem, job.state = error, "failed"
        except Exception:
            log.exception("import", id=job.id)
            job.problem = UserError(500, "internal", f"The server made a mistake; report it with the id {job.id}.")
            job.state = "failed"


async def _receive(request: web.Request, handle: int, limit: int) -> None:
    size = 0
    try:
        with os.fdopen(handle, "wb") as file:
            async with asyncio.timeout(RECEIVE_S), aclosing(_chunks(request)) as chunks:
                async for chunk in chunks:
                    size += len(chunk)
                    if size > limit:
                        raise UserError(413, "too_large", f"The file has more than {limit >> 20} MiB; split it.")
                    try:
                        await asyncio.to_thread(file.write, chunk)
                    except OSError:
                        raise UserError(
                            503, "no_space", "The server has no room for the file; tell who looks after it."
                        ) from None
    except TimeoutError:
        raise UserError(408, "too_slow", "The file took too long to arrive; try again on a better line.") from None
    if not size:
        raise UserError(400, "bad_upload", "The request has no file; send one as the body or the first part of a form.")


async def _chunks(request: web.Request) -> AsyncIterator[bytes]:
    if request.content_type != "multipart/form-data":
        while chunk := await request.content.read(_CHUNK):
            yield chunk
        return
    try:
        part = await (await request.multipart()).next()
        while part is not None and (chunk := await part.read_chunk(_CHUNK)):  # type: ignore[union-attr]
            yield chunk
    except (ValueError, AttributeError, AssertionError, HttpProcessingError):
        raise UserError(400, "bad_upload", "The form cannot be read; send the file as its first part.") from None
