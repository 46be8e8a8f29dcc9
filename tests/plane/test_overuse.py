"""Over-use of simulated paths: what is noticed, how soon, what is not, and what aiortc's estimator says to the same."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from itertools import pairwise

import pytest
from aiortc.rate import BandwidthUsage, RemoteBitrateEstimator

from mediaserver.plane.overuse import Overuse
from tests.plane.traffic import TICKS, Arrival, constant, exponential, over_path, sender, spikes, step, uniform

JITTER: dict[str, Callable[[random.Random], float]] = {
    "none": uniform(0.0),
    "uniform-5ms": uniform(0.005),
    "uniform-20ms": uniform(0.02),
    "exponential-5ms": exponential(0.005),
    "exponential-10ms": exponential(0.01),
    "spikes": spikes,
}


def signs(arrivals: Iterable[Arrival], path: Overuse | None = None) -> list[tuple[float, int]]:
    """(second of the path, bit/s) of every sign of over-use."""
    path = path or Overuse()
    found, before = [], path.overused_us
    for arrival in arrivals:
        path.add(*arrival)
        if path.overused_us != before:
            before = path.overused_us
            found.append((before / 1e6 - 10, path.overused_rate))
    return found


def signs_of_aiortc(arrivals: Iterable[Arrival]) -> list[float]:
    estimator, found = RemoteBitrateEstimator(), []
    for arrival in arrivals:
        estimator.add(arrival.now_us // 1000, arrival.sent, arrival.size, 1)
        if estimator.detector.state() is BandwidthUsage.OVERUSING:
            found.append(arrival.now_us / 1e6 - 10)
    return found


def shifted(arrivals: Iterable[Arrival], seconds: float) -> list[Arrival]:
    """The receiver's clock alone."""
    return [arrival._replace(now_us=arrival.now_us + int(seconds * 1e6)) for arrival in arrivals]


# ---------------------------------------------------------------- nothing to notice


@pytest.mark.parametrize("name", JITTER)
@pytest.mark.parametrize("seed", range(3))
def test_ten_minutes_of_a_path_that_is_wide_enough(name: str, seed: int) -> None:
    sent = sender(seed, 600, constant(500_000))
    assert signs(over_path(sent, seed, capacity=constant(10_000_000), jitter=JITTER[name])) == []


@pytest.mark.parametrize("seed", range(3))
def test_packets_that_overtake_each_other(seed: int) -> None:
    sent = sender(seed, 60, constant(1_000_000))
    arrivals = over_path(sent, seed, jitter=uniform(0.015), in_order=False)
    assert any(later.sent < earlier.sent for earlier, later in pairwise(arrivals))
    assert signs(arrivals) == []


@pytest.mark.parametrize("period_us", [1000, 10_000, 30_000])
def test_packets_that_are_read_in_batches(period_us: int) -> None:
    arrivals = over_path(sender(1, 60, constant(1_500_000)), jitter=uniform(0.003))
    batches = [arrival._replace(now_us=-(-arrival.now_us // period_us) * period_us) for arrival in arrivals]
    assert signs(batches) == []


def test_slide_that_stands_still_and_one_that_does_not() -> None:
    assert signs(over_path(sender(1, 60, step(30_000, 2_000_000, 20, 40)), jitter=uniform(0.005))) == []


@pytest.mark.parametrize("seconds", [0.5, 1.9, 2.5, 20])
def test_outage_whose_backlog_comes_at_once(seconds: float) -> None:
    held = 10_000_000 + int((10 + seconds) * 1e6)
    arrivals = over_path(sender(1, 60, constant(1_000_000)), jitter=uniform(0.003))
    released = [a._replace(now_us=held) if 20_000_000 <= a.now_us < held else a for a in arrivals]
    assert signs(released) == []


@pytest.mark.parametrize("seconds", [1, 3, 31.9, 32, 33, 60, 63.9, 64, 64.1, 600])
def test_sender_that_pauses(seconds: float) -> None:
    path = Overuse()
    before = over_path(sender(1, 20, constant(1_000_000)), capacity=constant(2_000_000), jitter=uniform(0.005))
    after = sender(2, 20, step(1_000_000, 3_000_000, 30 + seconds), start=20 + seconds)
    assert signs(before, path) == []
    first, _ = signs(over_path(after, capacity=constant(2_000_000), jitter=uniform(0.005)), path)[0]
    assert 30 + seconds < first < 31 + seconds


@pytest.mark.parametrize("seconds", [-1000, -30, -3, 3, 30, 1000])
def test_clocks_that_jump(seconds: float) -> None:
    arrivals = over_path(sender(1, 40, step(1_000_000, 3_000_000, 30)), capacity=constant(2_000_000))
    before, after = arrivals[:2000], arrivals[2000:]
    ours = [*shifted(before, 1000), *shifted(after, 1000 + seconds)]
    theirs = [*before, *(a._replace(sent=(a.sent + int(seconds * TICKS)) & 0xFFFFFF) for a in after)]
    for jumped, begins in ((ours, 1030 + seconds), (theirs, 30)):
        first, _ = signs(jumped)[0]
        assert begins < first < begins + 1


# ---------------------------------------------------------------- what has to be noticed


@pytest.mark.parametrize("name", JITTER)
@pytest.mark.parametrize(
    ("rate", "capacity"), [(2e6, 1e6), (2e6, 1.6e6), (1.2e6, 1e6), (6e5, 3e5), (6e6, 5e6)], ids=str
)
def test_path_that_becomes_narrow(name: str, rate: float, capacity: float) -> None:
    narrow = step(50_000_000, capacity, 10)
    found = signs(over_path(sender(1, 13, constant(rate)), capacity=narrow, jitter=JITTER[name]))
    assert 10 < found[0][0] < 11
    while_narrow = [carried for second, carried in found if second > 11.5]
    assert while_narrow and all(carried == pytest.approx(capacity, rel=0.1) for carried in while_narrow)


@pytest.mark.parametrize("seed", range(3))
def test_sender_that_grows_beyond_the_path_recovers_and_does_it_again(seed: int) -> None:
    def bitrate(second: float) -> float:
        return 1_500_000 if 10 <= second < 11.5 or 40 <= second < 42 else 700_000

    sent = sender(seed, 50, bitrate)
    found = [second for second, _ in signs(over_path(sent, seed, capacity=constant(1_000_000), jitter=uniform(0.005)))]
    assert 10 < found[0] < 11
    assert any(40 < second < 41 for second in found)
    assert not any(14 < second < 40 or second > 46 for second in found), "the queue is gone"


def test_nothing_depends_on_where_the_senders_clock_stands() -> None:
    sent = sender(1, 20, step(700_000, 2_000_000, 5, 8))
    reference = signs(over_path(sent, capacity=constant(1_000_000), jitter=uniform(0.005)))
    assert reference
    for offset in range(0, 1 << 24, 1_234_567):
        arrivals = over_path(sent, capacity=constant(1_000_000), jitter=uniform(0.005), stamp_offset=offset)
        assert signs(arrivals) == reference


# ---------------------------------------------------------------- against another implementation


@pytest.mark.parametrize("name", JITTER)
@pytest.mark.parametrize("capacity", [None, 5e6, 1.6e6, 1e6, 3e5], ids=str)
@pytest.mark.parametrize("seed", range(2))
def test_as_aiortc(name: str, capacity: float | None, seed: int) -> None:
    """Both notice the same paths, within a quarter of a second."""
    narrow = None if capacity is None else step(50_000_000, capacity, 8)
    arrivals = over_path(sender(seed, 12, constant(2_000_000)), seed, capacity=narrow, jitter=JITTER[name])
    ours, theirs = [second for second, _ in signs(arrivals)], signs_of_aiortc(arrivals)
    assert bool(ours) == bool(theirs) == (capacity is not None and capacity < 2e6)
    if ours:
        assert ours[0] == pytest.approx(theirs[0], abs=0.25)
