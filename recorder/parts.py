"""The files of one track, one after the other: the last one grows."""

from __future__ import annotations

import contextlib
import re
from collections import deque
from collections.abc import Callable
from pathlib import Path

from recorder.alignment import MediaClock
from recorder.containers import Container, Sample
from recorder.containers.mp4 import Mp4
from recorder.containers.webm import WebM
from recorder.frames import Start
from recorder.manifest import Part, Track
from recorder.partfile import PartFile
from recorder.recover import Measured
from recorder.sync import SETTLED_US, PartSync

MAX_PARTS = 2000
BURST, BURST_US = 8, 8_000_000
"""Parts in so short a time: each one costs a file and waits for the disk."""
MAX_SYNCS = 16
"""Parts whose sync points still move; more in so few minutes is no lesson."""
FLUSH_US = 500_000
"""How long a frame waits for company before it goes to the disk alone."""
_UNSAFE = re.compile(r"[^0-9A-Za-z._-]")


class Parts:
    """Nothing that the disk does raises here: it is told to `failed`, and the part ends with what it has.

    :ivar private: codec private data of the part that is written.
    :ivar safe: index of the last packet that is on the disk, -1 before any.
    :ivar bytes: written since the beginning.
    """

    def __init__(
        self, track: Track, folder: Path, failed: Callable[[OSError], None], changed: Callable[[bool], None]
    ) -> None:
        """:param failed: told of what the disk refuses. :param changed: of news, True when a part began or ended."""
        self._track, self._folder = track, folder
        self._failed, self._changed = failed, changed
        self._file: PartFile | None = None
        self._part: Part | None = None
        self._syncs: deque[PartSync] = deque(maxlen=MAX_SYNCS)
        self._begun: deque[int] = deque(maxlen=BURST)
        self._first_us = 0  # media time at presentation time 0
        self._flushed_us = 0
        self.private = b""
        self.safe = -1
        self.bytes = 0

    @property
    def writing(self) -> bool:
        return self._file is not None

    def full(self, at_us: int) -> bool:
        """No lesson has so many parts, or so many in so little time: somebody makes them."""
        if len(self._track.parts) >= MAX_PARTS:
            return True
        return len(self._begun) == BURST and at_us - self._begun[0] < BURST_US

    def begin(self, part: Part, start: Start, media_us: int, clock: MediaClock) -> bool:
        """:param part: without its file. :param media_us: of its first frame. :returns: False when it cannot be."""
        container: Container
        if part.codec == "h264":
            container = Mp4(start.width, start.height, start.private)
        else:
            container = WebM(part.codec, start.width, start.height, start.private)
        try:
            self._file = self._create(part, container)
        except OSError as error:
            self._failed(error)
            return False
        self.private = start.private
        self._part, self._first_us, self._flushed_us = part, media_us, part.start_us
        self._begun.append(part.start_us)
        self._measure(self._file, part)
        self._track.parts.append(part)
        self._syncs.append(PartSync(part, media_us, clock))
        self._changed(True)
        return True

    def _create(self, part: Part, container: Container) -> PartFile:
        """:raises OSError:"""
        stem = _UNSAFE.sub("_", self._track.id)[:80]
        number = len(self._track.parts)
        while True:
            part.file = f"parts/{stem}-{number:03}.{container.suffix}"
            try:
                return PartFile(self._folder / part.file, container)
            except FileExistsError:  # a crash came before it stood in the manifest
                number += 1
                if number > 2 * MAX_PARTS:
                    raise

    def go_on(self, measured: Measured, media_us: int, clock: MediaClock) -> bool:
        """In the last part, which a killed process left. :param media_us: of its beginning."""
        part = self._track.parts[-1]
        container: Container = WebM(part.codec)
        if part.codec == "h264":
            container = Mp4(part.width, part.height, b"", number=measured.bytes)
        try:
            self._file = PartFile(self._folder / part.file, container, found=measured)
        except OSError as error:
            self._failed(error)
            return False
        self._part, part.closed = part, False
        self._first_us, self._flushed_us = media_us, part.start_us
        self.private = b""  # it is not known: a key frame of H.264 begins a new part
        self._syncs.append(PartSync(part, media_us, clock, settled_us=measured.end_us))
        self._changed(True)
        return True

    def add(self, index: int, media_us: int, key: bool, data: bytes, length_us: int) -> None:
        """To the part that is written."""
        file, part = self._file, self._part
        assert file is not None and part is not None
        try:
            file.add(Sample(media_us - self._first_us, key, data), index, length_us)
        except OSError as error:
            self._lost(error)
            return
        self._measure(file, part)

    def flush(self, at_us: int) -> None:
        """What waits reaches the disk, when it has waited long enough. :param at_us: on the lesson's time line."""
        file, part = self._file, self._part
        if file is None or part is None or at_us - self._flushed_us < FLUSH_US:
            return
        self._flushed_us = at_us
        try:
            file.flush()
        except OSError as error:
            self._lost(error)
            return
        self._measure(file, part)

    def sync(self) -> None:
        """Until what is in the file outlives a power cut."""
        if self._file is not None:
            try:
                self._file.sync()
            except OSError as error:
                self._lost(error)

    def gone(self) -> bool:
        return self._file is not None and self._file.gone()

    def forget_gone(self) -> list[Part]:
        """Takes out the parts whose files somebody removed."""
        self.end()
        parts = self._track.parts
        gone = [part for part in parts if not (self._folder / part.file).exists()]
        self._track.parts = [part for part in parts if part not in gone]
        return gone

    def align(self, now_us: int) -> None:
        """Sync points by what is known now, of this part and of those that ended lately.

        :param now_us: how far the track is on the lesson's time line.
        """
        for sync in self._syncs:
            sync.update()
        while len(self._syncs) > 1:
            oldest = self._syncs[0].part
            if now_us < oldest.start_us + oldest.duration_us + SETTLED_US:
                break
            self._syncs.popleft()

    def end(self) -> None:
        file, part = self._file, self._part
        if file is None or part is None:
            return
        self._file = self._part = None
        self._syncs[-1].end()
        try:
            part.sha256 = file.close()
        except OSError as error:  # of a file whose end may not have reached the disk nobody vouches
            self._failed(error)
        part.closed = True
        self._measure(file, part)
        if not part.duration_us:  # nothing came to be written
            self._track.parts.remove(part)
            self._syncs.pop()
            with contextlib.suppress(OSError):
                (self._folder / part.file).unlink()
        self._changed(True)

    def _lost(self, error: OSError) -> None:
        """What waited for the disk is lost."""
        self._failed(error)
        self.end()

    def _measure(self, file: PartFile, part: Part) -> None:
        self.bytes += file.bytes - part.bytes
        part.bytes, part.duration_us = file.bytes, file.end_us
        self.safe = max(self.safe, file.safe)
