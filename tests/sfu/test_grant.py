from __future__ import annotations

import pytest

from mediaserver.plane.overuse import Overuse
from mediaserver.sfu.grant import BACK_OFF, GROWTH, HOLD_S, PublisherRate

LEAST, MOST = 200_000, 6_000_000


def grant(rate: PublisherRate, now: float, *, overused: float = 0.0, carried: int = 0, least: int = LEAST) -> int:
    return rate.grant(least, MOST, now, overused_us=int(overused * 1e6), overused_rate=carried)


def test_climbs_to_the_most_and_no_further() -> None:
    rate = PublisherRate(1_000_000, 0.0)
    granted = [grant(rate, float(now)) for now in range(1, 60)]
    assert granted[1] / granted[0] == pytest.approx(GROWTH, rel=1e-3)
    assert granted[-1] == MOST


def test_bounds_hold_at_once() -> None:
    rate = PublisherRate(1_000_000, 0.0)
    assert rate.grant(50_000, 100_000, 0.0, overused_us=0, overused_rate=0) == 100_000
    assert grant(rate, 0.0, least=300_000) == 300_000
    assert grant(rate, 1.0, overused=1.0, carried=1000) == LEAST


def test_overuse_lowers_it_once_and_climbing_waits() -> None:
    rate = PublisherRate(3_000_000, 100.0)
    low = grant(rate, 101.0, overused=100.9, carried=1_000_000)
    assert low == BACK_OFF * 1_000_000
    assert grant(rate, 101.5, overused=100.9, carried=1_000_000) == low
    assert grant(rate, 100.9 + HOLD_S + 1, overused=100.9, carried=1_000_000) > low


def test_overuse_never_raises_it() -> None:
    rate = PublisherRate(1_000_000, 100.0)
    assert grant(rate, 101.0, overused=100.9, carried=5_000_000) == 1_000_000


def test_overuse_that_goes_on_lowers_it_further() -> None:
    rate = PublisherRate(3_000_000, 100.0)
    assert grant(rate, 101.0, overused=100.9, carried=2_000_000) == 1_700_000
    assert grant(rate, 102.0, overused=101.9, carried=1_000_000) == 850_000


def test_clock_that_stands_still_or_jumps() -> None:
    rate = PublisherRate(1_000_000, 10.0)
    assert grant(rate, 5.0) == 1_000_000
    assert grant(rate, 1e6) <= 1_000_000 * GROWTH**5 + 1


# ---------------------------------------------------------------- together with what measures the path


def stream(path: Overuse, *, start: float, seconds: float, bitrate: int, queue_ms_per_s: float = 0.0) -> float:
    """Packets of 1,000 bytes at `bitrate`; each second the line delays them by so much more. Returns the end."""
    interval, sent = 8000 / bitrate, 0.0
    while sent < seconds:
        arrived = start + sent + sent * queue_ms_per_s / 1000
        path.add(int(arrived * 1e6), int((start + sent) * (1 << 18)) & 0xFFFFFF, 1000)
        sent += interval
    return start + seconds


def granted_to(rate: PublisherRate, path: Overuse, now: float) -> int:
    return rate.grant(LEAST, MOST, now, overused_us=path.overused_us, overused_rate=path.overused_rate)


def test_still_slide_lowers_nothing() -> None:
    rate, path = PublisherRate(3_000_000, 1.0), Overuse()
    end = stream(path, start=1, seconds=5, bitrate=2_000_000)
    before = granted_to(rate, path, end)
    end = stream(path, start=end, seconds=5, bitrate=30_000)
    assert granted_to(rate, path, end) >= before


def test_filling_queue_lowers_it_and_climbing_waits() -> None:
    rate, path = PublisherRate(3_000_000, 1.0), Overuse()
    end = stream(path, start=1, seconds=4, bitrate=2_000_000)
    end = stream(path, start=end, seconds=4, bitrate=2_000_000, queue_ms_per_s=200)
    low = granted_to(rate, path, end)
    assert LEAST <= low < 2_000_000
    assert low == pytest.approx(BACK_OFF * 2_000_000 / 1.2, rel=0.03)
    assert granted_to(rate, path, end + HOLD_S / 2) == low
    assert granted_to(rate, path, end + HOLD_S + 2) > low
