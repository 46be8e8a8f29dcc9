"""From a sender's clock to the lesson's: pure arithmetic."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from recorder.manifest import Part, Sync

_WORST_DRIFT = 1e-3
"""No crystal is off by more; a steeper line through two neighbouring points is a mistake in one of them."""
_APART_US = 10_000_000
"""Beyond the outermost points the line goes on as it went over at least so long a stretch."""


class TimeLine:
    """The presentation times of one part on the lesson's time line, piecewise linear between its sync points."""

    def __init__(self, part: Part) -> None:
        self._points = _risen(part.sync) or [Sync(pts_us=0, at_us=part.start_us)]
        self._pts = [point.pts_us for point in self._points]
        first, last = self._points[0], self._points[-1]
        self._before = _slope(first, next((p for p in self._points if p.pts_us - first.pts_us >= _APART_US), last))
        self._after = _slope(
            next((p for p in reversed(self._points) if last.pts_us - p.pts_us >= _APART_US), first), last
        )

    def at(self, pts_us: int) -> int:
        """Where in the lesson, in µs, something with this presentation time was captured."""
        place = bisect_right(self._pts, pts_us)
        if place == 0:
            return _along(self._points[0], self._before, pts_us)
        if place == len(self._pts):
            return _along(self._points[-1], self._after, pts_us)
        low, high = self._points[place - 1], self._points[place]
        return low.at_us + (high.at_us - low.at_us) * (pts_us - low.pts_us) // (high.pts_us - low.pts_us)


def end_us(part: Part) -> int:
    """Where in the lesson a part ends. Arrival alone tells too late an end where packets stood in a line on their way
    when it began."""
    return TimeLine(part).at(part.duration_us)


def _risen(points: Sequence[Sync]) -> list[Sync]:
    """The points in order, without those from which time would go back."""
    kept: list[Sync] = []
    for point in sorted(points, key=lambda point: point.pts_us):
        if not kept or (point.pts_us > kept[-1].pts_us and point.at_us > kept[-1].at_us):
            kept.append(point)
    return kept


def _slope(low: Sync, high: Sync) -> float:
    if high.pts_us - low.pts_us < _APART_US:
        return 1.0
    slope = (high.at_us - low.at_us) / (high.pts_us - low.pts_us)
    return min(max(slope, 1 - _WORST_DRIFT), 1 + _WORST_DRIFT)


def _along(point: Sync, slope: float, pts_us: int) -> int:
    return point.at_us + round((pts_us - point.pts_us) * slope)
