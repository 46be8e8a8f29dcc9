"""Files as samples on the time line of a lesson."""

from __future__ import annotations

import tracemalloc

import av
import numpy as np
import pytest

from recorder.manifest import Sync
from recorder.speech.heard import RATE
from recorder.speech.sound import Piece, Sound, read
from tests.asr.say import write

CLICKS = (1.0, 4.0, 8.5)


def clicking(path, seconds: float = 10.0):
    """Half a second of tone at each of `CLICKS`."""
    pcm = np.zeros(int(seconds * RATE), np.float32)
    tone = (0.5 * np.sin(2 * np.pi * 440 * np.arange(RATE // 2) / RATE)).astype(np.float32)
    for at in CLICKS:
        pcm[int(at * RATE) : int(at * RATE) + len(tone)] = tone
    write(path, pcm)
    return path


def of(*pieces: Piece) -> Sound:
    return Sound("t", pieces, 0, "")


def heard_at(pcm) -> list[float]:
    """Where it becomes loud after a quarter of a second of quiet."""
    loud = np.flatnonzero(np.abs(pcm) > 0.2)
    if not len(loud):
        return []
    return [loud[0] / RATE, *(loud[1:][np.diff(loud) > RATE // 4] / RATE)]


@pytest.mark.parametrize("kind", ["ogg", "webm", "mp4"])
@pytest.mark.parametrize("start", [0.0, 0.7, 3.9, 7.0])
def test_sounds_lie_where_they_were(tmp_path, kind, start):
    sound = of(Piece(clicking(tmp_path / f"a.{kind}"), (Sync(pts_us=0, at_us=0),)))
    pcm = read(sound, int(start * 1e6), 20 * RATE, set())
    expected = [at - start for at in CLICKS if at > start]
    assert heard_at(pcm) == pytest.approx(expected, abs=0.02)
    assert len(pcm) / RATE == pytest.approx(10 - start, abs=0.05)


def test_no_more_is_read_than_asked_for(tmp_path):
    sound = of(Piece(clicking(tmp_path / "a.webm"), (Sync(pts_us=0, at_us=0),)))
    assert len(read(sound, 3_000_000, 2 * RATE, set())) == 2 * RATE
    assert len(read(sound, 11_000_000, RATE, set())) == 0


def test_between_two_files_is_silence(tmp_path):
    file = clicking(tmp_path / "a.webm")
    sound = of(Piece(file, (Sync(pts_us=0, at_us=60_000_000),)), Piece(file, (Sync(pts_us=0, at_us=0),)))
    assert heard_at(read(sound, 0, 100 * RATE, set())) == pytest.approx(
        [*CLICKS, *(60 + at for at in CLICKS)], abs=0.02
    )
    assert heard_at(read(sound, 20_000_000, 10 * RATE, set())) == []
    assert len(read(sound, 20_000_000, 10 * RATE, set())) == 10 * RATE
    assert heard_at(read(sound, 63_000_000, 20 * RATE, set())) == pytest.approx([1, 5.5], abs=0.02)


def test_a_clock_that_runs_fast_is_set_right(tmp_path):
    reports = (Sync(pts_us=0, at_us=5_000_000), Sync(pts_us=4_000_000, at_us=9_200_000))
    piece = Piece(clicking(tmp_path / "a.webm"), reports)
    assert [piece.at_us(at) for at in (0, 2_000_000, 4_000_000)] == [5_000_000, 7_100_000, 9_200_000]
    assert piece.at_us(8_000_000) == 13_200_000
    assert heard_at(read(of(piece), 0, 20 * RATE, set()))[:2] == pytest.approx([6.05, 9.2], abs=0.03)


def test_a_time_stamp_from_another_world_ends_the_sound(tmp_path):
    file = clicking(tmp_path / "a.webm")
    far = Piece(file, (Sync(pts_us=0, at_us=10**13),))
    sound = of(Piece(file, (Sync(pts_us=0, at_us=0),)), far)
    assert len(read(sound, 0, 60 * RATE, set())) / RATE == pytest.approx(10, abs=0.05)
    assert len(read(sound, 20_000_000, RATE, set())) == 0


def test_what_is_no_file_is_told(tmp_path):
    (tmp_path / "bad.webm").write_bytes(b"no film at all")
    damaged: set[str] = set()
    good = clicking(tmp_path / "a.webm")
    sound = of(
        Piece(tmp_path / "bad.webm", (Sync(pts_us=0, at_us=0),)), Piece(good, (Sync(pts_us=0, at_us=2_000_000),))
    )
    assert heard_at(read(sound, 0, 4 * RATE, damaged)) == pytest.approx([3.0], abs=0.02)
    assert damaged == {"bad.webm"}


def test_memory_is_that_of_the_stretch_and_not_of_the_file(tmp_path):
    file = tmp_path / "long.webm"
    with av.open(str(file), "w") as container:
        stream = container.add_stream("libopus", rate=RATE)
        stream.layout = "mono"
        for second in range(600):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, RATE), np.float32), format="flt", layout="mono")
            frame.sample_rate, frame.pts = RATE, second * RATE
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    sound = of(Piece(file, (Sync(pts_us=0, at_us=0),)))
    read(sound, 0, RATE, set())
    tracemalloc.start()
    assert len(read(sound, 500_000_000, 60 * RATE, set())) == 60 * RATE
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * 60 * RATE * 4
