"""Whether a recorder answers, before a lesson needs it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Sequence

from recorder import version, wire
from recorder.process import GREET_S, READ_BYTES

_ENDS_S = 5.0


class NoAnswer(Exception):
    """Says why, and what to look at."""


def ask(command: Sequence[str], patience_s: float = GREET_S) -> wire.Hello:
    """Start what the command leads to, hear its hello, and let it end. Waits; nothing is recorded.

    :raises NoAnswer:
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with ours:
        with theirs:
            try:
                process = subprocess.Popen(command, stdin=theirs, stdout=theirs, start_new_session=True)
            except OSError as error:
                raise _away(f"the command cannot be started ({error.strerror})") from None
        try:
            return _greet(ours, patience_s)
        finally:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_ENDS_S)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _greet(sock: socket.socket, patience_s: float) -> wire.Hello:
    mine = wire.Hello(wire=wire.VERSION, program=version.PROGRAM)
    until = time.monotonic() + patience_s
    decoder = wire.Decoder()
    try:
        sock.sendall(wire.hello(mine) + wire.order(wire.Bye()))
        sock.shutdown(socket.SHUT_WR)
        while True:
            sock.settimeout(max(0.001, until - time.monotonic()))
            data = sock.recv(READ_BYTES)
            for frame in decoder.feed(data):
                if not isinstance(frame, wire.Hello):
                    raise wire.WireError("it said no hello")
                if frame.wire != wire.VERSION:
                    raise NoAnswer(str(wire.OtherVersion("recorder", frame, mine)))
                return frame
            if not data:
                raise _away("it ends without an answer")
    except TimeoutError:
        raise _away(f"there is no answer within {patience_s:.0f} s") from None
    except ConnectionError:
        raise _away("it ends without an answer") from None
    except wire.WireError:
        raise _away("what answers is no recorder, or a shell there prints something first") from None


def _away(why: str) -> NoAnswer:
    return NoAnswer(f"{why}; run recorder.command by hand and look at what it says")
