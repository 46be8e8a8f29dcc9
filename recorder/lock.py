"""Who writes a recording: one process, and not one that is left over from a line that broke.

The lock is the kernel's and goes with its process, however that ends. What is written in it says whether whoever comes
next may end that process: it lost its server, or the same server has called again since. It is killed, as that leaves
files in which the next one goes on as if nothing had been.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
from dataclasses import asdict, dataclass, replace
from pathlib import Path

NAME = "lock"
_MOST = 1000
_BOOT = Path("/proc/sys/kernel/random/boot_id")


class Busy(Exception):
    """Another process still writes this recording."""


@dataclass(frozen=True, slots=True)
class Holder:
    """:ivar boot: of which machine, since it was switched on. :ivar born: when its process began, in ticks since then.
    :ivar server: and :ivar run: as in `wire.Hello`. :ivar lost: nobody speaks to it any more."""

    boot: str
    pid: int
    born: int
    server: str
    run: int
    lost: bool = False


def myself(server: str, run: int) -> Holder:
    pid = os.getpid()
    return Holder(boot(), pid, _born(pid), server, run)


class Lock:
    """:raises Busy: another process has it; one that is left over is gone when it is tried again.
    :raises OSError: the folder cannot be written."""

    def __init__(self, folder: Path, holder: Holder) -> None:
        self._holder = holder
        self._file = os.open(folder / NAME, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._write(holder)
        except BlockingIOError:
            _end_leftover(_read(self._file), holder)
            os.close(self._file)
            raise Busy from None
        except BaseException:
            os.close(self._file)
            raise

    def lose(self) -> None:
        """Whoever wants it may have it. :raises OSError:"""
        self._write(replace(self._holder, lost=True))

    def release(self) -> None:
        os.close(self._file)

    def _write(self, holder: Holder) -> None:
        data = json.dumps(asdict(holder)).encode()
        os.pwrite(self._file, data, 0)
        os.ftruncate(self._file, len(data))


def _read(file: int) -> Holder | None:
    try:
        return Holder(**json.loads(os.pread(file, _MOST, 0)))
    except (OSError, ValueError, TypeError):
        return None  # it is about to be written


def _end_leftover(holder: Holder | None, mine: Holder) -> None:
    if holder is None or not mine.boot or holder.boot != mine.boot or holder.pid == mine.pid:
        return
    if not holder.lost and (holder.server != mine.server or holder.run >= mine.run):
        return
    try:
        process = os.pidfd_open(holder.pid)
    except OSError:
        return
    try:
        # Not another process that has its number now.
        if _born(holder.pid) == holder.born:
            signal.pidfd_send_signal(process, signal.SIGKILL)
    except OSError:
        pass  # it is somebody else's, or gone
    finally:
        os.close(process)


def boot() -> str:
    """Of this machine, another one each time that it is switched on; empty: it does not tell."""
    try:
        return _BOOT.read_text().strip()
    except OSError:
        return ""


def _born(pid: int) -> int:
    """0: there is no such process."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return 0
