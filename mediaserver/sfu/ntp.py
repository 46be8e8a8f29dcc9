"""Publishers' clocks brought onto the server's, so that what plays in one slot keeps one time.

Every publisher stamps its sender reports with a clock of its own. All streams of one publisher
share the offset found here, hence sound and picture stay in sync, and two publishers that take
turns in a slot do not make the receiver's clock jump.
"""

from __future__ import annotations

NTP_SECOND = 1 << 32
_WINDOW = 16
_JUMP = 2 * NTP_SECOND
_BELIEVED = 3
"""Reports in a row that are late by a jump until it is the clock that was set, and not the line that stalled."""


class ClockOffset:
    """Offset of one publisher's NTP clock against ours, from the least delayed sender report seen lately."""

    def __init__(self) -> None:
        self._samples: list[int] = []
        self._late = 0

    def observe(self, sender_ntp: int, arrived_ntp: int) -> None:
        """:param sender_ntp: 64-bit NTP time of a sender report. :param arrived_ntp: ours at its arrival."""
        sample = arrived_ntp - sender_ntp
        least = min(self._samples, default=sample)
        if sample > least + _JUMP:
            self._late += 1
            if self._late < _BELIEVED:
                return
        else:
            self._late = 0
        if abs(sample - least) > _JUMP:
            self._samples.clear()  # the publisher's clock was set; no report comes before it was sent
        self._samples.append(sample)
        del self._samples[:-_WINDOW]

    def to_server(self, sender_ntp: int) -> int | None:
        """64-bit NTP time on our clock, None before the first report."""
        if not self._samples:
            return None
        return (sender_ntp + min(self._samples)) & 0xFFFFFFFFFFFFFFFF


class StreamClock:
    """Last known pair of server time and media time of one stream."""

    def __init__(self, clock_rate: int) -> None:
        self._clock_rate = clock_rate
        self._ntp: int | None = None
        self._timestamp = 0

    def set(self, ntp: int, timestamp: int) -> None:
        self._ntp, self._timestamp = ntp, timestamp

    def at(self, ntp: int) -> int | None:
        """Media time stamp at a server time, None when nothing is known yet."""
        if self._ntp is None:
            return None
        elapsed = (ntp - self._ntp) * self._clock_rate // NTP_SECOND
        return (self._timestamp + elapsed) & 0xFFFFFFFF
