"""The generated lesson: pace, time stamps, pictures and sound."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from aiortc.mediastreams import MediaStreamError
from hypothesis import given
from hypothesis import strategies as st

from mediaserver.api import UserError
from signalling.client.clock import decode_clock
from signalling.client.lesson import Lesson, PictureTrack, SoundTrack, sound_of
from signalling.client.melody import SAMPLE_RATE, melody
from signalling.client.pacing import MAX_LATE, Pacer
from signalling.client.slides import SLIDE_SECONDS, Painter, camera_scene, screen_scenes


class FakeTime:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> float:
        return 1_795_000_000 + self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@given(st.sampled_from([15, 20, 25, 50]), st.lists(st.floats(0, 0.2), min_size=1, max_size=60))
def test_frames_are_due_at_the_rate_however_long_the_work_takes(rate: int, work: list[float]) -> None:
    pacer, now = Pacer(rate), 0.0
    for seconds in work:
        index, wait = pacer.next(now)
        now += wait
        late = now - index / rate
        assert -1e-6 <= late <= MAX_LATE + 1e-6
        now += seconds


def test_whoever_is_far_behind_leaves_frames_out() -> None:
    pacer = Pacer(10)
    assert pacer.next(5.0) == (0, 0.0)
    index, wait = pacer.next(6.02)
    assert index == 11 and wait == pytest.approx(0.08)
    assert pacer.skipped == 10


def test_a_track_that_joins_later_keeps_the_lessons_time() -> None:
    index, wait = Pacer(10).next(now=3.55, start=0.0)
    assert index == 36 and wait == pytest.approx(0.05)


async def test_pictures_come_at_their_rate_with_90_khz_stamps() -> None:
    time = FakeTime()
    track = PictureTrack(Painter([camera_scene()]), 20, now=time.monotonic, sleep=time.sleep, wall=time.wall)
    frames = [await track.recv() for _ in range(21)]
    assert [frame.pts for frame in frames] == [4500 * i for i in range(21)]
    assert time.now == pytest.approx(1001.0)
    shown = [decode_clock(frame.to_ndarray(format="gray")) for frame in frames]
    assert [round((ms - shown[0]) / 50) for ms in shown] == list(range(21))
    assert abs(shown[-1] - 1000 * time.wall()) <= 1


async def test_sound_comes_in_pieces_of_20_ms_without_a_gap() -> None:
    time = FakeTime()
    track = SoundTrack(melody(), now=time.monotonic, sleep=time.sleep)
    frames = [await track.recv() for _ in range(700)]  # longer than the melody
    assert [frame.pts for frame in frames] == [960 * i for i in range(700)]
    assert time.now == pytest.approx(1000 + 699 * 0.02)
    sound = np.concatenate([frame.to_ndarray()[0] for frame in frames])
    assert np.array_equal(sound, np.resize(melody(), len(sound)))


def test_the_sound_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "speech.ogg"
    with av.open(str(file), "w") as container:
        stream = container.add_stream("libopus", rate=SAMPLE_RATE)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(melody()[None, : SAMPLE_RATE * 2], format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        container.mux([*stream.encode(frame), *stream.encode(None)])
    heard = sound_of(file)
    assert heard.dtype == np.int16 and len(heard) / SAMPLE_RATE == pytest.approx(2, abs=0.1)
    lesson = Lesson(heard=heard)
    assert lesson.sound._pieces.size == len(heard) // 960 * 960
    (tmp_path / "text.ogg").write_text("no sound")
    for nothing in ("text.ogg", "missing.ogg"):
        with pytest.raises(UserError, match="has no sound that can be played"):
            sound_of(tmp_path / nothing)


async def test_stopped_tracks_end() -> None:
    lesson = Lesson()
    for track in lesson.tracks:
        track.stop()
        with pytest.raises(MediaStreamError):
            await track.recv()


def test_melody_has_its_level_and_repeats_in_whole_pieces() -> None:
    sound = melody().astype(np.float64) / 32768
    assert 20 * np.log10(np.sqrt(np.mean(sound**2))) == pytest.approx(-18, abs=0.1)
    assert np.abs(sound).max() < 0.99
    assert len(sound) % (SAMPLE_RATE // 50) == 0


def test_slides_change_and_move() -> None:
    painter = Painter(screen_scenes())
    firsts = [painter.picture(i * SLIDE_SECONDS + 1, 0)[:600] for i in range(4)]
    for i, one in enumerate(firsts):
        for other in firsts[i + 1 :]:
            assert np.mean(one != other) > 0.01
    for i, first in enumerate(firsts):
        assert not np.array_equal(first, painter.picture(i * SLIDE_SECONDS + 3, 0)[:600])
    assert np.array_equal(painter.picture(4 * SLIDE_SECONDS, 0), painter.picture(0, 0)) is False  # movement goes on


@pytest.mark.parametrize("size", [(1280, 720), (640, 360)])
def test_pictures_are_whole_in_every_size(size: tuple[int, int]) -> None:
    painter = Painter(screen_scenes(*size))
    picture = painter.picture(2.0, 1_795_000_000_000)
    assert picture.shape == (size[1] * 3 // 2, size[0])
    assert decode_clock(picture[: size[1]]) == 1_795_000_000_000
    colours = cv2.cvtColor(picture, cv2.COLOR_YUV2BGR_I420)
    # Paper is light, the accent bar at the left is blue, the clock box is neutral white.
    assert colours[size[1] // 2, size[0] // 2].min() > 230
    blue, _, red = colours[size[1] // 2, 2].astype(int)
    assert blue > red + 60
    assert np.ptp(colours[4, -4].astype(int)) < 6
