from __future__ import annotations

import random

import pytest

from mediaserver.rtp.rtcp import ntp_from_unix
from mediaserver.sfu.ntp import NTP_SECOND, ClockOffset, StreamClock

EPOCH = 1_800_000_000.0


def server(seconds: float) -> int:
    return ntp_from_unix(EPOCH + seconds)


def seconds(ntp: int | None) -> float:
    assert ntp is not None
    return (ntp - server(0)) / NTP_SECOND


class Publisher:
    """:param ahead: how far its clock is ahead of ours, in s; :param drift: seconds per second."""

    def __init__(self, ahead: float, drift: float = 0.0) -> None:
        self.ahead, self.drift = ahead, drift
        self.offset = ClockOffset()

    def ntp(self, at: float) -> int:
        return server(at + self.ahead + self.drift * at)

    def report(self, at: float, delay: float) -> None:
        self.offset.observe(self.ntp(at), server(at + delay))

    def error(self, at: float) -> float:
        """How far we are off when we place its time `at`."""
        return seconds(self.offset.to_server(self.ntp(at))) - at


def test_unknown_before_the_first_report() -> None:
    assert ClockOffset().to_server(server(0)) is None


@pytest.mark.parametrize("ahead", [0.0, 3600.0, -1e6, -EPOCH - 2_208_988_800 + 5])
def test_least_delayed_report_counts(ahead: float) -> None:
    publisher, choose = Publisher(ahead), random.Random(1)
    for n in range(10):
        publisher.report(n, 0.02 + choose.random() * 0.3)
    publisher.report(10, 0.02)
    assert publisher.error(10.5) == pytest.approx(0.02, abs=1e-3)


def test_a_report_that_was_held_up_changes_nothing() -> None:
    publisher = Publisher(5)
    for n in range(5):
        publisher.report(n, 0.02)
    publisher.report(5, 7.0)
    publisher.report(6, 6.0)
    assert publisher.error(6) == pytest.approx(0.02, abs=1e-3)
    publisher.report(7, 0.02)
    publisher.report(8, 7.0)
    assert publisher.error(8) == pytest.approx(0.02, abs=1e-3)


def test_clock_set_forward_is_believed_at_once() -> None:
    publisher = Publisher(5)
    publisher.report(0, 0.02)
    publisher.ahead += 3600
    publisher.report(1, 0.05)
    assert publisher.error(1) == pytest.approx(0.05, abs=1e-3)


def test_clock_set_back_is_believed_after_three_reports() -> None:
    publisher = Publisher(5)
    publisher.report(0, 0.02)
    publisher.ahead -= 3600
    for n in (1, 2, 3):
        publisher.report(n, 0.04)
    assert publisher.error(3) == pytest.approx(0.04, abs=1e-3)


def test_drift_is_followed() -> None:
    """100 ppm, a report a second for an hour: half a second in all, of which the window hides little."""
    for drift in (1e-4, -1e-4):
        publisher = Publisher(0, drift)
        for n in range(3600):
            publisher.report(n, 0.02)
        assert publisher.error(3600) == pytest.approx(0.02, abs=3e-3)


def test_samples_are_bounded() -> None:
    publisher = Publisher(0)
    for n in range(1000):
        publisher.report(n, 0.02)
    assert len(publisher.offset._samples) == 16


class TestStreamClock:
    def test_unknown(self) -> None:
        assert StreamClock(90_000).at(server(0)) is None

    @pytest.mark.parametrize("rate", [8000, 48_000, 90_000])
    def test_line_through_the_last_report(self, rate: int) -> None:
        clock = StreamClock(rate)
        clock.set(server(0), 0xFFFFFF00)
        clock.set(server(10), 0xFFFFFF00)
        assert clock.at(server(10)) == 0xFFFFFF00
        assert clock.at(server(12)) == (0xFFFFFF00 + 2 * rate) & 0xFFFFFFFF
        assert clock.at(server(9)) == (0xFFFFFF00 - rate) & 0xFFFFFFFF

    def test_over_the_end_of_the_era(self) -> None:
        """2036-02-07T06:28:16Z."""
        clock = StreamClock(90_000)
        clock.set(2**64 - NTP_SECOND, 1000)
        assert clock.at(NTP_SECOND) == 1000 + 2 * 90_000
