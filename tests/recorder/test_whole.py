"""One file with all pictures and sounds, chapters and captions."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from fractions import Fraction

import av
import numpy as np
import pytest
from av.video.frame import PictureType

from mediaserver.api import UserError
from recorder import manifest as manifests
from recorder import span, transcript, whole
from recorder.manifest import Chapter, Manifest, Output, Span
from recorder.stages import finalise
from recorder.stages.work import Work
from recorder.transcript import Line, Transcript
from tests.recorder.making import SECOND, Maker

LINES = [
    Line(start_us=1 * SECOND, end_us=2 * SECOND, text="同学们好 -->"),
    Line(start_us=12 * SECOND, end_us=13 * SECOND, text="再见"),
]


@pytest.fixture
def lesson(tmp_path):
    """Camera with sound, a screen from 4 s on in two sizes of H.264, a classroom that is heard."""
    maker = Maker(tmp_path)
    maker.talk("teacher", 0, 14 * SECOND)
    maker.film("teacher", 0, 14 * SECOND)
    maker.film("teacher", 4 * SECOND, 7 * SECOND, "h264", source="screen")
    maker.film("teacher", 7 * SECOND, 10 * SECOND, "h264", (96, 64), source="screen")
    maker.talk("class-b", 5 * SECOND, 6 * SECOND)
    maker.manifest.length_us = 14 * SECOND
    maker.manifest.chapters = [Chapter(at_us=0, title="开始"), Chapter(at_us=7 * SECOND)]
    manifests.save(tmp_path, maker.manifest)
    work = Work(tmp_path, maker.manifest)
    finalise.run(work)
    transcript.save(tmp_path, Transcript(language="zh", lines=LINES))
    return work


def look(path) -> None:
    with av.open(path) as opened:
        assert opened.format.name == "matroska,webm"
        kinds = [(stream.type, stream.metadata.get("title", stream.language)) for stream in opened.streams]
        assert sorted(kinds) == [
            ("audio", "camera"), ("audio", "classroom-1"), ("subtitle", "chi"),
            ("video", "camera"), ("video", "screen"), ("video", "screen-2"),
        ]  # fmt: skip
        chapters = [(float(one["start"] * one["time_base"]), one["metadata"]["title"]) for one in opened.chapters()]
        assert chapters == [(0, "开始"), (7, "2")]
        first: dict[int, float] = {}
        said, last, counts = [], 0.0, Counter[str]()
        for packet in opened.demux():
            if packet.size:
                at = float(packet.pts * packet.time_base)
                first.setdefault(packet.stream.index, at)
                counts[packet.stream.type] += 1
                if packet.stream.type == "subtitle":
                    said.append((round(at), bytes(packet).decode()))
                last = max(last, at)
        starts = {kinds[index]: round(at, 1) for index, at in first.items()}
    assert said == [(1, "同学们好 →"), (12, "再见")]
    assert (starts["video", "screen"], starts["video", "screen-2"], starts["audio", "classroom-1"]) == (4, 7, 5)
    assert counts == {"video": 140 + 30 + 30, "audio": 700 + 50, "subtitle": 2}
    assert 13.5 < last <= 14


def test_a_file_with_everything(lesson, tmp_path):
    path = tmp_path / "whole.mkv"
    whole.make(lesson.folder, lesson.manifest, LINES, path, "三年级 数学", "zh-CN")
    look(path)
    assert not (tmp_path / "whole.mkv.new").exists()
    with av.open(path) as opened:
        assert opened.metadata["title"] == "三年级 数学"


def test_a_stream_with_everything(lesson, tmp_path):
    path = tmp_path / "streamed.mkv"
    command = [sys.executable, "-m", "recorder.whole", str(lesson.folder)]
    path.write_bytes(subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=60).stdout)
    look(path)


def packets(path):
    """(kind, title) of each stream → seconds of its packets, and whether the first one needs no other."""
    found: dict[tuple[str, str], list[float]] = {}
    with av.open(path) as opened:
        for packet in opened.demux():
            if packet.size:
                name = (packet.stream.type, packet.stream.metadata.get("title", ""))
                assert name in found or packet.is_keyframe
                found.setdefault(name, []).append(round(float(packet.pts * packet.time_base), 2))
        chapters = [(float(it["start"] * it["time_base"]), it["metadata"]["title"]) for it in opened.chapters()]
    return found, chapters


def film(path, keys, seconds=12):
    """Ten VP8 pictures a second, `keys` of which need no others."""
    with av.open(str(path), "w", format="webm") as out:
        stream = out.add_stream("vp8", rate=10, options={"g": "9999", "deadline": "realtime"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(seconds * 10):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), number % 256, np.uint8), "rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 10)
            frame.pict_type = PictureType.I if number in keys else PictureType.NONE
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def output(name, path, **more):
    return Output(name=name, file=path.name, media_type="video/webm", bytes=1, sha256="", **more)


def test_a_part_begins_at_a_key_picture(lesson, tmp_path):
    path = tmp_path / "part.mkv"
    command = [sys.executable, "-m", "recorder.whole", str(lesson.folder), str(6 * SECOND), str(9 * SECOND)]
    path.write_bytes(subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=60).stdout)
    found, chapters = packets(path)
    assert set(found) == {("audio", "camera"), ("video", "camera"), ("video", "screen"), ("video", "screen-2")}
    lead = chapters[0][0]  # from the key picture to where the part begins
    assert 0 <= lead <= 6 and [title for _, title in chapters] == ["开始", "2"]
    assert chapters[1][0] == pytest.approx(lead + 1)
    assert min(min(times) for times in found.values()) == 0
    assert found["audio", "camera"][0] < 0.05
    for name in ("audio", "camera"), ("video", "camera"), ("video", "screen-2"):
        assert lead + 2.8 < found[name][-1] < lead + 3.01, name
    assert found["video", "screen-2"][0] == pytest.approx(lead + 1, abs=0.01)


def test_pictures_of_a_part_that_are_far_from_a_key_picture(tmp_path, monkeypatch):
    monkeypatch.setattr(span, "LEAD_US", 2 * SECOND)
    film(tmp_path / "near", {0, 40})
    film(tmp_path / "later", {0, 70})
    film(tmp_path / "never", {0})
    film(tmp_path / "before", {0}, 4)
    cases = {
        "near": (1.0, 0.0),  # at 4 s, and the part is 1 s in
        "later": (0.0, 2.0),  # 2 s after the part's beginning
        "never": (5.0, 0.0),  # all there is
    }
    for name, (lead, first) in cases.items():
        of = Manifest(room="x", began=1, outputs=[output(name, tmp_path / name), output("before", tmp_path / "before")])
        with (tmp_path / "part.mkv").open("wb") as file:
            whole.write(tmp_path, of, LINES, file, span=Span(5 * SECOND, 9 * SECOND))
        found, chapters = packets(tmp_path / "part.mkv")
        assert set(found) == {("video", name)}
        assert (chapters[0][0], found["video", name][0]) == pytest.approx((lead, first), abs=0.02), name
        assert found["video", name][-1] == pytest.approx(lead + 3.9, abs=0.02)
    with pytest.raises(UserError) as caught, (tmp_path / "part.mkv").open("wb") as file:
        whole.write(tmp_path, of, LINES, file, span=Span(60 * SECOND, 90 * SECOND))
    assert caught.value.code == "nothing_to_play"


def test_nothing_to_take_home(tmp_path):
    with pytest.raises(UserError) as caught:
        whole.make(tmp_path, Manifest(room="x", began=1), LINES, tmp_path / "x.mkv")
    assert (caught.value.status, caught.value.code) == (409, "nothing_to_play")
    assert list(tmp_path.iterdir()) == []
