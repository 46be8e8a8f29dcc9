"""The server's end of the recorder's process: started, spoken to without ever waiting, ended."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

from recorder import wire

PROGRAM = ("-m", "recorder.child")
BUFFER = 1024 * 1024
"""Bytes on their way to it that the kernel may hold; it may allow less."""
SILENT_S = 15.0
"""While it records it speaks every second. One that does not, hangs."""
KILLED_S = 5.0
"""One that is killed and hangs in the kernel, on a disk that does not answer, is left to itself after so long."""
READ_BYTES = 64 * 1024


class Process:
    """:param heard: is given what it says. :param writable: called when it takes more again, after it did not.

    :ivar lost: it is gone or cannot be used any more.
    """

    def __init__(
        self,
        heard: Callable[[wire.News], None],
        writable: Callable[[], None],
        program: Sequence[str] = PROGRAM,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.lost = False
        self._heard = heard
        self._writable = writable
        self._program = program
        self._monotonic = monotonic
        self._spoke = monotonic()
        self._decoder = wire.Decoder()
        self._sock: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._rest = memoryview(b"")
        """Of the one frame that did not fit any more."""
        self._waiting = False

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        """:raises OSError: no process can be started."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            ours.setblocking(False)
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
            # In a session of its own: Ctrl-C in the server's terminal is the server's to answer.
            # Not asyncio's: that one kills what still runs when the loop is closed, and this may still be writing.
            self._process = subprocess.Popen((sys.executable, *self._program), stdin=theirs, start_new_session=True)
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        self._sock = ours
        self._spoke = self._monotonic()
        asyncio.get_running_loop().add_reader(ours, self._read)

    def send(self, frame: bytes) -> bool:
        """Whether the frame is on its way. False: not a byte of it is, and none will be; come again later."""
        if self.lost or self._sock is None or not self._flush():
            return False
        self._rest = memoryview(frame)
        self._flush()
        return not self.lost

    def _flush(self) -> bool:
        assert self._sock is not None
        while self._rest and not self.lost:
            try:
                self._rest = self._rest[self._sock.send(self._rest) :]
            except BlockingIOError:
                self._wait()
                return False
            except OSError:
                self.lost = True
        return not self.lost

    def _wait(self) -> None:
        if not self._waiting and self._sock is not None:
            self._waiting = True
            asyncio.get_running_loop().add_writer(self._sock, self._drained)

    def _drained(self) -> None:
        assert self._sock is not None
        self._waiting = False
        asyncio.get_running_loop().remove_writer(self._sock)
        if self._flush():
            self._writable()

    def _read(self) -> None:
        assert self._sock is not None
        try:
            data = self._sock.recv(READ_BYTES)
            if data:
                self._spoke = self._monotonic()
            else:
                self._end_reading()
            for news in self._decoder.feed(data):
                if not isinstance(news, wire.News):
                    raise wire.WireError("orders are for the recorder")
                self._heard(news)
        except BlockingIOError:
            return
        except (OSError, wire.WireError):
            self._end_reading()

    def _end_reading(self) -> None:
        self.lost = True
        if self._sock is not None:
            asyncio.get_running_loop().remove_reader(self._sock)

    def hangs(self) -> bool:
        return self._monotonic() - self._spoke > SILENT_S

    async def kill(self) -> None:
        """Returns when it is gone."""
        self._close()
        if self._process is not None:
            self._process.kill()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(KILLED_S):
                    await self._wait_for(self._process)

    async def stop(self) -> None:
        """It is told that nothing comes any more, and closes its files. Returns when it is gone.

        Whoever does not want to wait so long may cancel this: it ends by itself.
        """
        self._close()
        if self._process is not None:
            await self._wait_for(self._process)

    async def _wait_for(self, process: subprocess.Popen[bytes]) -> None:
        if process.poll() is not None:
            return
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        descriptor = os.pidfd_open(process.pid)
        loop.add_reader(descriptor, ended.set)
        try:
            await ended.wait()
            process.wait()
        finally:
            loop.remove_reader(descriptor)
            os.close(descriptor)

    def _close(self) -> None:
        sock, self._sock = self._sock, None
        self.lost = True
        if sock is not None:
            loop = asyncio.get_running_loop()
            loop.remove_reader(sock)
            loop.remove_writer(sock)
            sock.close()
