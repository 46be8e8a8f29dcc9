"""Stages killed at each step on the disk: the next run makes exactly what one run would have made."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from recorder import manifest as manifests
from recorder import transcript
from recorder.manifest import Manifest, Output
from recorder.stages import finalise, pictures
from recorder.stages.work import Work
from recorder.transcript import Line, Transcript
from tests.recorder.making import SECOND, Maker


@pytest.fixture
def lesson(tmp_path: Path) -> Work:
    maker = Maker(tmp_path / "lesson")
    maker.talk("teacher", 0, 3 * SECOND)
    maker.film("teacher", 0, 3 * SECOND, "h264")
    maker.film("teacher", 0, 3 * SECOND, source="screen")
    maker.manifest.tracks[0].parts[0].sha256 = ""
    manifests.save(maker.folder, maker.manifest)
    transcript.save(maker.folder, Transcript(language="zh", lines=[Line(start_us=0, end_us=SECOND, text="同学们好。")]))
    return Work(maker.folder, maker.manifest)


def kill(stage: str, folder: Path, scratch: Path) -> int:
    """How often it was killed."""
    command = [sys.executable, "-m", "tests.recorder.killed", stage, str(folder), str(scratch / "scratch")]
    (scratch / "scratch").mkdir()
    ended = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert ended.returncode == 0, ended.stderr[-3000:]
    return int(ended.stdout.split()[-1])


def test_finalise(lesson, tmp_path):
    assert kill("finalise", lesson.folder, tmp_path) > 20


def test_pictures(lesson, tmp_path):
    finalise.run(lesson)
    assert kill("pictures", lesson.folder, tmp_path) > 10


def test_chapters(lesson, tmp_path):
    finalise.run(lesson)
    pictures.run(lesson)
    assert kill("chapters", lesson.folder, tmp_path) > 5


def test_ingest(tmp_path):
    maker = Maker(tmp_path / "made")
    path = tmp_path / "lesson" / "upload" / "original.mp4"
    path.parent.mkdir(parents=True)
    part = maker.film("teacher", 0, 3 * SECOND, "h264")
    data = (maker.folder / part.file).read_bytes()
    path.write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    upload = Output(name="upload", file="upload/original.mp4", media_type="video/mp4", bytes=len(data), sha256=digest)
    manifests.save(tmp_path / "lesson", Manifest(room="r", began=1, outputs=[upload]))
    assert kill("ingest", tmp_path / "lesson", tmp_path) > 5


_FILL = """
import resource, signal, sys
from pathlib import Path
from recorder import manifest
from recorder.stages import finalise
from recorder.stages.work import Work
folder = Path(sys.argv[1])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, resource.RLIM_INFINITY))
try:
    finalise.run(Work(folder, manifest.load(folder)))
except Exception as error:
    print(type(error).__name__, error.errno)
"""


def test_a_full_disk_leaves_nothing_half(lesson):
    before = {path for path in lesson.folder.rglob("*") if path.is_file()}
    said = subprocess.run([sys.executable, "-c", _FILL, str(lesson.folder)], capture_output=True, text=True, timeout=60)
    assert "27" in said.stdout, said.stderr
    assert {path for path in lesson.folder.rglob("*") if path.is_file()} == before
    finalise.run(Work(lesson.folder, manifests.load(lesson.folder)))
    assert [output.name for output in manifests.load(lesson.folder).outputs] == ["camera", "screen"]
