"""Packets of a picture stream to frames that can be decoded: after a loss nothing until the next key frame."""

from __future__ import annotations

from collections import Counter

from recorder.frames import Depacketizer, Frame
from recorder.frames.av1 import Av1
from recorder.frames.h264 import H264
from recorder.frames.vp8 import Vp8
from recorder.frames.vp9 import Vp9

MAX_FRAME = 8 << 20
"""Bytes; a key frame of a 4K screen has a tenth of it."""
MAX_PACKETS = 8192

_SHORT_IDS = 128
"""Picture ids have seven bits or fifteen."""

PICTURES: dict[str, type[Depacketizer]] = {"vp8": Vp8, "vp9": Vp9, "h264": H264, "av1": Av1}


class Assembler:
    """One stream. Packets come in order of their index; holes are told by it.

    :ivar waiting: nothing can be used until a key frame comes.
    """

    def __init__(self, codec: str, drops: Counter[str]) -> None:
        self._codec = PICTURES[codec]()
        self._drops = drops
        self.waiting = True
        self._last = -1
        self._timestamp = -1
        self._payloads: list[bytes] = []
        self._size = 0
        self._spoilt = False
        self._ended = True  # the last packet was the last of its frame
        self._picture = -1

    def add(self, index: int, timestamp: int, marker: bool, payload: bytes) -> list[tuple[int, Frame]]:
        """:returns: (time stamp, frame) of what has become whole, in nearly all cases at most one."""
        whole: list[tuple[int, Frame]] = []
        if index != self._last + 1 and self._last >= 0:
            self._hole(index - self._last - 1, timestamp, payload)
        self._last = index
        if timestamp != self._timestamp:
            if self._payloads or self._spoilt:
                self._finish(whole)
            self._timestamp = timestamp
        if not payload:
            if self._ended:
                return whole  # padding only
        elif not self._spoilt:
            self._size += len(payload)
            if self._size > MAX_FRAME or len(self._payloads) >= MAX_PACKETS:
                self._drops["too_large"] += 1
                self._spoilt = True
                self._payloads.clear()
            else:
                self._payloads.append(payload)
        self._ended = marker
        if marker:
            self._finish(whole)
        return whole

    def go_on(self, index: int) -> None:
        """All up to this packet is written: the next frame goes on with it."""
        self._last, self.waiting = index, False

    def restart(self) -> None:
        """The next frame must be a key frame."""
        self.waiting = True

    def _hole(self, missing: int, timestamp: int, payload: bytes) -> None:
        following = self._codec.picture_id(payload) if payload else -1
        if self._ended and following >= 0 and self._picture >= 0 and missing < _SHORT_IDS:
            ids = 0x7FFF if max(following, self._picture) >= _SHORT_IDS else _SHORT_IDS - 1
            if (following - self._picture) & ids == 1:
                return  # what is missing was padding: the pictures go on without a break
        self.waiting = True
        if not self._ended and (timestamp == self._timestamp or self._payloads):
            self._spoilt = True
            self._payloads.clear()

    def _finish(self, whole: list[tuple[int, Frame]]) -> None:
        payloads, spoilt = self._payloads, self._spoilt
        self._payloads, self._size, self._spoilt = [], 0, False
        if spoilt:
            self._drops["incomplete"] += 1
            return
        if not payloads:
            return
        picture = self._codec.picture_id(payloads[0])
        frame = self._codec.frame(payloads)
        if frame is None:
            self._drops["damaged"] += 1
            self.waiting = True
            return
        self._picture = picture
        if self.waiting:
            if frame.start is None:
                self._drops["waiting"] += 1
                return
            self.waiting = False
        whole.append((self._timestamp, frame))
