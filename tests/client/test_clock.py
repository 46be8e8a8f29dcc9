"""The clock in the picture survives what happens to pictures."""

from __future__ import annotations

from fractions import Fraction

import av
import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signalling.client.clock import CELLS, TIME_BITS, decode_clock, encode_clock, strip_height
from signalling.client.slides import Painter, camera_scene, screen_scenes

NOW = 1_795_000_000_123
times = st.integers(0, (1 << TIME_BITS) - 1)


def noise(width: int, height: int) -> np.ndarray:
    return np.random.default_rng(7).integers(0, 256, (height, width), np.uint8)


@given(times, st.integers(128, 2000), st.integers(72, 1200))
@settings(max_examples=60, deadline=None)
def test_every_time_is_read_at_every_size(ms: int, width: int, height: int) -> None:
    frame = np.full((height, width), 120, np.uint8)
    encode_clock(frame, ms)
    assert decode_clock(frame) == ms


@given(times)
@settings(max_examples=20)
def test_colour_pictures_carry_it_too(ms: int) -> None:
    frame = np.zeros((360, 640, 3), np.uint8)
    encode_clock(frame, ms)
    assert decode_clock(frame) == ms


@given(times, st.sampled_from([(1280, 720), (960, 540), (854, 480), (320, 180), (256, 144), (1000, 333)]))
@settings(max_examples=30, deadline=None)
def test_scaled_and_blurred_pictures_are_read(ms: int, size: tuple[int, int]) -> None:
    frame = noise(640, 360)
    encode_clock(frame, ms)
    scaled = cv2.GaussianBlur(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), (3, 3), 0)
    assert decode_clock(scaled) == ms


@given(st.integers(0, 1 << 32))
@settings(max_examples=50)
def test_other_pictures_have_no_clock(seed: int) -> None:
    frame = np.full((360, 640), 90, np.uint8)
    bits = np.random.default_rng(seed).integers(0, 2, CELLS)
    frame[-16:] = np.where(np.repeat(bits, 640 // CELLS), 235, 16)
    frame[-16:, :40] = np.repeat([235, 16, 235, 16], 10)  # even with the right calibration cells
    assert decode_clock(frame) is None


def test_two_blended_pictures_never_give_a_third_time() -> None:
    a, b = noise(640, 360), noise(640, 360)
    encode_clock(a, NOW)
    encode_clock(b, NOW + 51)
    for part in np.linspace(0, 1, 21):
        blended = cv2.addWeighted(a, 1 - part, b, part, 0)
        assert decode_clock(blended) in (NOW, NOW + 51, None)


def test_pictures_too_small_have_no_clock() -> None:
    assert decode_clock(np.zeros((20, 640), np.uint8)) is None
    assert decode_clock(np.zeros((360, 100), np.uint8)) is None


def test_nothing_above_the_strip_is_touched() -> None:
    frame = noise(640, 360)
    before = frame.copy()
    encode_clock(frame, NOW)
    above = 360 - strip_height(360)
    assert np.array_equal(frame[:above], before[:above])


@pytest.mark.parametrize(
    ("codec", "options"),
    [
        ("libvpx", {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "qmin": "30", "qmax": "63"}),
        ("libx264", {"tune": "zerolatency", "preset": "ultrafast", "crf": "38"}),
    ],
)
@pytest.mark.parametrize("painter", [Painter([camera_scene()]), Painter(screen_scenes())], ids=["camera", "screen"])
def test_low_bitrate_video_is_read_in_every_frame(codec: str, options: dict[str, str], painter: Painter) -> None:
    encoder = av.CodecContext.create(codec, "w")
    encoder.width, encoder.height, encoder.pix_fmt = painter.width, painter.height, "yuv420p"
    encoder.time_base = Fraction(1, 15)
    encoder.bit_rate = 80_000
    encoder.options = options
    decoder = av.CodecContext.create("vp8" if codec == "libvpx" else "h264", "r")
    sent, read = [], []
    for i in range(24):
        sent.append(NOW + 67 * i)
        frame = av.VideoFrame.from_ndarray(painter.picture(i / 2, sent[-1]), format="yuv420p")
        frame.pts = i
        for packet in encoder.encode(frame):
            read += [decode_clock(picture.to_ndarray(format="gray")) for picture in decoder.decode(packet)]
    for packet in [*encoder.encode(None), None]:
        read += [decode_clock(picture.to_ndarray(format="gray")) for picture in decoder.decode(packet)]
    assert read == sent
