"""Clocks that drift, are set, jump, and reports that are late, doubled, missing or lie. Times in µs."""

from __future__ import annotations

import random
from dataclasses import dataclass

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from recorder.alignment import BUCKET_US, MAX_POINTS, LeastDelay, Line, MediaClock, SenderClocks, ntp_us
from recorder.manifest import Part
from recorder.sync import MAX_POINTS as MAX_SYNC
from recorder.sync import PartSync

SECOND = 1_000_000
LEAST = 20_000
NTP_AT_ZERO = 3_976_000_000 * SECOND
"""What the sender's clock shows at the beginning, which is years off for some."""


@dataclass
class Device:
    """A track of a sender: its media clock is fast by `ppm`."""

    ppm: float
    clock: MediaClock
    part: Part
    sync: PartSync

    jumped: int = 0
    since: int = 1 << 62

    def media(self, true_us: int) -> int:
        return round(true_us * (1 + self.ppm / 1e6)) + (self.jumped if true_us >= self.since else 0)


class Sender:
    """Feeds reports and arrivals of two tracks from true times. :ivar set_by: how far its computer's clock was set."""

    def __init__(self, seed: int = 1, *, sound: float = 200, camera: float = -200, computer: float = 150) -> None:
        self.chance = random.Random(seed)
        self.clocks = SenderClocks()
        self.computer, self.set_by = computer, 0
        self.sound, self.camera = self.device(sound), self.device(camera)
        self.jitter = 15_000
        self.lost = 0.05

    def device(self, ppm: float) -> Device:
        clock = MediaClock(self.clocks)
        part = Part(file="x", codec="opus", start_us=0)
        return Device(ppm, clock, part, PartSync(part, 0, clock))

    def shows(self, true_us: int) -> int:
        return NTP_AT_ZERO + self.set_by + round(true_us * (1 + self.computer / 1e6))

    def late(self) -> int:
        return LEAST + round(self.chance.expovariate(1 / self.jitter))

    def report(self, device: Device, true_us: int, *, lie: int = 0) -> None:
        noise = round(self.chance.gauss(0, 1500))
        device.clock.report(device.media(true_us) + noise, self.shows(true_us) + lie, true_us + self.late())

    def run(self, begin_s: int, end_s: int, *, update_s: int = 10) -> None:
        for second in range(begin_s, end_s):
            true_us = second * SECOND
            for device, every, encode in ((self.camera, 1, 45_000), (self.sound, 5, 5_000)):
                device.clock.arrived(device.media(true_us), true_us + encode + self.late())
                device.part.duration_us = device.media(true_us)
                if second % every == 0 and self.chance.random() >= self.lost:
                    self.report(device, true_us + 300_000)
            if second % update_s == 0:
                self.camera.sync.update()
                self.sound.sync.update()
        self.camera.sync.update()
        self.sound.sync.update()

    def error(self, device: Device, true_us: int) -> int:
        """Of what the sync points say, against the truth."""
        points, pts = device.part.sync, device.media(true_us)
        at = max(1, next((n for n, point in enumerate(points) if point.pts_us > pts), len(points) - 1))
        low, high = points[at - 1], points[at]
        return low.at_us + (pts - low.pts_us) * (high.at_us - low.at_us) // (high.pts_us - low.pts_us) - true_us

    def worst(self, begin_s: int, end_s: int) -> tuple[int, int]:
        """Sound against picture, and either against the truth."""
        sound = [self.error(self.sound, second * SECOND) for second in range(begin_s, end_s, 7)]
        camera = [self.error(self.camera, second * SECOND) for second in range(begin_s, end_s, 7)]
        apart = max(abs(a - b) for a, b in zip(sound, camera, strict=True))
        return apart, max(abs(error - LEAST) for error in sound + camera)


@pytest.mark.parametrize("computer", [-200, 0, 200])
def test_two_hours_of_skewed_clocks_stay_together(computer):
    sender = Sender(computer=computer)
    sender.run(0, 7200)
    apart, off = sender.worst(0, 7200)
    assert apart < 5_000
    assert off < 15_000
    assert len(sender.sound.part.sync) < 400


def test_points_that_are_settled_do_not_move():
    sender = Sender()
    sender.run(0, 1200)
    before = [point for point in sender.sound.part.sync if point.pts_us < 600 * SECOND]
    sender.run(1200, 2400)
    assert sender.sound.part.sync[: len(before)] == before


@pytest.mark.parametrize("step", [-3600 * SECOND, -700_000, 300_000, 5 * SECOND, 10 * 365 * 86400 * SECOND])
def test_a_clock_that_is_set_moves_nothing(step):
    sender = Sender()
    sender.run(0, 400)
    sender.set_by = step
    sender.run(400, 900)
    apart, off = sender.worst(0, 900)
    assert apart < 40_000
    assert off < 40_000


@pytest.mark.parametrize("jumped", [-700_000, 400_000])
def test_media_time_that_jumps_by_less_than_a_new_part_is_followed(jumped):
    sender = Sender()
    sender.run(0, 400)
    sender.sound.jumped, sender.sound.since = jumped, 400 * SECOND
    sender.run(400, 800)
    assert sender.worst(0, 390)[0] < 5_000
    assert sender.worst(410, 800)[0] < 20_000


def test_a_line_that_stalls_moves_nothing():
    sender = Sender()
    sender.run(0, 300)
    sender.jitter = 800_000
    sender.run(300, 330)
    sender.jitter = 15_000
    sender.run(330, 600)
    apart, off = sender.worst(0, 600)
    assert apart < 5_000 and off < 20_000


@pytest.mark.parametrize("lie", [-90_000_000, -1_000_000, 100_000, 60_000_000])
def test_single_lies_are_not_believed(lie):
    sender = Sender()
    for begin in range(0, 600, 60):
        sender.run(begin, begin + 60)
        sender.report(sender.camera, (begin + 60) * SECOND - 100_000, lie=lie)
        sender.report(sender.sound, (begin + 60) * SECOND - 100_000, lie=-lie)
    apart, off = sender.worst(0, 600)
    assert apart < 5_000 and off < 20_000
    assert sender.camera.clock.refused + sender.sound.clock.refused >= 18


def test_reports_that_come_twice_or_out_of_order_change_nothing():
    sender, straight = Sender(3), Sender(3)
    straight.run(0, 300)
    sender.run(0, 300)
    before = list(sender.camera.part.sync)
    for second in (250, 290, 290, 10):
        true_us = second * SECOND
        sender.camera.clock.report(sender.camera.media(true_us), sender.shows(true_us), true_us + 100_000)
    sender.camera.sync.update()
    assert sender.camera.part.sync == before == straight.camera.part.sync


def test_without_any_report_arrival_stands_in():
    sender = Sender()
    sender.lost = 1.0
    sender.run(0, 3600)
    apart, off = sender.worst(0, 3600)
    assert apart < 60_000  # as much as the camera needs longer to encode, 40 ms, and noise
    assert off < 70_000


def test_reports_that_end_leave_arrival_with_the_same_offset():
    sender = Sender()
    sender.run(0, 300)
    sender.lost = 1.0
    sender.run(300, 3600)
    apart, off = sender.worst(0, 3600)
    assert apart < 40_000 and off < 60_000


def test_reports_that_begin_late_repair_what_was_before():
    sender = Sender()
    sender.lost = 1.0
    sender.run(0, 120)
    sender.lost = 0.0
    sender.run(120, 600)
    apart, _ = sender.worst(0, 600)
    assert apart < 40_000
    assert sender.worst(100, 600)[0] < 10_000


def test_a_sender_that_says_zero_has_no_clock():
    sender = Sender()
    for second in range(100):
        sender.camera.clock.report(second * SECOND, 0, second * SECOND)
    assert sender.camera.clock.stretch.clock is None
    assert sender.camera.clock.refused == 100


def test_reports_from_the_future_of_their_packets_are_not_used():
    """They say of packets that came a second ago that they are captured now."""
    sender = Sender()
    clock = sender.camera.clock
    for second in range(100):
        clock.arrived(second * SECOND, second * SECOND)
        clock.report(second * SECOND - 3 * SECOND, NTP_AT_ZERO + second * SECOND, second * SECOND)
    at = clock.stretch.at(50 * SECOND)
    assert at is not None and abs(at - 50 * SECOND) < 100_000


@given(
    st.lists(
        st.tuples(st.integers(-(1 << 40), 1 << 40), st.integers(0, 1 << 64), st.integers(0, 1 << 40)), max_size=60
    ),
    st.integers(0, 1 << 36),
)
@example([(0, 0, 0)], 60_000_000_001)
@settings(max_examples=200, deadline=None)
def test_no_reports_break_it(reports, length):
    clocks = SenderClocks()
    clock = MediaClock(clocks)
    part = Part(file="x", codec="vp8", start_us=0, duration_us=length)
    sync = PartSync(part, 0, clock)
    for media_us, ntp, at_us in reports:
        clock.arrived(media_us, at_us)
        clock.report(media_us, ntp_us(ntp), at_us)
        sync.update()
    assert len(part.sync) <= MAX_SYNC + 1
    assert all(a.at_us < b.at_us and a.pts_us < b.pts_us for a, b in zip(part.sync, part.sync[1:], strict=False))


@given(st.lists(st.integers(0, 50_000), min_size=40, max_size=80), st.integers(-300, 300))
@settings(deadline=None)
def test_the_line_lies_under_all_samples_and_has_their_slope(late, ppm):
    line = LeastDelay()
    for number, delay in enumerate(late):
        x = number * BUCKET_US
        line.add(x, x + x * ppm // 1_000_000 + delay)
    middle = len(late) // 2 * BUCKET_US
    got = line.at(middle) - middle - middle * ppm // 1_000_000
    assert -1000 <= got - min(late) <= 50_000


def test_memory_is_bounded_over_days():
    delays, line = LeastDelay(), Line()
    for number in range(3 * MAX_POINTS):
        delays.add(number * BUCKET_US, number * BUCKET_US + 500 + number % 7)
        line.add(number * BUCKET_US, number * BUCKET_US + 500)
    assert len(delays._xs) <= MAX_POINTS and len(line._xs) <= MAX_POINTS
    at = 2 * MAX_POINTS * BUCKET_US
    assert abs(delays.at(at) - at - 500) < 10
    assert abs(line.at(at) - at - 500) < 10


def test_sync_points_are_bounded():
    sender = Sender()
    part = sender.sound.part
    for hour in range(0, 30 * 3600 * SECOND, 1800 * SECOND):
        sender.sound.clock.arrived(hour, hour)
        part.duration_us = hour
        sender.sound.sync.update()
    assert len(part.sync) <= MAX_SYNC + 1
