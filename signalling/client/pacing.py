"""When the next frame is due."""

from __future__ import annotations

import math

MAX_LATE = 0.25
"""Seconds behind after which frames are left out instead of sent in a burst."""


class Pacer:
    """A steady rate against a clock that the caller reads.

    Frame `i` is due at `start + i / rate`. Who falls far behind skips indices, so that a frame's index always
    tells its time and sound and picture stay together.

    :param rate: frames per second.
    :ivar skipped: frames left out so far.
    """

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._start: float | None = None
        self._next = 0
        self.skipped = 0

    def next(self, now: float, start: float | None = None) -> tuple[int, float]:
        """Index of the next frame, and seconds to wait until it is due (0 when it is late).

        :param now: seconds of a monotonic clock.
        :param start: when frame 0 was due; read on the first call only, `now` if left out.
        """
        if self._start is None:
            self._start = now if start is None else start
            self._next = max(0, math.ceil((now - self._start) * self._rate))
        late = now - (self._start + self._next / self._rate)
        if late > MAX_LATE:
            index = math.ceil((now - self._start) * self._rate)
            self.skipped += index - self._next
            self._next = index
        index = self._next
        self._next += 1
        return index, max(0.0, self._start + index / self._rate - now)
