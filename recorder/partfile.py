"""One part of a track on the disk, written a fragment at a time."""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

from recorder.containers import Container, Sample
from recorder.recover import Measured
from recorder.trouble import write

FRAGMENT_US = 500_000
"""Of presentation time, after which a fragment goes to the disk; `flush` sends it earlier."""
FRAGMENT_BYTES = 1 << 20


class PartFile:
    """What `write` has taken outlives the process at once: the kernel has it. A power cut is another matter, for which
    `sync` waits for the disk.

    :ivar bytes: of the whole fragments in the file. :ivar safe: index of the last packet of them, -1 before any.
    :ivar end_us: presentation time at which the last sample in them ends, as far as is known.
    """

    def __init__(self, path: Path, container: Container, *, found: Measured | None = None) -> None:
        """:param found: what is in it already, when a recording goes on. :raises OSError:"""
        self._container = container
        self._digest = None if found else hashlib.sha256()
        self._samples: list[Sample] = []
        self._size = 0
        self._index = self.safe = -1
        self.bytes = self.end_us = self._last_us = 0
        self._unsynced = False
        if found:
            self.bytes, self.end_us = found.bytes, found.end_us
            self._file = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
            os.lseek(self._file, found.bytes, os.SEEK_SET)
            return
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
        try:
            self._write(container.head())
        except OSError:
            os.close(self._file)
            with contextlib.suppress(OSError):
                path.unlink()
            raise

    def add(self, sample: Sample, index: int, length_us: int) -> None:
        """:param index: of the packet that completed it. :raises OSError: nothing that waited is in the file."""
        self._samples.append(sample)
        self._size += len(sample.data)
        self._index = index
        self._last_us = sample.pts_us + length_us
        if sample.pts_us - self._samples[0].pts_us >= FRAGMENT_US or self._size >= FRAGMENT_BYTES:
            self.flush()

    def flush(self) -> None:
        """What waits is in the file afterwards. :raises OSError: it is lost, what the file held before is whole."""
        if not self._samples:
            return
        samples, self._samples, self._size = self._samples, [], 0
        self._write(self._container.fragment(samples, self._last_us))
        self.safe, self.end_us = self._index, self._last_us

    def sync(self) -> None:
        """:raises OSError:"""
        if self._unsynced:
            self._unsynced = False
            os.fdatasync(self._file)

    def gone(self) -> bool:
        """Somebody removed the file, or its disk went away."""
        try:
            return os.fstat(self._file).st_nlink == 0
        except OSError:
            return True

    def close(self) -> str:
        """What waits is on the disk then, whether or not the power stays.

        :returns: SHA-256 of the file, "" where only a part of it is ours.
        :raises OSError: the file is closed nevertheless.
        """
        try:
            self.flush()
            os.fsync(self._file)
        finally:
            os.close(self._file)
        return self._digest.hexdigest() if self._digest else ""

    def _write(self, data: bytes) -> None:
        try:
            write(self._file, data)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self.bytes)  # half a fragment is none
                os.lseek(self._file, self.bytes, os.SEEK_SET)
            raise
        if self._digest:
            self._digest.update(data)
        self.bytes += len(data)
        self._unsynced = True
