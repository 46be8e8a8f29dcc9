"""A real PostgreSQL for one run of the tests: Debian's binaries, a directory of its own, no TCP port."""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

PR_SET_PDEATHSIG = 1
START_S = 30.0
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "60",
    "shared_buffers": "32MB",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "log_min_messages": "fatal",
}


_AS = ("-U", "tongke", "-d", "postgres")


def binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    if not found and not on_path:
        raise RuntimeError("PostgreSQL is missing; run .ci/postgres")
    return found[-1].parent if found else Path(str(on_path)).resolve().parent


def _user() -> pwd.struct_passwd:
    """PostgreSQL refuses to run as root: then it runs as `postgres`, or as nobody in particular."""
    if os.getuid() != 0:
        return pwd.getpwuid(os.getuid())
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def _end_with_parent() -> None:
    """A fast shutdown when the tests are killed."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)


class PostgreSQL:
    """:param settings: beside and instead of `SETTINGS`, which trade safety for speed.
    :ivar directory: of data and socket; short, because a socket's path has at most 107 characters."""

    def __init__(self, settings: Mapping[str, str] | None = None) -> None:
        self._settings = SETTINGS | dict(settings or {})
        self._bin = binaries()
        self._user = _user()
        self.directory = Path(tempfile.mkdtemp(prefix="tongke-pg-", dir="/tmp"))
        self._server: subprocess.Popen[bytes] | None = None
        self._databases = 0

    def start(self) -> None:
        os.chown(self.directory, self._user.pw_uid, self._user.pw_gid)
        data = str(self.directory / "data")
        self._run("initdb", "-D", data, "-U", "tongke", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        self.resume()

    def resume(self) -> None:
        """Run again after `pause`, with the same data."""
        data = str(self.directory / "data")
        options = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        command = [self._bin / "postgres", "-D", data, "-k", str(self.directory), *options]
        self._server = subprocess.Popen(
            command, cwd="/", start_new_session=True, preexec_fn=_end_with_parent, **self._as_user()
        )
        deadline = time.monotonic() + START_S
        while subprocess.run([self._bin / "pg_isready", "-q", "-h", self.directory, *_AS]).returncode:
            if self._server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("PostgreSQL does not start")
            time.sleep(0.05)

    def pause(self) -> None:
        """A fast shutdown: clients are thrown out, nobody answers."""
        server, self._server = self._server, None
        if server is not None:
            server.send_signal(signal.SIGINT)
            server.wait(START_S)

    def stop(self) -> None:
        self.pause()
        shutil.rmtree(self.directory)

    def url(self, database: str) -> str:
        return f"postgresql://tongke@/{database}?host={self.directory}"

    def create(self, template: str = "template0") -> str:
        """A new database; returns its name."""
        self._databases += 1
        name = f"tongke_{self._databases}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop(self, name: str) -> None:
        self.sql(f"DROP DATABASE {name} WITH (FORCE)")

    def sql(self, statement: str) -> None:
        self._run("psql", "-q", "-X", "-v", "ON_ERROR_STOP=1", "-h", str(self.directory), *_AS,
                  "-c", statement)  # fmt: skip

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run([self._bin / program, *arguments], cwd="/", capture_output=True, **self._as_user())
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr.decode(errors='replace')}")

    def _as_user(self) -> dict[str, object]:
        if os.getuid() != 0:
            return {}
        return {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}
