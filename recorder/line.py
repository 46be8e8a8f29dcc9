"""The recorder's end of the line to its server: two descriptors, of one socket or of two pipes."""

from __future__ import annotations

import os
import select

READ_BYTES = 256 * 1024


class Line:
    """Reads wait as long as they are told, writes never.

    :ivar lost: the other end is gone, or `close` was called.
    """

    def __init__(self, source: int, sink: int) -> None:
        """Both are its own from now on."""
        self.lost = False
        self._source, self._sink = source, sink
        self._rest = memoryview(b"")
        """Of the one frame that did not fit any more."""
        os.set_blocking(source, False)
        os.set_blocking(sink, False)

    def read(self, wait_s: float) -> bytes:
        """What has come; nothing when nothing came, or when `lost`."""
        try:
            if not select.select((self._source,), (), (), wait_s)[0]:
                return b""
            data = os.read(self._source, READ_BYTES)
        except BlockingIOError:
            return b""
        except OSError:
            data = b""
        if not data:
            self.lost = True
        return data

    def say(self, frame: bytes) -> bool:
        """Whether the frame is on its way. False: not a byte of it is, and none will be.

        What cannot be written is no reason to stop reading: there may be much that was sent before.
        """
        if not self._flush():
            return False
        self._rest = memoryview(frame)
        self._flush()
        return True

    def _flush(self) -> bool:
        try:
            while self._rest:
                self._rest = self._rest[os.write(self._sink, self._rest) :]
        except OSError:
            return False
        return True

    def close(self) -> None:
        self.lost = True
        for descriptor in (self._source, self._sink):
            if descriptor >= 0:
                os.close(descriptor)
        self._source = self._sink = -1
