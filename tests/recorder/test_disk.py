"""A disk that is full, refuses or goes away: the recording says so, drops what it must, and goes on when it can."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest

from recorder import manifest
from recorder.frames.assembly import MAX_FRAME
from recorder.recording import Recording
from tests.recorder import encode
from tests.recorder.scene import BEGAN, ZERO, Scene


class Disk:
    """Stands before `os.write`. :ivar left: bytes that still fit."""

    def __init__(self, monkeypatch, error: int = errno.ENOSPC) -> None:
        self.left: int | None = None
        self._write, self._error = os.write, error
        monkeypatch.setattr(os, "write", self.write)

    def write(self, file: int, data: memoryview) -> int:
        if self.left is None:
            return self._write(file, data)
        if not self.left:
            raise OSError(self._error, os.strerror(self._error))
        wrote = self._write(file, data[: self.left])
        self.left -= wrote
        return wrote


@pytest.fixture
def scene(tmp_path):
    return Scene(tmp_path / "lesson")


@pytest.mark.parametrize(("error", "code"), [(errno.ENOSPC, "disk_full"), (errno.EIO, "not_writable")])
def test_a_full_disk_is_said_and_left_when_there_is_room(scene, monkeypatch, error, code):
    disk = Disk(monkeypatch, error)
    camera, sound = scene.publish("teacher-camera", "vp8"), scene.publish("teacher-microphone", "opus")
    camera.send(60)
    disk.left = 100
    camera.send(60)
    sound.send(10)
    assert scene.recording.troubles == code
    assert scene.recording.counters["disk"] > 10
    disk.left = None
    scene.until(scene.now + 1_100_000)
    for publisher, ticks in ((camera, 90), (sound, 48)):
        publisher.ticks = ticks * scene.now // 1000
    assert scene.recording.troubles == ""
    camera.number = 0
    camera.send(30)
    sound.send(10)
    kept = scene.end()
    track = kept.track("teacher-camera")
    assert "disk" in {gap.why for gap in track.gaps}
    assert len(track.parts) == 2 and all(part.closed for part in track.parts)
    for part in track.parts:
        read = encode.demux(scene.folder / part.file)
        assert read and part.bytes == (scene.folder / part.file).stat().st_size
    first, second = track.parts
    (gap,) = [gap for gap in track.gaps if gap.why == "disk"]
    assert gap.start_us == first.start_us + first.duration_us
    assert abs(first.duration_us - encode.demux(scene.folder / first.file)[-1][0] * 1e6 - 33_333) < 1000
    assert gap.end_us == second.start_us


def test_a_folder_that_vanished_is_made_again(scene):
    camera = scene.publish("teacher-camera", "vp8")
    camera.send(30)
    shutil.rmtree(scene.folder)
    camera.send(120)
    assert scene.recording.counters["disk_errors"]
    track = scene.end().tracks[0]
    (part,) = track.parts
    assert part.closed and encode.demux(scene.folder / part.file)
    (gap,) = track.gaps
    assert (gap.start_us, gap.end_us, gap.why) == (10_000, part.start_us, "disk")


def test_nothing_is_written_below_a_place_that_is_not_there(tmp_path):
    (tmp_path / "spool").mkdir()
    scene = Scene(tmp_path / "spool" / "lesson")
    camera = scene.publish("teacher-camera", "vp8")
    camera.send(30)
    shutil.rmtree(tmp_path / "spool")
    camera.send(90)
    assert scene.recording.troubles == "not_writable"
    assert not (tmp_path / "spool").exists()
    (tmp_path / "spool").mkdir()
    camera.send(90)
    assert scene.recording.troubles == ""
    assert scene.end().ended


def test_a_folder_that_cannot_be_made_raises_at_once(tmp_path):
    with pytest.raises(OSError):
        Recording(tmp_path / "no" / "lesson", "lesson", BEGAN, "teacher", lambda: ZERO, began_us=ZERO)


def test_a_file_in_the_way_of_a_part_is_passed_over(scene):
    (scene.folder / "parts" / "teacher-camera-000.webm").write_bytes(b"left behind")
    scene.publish("teacher-camera", "vp8").send(10)
    assert scene.end().tracks[0].parts[0].file == "parts/teacher-camera-001.webm"
    assert (scene.folder / "parts" / "teacher-camera-000.webm").read_bytes() == b"left behind"


def test_memory_stays_bounded_when_a_frame_never_ends(scene):
    camera = scene.publish("teacher-camera", "vp8")
    camera.send(2)
    head = encode.Sender("vp8").frame(b"\0" * 100, 0, 0)[0][2][:12]
    head = bytes((0x80, 96)) + head[2:]
    for number in range(MAX_FRAME // 60_000 + 50):
        index = camera.sender.index + number
        scene.recording.packets("teacher-camera", [(index, scene.clock(), head + b"\x90" + bytes(60_000))], 0)
    assert scene.recording.counters["too_large"] == 1


def test_a_manifest_goes_on_after_the_server_was_away(tmp_path):
    scene = Scene(tmp_path / "lesson")
    scene.publish("teacher-camera", "vp8").send(30)
    scene.recording.suspend(scene.clock())
    began_us, away = 7_000_000, 20_000_000
    more = {"began_us": began_us, "after": "server"}
    again = Recording(scene.folder, "lesson", BEGAN + away // 1000, "teacher", lambda: began_us, **more)
    scene.recording, scene.now = again, away
    scene.clock = lambda: began_us + scene.now - away
    scene.publish("teacher-camera", "vp8").send(30)
    kept = scene.end()
    track = kept.tracks[0]
    assert (len(track.parts), kept.began, kept.ended) == (2, BEGAN, True)
    (gap,) = track.gaps
    assert gap.why == "server"
    assert abs(gap.start_us - 1_000_000) < 50_000 and abs(gap.end_us - away) < 50_000
    assert abs(kept.length_us - track.parts[1].start_us - track.parts[1].duration_us) < 1000


def test_a_clock_that_was_set_back_overwrites_nothing(tmp_path):
    scene = Scene(tmp_path / "lesson")
    scene.publish("teacher-microphone", "opus").send(500)
    scene.recording.suspend(scene.clock())
    again = Recording(scene.folder, "lesson", BEGAN - 3_600_000, "teacher", lambda: 7, began_us=7, after="server")
    scene.recording, since = again, scene.now
    scene.clock = lambda: 7 + scene.now - since
    scene.publish("teacher-microphone", "opus").send(100)
    track = scene.end().tracks[0]
    assert len(track.parts) == 2
    assert abs(track.parts[1].start_us - 10_000_000) < 50_000
    assert track.parts[1].duration_us == 2_000_000


def test_a_lesson_that_was_over_meanwhile_ends_where_its_files_end(tmp_path):
    scene = Scene(tmp_path / "lesson")
    scene.publish("teacher-camera", "vp8").send(30)
    scene.recording.suspend(scene.clock())
    again = Recording(scene.folder, "lesson", BEGAN + 3_600_000, "teacher", lambda: ZERO, began_us=ZERO, after="server")
    again.close(ZERO)
    again.close(ZERO + 1)
    kept = manifest.load(scene.folder)
    assert kept.ended and abs(kept.length_us - 1_000_000) < 50_000
    assert kept.tracks[0].gaps == []


def test_a_close_that_the_disk_refuses_is_done_when_it_takes_bytes_again(scene, monkeypatch):
    scene.publish("teacher-camera", "vp8").send(30)
    monkeypatch.setattr("recorder.recording.manifest.save", _refuse)
    scene.recording.close(scene.clock())
    assert scene.recording.troubles == "disk_full"
    length = scene.recording.manifest.length_us
    monkeypatch.undo()
    scene.until(scene.now + 1_200_000)
    assert scene.recording.troubles == ""
    kept = manifest.load(scene.folder)
    assert (kept.ended, kept.length_us, kept.tracks[0].gaps) == (True, length, [])


def _refuse(*_: object) -> None:
    raise OSError(errno.ENOSPC, "full")


def test_a_damaged_manifest_is_set_aside(tmp_path):
    scene = Scene(tmp_path / "lesson")
    scene.publish("teacher-camera", "vp8").send(30)
    scene.recording.suspend(scene.clock())
    (scene.folder / "manifest.json").write_text('{"version": 1, "room"')
    again = Scene(scene.folder)
    again.publish("teacher-camera", "vp8").send(30)
    kept = again.end()
    assert kept.notes == ["manifest_damaged"]
    assert kept.tracks[0].parts[0].file == "parts/teacher-camera-001.webm"
    names = {path.name for path in scene.folder.iterdir()}
    assert names == {"manifest.json", f"manifest.json.damaged-{BEGAN}", "parts"}
    assert len(encode.demux(scene.folder / "parts" / "teacher-camera-000.webm")) == 30


def test_a_part_that_cannot_be_read_after_a_crash_is_not_forgotten(scene, monkeypatch):
    """Too many open files, or a disk that stumbles once: who goes on must not write it out of the manifest."""
    teacher = scene.publish("teacher-microphone", "opus")
    teacher.send(100)
    opened = Path.open

    def stumbles(path, mode="r", *more, **named):
        if mode == "r+b":
            raise OSError(errno.EMFILE, "too many open files")
        return opened(path, mode, *more, **named)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", stumbles)
        later = Scene(scene.folder)
    [part] = later.recording.manifest.tracks[0].parts
    assert part.bytes > 0 and part.closed
    assert [kept.file for kept in manifest.load(scene.folder).tracks[0].parts] == [part.file]


def test_a_part_that_vanished_in_a_crash_is_a_gap(scene):
    teacher = scene.publish("teacher-microphone", "opus")
    teacher.send(200)
    scene.until(scene.now + 5_000_000)  # the manifest is saved meanwhile
    [part] = manifest.load(scene.folder).tracks[0].parts
    (scene.folder / part.file).unlink()
    [track] = Scene(scene.folder).recording.manifest.tracks
    assert track.parts == []
    assert [(gap.start_us, gap.end_us, gap.why) for gap in track.gaps] == [
        (part.start_us, part.start_us + part.duration_us, "disk")
    ]
