"""Programs under measurement: started on their core, watched through /proc, never left behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
LINE_TIMEOUT_S = 20.0
STOP_S = 5.0
USABLE = frozenset(os.sched_getaffinity(0))
"""Cores of this process before anything was pinned."""
_PAGE = os.sysconf("SC_PAGE_SIZE")


class ChildError(Exception):
    """A program under measurement did not start or has ended; the text has its last words."""


def cores() -> tuple[int, int]:
    """(server's core, load's core): the two highest that this process may use; the same one when there is only one."""
    usable = sorted(USABLE)
    return usable[-1], usable[-2] if len(usable) > 1 else usable[-1]


def cpu_seconds(pid: int) -> float:
    """User and system time of all threads so far, ended ones included, in ns resolution. OSError when it has ended.

    The number is what clock_getcpuclockid(3) gives for another process on Linux; /proc counts in ticks of 10 ms.
    """
    return time.clock_gettime(~pid << 3 | 2)


def resident_kb(pid: int) -> int:
    """OSError when it has ended."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE // 1024


@contextlib.contextmanager
def every_core() -> Iterator[None]:
    """What is started inside may use all cores; this thread goes back to its own."""
    own = os.sched_getaffinity(0)
    os.sched_setaffinity(0, USABLE)
    try:
        yield
    finally:
        os.sched_setaffinity(0, own)


class Child:
    """A started program. Use as an async context manager."""

    def __init__(self, process: asyncio.subprocess.Process, name: str) -> None:
        self._process = process
        self.name = name
        self.pid = process.pid
        self._last: list[str] = []
        self._drains: list[asyncio.Task[None]] = []

    @classmethod
    async def start(
        cls, program: Sequence[str], *, core: int, name: str, environment: Mapping[str, str] | None = None
    ) -> Child:
        """Its standard input and output are pipes; the working directory is the repository's root."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "benchmarks.child", str(os.getpid()), str(core), *program,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            cwd=ROOT, env={**os.environ, **(environment or {})}, limit=1 << 22,
        )  # fmt: skip
        child = cls(process, name)
        child._drains.append(asyncio.create_task(child._drain(process.stderr)))
        return child

    async def _drain(self, stream: asyncio.StreamReader | None) -> None:
        assert stream is not None
        while line := await stream.readline():
            self._last = [*self._last[-19:], line.decode(errors="replace").rstrip()]

    async def line(self, pattern: str) -> re.Match[str]:
        """The next line of its output that has `pattern`; whatever follows is left to `drain_output` or `line`."""
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(LINE_TIMEOUT_S):
                while data := await self._process.stdout.readline():
                    text = data.decode(errors="replace").rstrip()
                    self._last = [*self._last[-19:], text]
                    if found := re.search(pattern, text):
                        return found
        except TimeoutError:
            raise ChildError(f"{self.name} did not say {pattern!r}:\n" + "\n".join(self._last)) from None
        await asyncio.sleep(0)
        raise ChildError(f"{self.name} ended:\n" + "\n".join(self._last))

    def drain_output(self) -> None:
        """Nothing more of its output is of interest, but the pipe must not fill."""
        self._drains.append(asyncio.create_task(self._drain(self._process.stdout)))

    async def tell(self, text: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(text.encode() + b"\n")
        await self._process.stdin.drain()

    # ------------------------------------------------------------ measurement

    @property
    def running(self) -> bool:
        return self._process.returncode is None

    def cpu_s(self) -> float:
        """Raises `ChildError` when it has ended."""
        try:
            return cpu_seconds(self.pid)
        except OSError:
            raise ChildError(f"{self.name} ended:\n" + "\n".join(self._last)) from None

    def resident_kb(self) -> int:
        return resident_kb(self.pid)

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def last_words(self) -> str:
        return "\n".join(self._last)

    # ------------------------------------------------------------ end

    async def stop(self) -> None:
        """SIGTERM, then SIGKILL. Twice is once."""
        if self.running:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(self._process.wait(), STOP_S)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
        for drain in self._drains:
            drain.cancel()
        await asyncio.gather(*self._drains, return_exceptions=True)

    async def __aenter__(self) -> Child:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
