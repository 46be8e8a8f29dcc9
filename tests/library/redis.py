"""A real Redis for one test: Debian's binary, a socket in a directory of its own, nothing on disk, no TCP port."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from pathlib import Path

START_S = 30.0


class RedisServer:
    """:ivar url: for `redis.url`."""

    def __init__(self) -> None:
        found = shutil.which("redis-server")
        if found is None:
            raise RuntimeError("Redis is missing; run .ci/redis")
        self._program = found
        self._folder = Path(tempfile.mkdtemp(prefix="tongke-redis-", dir="/tmp"))
        self._socket = self._folder / "socket"
        self._server: subprocess.Popen[bytes] | None = None
        self.url = f"unix://{self._socket}"

    def start(self) -> None:
        options = ["--port", "0", "--unixsocket", str(self._socket), "--save", "", "--dir", str(self._folder)]
        self._server = subprocess.Popen([self._program, *options], stdout=subprocess.DEVNULL, start_new_session=True)
        deadline = time.monotonic() + START_S
        while not self._socket.exists():
            if self._server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("Redis does not start")
            time.sleep(0.02)

    def kill(self) -> None:
        """With all that was in it."""
        server, self._server = self._server, None
        if server is not None:
            server.kill()
            server.wait()
            self._socket.unlink(missing_ok=True)

    def stop(self) -> None:
        self.kill()
        shutil.rmtree(self._folder)
