"""Another machine, and the line to it: each connection starts a recorder there, as `sshd` would."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from tests.client.waiting import eventually


class Line:
    """One connection. :ivar dead: its bytes go nowhere any more, and nobody hears that it ended."""

    def __init__(self, machine: Machine, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.dead = False
        self._machine = machine
        self._reader, self._writer = reader, writer
        self.far: asyncio.subprocess.Process | None = None

    async def run(self, command: Sequence[str]) -> None:
        pipe = asyncio.subprocess.PIPE
        self.far = await asyncio.create_subprocess_exec(
            *command, stdin=pipe, stdout=pipe, stderr=self._machine.errors, start_new_session=True
        )
        self._machine.fars.append(self.far)
        assert self.far.stdin is not None and self.far.stdout is not None
        await asyncio.gather(self._pump(self._reader, self.far.stdin), self._pump(self.far.stdout, self._writer))

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await source.read(65536):
                if not self.dead:
                    sink.write(data)
                    await sink.drain()
        if not self.dead:
            sink.close()

    def reset(self) -> None:
        """Both ends hear of it."""
        self._writer.transport.abort()
        if self.far is not None and self.far.stdin is not None:
            self.far.stdin.close()


class Machine:
    """:ivar command: what leads to its recorder. :ivar fars: recorders that were started, in order.
    :ivar folder: of its recordings."""

    def __init__(self, folder: Path, far: Sequence[str], errors: int) -> None:
        self.folder = folder
        self.errors = errors
        self.fars: list[asyncio.subprocess.Process] = []
        self.command: tuple[str, ...] = ()
        self._far = far
        self._cut = False
        self._lines: list[Line] = []

    async def start(self) -> None:
        listening = socket.create_server(("127.0.0.1", 0))
        self._server = await asyncio.start_server(self._connected, sock=listening)
        self.command = (sys.executable, "-m", "tests.recorder.relay", str(listening.getsockname()[1]))

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._cut:
            writer.transport.abort()
            return
        line = Line(self, reader, writer)
        self._lines.append(line)
        await line.run(self._far)

    def cut(self) -> None:
        """The cable is pulled: nothing arrives, and neither end is told; no new line can be made."""
        self._cut = True
        for line in self._lines:
            line.dead = True

    def mend(self) -> None:
        """New lines can be made; the old ones stay what they are."""
        self._cut = False

    def reset(self) -> None:
        for line in self._lines:
            line.reset()

    async def stop(self) -> None:
        self._server.close()
        self.reset()
        for far in self.fars:
            if far.returncode is None:
                far.kill()
        for number in range(len(self.fars)):
            await self.ended(number)

    async def ended(self, number: int) -> int:
        """How a recorder ended; its `wait` would wait for whoever is at the other end of its pipes too."""
        await eventually(lambda: self.fars[number].returncode is not None, timeout=30)
        return self.fars[number].returncode or 0


@contextlib.asynccontextmanager
async def machines(folder: Path, *, linger_s: float = 60.0, silent_s: float = 60.0) -> AsyncIterator[Machine]:
    """:param folder: of its recordings; what its recorders complain of is beside it."""
    far = (sys.executable, "-m", "tests.recorder.far", str(folder), str(linger_s), str(silent_s))
    async with running(folder, far) as machine:
        yield machine


@contextlib.asynccontextmanager
async def running(folder: Path, far: Sequence[str]) -> AsyncIterator[Machine]:
    """:param far: the program on the other machine."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with complaints(folder).open("wb") as errors:
        machine = Machine(folder, far, errors.fileno())
        await machine.start()
        try:
            yield machine
        finally:
            await machine.stop()


def complaints(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.err")
