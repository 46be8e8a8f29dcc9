"""From parts with clocks of their own to files on one time line."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from recorder import manifest as manifests
from recorder.manifest import Manifest, Output, Sync
from recorder.stages import finalise
from recorder.stages.work import Work
from tests.recorder.making import FRAME, SECOND, Maker, keyframe, level, opus, skewed

MINUTE = 60 * SECOND


@pytest.fixture
def maker(tmp_path):
    return Maker(tmp_path)


def finish(maker: Maker) -> Manifest:
    manifests.save(maker.folder, maker.manifest)
    finalise.run(Work(maker.folder, manifests.load(maker.folder)))
    return manifests.load(maker.folder)


def named(manifest: Manifest) -> dict[str, Output]:
    return {output.name: output for output in manifest.outputs}


def flashes(path: Path) -> list[float]:
    """When the picture gets bright, in s of the file."""
    found, dark = [], True
    with av.open(path) as opened:
        video = opened.streams.video[0]
        for frame in opened.decode(video):
            bright = frame.to_ndarray(format="gray").mean() > 128
            if bright and dark:
                found.append(float(frame.time))
            dark = not bright
    return found


def claps(path: Path) -> list[float]:
    """When it gets loud, in s of the file; something that goes on for less than 0.2 s is one clap."""
    found: list[float] = []
    quiet_since = -1.0
    with av.open(path) as opened:
        sound = opened.streams.audio[0]
        for frame in opened.decode(sound):
            samples = np.abs(frame.to_ndarray().astype(float).reshape(-1))
            scale = 32768 if "s16" in frame.format.name else 1
            loud = np.flatnonzero(samples > 0.1 * scale)
            if loud.size:
                first = float(frame.time) + loud[0] / frame.sample_rate
                if first - quiet_since > 0.2:
                    found.append(first)
                quiet_since = float(frame.time) + loud[-1] / frame.sample_rate
    return found


CLAP = opus("0" * 5 + "1" + "0" * 5)


def clapping(begin: int, end: int, every: int):
    """Silence, and a clap that begins at each multiple of `every` (its packet holds it)."""
    for at in range(begin, end, FRAME):
        since = at % every
        yield at, CLAP[5 + since // FRAME] if since < 6 * FRAME else CLAP[0]


def flashing(begin: int, end: int, every: int, step: int = SECOND // 5):
    for at in range(begin, end, step):
        yield at, True, keyframe("vp8", 235 if at % every < step else 16)


@pytest.mark.timeout(240)
@pytest.mark.parametrize(("minutes", "sound", "picture"), [(120, 90, -60), (20, -120, 80)])
def test_sound_and_picture_stay_together(maker, minutes, sound, picture):
    end, every = minutes * MINUTE, 100 * SECOND
    maker.sound("teacher", 0, clapping(0, end, every), skewed(sound, 700_000))
    maker.pictures("teacher", 0, flashing(0, end, every), clock=skewed(picture, -5_000_000))
    camera = named(finish(maker))["camera"]
    seen, heard = flashes(maker.folder / camera.file), claps(maker.folder / camera.file)
    assert len(seen) == len(heard) == end // every
    for number, (flash, clap) in enumerate(zip(seen, heard, strict=True)):
        assert abs(flash - clap) < 0.04
        assert abs(flash * SECOND + camera.offset_us - number * every) < 40_000
    assert abs(camera.duration_us - end) < SECOND


def test_where_packets_are_missing_it_is_still_and_nothing_moves(maker):
    said = [(at, data) for at, data in clapping(0, 60 * SECOND, 20 * SECOND) if not 25 * SECOND < at < 31 * SECOND]
    maker.sound("teacher", 0, [pair for number, pair in enumerate(said) if number % 7 or pair[1] != CLAP[0]])
    maker.pictures("teacher", 0, flashing(0, 60 * SECOND, 20 * SECOND))
    camera = named(finish(maker))["camera"]
    for flash, clap in zip(flashes(maker.folder / camera.file), claps(maker.folder / camera.file), strict=True):
        assert abs(flash - clap) < 0.04
    with av.open(maker.folder / camera.file) as opened:
        times = [packet.pts for packet in opened.demux(opened.streams.audio[0]) if packet.size]
    assert {late - early for early, late in pairwise(times)} == {20}


def test_three_visits_of_the_teacher_are_one_film(maker):
    for begin, end in ((0, 4), (10, 14), (600, 604)):
        maker.talk("teacher", begin * SECOND, end * SECOND, skewed(50, begin * 1_000_000))
        maker.film("teacher", begin * SECOND, end * SECOND, size=(64, 48) if begin else (80, 60))
    camera = named(finish(maker))["camera"]
    assert camera.media_type == "video/webm"
    with av.open(maker.folder / camera.file) as opened:
        for second in (1, 11, 601):
            opened.seek(second * SECOND)
            frames = (frame for frame in opened.decode(video=0) if frame.time >= second)
            assert abs(next(frames).to_ndarray(format="gray").mean() - level(second) * 1.0) < 26
    assert abs(camera.duration_us - 604 * SECOND) < SECOND


def test_h264_of_another_size_begins_another_file(maker):
    maker.talk("teacher", 0, 9 * SECOND)
    maker.film("teacher", 1 * SECOND, 3 * SECOND, "h264")
    maker.film("teacher", 3 * SECOND, 5 * SECOND, "h264")
    maker.film("teacher", 6 * SECOND, 9 * SECOND, "h264", (96, 64))
    made = named(finish(maker))
    assert set(made) == {"camera", "camera-2"}
    assert made["camera"].offset_us == 0
    assert made["camera-2"].offset_us == 6 * SECOND
    assert (made["camera-2"].width, made["camera-2"].height) == (96, 64)
    with av.open(maker.folder / made["camera"].file) as opened:
        assert opened.format.name.startswith("mov")
        assert len([frame for frame in opened.decode(video=0)]) == 40
    data = (maker.folder / made["camera"].file).read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    assert claps(maker.folder / made["camera-2"].file)[0] < 0.1


def test_everybody_who_was_there_has_a_file(maker):
    maker.film("teacher", 0, 2 * SECOND)
    maker.film("teacher", 1 * SECOND, 3 * SECOND, source="screen")
    maker.talk("class-b", 0, 2 * SECOND)
    maker.film("class-a", 2 * SECOND, 3 * SECOND)
    maker.talk("class-a", 2 * SECOND, 3 * SECOND)
    made = named(finish(maker))
    assert {name: (output.participant, output.media_type) for name, output in made.items()} == {
        "camera": ("teacher", "video/webm"),
        "screen": ("teacher", "video/webm"),
        "classroom-1": ("class-a", "video/webm"),
        "classroom-2": ("class-b", "audio/webm"),
    }
    assert made["screen"].offset_us == 1 * SECOND


def test_only_sound_and_nothing_at_all(maker, tmp_path):
    maker.talk("teacher", SECOND, 3 * SECOND)
    made = named(finish(maker))
    assert {name: output.media_type for name, output in made.items()} == {"sound": "audio/webm"}
    empty = Maker(tmp_path / "empty")
    empty.folder.mkdir()
    manifest = finish(empty)
    assert (manifest.outputs, manifest.notes, manifest.length_us) == ([], ["nothing_recorded"], 0)


def test_what_a_crash_left_is_finished(maker):
    part = maker.film("teacher", 0, 8 * SECOND)
    path = maker.folder / part.file
    path.write_bytes(path.read_bytes()[:-300])
    part.closed, part.duration_us, part.bytes = False, 0, 0
    manifest = finish(maker)
    part = manifest.tracks[0].parts[0]
    assert len(part.sha256) == 64
    assert part.bytes == path.stat().st_size
    assert manifest.length_us > 6 * SECOND
    assert named(manifest)["camera"].duration_us > 6 * SECOND


def test_a_damaged_or_missing_part_is_a_gap(maker):
    maker.film("teacher", 0, 2 * SECOND)
    lost = maker.film("teacher", 2 * SECOND, 4 * SECOND)
    broken = maker.film("teacher", 4 * SECOND, 6 * SECOND)
    maker.film("teacher", 6 * SECOND, 8 * SECOND)
    (maker.folder / lost.file).unlink()
    (maker.folder / broken.file).write_bytes(b"\0" * 5000)
    manifest = finish(maker)
    assert manifest.notes == ["damaged_part"]
    assert [(gap.start_us // SECOND, gap.why) for gap in manifest.tracks[0].gaps] == [(2, "disk"), (4, "disk")]
    assert abs(named(manifest)["camera"].duration_us - 8 * SECOND) < SECOND


def test_a_second_run_changes_nothing_and_a_lost_file_is_made_again(maker):
    maker.talk("teacher", 0, 2 * SECOND)
    maker.film("teacher", 0, 2 * SECOND, "h264")
    first = finish(maker)
    before = {path: path.stat().st_mtime_ns for path in maker.folder.rglob("*") if path.name != "manifest.json"}
    finalise.run(Work(maker.folder, manifests.load(maker.folder)))
    assert before == {path: path.stat().st_mtime_ns for path in before}
    (maker.folder / first.outputs[0].file).unlink()
    finalise.run(Work(maker.folder, manifests.load(maker.folder)))
    assert manifests.load(maker.folder) == first


@pytest.mark.parametrize("how", ["removed", "damaged"])
def test_finished_files_outlive_their_parts(maker, how):
    """Somebody made room by hand, or the disk is not what it was; and then somebody has all stages done again."""
    maker.talk("teacher", 0, 2 * SECOND)
    maker.film("teacher", 0, 2 * SECOND)
    first = finish(maker)
    for path in (maker.folder / "parts").iterdir():
        path.unlink() if how == "removed" else path.write_bytes(b"")
    finalise.run(Work(maker.folder, manifests.load(maker.folder)))
    assert manifests.load(maker.folder) == first and (maker.folder / first.outputs[0].file).exists()


def test_a_time_beyond_any_lesson_is_not_filled_with_silence(maker):
    part = maker.talk("teacher", 0, 2 * SECOND)
    part.sync = [Sync(pts_us=0, at_us=10**15)]
    manifest = finish(maker)
    assert manifest.notes == ["damaged_part", "nothing_recorded"]
