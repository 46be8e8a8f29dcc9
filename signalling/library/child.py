"""The process that does one stage (`recorder.stages.child`), as the worker that started it sees it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

PROGRAM = "recorder.stages.child"
MAX_LINE = 64 * 1024
_POOLS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TANTIVY_NUM_THREADS", "RAYON_NUM_THREADS")
"""Where the libraries of stages read how many threads they may have."""


@dataclass(frozen=True, slots=True)
class Call:
    """What does a stage. :ivar call: `package.module:function`. :ivar options: its keyword arguments."""

    call: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bounds:
    """:ivar threads: of each library's pool. :ivar memory_mb: of addresses; 0: as much as there is."""

    nice: int = 0
    threads: int = 1
    memory_mb: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """:ivar kind: `refused`: no second try would mend it; `failed`: one may; `away`: a disk or a bucket is;
    `busy`: another process still works there.
    :ivar detail: a sentence for people. :ivar trace: for the log."""

    kind: Literal["done", "refused", "failed", "away", "busy"]
    code: str = ""
    detail: str = ""
    trace: str = ""


DONE = Outcome("done")
TOO_SLOW = "too_slow"
_MENDED = frozenset((404, 409, 429))
"""Refusals that may pass by themselves: a directory is not mounted, another writes there."""


def refused(status: int, code: str, detail: str) -> Outcome:
    """Of a `UserError`."""
    if status >= 500:
        return Outcome("away", code, detail)
    return Outcome("failed" if status in _MENDED else "refused", code, detail)


def too_slow(limit_s: float) -> Outcome:
    return Outcome("failed", TOO_SLOW, f"It was ended because it took longer than {limit_s:.0f} s.")


class Child:
    """One try of one stage. :ivar progress: 0 … 1."""

    def __init__(self, call: Call, folder: str, facts: Mapping[str, Any], bounds: Bounds) -> None:
        self.progress = 0.0
        self.pid: int | None = None
        self._order = {
            "call": call.call,
            "options": dict(call.options),
            "folder": folder,
            "facts": dict(facts),
            "parent": os.getpid(),
            "memory_mb": bounds.memory_mb,
            "nice": bounds.nice,
        }
        self._pools = dict.fromkeys(_POOLS, str(bounds.threads))

    async def run(self, limit_s: float) -> Outcome:
        """Whatever happens in it, this returns what came of it. Cancelled, it leaves no process behind."""
        pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", PROGRAM),
                stdin=pipe,
                stdout=pipe,
                stderr=nothing,
                limit=MAX_LINE,
                env={**os.environ, **self._pools},
                start_new_session=True,
            )
        except OSError as error:
            return Outcome("failed", "no_process", f"No process can be started for it ({error.strerror}).")
        self.pid = process.pid
        answer: Outcome | None = None
        try:
            async with asyncio.timeout(limit_s):
                answer = await self._listen(process)
                await process.wait()
        except TimeoutError:
            answer = answer or too_slow(limit_s)
        finally:
            if process.returncode is None:
                process.kill()
                # Not cancelled half-way: who comes next must find the process gone.
                await asyncio.shield(asyncio.ensure_future(process.wait()))
        return answer or _ended(process.returncode or 0)

    async def _listen(self, process: asyncio.subprocess.Process) -> Outcome | None:
        """None: it has ended without an answer."""
        assert process.stdin is not None and process.stdout is not None
        try:
            process.stdin.write(json.dumps(self._order).encode() + b"\n")
            await process.stdin.drain()
            while line := await process.stdout.readline():
                message = json.loads(line)
                if message["t"] != "progress":
                    return _answer(message)
                self.progress = float(message["part"])
        except (ConnectionError, ValueError, KeyError):
            pass  # it died, or wrote what it must not: how it ended says more
        return None


def _answer(message: Mapping[str, Any]) -> Outcome:
    kind = message["t"]
    if kind == "done":
        return DONE
    if kind == "busy":
        return Outcome("busy")
    if kind == "memory":
        return Outcome("failed", "out_of_memory", "It needs more memory than work after the bell may have.")
    if kind == "refused":
        return refused(message["status"], message["code"], message["detail"])
    return Outcome("failed", "broke", message["detail"], message["trace"])


def _ended(status: int) -> Outcome:
    try:
        how = signal.Signals(-status).name if status < 0 else f"status {status}"
    except ValueError:
        how = f"signal {-status}"
    return Outcome("failed", "crashed", f"The process that did it ended with {how}.")
