"""What is read from files, and what is refused."""

from __future__ import annotations

import itertools
from pathlib import Path

import av
import pytest

from mediaserver.api import UserError
from signalling.client.annexb import IDR, PPS, SPS, nal_type, split_nals
from signalling.client.demux import Demuxer, shown
from tests.client.media import make_file

ANNEX_B = {"tune": "zerolatency", "profile": "baseline", "g": "10"}


def units(path: Path) -> list:
    demuxer = Demuxer(str(path))
    try:
        return list(demuxer)
    finally:
        demuxer.close()


def original_nals(path: Path) -> list[bytes]:
    """Slices of the file as its muxer got them, by another way than the one under test: length prefixes."""
    nals = []
    with av.open(str(path)) as container:
        for packet in container.demux(container.streams.video[0]):
            data = bytes(packet)
            while data:
                size = int.from_bytes(data[:4], "big")
                nals.append(data[4 : 4 + size])
                data = data[4 + size :]
    return nals


def test_h264_pictures_are_those_of_the_file_bit_by_bit(tmp_path: Path) -> None:
    path = make_file(tmp_path / "a.mp4")
    pictures = [unit for unit in units(path) if unit.kind == "video"]
    sent = [nal for unit in pictures for nal in split_nals(unit.payload) if nal_type(nal) not in (SPS, PPS)]
    assert sent == [nal for nal in original_nals(path) if nal_type(nal) not in (SPS, PPS)]
    assert len(pictures) == 50
    assert [round(unit.seconds * 25) for unit in pictures] == list(range(50))


@pytest.mark.parametrize("name", ["a.mp4", "a.ts", "a.mkv", "a.h264"])
def test_every_keyframe_carries_its_parameter_sets(tmp_path: Path, name: str) -> None:
    pictures = [unit for unit in units(make_file(tmp_path / name)) if unit.kind == "video"]
    keyframes = [unit for unit in pictures if unit.keyframe]
    assert len(keyframes) >= 5
    for unit in keyframes:
        types = [nal_type(nal) for nal in split_nals(unit.payload)]
        assert types.index(SPS) < types.index(PPS) < types.index(IDR)
        assert types.count(SPS) == types.count(PPS) == 1


def test_a_raw_stream_is_timed_by_its_frame_rate(tmp_path: Path) -> None:
    pictures = units(make_file(tmp_path / "a.h264"))
    assert pictures[25].seconds == pytest.approx(1.0)


def test_vp8_and_opus_are_those_of_the_file(tmp_path: Path) -> None:
    path = make_file(tmp_path / "a.webm", "libvpx", audio="libopus")
    with av.open(str(path)) as container:
        expected = [(packet.stream.type, bytes(packet)) for packet in container.demux() if packet.size]
    assert [(unit.kind, unit.payload) for unit in units(path)] == expected


def test_other_sound_is_cut_into_frames_of_20_ms(tmp_path: Path) -> None:
    sound = [unit for unit in units(make_file(tmp_path / "a.mp4", audio="aac")) if unit.kind == "audio"]
    assert 95 <= len(sound) <= 102
    assert {(unit.payload.samples, unit.payload.sample_rate, unit.payload.layout.name) for unit in sound} == {
        (960, 48_000, "stereo")
    }
    gaps = [b.seconds - a.seconds for a, b in itertools.pairwise(sound)]
    assert all(gap == pytest.approx(0.02) for gap in gaps)


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt", "options", "word"),
    [
        ("a.mp4", "libx265", "yuv420p", {"x265-params": "log-level=none"}, "HEVC"),
        ("a.avi", "mjpeg", "yuvj420p", {}, "Motion JPEG"),
        ("a.avi", "mpeg4", "yuv420p", {}, "MPEG-4 Part 2"),
        ("a.webm", "libvpx-vp9", "yuv420p", {"cpu-used": "8", "deadline": "realtime"}, "VP9"),
        ("a.mp4", "libx264", "yuv422p", {"tune": "zerolatency"}, "yuv422p"),
        ("a.mp4", "libx264", "yuv420p", {"bf": "2"}, "B-frames"),
    ],
)
def test_what_cannot_be_passed_through_is_refused(
    tmp_path: Path, name: str, codec: str, pix_fmt: str, options: dict[str, str], word: str
) -> None:
    path = make_file(tmp_path / name, codec, frames=12, pix_fmt=pix_fmt, options=options)
    with pytest.raises(UserError) as caught:
        Demuxer(str(path))
    assert caught.value.code == "no_common_codec"
    assert word in caught.value.detail and "set the recorder box" in caught.value.detail


def test_what_is_no_media_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("not media")
    with pytest.raises(UserError, match=r"cannot be opened"):
        Demuxer(str(tmp_path / "a.txt"))
    with pytest.raises(UserError, match=r"There is no .*b\.mp4"):
        Demuxer(str(tmp_path / "b.mp4"))


def test_passwords_are_not_shown() -> None:
    assert shown("rtsp://user:secret@box:554/stream") == "rtsp://box:554/stream"
    assert shown("lesson@home.mp4") == "lesson@home.mp4"
