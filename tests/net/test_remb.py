from __future__ import annotations

import pytest

from mediaserver.net.remb import GROWTH, HOLD_S, PublisherRate
from mediaserver.plane.interface import Arrival

LEAST, MOST = 200_000, 6_000_000


def stream(rate: PublisherRate, *, start: float, seconds: float, bitrate: int, queue_ms_per_s: float = 0.0) -> float:
    """Packets of 1,000 bytes at `bitrate`; each second the line delays them by so much more. Returns the end."""
    interval, sent = 8000 / bitrate, 0.0
    while sent < seconds:
        arrived = start + sent + sent * queue_ms_per_s / 1000
        stamp = int((start + sent) * (1 << 18)) & 0xFFFFFF
        rate.add([Arrival(int(arrived * 1e6), stamp, 1000, 1)])
        sent += interval
    return start + seconds


def test_climbs_to_the_most_and_no_further() -> None:
    rate = PublisherRate(1_000_000, 0.0)
    granted = [rate.grant(LEAST, MOST, float(now)) for now in range(1, 60)]
    assert granted[1] / granted[0] == pytest.approx(GROWTH, rel=1e-3)
    assert granted[-1] == MOST


def test_bounds_hold_at_once() -> None:
    rate = PublisherRate(1_000_000, 0.0)
    assert rate.grant(50_000, 100_000, 0.0) == 100_000
    assert rate.grant(300_000, MOST, 0.0) == 300_000


def test_still_slide_lowers_nothing() -> None:
    rate = PublisherRate(3_000_000, 0.0)
    end = stream(rate, start=0, seconds=5, bitrate=2_000_000)
    before = rate.grant(LEAST, MOST, end)
    end = stream(rate, start=end, seconds=5, bitrate=30_000)
    assert rate.grant(LEAST, MOST, end) >= before


def test_filling_queue_lowers_it_and_climbing_waits() -> None:
    rate = PublisherRate(3_000_000, 0.0)
    end = stream(rate, start=0, seconds=4, bitrate=2_000_000)
    end = stream(rate, start=end, seconds=4, bitrate=2_000_000, queue_ms_per_s=200)
    low = rate.grant(LEAST, MOST, end)
    assert LEAST <= low < 2_000_000
    assert rate.grant(LEAST, MOST, end + HOLD_S / 2) == low
    assert rate.grant(LEAST, MOST, end + HOLD_S + 2) > low


def test_clock_that_stands_still_or_jumps() -> None:
    rate = PublisherRate(1_000_000, 10.0)
    assert rate.grant(LEAST, MOST, 5.0) == 1_000_000
    assert rate.grant(LEAST, MOST, 1e6) <= 1_000_000 * GROWTH**5 + 1
