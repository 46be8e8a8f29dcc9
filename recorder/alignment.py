"""When was it captured: media time of each track brought onto the lesson's time line. Pure; all times are µs.

Two steps, so that sound and picture of one sender stay together whatever the line does:

1. media time → the sender's clock, from the sender reports of the track (RFC 3550 §6.4.1). It is a straight line with
   little noise, whose slope is the drift of the device's sample clock.
2. the sender's clock → the lesson, from when reports arrived. A report is late by the way it took, never early: the
   line below all of them is the least delay, its slope the drift of the sender's clock (S. Moon, P. Skelly, D. Towsley:
   Estimation and removal of clock skew from network delay measurements, INFOCOM 1999). All tracks of a sender share it.

Before the first report, and for senders that send none, the least delayed packets stand in for both steps.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque

BUCKET_US = 10_000_000
WINDOW_US = 300_000_000
"""Over which the sender's clock is taken to drift evenly."""
REPORTS_US = 60_000_000
"""The same of a device's sample clock against the clock of its computer: the noise of reports is small."""
MAX_POINTS = 4096
TOLERANCE_US = 50_000
TOLERANCE_PPM = 1000
"""How far two reports of a track may disagree on how much time went by."""
SAME_CLOCK_US = 2_000_000
MAX_CLOCKS = 8
BEYOND_US = 30_000_000
"""How far a line is believed before its first and after its last report."""

EARLY_US, LATE_US = 500_000, 10_000_000
"""What was captured so long after it arrived, or before: the reports lie."""

NTP_FRACTION = 32

Report = tuple[int, int, int]
"""Media time, the sender's clock at it, arrival on the lesson's time line."""


def ntp_us(ntp: int) -> int:
    """Of a sender report's 64 bits."""
    return ntp * 1_000_000 >> NTP_FRACTION


class LeastDelay:
    """y of x, where each sample of y is late by an unknown time and both clocks drift."""

    def __init__(self) -> None:
        self._xs: list[int] = []
        self._delays: list[int] = []
        self._width = BUCKET_US
        self._end = 0

    def __bool__(self) -> bool:
        return bool(self._xs)

    def add(self, x: int, y: int) -> None:
        """Samples come about in the order of x; one that lies before the last bucket counts with it."""
        delay = y - x
        if self._xs and x < self._end:
            if delay < self._delays[-1] and (len(self._xs) == 1 or x > self._xs[-2]):
                self._xs[-1], self._delays[-1] = x, delay
            return
        self._xs.append(x)
        self._delays.append(delay)
        self._end = x + self._width
        if len(self._xs) > MAX_POINTS:
            self._thin()

    def _thin(self) -> None:
        """Half as many, each the lesser of two."""
        pairs = zip(self._xs[::2], self._xs[1::2], self._delays[::2], self._delays[1::2], strict=False)
        kept = [(a, c) if c <= d else (b, d) for a, b, c, d in pairs]
        self._xs, self._delays = [x for x, _ in kept], [delay for _, delay in kept]
        self._width *= 2

    @property
    def recent(self) -> int:
        """The least delay of the last minutes."""
        return min(self._delays[-WINDOW_US // BUCKET_US // 2 :])

    @property
    def range(self) -> tuple[int, int]:
        return self._xs[0], self._xs[-1]

    def at(self, x: int) -> int:
        """By the line under the samples of the minutes around x. There must be samples."""
        low, high = _window(self._xs, x, WINDOW_US)
        xs, delays = self._xs[low:high], self._delays[low:high]
        if xs[-1] - xs[0] < WINDOW_US // 5:
            return x + min(delays)
        (x0, d0), (x1, d1) = _edge(xs, delays)
        return x + d0 + (x - x0) * (d1 - d0) // (x1 - x0)


def _window(xs: list[int], x: int, width: int) -> tuple[int, int]:
    """Indexes of what lies around x; at either end of the list of as much time as in its middle."""
    begin = max(min(x - width // 2, xs[-1] - width), xs[0])
    low = bisect_left(xs, begin)
    high = bisect_left(xs, xs[low] + width + 1, low)
    return low, max(high, low + 1)


def _edge(xs: list[int], ys: list[int]) -> tuple[tuple[int, int], tuple[int, int]]:
    """Of the lower convex hull, the edge above which the middle of the x lies."""
    hull: list[tuple[int, int]] = []
    for x, y in zip(xs, ys, strict=True):
        while len(hull) > 1:
            (x0, y0), (x1, y1) = hull[-2], hull[-1]
            if (x1 - x0) * (y - y0) > (y1 - y0) * (x - x0):
                break
            hull.pop()
        hull.append((x, y))
    middle = (xs[0] + xs[-1]) // 2
    at = next(number for number in range(1, len(hull)) if hull[number][0] >= middle)
    return hull[at - 1], hull[at]


class Line:
    """y of x, where samples of y have errors to both sides: least squares over a minute."""

    def __init__(self) -> None:
        self._xs: list[int] = []
        self._ys: list[int] = []
        self._counts: list[int] = []
        self._begin = 0
        self._width = BUCKET_US

    def __bool__(self) -> bool:
        return bool(self._xs)

    def add(self, x: int, y: int) -> None:
        """In the order of x. Samples of some seconds become one, their mean."""
        if self._xs and x < self._begin + self._width:
            count = self._counts[-1]
            self._xs[-1] += (x - self._xs[-1]) // (count + 1)
            self._ys[-1] += (y - self._ys[-1]) // (count + 1)
            self._counts[-1] = count + 1
            return
        self._begin = x
        self._xs.append(x)
        self._ys.append(y)
        self._counts.append(1)
        if len(self._xs) > MAX_POINTS:
            for column in (self._xs, self._ys, self._counts):
                del column[1::2]
            self._width *= 2

    @property
    def range(self) -> tuple[int, int]:
        return self._xs[0], self._xs[-1]

    def at(self, x: int) -> int:
        """There must be samples. Over less than some seconds the slope is taken to be one."""
        low, high = _window(self._xs, x, REPORTS_US)
        xs, ys, counts = self._xs[low:high], self._ys[low:high], self._counts[low:high]
        weight = sum(counts)
        x_mean = xs[0] + sum((a - xs[0]) * n for a, n in zip(xs, counts, strict=True)) / weight
        late = [b - a for a, b in zip(xs, ys, strict=True)]
        late_mean = late[0] + sum((b - late[0]) * n for b, n in zip(late, counts, strict=True)) / weight
        slope = 0.0
        if xs[-1] - xs[0] >= REPORTS_US // 3:
            spread = sum(n * (a - x_mean) ** 2 for a, n in zip(xs, counts, strict=True))
            slope = sum(n * (a - x_mean) * (b - late_mean) for a, b, n in zip(xs, late, counts, strict=True)) / spread
        return x + round(late_mean + slope * (x - x_mean))


class SenderClocks:
    """Clocks of one sender against the lesson: one, and another after it was set or when a device has its own."""

    def __init__(self) -> None:
        self._clocks: deque[LeastDelay] = deque(maxlen=MAX_CLOCKS)

    def that_shows(self, delay: int) -> LeastDelay:
        """The clock that differs from the lesson by about this much, else a new one."""
        known = min(self._clocks, key=lambda clock: abs(clock.recent - delay), default=None)
        if known is None or abs(known.recent - delay) > SAME_CLOCK_US:
            return self._new()
        return known

    def after_step(self, old: LeastDelay, delay: int) -> LeastDelay:
        """Of a clock that was set: as another track of the sender found it, else a new one."""
        for clock in reversed(self._clocks):
            if clock is old:
                break
            if abs(clock.recent - delay) < 4 * TOLERANCE_US:
                return clock
        return self._new()

    def _new(self) -> LeastDelay:
        clock = LeastDelay()
        self._clocks.append(clock)
        return clock


class Stretch:
    """Media time of a track from one jump to the next.

    :ivar since: media time where it begins.
    """

    def __init__(self, since: int) -> None:
        self.since = since
        self.reports = Line()
        self.clock: LeastDelay | None = None
        self.arrivals = LeastDelay()

    def at(self, media_us: int) -> int | None:
        """When it was captured; None while nothing is known."""
        if not self.reports or self.clock is None:
            return self.arrivals.at(media_us) if self.arrivals else None
        first, last = self.reports.range
        near = min(max(media_us, first - BEYOND_US), last + BEYOND_US)
        at = self.clock.at(self.reports.at(near))
        if not self.arrivals:
            return at + media_us - near
        arrived = self.arrivals.at(near)
        if not -LATE_US < at - arrived < EARLY_US:
            at = arrived
        return at if near == media_us else at + self.arrivals.at(media_us) - arrived


class MediaClock:
    """What is known of one track's media time: stretches in order, the last one goes on.

    :ivar refused: reports that were not believed.
    """

    def __init__(self, sender: SenderClocks) -> None:
        self._sender = sender
        self._last: Report | None = None
        self._odd: Report | None = None
        self.stretch = Stretch(0)
        self.refused = 0

    def jump(self, media_us: int) -> Stretch:
        """Media time was set, or stood still: what was known of it ends here."""
        self.stretch = Stretch(media_us)
        self._last = self._odd = None
        return self.stretch

    def arrived(self, media_us: int, at_us: int) -> None:
        self.stretch.arrivals.add(media_us, at_us)

    def report(self, media_us: int, sent_us: int, at_us: int) -> None:
        """:param sent_us: the sender's clock at `media_us`. :param at_us: arrival on the lesson's time line."""
        report = media_us, sent_us, at_us
        if sent_us <= 0:
            self.refused += 1
        elif self._last is not None and (media_us <= self._last[0] or not _disagree(self._last, report)):
            if media_us > self._last[0]:
                self.refused += self._odd is not None
                self._odd = None
                self._take(report)
            elif _disagree(self._last, report):
                self.refused += 1
        elif self._odd is None or media_us <= self._odd[0] or _disagree(self._odd, report):
            self.refused += self._odd is not None
            self._odd = report
        else:  # one report may lie, two that agree are believed
            self._begin(self._odd, report)

    def _begin(self, first: Report, second: Report) -> None:
        delay = min(at_us - sent_us for _, sent_us, at_us in (first, second))
        clock, last = self.stretch.clock, self._last
        if clock is None or last is None:
            self.stretch.clock = self._sender.that_shows(delay)
        else:
            # The sender's clock was set when the delays moved with it; otherwise it was the media's.
            step, before = _disagree(last, first), clock.recent
            old, self.stretch = self.stretch, Stretch(first[0])
            if abs(delay + step - before) < abs(delay - before):
                self.stretch.clock = self._sender.after_step(clock, delay)
                self.stretch.arrivals = old.arrivals
            else:
                self.stretch.clock = clock
        self._odd = None
        self._take(first)
        self._take(second)

    def _take(self, report: Report) -> None:
        media_us, sent_us, at_us = report
        assert self.stretch.clock is not None
        self._last = report
        self.stretch.clock.add(sent_us, at_us)
        self.stretch.reports.add(media_us, sent_us)


def _disagree(earlier: Report, later: Report) -> int:
    """By how much more the sender's clock moved than media time did; 0 when that is noise and drift."""
    media = later[0] - earlier[0]
    step = later[1] - earlier[1] - media
    return step if abs(step) > TOLERANCE_US + abs(media) * TOLERANCE_PPM // 1_000_000 else 0
