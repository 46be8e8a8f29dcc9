"""How much a publisher may send: the seam to aiortc's receive-side bandwidth estimator.

The estimator (draft-ietf-rmcat-gcc-02 with abs-send-time) also follows a sender down that merely
has little to show, and a slide that stood still for a minute would then start at a crawl. So
only its overuse signal lowers what we grant; without it the grant climbs.
"""

from __future__ import annotations

from collections.abc import Iterable

from aiortc.rate import BandwidthUsage, RemoteBitrateEstimator

from mediaserver.plane.interface import Arrival

GROWTH = 1.08
"""Per second, as browsers climb by themselves."""
HOLD_S = 1.0
"""No climbing for so long after an overuse."""


class PublisherRate:
    """:param start: bit/s granted before the path has been measured. A browser trusts the first grant of a
    session at once and climbs by 8 % a second later, so it decides over the first half minute.
    """

    def __init__(self, start: int, now: float) -> None:
        self._estimator = RemoteBitrateEstimator()
        self._granted = float(start)
        self._granted_at = now
        self._overused_at = now - HOLD_S

    def add(self, arrivals: Iterable[Arrival]) -> None:
        """Packets in the order of arrival. Times in seconds of the plane's clock."""
        for arrival in arrivals:
            result = self._estimator.add(arrival.now_us // 1000, arrival.abs_send_time, arrival.size, arrival.ssrc)
            if self._estimator.detector.state() is BandwidthUsage.OVERUSING:
                self._overused_at = arrival.now_us / 1e6
                if result is not None:
                    self._granted = min(self._granted, float(result[0]))

    def grant(self, least: int, most: int, now: float) -> int:
        """bit/s to put into a REMB now, between the two bounds."""
        elapsed = max(0.0, min(now - self._granted_at, 5.0))
        self._granted_at = now
        if now - self._overused_at >= HOLD_S:
            self._granted *= GROWTH**elapsed
        self._granted = max(float(least), min(float(most), self._granted))
        return int(self._granted)
