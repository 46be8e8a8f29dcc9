"""Whether a publisher sends more than its path carries: the delay-based half of draft-ietf-rmcat-gcc-02.

A queue that builds up somewhere on the path lets packets arrive ever later than they were sent. Packets are
taken together in groups sent within 5 ms (§5.2); by how much one group was delayed longer than the one before
goes through a filter that tells a trend from jitter (§5.3); a trend above a threshold that adapts to the path
is over-use (§5.4). What a sender is to do about it is not said here.

native/overuse.c is the same, compiled. Both do the same operations on IEEE 754 doubles in the same order, and
nothing but + − × ÷ and the square root, which are exact to the last bit: so both come to the same numbers.
"""

from __future__ import annotations

from math import sqrt

BURST_US = 5000
"""Packets of a group are sent within this time, or arrive in a burst with gaps of this at most."""
MAX_BURST_US = 100_000
"""A burst is over after so long, or a backlog as long as seconds would be one group."""
PAUSE_US = 2_000_000
"""After so long without a packet, or when a clock jumps by so much, all that was measured is forgotten."""

MAX_DELTAS = 60
"""§5.4 compares a trend of ms per group with ms: as browsers do, the trend is first multiplied by the number
of groups, up to so many."""
STATE_NOISE = 1e-3
"""q of §5.3, ms²: how fast the trend may change, …"""
STATE_VARIANCE = 0.1
"""… e(0), how little of it is known at first, …"""
JITTER_VARIANCE = 50.0
"""… and of the measurements, var_v: at first …"""
LEAST_VARIANCE = 1.0
"""… and at least. It follows what is measured …"""
CHI = 0.01 * 30 / 1000
"""… by so much per ms, hence 0.01 per group at 30 groups a second."""
THRESHOLD = 12.5
"""del_var_th(0) of §5.4, ms, …"""
LEAST_THRESHOLD, MOST_THRESHOLD = 10.0, 600.0
"""… its bounds: at the draft's 6 mere jitter looks like over-use now and then (decision 0003) …"""
GROWTH, DECAY = 0.0087, 0.039
"""… K_u and K_d, with the values of browsers, which forget a disturbance sooner than the draft's."""
OUTLIER = 15.0
"""What is so much above the threshold does not raise it."""
LONGEST_STEP = 100.0
"""ms by which the threshold adapts at once, at most."""
OVERUSE_MS = 10.0
"""The trend stays above the threshold for longer than this, as the sender's clock goes."""

BUCKET_SHIFT = 14
BUCKETS = 64
"""The rate is that of the last 64 × 2¹⁴ µs, a second."""


class Window:
    """Bytes of the last second, in a ring of buckets."""

    __slots__ = ("_bytes", "_newest", "_since_us", "_total")

    def __init__(self, now_us: int) -> None:
        self._bytes = [0] * BUCKETS
        self._total = 0
        self._newest = now_us >> BUCKET_SHIFT
        self._since_us = now_us

    def add(self, now_us: int, size: int) -> None:
        bucket = now_us >> BUCKET_SHIFT
        while self._newest < bucket:
            self._newest += 1
            self._total -= self._bytes[self._newest % BUCKETS]
            self._bytes[self._newest % BUCKETS] = 0
        self._bytes[bucket % BUCKETS] += size
        self._total += size

    def rate(self, now_us: int) -> int:
        """bit/s until `now_us`, the time of the latest packet."""
        since = max(self._since_us, (self._newest - BUCKETS + 1) << BUCKET_SHIFT)
        return self._total * 8_000_000 // max(now_us - since, 1 << BUCKET_SHIFT)


class Group:
    """§5.2: packets that say nothing about each other. Send times are in ticks of 2⁻¹⁸ s, modulo 2²⁴."""

    __slots__ = ("began_us", "first", "last", "last_us")

    def __init__(self, now_us: int, sent: int) -> None:
        self.began_us = self.last_us = now_us
        self.first = self.last = sent

    def takes(self, now_us: int, sent: int) -> bool:
        ahead = distance(sent, self.last)
        if ahead <= 0 or ticks_us(distance(sent, self.first)) <= BURST_US:
            return True
        waited = now_us - self.last_us
        return waited <= BURST_US and waited < ticks_us(ahead) and now_us - self.began_us < MAX_BURST_US

    def add(self, now_us: int, sent: int) -> None:
        self.last_us = now_us
        if distance(sent, self.last) > 0:
            self.last = sent


class Overuse:
    """Of one transport.

    :ivar overused_us: arrival of the packet that gave the latest sign of over-use; 0 before the first.
    :ivar overused_rate: bit/s that came in during the second before: about what the path carries.
    """

    def __init__(self) -> None:
        self.overused_us = self.overused_rate = 0
        self._group: Group | None = None

    def add(self, now_us: int, sent: int, size: int) -> None:
        """A packet. :param sent: its abs-send-time, 24 bits. :param size: bytes."""
        group = self._group
        if group is None or self._broken(group, now_us, sent):
            self._restart(now_us, sent)
            self._window.add(now_us, size)
            return
        self._window.add(now_us, size)
        if distance(sent, group.first) < 0:  # belongs to a group that is over
            return
        if group.takes(now_us, sent):
            group.add(now_us, sent)
            return
        if self._before is not None:
            sent_ms = ticks_us(distance(group.last, self._before.last)) / 1000
            arrived_ms = (group.last_us - self._before.last_us) / 1000
            self._measure(arrived_ms - sent_ms, sent_ms)
            self._detect(now_us, sent_ms, arrived_ms)
        self._before, self._group = group, Group(now_us, sent)

    def _broken(self, group: Group, now_us: int, sent: int) -> bool:
        """Whether nothing can be concluded from the times of the packets before and of this one."""
        since = now_us - group.last_us
        if since < 0 or since > PAUSE_US:
            return True
        stretch = (now_us - group.began_us) - ticks_us(distance(sent, group.first))
        return stretch > PAUSE_US or stretch < -PAUSE_US

    def _restart(self, now_us: int, sent: int) -> None:
        self._window = Window(now_us)
        self._group = Group(now_us, sent)
        self._before: Group | None = None
        self._trend = self._trend_before = 0.0
        """m(i), ms by which a group is delayed longer than the one before; and m(i−1)."""
        self._variance = STATE_VARIANCE
        self._jitter = JITTER_VARIANCE
        self._deltas = 0
        self._threshold = THRESHOLD
        self._normal = True
        self._above_ms = 0.0
        self._above = False

    def _measure(self, delay: float, sent_ms: float) -> None:
        """§5.3. The weight of a measurement goes by the time since the last instead of f_max, the fastest of the
        last few: it comes to the same and needs no list."""
        residual = delay - self._trend
        if self._normal:  # a queue that grows is no jitter
            most = 3 * sqrt(self._jitter)
            capped = min(max(residual, -most), most)
            weight = 1 / (1 + CHI * sent_ms)
            self._jitter = max(weight * self._jitter + (1 - weight) * (capped * capped), LEAST_VARIANCE)
        uncertain = self._variance + STATE_NOISE
        gain = uncertain / (self._jitter + uncertain)
        self._variance = (1 - gain) * uncertain
        self._trend_before = self._trend
        self._trend += gain * residual
        self._deltas = min(self._deltas + 1, MAX_DELTAS)

    def _detect(self, now_us: int, sent_ms: float, arrived_ms: float) -> None:
        """§5.4."""
        trend = self._deltas * self._trend
        size = abs(trend)
        self._normal = size <= self._threshold
        if trend > self._threshold:
            # When it went above is not known: half of the time since the last group is a fair guess.
            was_above, self._above = self._above, True
            self._above_ms += sent_ms if was_above else sent_ms / 2
            if was_above and self._above_ms > OVERUSE_MS and self._trend >= self._trend_before:
                self._above_ms, self._above = 0.0, False
                self.overused_us = now_us
                self.overused_rate = self._window.rate(now_us)
        else:
            self._above_ms, self._above = 0.0, False
        if size <= self._threshold + OUTLIER:
            speed = DECAY if size < self._threshold else GROWTH
            threshold = self._threshold + speed * (size - self._threshold) * min(arrived_ms, LONGEST_STEP)
            self._threshold = min(max(threshold, LEAST_THRESHOLD), MOST_THRESHOLD)


def distance(later: int, earlier: int) -> int:
    """Ticks from one send time to another, modulo 2²⁴: −32 to 32 s."""
    return ((later - earlier + 0x800000) & 0xFFFFFF) - 0x800000


def ticks_us(ticks: int) -> float:
    return ticks * 15625 / 4096
