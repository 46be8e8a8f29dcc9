"""What the disk refuses, and whether it takes bytes again."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

from recorder import files

AGAIN_US = 1_000_000
PROBE = 1 << 20
"""Bytes that must fit before a recording goes on: some seconds of a lesson."""
_FULL = (errno.ENOSPC, errno.EDQUOT)


class Disk:
    """:ivar trouble: "", `disk_full` or `not_writable`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.trouble = ""
        self._again_us = 0

    def failed(self, error: OSError, now_us: int) -> None:
        self.trouble = "disk_full" if error.errno in _FULL else "not_writable"
        self._again_us = now_us + AGAIN_US

    def due(self, now_us: int) -> bool:
        return bool(self.trouble) and now_us >= self._again_us

    def prepare(self) -> None:
        """The folder, inside one that must be there: what is not mounted is not written below. :raises OSError:"""
        self._folder.mkdir(exist_ok=True, mode=0o750)
        (self._folder / "parts").mkdir(exist_ok=True, mode=0o750)
        files.sync_folder(self._folder)

    def probe(self, now_us: int) -> None:
        """Sees whether a second's worth can be written; `trouble` is empty afterwards when it can."""
        path = self._folder / "parts" / ".probe"
        try:
            self.prepare()
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o640)
            try:
                write(file, bytes(PROBE))
                os.fsync(file)
            finally:
                os.close(file)
        except OSError as error:
            self.failed(error, now_us)
        else:
            self.trouble = ""
        finally:
            with contextlib.suppress(OSError):
                path.unlink()


def write(file: int, data: bytes) -> None:
    """All of it. :raises OSError: some of it may be written."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file, rest) :]
