"""The server's end of the recorder's process: started, spoken to without ever waiting, ended.

The process is a command: the recorder itself, or what leads to one on another machine (`ssh`). It is spoken to over its
standard input and output, which are one socket.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import structlog

from recorder import wire

log = structlog.get_logger("recorder.capture")

BUFFER = 1024 * 1024
"""Bytes on their way to it that the kernel may hold; it may allow less."""
GREET_S = 20.0
"""From its start until it says hello: so long a line to another machine may take to be made."""
SILENT_S = 15.0
"""It speaks every second. One that does not hangs, or its line is cut."""
KILLED_S = 5.0
"""One that is killed and hangs in the kernel, on a disk that does not answer, is left to itself after so long."""
READ_BYTES = 64 * 1024
_SHOWN = 80
"""Bytes of what is no hello that are logged."""

Fault = Literal["", "away", "version"]


def local(folder: Path) -> tuple[str, ...]:
    """The command of a recorder on this machine, which writes below this folder."""
    return (sys.executable, "-m", "recorder.child", str(folder.resolve()))


class Process:
    """:param heard: is given what it says. :param writable: called when it takes more again, after it did not.

    :param hello: what it is told first. :ivar lost: it is gone or cannot be used any more.
    :ivar fault: why it cannot be used: it said no hello, or one of another version.
    """

    def __init__(
        self,
        heard: Callable[[wire.News], None],
        writable: Callable[[], None],
        command: Sequence[str],
        hello: wire.Hello,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.lost = False
        self.fault: Fault = "away"
        self._heard = heard
        self._writable = writable
        self._command = command
        self._hello = hello
        self._monotonic = monotonic
        self._spoke = self._beaten = monotonic()
        self._decoder = wire.Decoder()
        self._sock: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._rest = memoryview(b"")
        """Of the one frame that did not fit any more."""
        self._waiting = False
        self._flushed = asyncio.Event()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    @property
    def ready(self) -> bool:
        """It said hello, and is spoken to."""
        return not self.lost and not self.fault

    def start(self) -> None:
        """:raises OSError: no process can be started."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            ours.setblocking(False)
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
            # In a session of its own: Ctrl-C in the server's terminal is the server's to answer.
            # Not asyncio's: that one kills what still runs when the loop is closed, and this may still be writing.
            self._process = subprocess.Popen(self._command, stdin=theirs, stdout=theirs, start_new_session=True)
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        self._sock = ours
        self._spoke = self._beaten = self._monotonic()
        asyncio.get_running_loop().add_reader(ours, self._read)
        self._put(wire.hello(self._hello))

    def send(self, frame: bytes) -> bool:
        """Whether the frame is on its way. False: not a byte of it is, and none will be; come again later."""
        return self.ready and self._put(frame)

    def beat(self, now_us: int) -> None:
        """Once a second it hears from the server, whatever else there is. :param now_us: monotonic."""
        if self._monotonic() - self._beaten >= wire.BEAT_S and self.send(wire.beat(wire.Beat(now_us))):
            self._beaten = self._monotonic()

    def _put(self, frame: bytes) -> bool:
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
            self._flushed.clear()
            asyncio.get_running_loop().add_writer(self._sock, self._drained)

    def _drained(self) -> None:
        assert self._sock is not None
        self._waiting = False
        asyncio.get_running_loop().remove_writer(self._sock)
        if self._flush() and not self._waiting:
            self._flushed.set()
            self._writable()

    def _read(self) -> None:
        assert self._sock is not None
        data = b""
        try:
            data = self._sock.recv(READ_BYTES)
            if data:
                self._spoke = self._monotonic()
            else:
                self._end_reading()
            for frame in self._decoder.feed(data):
                self._take(frame)
        except BlockingIOError:
            return
        except wire.OtherVersion as error:
            self.fault = "version"
            log.error("recorder_refused", reason=str(error))
            self._end_reading()
        except wire.WireError as error:
            if self.fault:
                log.error("recorder_refused", reason="what answers is no recorder", said=repr(data[:_SHOWN]))
            else:
                log.error("recorder_refused", reason=str(error))
            self._end_reading()
        except OSError:
            self._end_reading()

    def _take(self, frame: wire.Frame) -> None:
        if isinstance(frame, wire.Hello):
            if frame.wire != self._hello.wire:
                raise wire.OtherVersion("recorder", frame, self._hello)
            self.fault = ""
            self._writable()
        elif self.fault:
            raise wire.WireError("it did not say hello")
        elif isinstance(frame, wire.News):
            self._heard(frame)
        elif not isinstance(frame, wire.Beat):
            raise wire.WireError("orders are for the recorder")

    def _end_reading(self) -> None:
        self.lost = True
        self._flushed.set()
        if self._sock is not None:
            asyncio.get_running_loop().remove_reader(self._sock)

    def hangs(self) -> bool:
        return self._monotonic() - self._spoke > (GREET_S if self.fault else SILENT_S)

    async def kill(self) -> None:
        """Returns when it is gone, and whatever it started on this machine."""
        self._close()
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(KILLED_S):
                    await self._wait_for(self._process)

    async def stop(self) -> None:
        """It is told that nothing comes any more, and closes its files. Returns when it is gone.

        Whoever does not want to wait so long may cancel this: it ends by itself.
        """
        try:
            if self.ready:
                await self._say_goodbye()
            if self._sock is not None and not self.lost:
                self._sock.shutdown(socket.SHUT_WR)  # what it still says is read: nothing breaks in its hands
            if self._process is not None:
                await self._wait_for(self._process)
        except OSError:
            pass  # it went by itself
        finally:
            self._close()

    async def _say_goodbye(self) -> None:
        while self.ready and not self._put(wire.order(wire.Bye())):
            await self._flushed.wait()
        while self.ready and self._rest:
            await self._flushed.wait()

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
        self._flushed.set()
        if sock is not None:
            loop = asyncio.get_running_loop()
            loop.remove_reader(sock)
            loop.remove_writer(sock)
            sock.close()
