"""One file with all pictures and sounds, chapters and captions."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import av
import pytest

from mediaserver.api import UserError
from recorder import manifest as manifests
from recorder import transcript, whole
from recorder.manifest import Chapter, Manifest
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


def test_nothing_to_take_home(tmp_path):
    with pytest.raises(UserError) as caught:
        whole.make(tmp_path, Manifest(room="x", began=1), LINES, tmp_path / "x.mkv")
    assert (caught.value.status, caught.value.code) == (409, "nothing_to_play")
    assert list(tmp_path.iterdir()) == []
