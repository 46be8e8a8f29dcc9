"""SIGKILL at any moment: what lies on the disk plays, and at most one second is missing."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from recorder import manifest
from recorder.recover import recover
from tests.recorder import crash, encode

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", params=["vp8", "h264", "opus"])
def tape(request, tmp_path_factory) -> tuple[Path, str, list[bytes]]:
    """Where its packets are, the codec, the frames."""
    path = tmp_path_factory.mktemp("tape") / request.param
    return path, request.param, crash.tape(path, request.param)


def start(tape: Path, folder: Path, codec: str, goes_on: int = -1) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.recorder.crash", str(tape), str(folder), codec, str(goes_on)]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def kill_after(process: subprocess.Popen[str], steps: int) -> tuple[int, int]:
    """While it is busy with the steps that come next.

    :returns: the lesson's time and the safe index that it told last.
    """
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write("\n" * (steps + 10))
    process.stdin.flush()
    told = [process.stdout.readline() for _ in range(steps)]
    process.kill()
    told += [line for line in process.communicate()[0].splitlines(keepends=True) if line.endswith("\n")]
    now, safe = told[-1].split()
    return int(now), int(safe)


def test_a_killed_recorder_leaves_a_file_that_plays(tmp_path, tape):
    path, codec, sent = tape
    chance = random.Random(codec)
    for number in range(3):
        folder = tmp_path / str(number)
        now, safe = kill_after(start(path, folder, codec), chance.randint(8, 60))
        kept = manifest.load(folder)
        (part,) = kept.tracks[0].parts
        before = encode.demux(folder / part.file)
        assert before[-1][0] * 1e6 > now - 1_000_000
        recover(folder, kept)
        after = encode.demux(folder / part.file)
        assert [data for _, data in after] == [data for _, data in before]
        assert part.bytes == (folder / part.file).stat().st_size
        assert abs(part.duration_us - after[-1][0] * 1e6) < 40_000
        if codec != "h264":
            assert [data for _, data in after] == sent[: len(after)]
        else:
            assert len(encode.decode(folder / part.file)) == len(after)
        assert safe >= 1000


def test_another_process_goes_on_where_it_was_killed(tmp_path, tape):
    """Twice, in the same file, without a frame lost or doubled."""
    path, codec, sent = tape
    folder = tmp_path / "lesson"
    process = start(path, folder, codec)
    for steps in (15, 20):
        _, safe = kill_after(process, steps)
        process = start(path, folder, codec, safe)
    process.communicate("\n" * 200)
    assert process.returncode == 0
    kept = manifest.load(folder)
    parts = kept.tracks[0].parts
    if codec == "h264":
        decoded = [pixels for part in parts for _, pixels in encode.decode(folder / part.file)]
        assert decoded == encode.decode_stream(codec, sent)
    else:
        (part,) = parts
        read = encode.demux(folder / part.file)
        assert [data for _, data in read] == sent
        step = 0.02 if codec == "opus" else 1 / 30
        assert all(abs(time - number * step) < 0.0011 for number, (time, _) in enumerate(read))
    assert kept.tracks[0].gaps == []
    assert all(part.closed for part in parts)
    assert kept.ended
