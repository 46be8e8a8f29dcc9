"""Running until a signal, and children that end with their parent."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import os
import signal
import sys
from collections.abc import Iterator

PR_SET_PDEATHSIG = 1
"""prctl(2), Linux."""


@contextlib.contextmanager
def stop_signals() -> Iterator[asyncio.Event]:
    """An event that SIGINT and SIGTERM set, instead of ending the process at once."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM)
    for number in numbers:
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


async def first_of(*events: asyncio.Event, timeout: float | None = None) -> bool:
    """Wait until one of the events is set; False when the time was over first."""
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        done, _ = await asyncio.wait(waiting, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        return bool(done)
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


def emit(event: dict[str, object]) -> None:
    """One JSON line on standard output."""
    print(json.dumps(event, ensure_ascii=False), flush=True)


async def spawn(*arguments: str) -> asyncio.subprocess.Process:
    """Run `tongke ARGUMENTS` as a child that gets SIGTERM when this process ends, however it ends.

    Its standard output is a pipe, its standard error ours.
    """
    command = (sys.executable, "-m", "signalling.cli.running", str(os.getpid()), *arguments)
    return await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, start_new_session=True
    )


def _follow(parent: int) -> None:
    """Ask the kernel for SIGTERM at the parent's death (Linux; elsewhere the parent's own clean end has to do)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:  # it died before we asked
        raise SystemExit(1)


if __name__ == "__main__":
    _follow(int(sys.argv[1]))
    from signalling.cli import main

    main(sys.argv[2:])
