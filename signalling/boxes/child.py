"""The process that reads one recorder box and publishes it: what it says, and its end."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

PROGRAM = "signalling.client.box"
SILENT_S = 30.0
"""It speaks every two seconds. One that does not, hangs."""
STUCK_S = 60.0
"""Without a picture and without a word about why, its source hangs."""
MAX_LINE = 16 * 1024


@dataclass(frozen=True, slots=True)
class Order:
    """:ivar source: with its password. :ivar url: of the server. :ivar fingerprint: SHA-256 of its certificate."""

    source: str = field(repr=False)
    hidden: tuple[str, ...] = field(repr=False)
    """What no sentence may show."""
    url: str
    room: str
    token: str = field(repr=False)
    fingerprint: bytes | None

    def line(self) -> bytes:
        pinned = self.fingerprint.hex() if self.fingerprint is not None else None
        order = {"source": self.source, "url": self.url, "room": self.room, "token": self.token, "fingerprint": pinned}
        return json.dumps(order).encode() + b"\n"


class Child:
    """:ivar connected: pictures go from the box into the lesson. :ivar code: and :ivar sentence: what it said last of
    what is wrong; empty while it is connected. :ivar worked: it was connected at some time. :ivar done: it has ended.
    """

    def __init__(self, order: Order, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.connected = False
        self.worked = False
        self.code = ""
        self.sentence = ""
        self._order = order
        self._monotonic = monotonic
        self._kindly_s = 1.0
        self._pictures = 0
        self._moved = monotonic()
        self._process: asyncio.subprocess.Process | None = None
        self._task = asyncio.create_task(self._run(), name="box")

    @property
    def done(self) -> bool:
        return self._task.done()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    async def stop(self, kindly_s: float) -> None:
        """Returns when the process is gone. :param kindly_s: after so long it is killed."""
        self._kindly_s = kindly_s
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        try:
            process = self._process = await _spawn()
        except OSError as error:
            return self._failed("bug", f"No program can be started to read the box ({error.strerror}).")
        assert process.stdin is not None
        try:
            process.stdin.write(self._order.line())
            await process.stdin.drain()
            await self._listen(process)
        except (OSError, ValueError, KeyError) as error:
            self._failed("bug", f"The program that reads the box cannot be understood ({type(error).__name__}).")
        finally:
            self.connected = False
            await _end(process, self._kindly_s)

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while True:
            try:
                async with asyncio.timeout(SILENT_S):
                    line = await process.stdout.readline()
            except TimeoutError:
                return self._failed("source_silent", "The program that reads the box hung and is started again.")
            if not line:
                if not self.sentence:
                    self._failed("bug", "The program that reads the box has ended without a word.")
                return
            self._hear(json.loads(line))
            if self._monotonic() - self._moved > STUCK_S:
                return self._failed("source_silent", "The recorder box sends nothing; it is opened anew.")

    def _hear(self, message: dict[str, Any]) -> None:
        if message["t"] == "sending":
            pictures = message["pictures"]
            self.connected = pictures > self._pictures
            if self.connected:
                self._pictures, self._moved, self.worked = pictures, self._monotonic(), True
                self.code = self.sentence = ""
        elif message["t"] == "failed" or message["code"] != "published":
            self._failed(str(message["code"]), str(message["detail"]))

    def _failed(self, code: str, sentence: str) -> None:
        for secret in self._order.hidden:
            sentence = sentence.replace(secret, "…")
        self.code, self.sentence, self.connected = code, sentence, False
        self._moved = self._monotonic()


async def _spawn() -> asyncio.subprocess.Process:
    """In a session of its own: Ctrl-C in the server's terminal is the server's to answer."""
    pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", PROGRAM),
        stdin=pipe,
        stdout=pipe,
        stderr=nothing,
        limit=MAX_LINE,
        start_new_session=True,
    )


async def _end(process: asyncio.subprocess.Process, kindly_s: float) -> None:
    """Kindly first: its standard input is closed, so it tells the server that it goes."""
    if process.stdin is not None:
        process.stdin.close()
    waiting = asyncio.create_task(process.communicate())  # reads the pipe empty, on which it could hang otherwise
    try:
        await asyncio.wait((waiting,), timeout=kindly_s)
    finally:
        if not waiting.done():
            process.kill()
        await asyncio.gather(waiting, return_exceptions=True)
