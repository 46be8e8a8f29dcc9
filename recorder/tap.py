"""What a recorder reads from: a stream's packets out of the packet plane's history.

A tap is a cursor, not a queue: it holds no packets, slows nobody down, and when its reader is
too slow it finds a hole where the ring has moved on and says how large it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol


class TapPacket(Protocol):
    """One decrypted RTP packet. :ivar index: extended sequence number. :ivar now_us: monotonic arrival time."""

    @property
    def index(self) -> int: ...
    @property
    def now_us(self) -> int: ...
    @property
    def packet(self) -> bytes: ...


class Batch(NamedTuple):
    """:ivar missed: packets between the previous batch and this one that are in neither."""

    packets: Sequence[TapPacket]
    missed: int


class Tap:
    """Reads one stream from where it stood last.

    :param read: `Plane.read_history` with the stream filled in: (after, limit) → packets in order.
    """

    def __init__(self, read: Callable[[int | None, int], Sequence[TapPacket]]) -> None:
        self._read = read
        self._after: int | None = None

    def take(self, limit: int = 512) -> Batch:
        """What has come since the last call, at most `limit` packets; call again while that many come."""
        packets = self._read(self._after, limit)
        if not packets:
            return Batch((), 0)
        first, last = packets[0].index, packets[-1].index
        span = last - (first - 1 if self._after is None else self._after)
        self._after = last
        return Batch(packets, span - len(packets))
