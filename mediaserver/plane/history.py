"""One stream's ring of decrypted packets: the only buffer there is.

NACK answers, RTX, the replay for joiners and the recorder's tap all read it.
"""

from __future__ import annotations

from enum import Enum

from mediaserver.rtp.sequence import extend

FIRST_INDEX = 0x10000
"""Indexes begin one cycle up, so that packets from before the first one do not fall below zero."""


class Put(Enum):
    NEW = 1
    DUPLICATE = 2
    TOO_OLD = 3
    RESET = 4
    """New, after a jump in numbering that emptied the ring."""


class History:
    """:param size: slots, a power of two. :param max_gaps: missing packets remembered."""

    __slots__ = (
        "_expected_before",
        "_indexes",
        "_mask",
        "_max_gaps",
        "_packets",
        "_restarting",
        "_times",
        "base",
        "gap_overflow",
        "gaps",
        "highest",
        "keyframe",
        "keyframe_timestamp",
        "keyframe_us",
    )

    def __init__(self, size: int, max_gaps: int) -> None:
        if size <= 0 or size & (size - 1):
            raise ValueError(f"history size {size} is not a power of two")
        self._mask = size - 1
        self._max_gaps = max_gaps
        self._packets: list[bytes] = [b""] * size
        self._indexes: list[int] = [-1] * size
        self._times: list[int] = [0] * size
        self._expected_before = 0
        self._restarting = False
        self.gap_overflow = 0
        self._clear()

    def _clear(self) -> None:
        self._indexes[:] = [-1] * (self._mask + 1)
        self.base = -1
        self.highest = -1
        self.gaps: dict[int, int] = {}
        self.keyframe = -1
        self.keyframe_timestamp = -1
        self.keyframe_us = 0

    def index(self, sequence: int) -> int:
        """The extended sequence number of a packet that has just come.

        The first one gets a whole cycle of head start, and a new numbering always goes on
        forwards, so that indexes neither fall below zero nor name two packets.
        """
        if self.highest < 0:
            return FIRST_INDEX + sequence
        if self._restarting:
            return ((self.highest >> 16) + 2 << 16) + sequence
        index = extend(sequence, self.highest)
        return index + 0x10000 if self.highest - index > 2 * self._mask else index

    def restart(self) -> None:
        """The sender begins anew under another SSRC: the next packet empties the ring, whatever its number."""
        self._restarting = self.highest >= 0

    @property
    def expected(self) -> int:
        """Packets that should have come (RFC 3550 A.3), those of earlier numberings included."""
        return self._expected_before + (self.highest - self.base + 1 if self.highest >= 0 else 0)

    def holds(self, index: int) -> bool:
        return index >= 0 and self._indexes[index & self._mask] == index

    def get(self, index: int) -> bytes | None:
        return self._packets[index & self._mask] if self.holds(index) else None

    def arrival(self, index: int) -> int:
        """Arrival in µs of a packet the ring holds."""
        return self._times[index & self._mask]

    @property
    def oldest(self) -> int:
        """The lowest index that may still be in the ring."""
        return max(self.base, self.highest - self._mask)

    def put(self, index: int, packet: bytes, now_us: int) -> Put:
        """Store a packet under its index; notes the gaps it opens and closes the one it fills."""
        result = Put.NEW
        late = self.highest - index
        if self.highest < 0:
            self.base = self.highest = index
        elif self._mask < late <= 2 * self._mask:
            return Put.TOO_OLD
        elif self._restarting or abs(late) > self._mask:
            # Ahead or far behind by more than a ring is another numbering.
            self._expected_before = self.expected
            self._restarting = False
            self._clear()
            self.base = self.highest = index
            result = Put.RESET
        elif self.holds(index):
            return Put.DUPLICATE
        elif index > self.highest:
            self._open_gaps(self.highest + 1, index, now_us)
            self.highest = index
        else:
            self.gaps.pop(index, None)
            self.base = min(self.base, index)
        slot = index & self._mask
        self._packets[slot] = packet
        self._indexes[slot] = index
        self._times[slot] = now_us
        return result

    def _open_gaps(self, first: int, end: int, now_us: int) -> None:
        for index in range(max(first, end - self._max_gaps), end):
            self.gaps[index] = now_us
        self.gap_overflow += max(0, end - first - self._max_gaps)
        oldest = end - self._mask
        for index in list(self.gaps):
            if index >= oldest and len(self.gaps) <= self._max_gaps:
                break
            del self.gaps[index]
            if index >= oldest:
                self.gap_overflow += 1

    def mark_keyframe(self, index: int, timestamp: int, now_us: int) -> bool:
        """Note where a keyframe starts: the earliest packet of its picture. True for a new picture."""
        if timestamp == self.keyframe_timestamp:
            self.keyframe = min(self.keyframe, index)
            return False
        if index < self.keyframe:
            return False
        self.keyframe, self.keyframe_timestamp, self.keyframe_us = index, timestamp, now_us
        return True
