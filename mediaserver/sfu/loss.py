"""What a receiver owes a publisher: requests for missing packets and reports on the loss.

Both work on numbers the packet plane keeps; neither sees a packet.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from mediaserver.rtp.rtcp import ReportBlock

REORDER_S = 0.010
"""Packets that only overtook each other are given this long to arrive before they are asked for."""
RETRY_S = 0.060
MAX_TRIES = 8
MAX_AGE_S = 1.0
"""Older gaps are not asked for any more: the picture has frozen or gone on by then."""


class NackSchedule:
    """Which missing packets of one stream to ask for now (RFC 4585 §6.2.1)."""

    def __init__(self) -> None:
        self._asked: dict[int, tuple[int, float]] = {}

    def due(self, missing: Iterable[tuple[int, float]], now: float) -> list[int]:
        """:param missing: (extended sequence number, first noticed) as the plane has them.
        :returns: 16-bit sequence numbers to put into a NACK, ascending.
        """
        still: dict[int, tuple[int, float]] = {}
        ask: list[int] = []
        for index, noticed in missing:
            if now - noticed > MAX_AGE_S:
                continue
            tries, last = self._asked.get(index, (0, noticed + REORDER_S - RETRY_S))
            if tries < MAX_TRIES and now - last >= RETRY_S:
                ask.append(index)
                tries, last = tries + 1, now
            still[index] = (tries, last)
        self._asked = still
        return [index & 0xFFFF for index in sorted(ask)]

    @property
    def pending(self) -> bool:
        """Whether a gap may still need asking."""
        return any(tries < MAX_TRIES for tries, _ in self._asked.values())


@dataclass(slots=True)
class ReceptionReporter:
    """Turns a stream's counters into report blocks (RFC 3550 A.3)."""

    _expected: int = 0
    _received: int = 0
    _last_sr: int = 0
    _last_sr_at: float = field(default=0.0)

    def sender_report(self, compact_ntp: int, now: float) -> None:
        """:param compact_ntp: middle 32 bits of the sender report's NTP time stamp."""
        self._last_sr, self._last_sr_at = compact_ntp, now

    def report(self, ssrc: int, *, expected: int, received: int, highest: int, jitter: int, now: float) -> ReportBlock:
        expected_interval = expected - self._expected
        lost_interval = expected_interval - (received - self._received)
        self._expected, self._received = expected, received
        fraction = 0
        if expected_interval > 0 and lost_interval > 0:
            fraction = min(255, (lost_interval << 8) // expected_interval)
        delay = int((now - self._last_sr_at) * 65536) if self._last_sr else 0
        return ReportBlock(
            ssrc=ssrc,
            fraction_lost=fraction,
            packets_lost=max(-0x800000, min(0x7FFFFF, expected - received)),
            highest_sequence=highest & 0xFFFFFFFF,
            jitter=jitter & 0xFFFFFFFF,
            lsr=self._last_sr,
            dlsr=delay & 0xFFFFFFFF,
        )
