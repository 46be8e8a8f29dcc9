"""The process that hears one teacher, from its start to its end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

import structlog

from signalling.captions import said
from signalling.captions.said import Said

log = structlog.get_logger("signalling.captions")

READY_S = 180.0
"""One that needs so long to load its model hangs."""
UNANSWERED = 6000
"""Packets without a word from it, some two minutes: it says every second how far it has heard."""
WAITING_BYTES = 64 * 1024
"""On their way to it, beyond what the kernel takes. It reads all the time, also while it hears."""
MAX_LINE = 256 * 1024
KILLED_S = 0.3
"""One that hangs in the kernel after it was killed is left to itself."""


class Child:
    """:param command: gives the program and its arguments, when they are needed. :param heard: is given what it says.

    :ivar ready: packets are worth sending. :ivar done: it has ended.
    """

    def __init__(
        self,
        command: Callable[[], Awaitable[Sequence[str]]],
        heard: Callable[[Said], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.ready = False
        self._command = command
        self._heard = heard
        self._monotonic = monotonic
        self._began = monotonic()
        self._unanswered = 0
        self._stuck = False
        self._process: asyncio.subprocess.Process | None = None
        self._task = asyncio.create_task(self._run(), name="captions-child")

    @property
    def done(self) -> bool:
        return self._task.done()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    @property
    def hangs(self) -> bool:
        late = not self.ready and self._monotonic() - self._began > READY_S
        return late or self._stuck or self._unanswered > UNANSWERED

    def send(self, frames: bytes, packets: int) -> None:
        """Never waits. What it does not take is lost, and it `hangs`."""
        stdin = self._process.stdin if self._process is not None else None
        if stdin is None or stdin.is_closing() or self._stuck:
            return
        if stdin.transport.get_write_buffer_size() > WAITING_BYTES:
            self._stuck = True
            return
        self._unanswered += packets
        stdin.write(frames)

    async def stop(self) -> None:
        """Returns when it is gone: it has nothing to put away."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        pipe = asyncio.subprocess.PIPE
        try:
            # In a session of its own: Ctrl-C in the server's terminal is the server's to answer.
            process = await asyncio.create_subprocess_exec(
                *await self._command(), stdin=pipe, stdout=pipe, limit=MAX_LINE, start_new_session=True
            )
        except OSError as error:
            log.error("captions_not_started", reason=error.strerror)
            return
        self._process = process
        assert process.stdout is not None
        try:
            while line := await process.stdout.readline():
                self._hear(said.read(line))
        except (ConnectionError, ValueError) as error:
            log.error("captions_garbled", reason=str(error))
        finally:
            self.ready = False
            self._process = None
            await _end(process)

    def _hear(self, it: Said) -> None:
        self._unanswered = 0
        self.ready = self.ready or bool(it.ready)
        if it.failed:
            log.error("captions_failed", code=it.failed, detail=it.detail)
        self._heard(it)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
    waiting = asyncio.create_task(process.communicate())  # reads the pipe empty, on which it could hang otherwise
    try:
        await asyncio.wait((waiting,), timeout=KILLED_S)
    finally:
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
