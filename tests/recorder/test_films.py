"""From packets as they arrive to films that play."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from recorder import manifest, whole
from recorder.recording import Recording
from recorder.stages import chapters, finalise, pictures
from recorder.stages.work import Work
from tests.recorder import encode

BEGAN = 1_767_225_600_000
ZERO = 50_000_000


@pytest.mark.parametrize("codec", ["vp8", "vp9", "h264", "av1"])
def test_what_arrived_becomes_a_film(tmp_path: Path, codec: str) -> None:
    recording = Recording(tmp_path, "lesson", BEGAN, "teacher", lambda: ZERO, began_us=ZERO)
    recording.open("teacher-camera", "teacher", "camera", "video", ZERO)
    recording.payload_types("teacher-camera", {96: codec.upper()})
    recording.open("teacher-microphone", "teacher", "microphone", "audio", ZERO)
    recording.payload_types("teacher-microphone", {111: "opus"})
    seen, heard = encode.Sender(codec), encode.Sender("opus", pt=111)
    frames, packets = encode.pictures(codec, 90), encode.sound(3)
    events = [(number * 33_333, "camera", number) for number in range(len(frames))]
    events += [(number * 20_000, "microphone", number) for number in range(len(packets)) if not 40 < number < 60]
    for at, source, number in sorted(events):
        now = ZERO + at
        if source == "camera":
            recording.packets("teacher-camera", seen.frame(frames[number], number * 3000, now + 5000), 0)
        else:
            recording.packets("teacher-microphone", heard.frame(packets[number], number * 960, now + 5000), 0)
        recording.tick(now + 6000)
    recording.close(ZERO + 3_000_000)
    work = Work(tmp_path, manifest.load(tmp_path))
    for stage in (finalise, pictures, chapters):
        stage.run(work)
    (camera,) = [output for output in work.manifest.outputs if output.name.startswith("camera")]
    assert work.manifest.notes == []
    with av.open(tmp_path / camera.file) as opened:
        times = [frame.time for frame in opened.decode(video=0)]
        assert len(times) == 90
        assert all(abs(time - number / 30) < 0.012 for number, time in enumerate(times))
    with av.open(tmp_path / camera.file) as opened:
        sizes = [packet.size for packet in opened.demux(audio=0) if packet.size]
        assert abs(len(sizes) - 150) <= 1
    assert work.manifest.output("poster")
    whole.make(tmp_path, work.manifest, [], tmp_path / "w.mkv")
