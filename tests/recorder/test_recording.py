"""Packets of real media in, files out that play what the sender encoded."""

from __future__ import annotations

from pathlib import Path

import pytest

from recorder import manifest
from recorder.recording import Recording
from tests.recorder import encode

BEGAN = 1_767_225_600_000
ZERO = 50_000_000


def begin(folder: Path, **more) -> Recording:
    return Recording(folder, "lesson", BEGAN, "teacher", lambda: ZERO, began_us=ZERO, **more)


@pytest.mark.parametrize("codec", ["vp8", "vp9", "h264", "av1"])
def test_pictures_come_back_as_they_were_sent(tmp_path, codec):
    recording = begin(tmp_path)
    recording.open("teacher-camera", "teacher", "camera", "video", ZERO)
    recording.payload_types("teacher-camera", {96: codec.upper()})
    sender = encode.Sender(codec)
    frames = encode.pictures(codec, 45)
    for number, frame in enumerate(frames):
        now = ZERO + number * 33_333
        recording.packets("teacher-camera", sender.frame(frame, number * 3000, now + 5000), 0)
        recording.tick(now + 6000)
    assert recording.troubles == ""
    recording.close(ZERO + 2_000_000)
    kept = manifest.load(tmp_path)
    (track,) = kept.tracks
    (part,) = track.parts
    assert (part.codec, part.width, part.height, part.closed) == (codec, 320, 240, True)
    assert abs(part.duration_us - 1_500_000) < 1000
    assert track.gaps == []
    assert not recording.counters
    decoded = encode.decode(tmp_path / part.file)
    assert [pixels for _, pixels in decoded] == encode.decode_stream(codec, frames)
    assert all(abs(time - number / 30) < 0.001 for number, (time, _) in enumerate(decoded))


def test_sound_comes_back_as_it_was_sent(tmp_path):
    recording = begin(tmp_path)
    recording.open("teacher-microphone", "teacher", "microphone", "audio", ZERO)
    recording.payload_types("teacher-microphone", {111: "opus"})
    sender = encode.Sender("opus", pt=111)
    packets = encode.sound(3)
    for number, packet in enumerate(packets):
        now = ZERO + number * 20_000
        recording.packets("teacher-microphone", sender.frame(packet, number * 960, now), 0)
        recording.tick(now)
    recording.close(ZERO + 3_000_000)
    (part,) = manifest.load(tmp_path).tracks[0].parts
    read = encode.demux(tmp_path / part.file)
    assert [data for _, data in read] == packets
    assert [round(time * 50) for time, _ in read] == list(range(len(packets)))
    assert part.duration_us == len(packets) * 20_000
