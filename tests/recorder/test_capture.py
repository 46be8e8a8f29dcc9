"""A real room recorded to real files by a real process, and that process killed."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mediaserver import api
from recorder import manifest
from tests.client.waiting import eventually
from tests.net.bench import ROOM
from tests.recorder.studio import Studio, studios


@pytest.fixture
async def studio(tmp_path) -> AsyncIterator[Studio]:
    async with studios(tmp_path / "recording") as it:
        yield it


def runs(pid: int) -> bool:
    """Whether there is such a process that has not ended, reaped or not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def gone(pid: int) -> None:
    await eventually(lambda: not runs(pid))


async def test_what_the_teacher_sends_is_on_disk(studio: Studio) -> None:
    teacher = await studio.teach()
    await studio.until(lambda: studio.capture._taps.tracks(ROOM))
    studio.capture.begin(ROOM, back=True)
    await studio.written(100_000)
    await studio.silence(teacher)
    kept = await studio.end()
    assert (kept.room, kept.lead, kept.ended) == (ROOM, "teacher", True)
    camera, microphone = kept.track("teacher-camera"), kept.track("teacher-microphone")
    assert camera is not None and microphone is not None
    assert studio.frames(camera) == teacher.shown
    assert studio.frames(microphone) == teacher.said
    assert camera.gaps == microphone.gaps == []
    assert len(camera.parts) == 1 and camera.parts[0].closed


async def test_a_killed_recorder_loses_nothing(studio: Studio) -> None:
    teacher = await studio.teach()
    studio.capture.begin(ROOM, back=True)
    await studio.written(50_000)
    first = studio.capture.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await studio.until(lambda: studio.capture.pid not in (None, first))
    await studio.written(50_000)
    await studio.silence(teacher)
    kept = await studio.end()
    camera, microphone = kept.track("teacher-camera"), kept.track("teacher-microphone")
    assert camera is not None and microphone is not None
    assert studio.frames(camera) == teacher.shown
    assert studio.frames(microphone) == teacher.said
    assert camera.gaps == microphone.gaps == []
    assert len(camera.parts) == len(microphone.parts) == 1
    assert studio.capture.deaths == 1


async def test_one_that_does_not_answer_is_loud(tmp_path: Path) -> None:
    async with studios(tmp_path, (sys.executable, "-c", "raise SystemExit(1)")) as studio:
        await studio.teach()
        studio.capture.begin(ROOM, back=True)
        await studio.until(lambda: any(state.trouble == "recorder_away" for _, state in studio.changed))


async def test_one_that_dies_again_and_again_is_loud(studio: Studio) -> None:
    await studio.teach()
    studio.capture.begin(ROOM, back=True)
    killed: set[int | None] = {None}
    for _ in range(3):
        await studio.written()
        killed.add(pid := studio.capture.pid)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await studio.until(lambda: studio.capture.pid not in killed)
    await studio.until(lambda: any(state.trouble == "recorder_dies" for _, state in studio.changed))
    assert studio.capture.deaths == 3


async def test_a_pause_leaves_a_gap(studio: Studio) -> None:
    teacher = await studio.teach()
    studio.capture.begin(ROOM, back=True)
    await studio.written(30_000)
    studio.capture.pause(ROOM, "teacher")
    before = len(teacher.said)
    await studio.until(lambda: len(teacher.said) > before + 50)
    studio.capture.resume(ROOM)
    after = len(teacher.said)
    await studio.until(lambda: len(teacher.said) > after + 50)
    await studio.written(20_000)
    await studio.silence(teacher)
    kept = await studio.end()
    assert [(pause.by, pause.end_us is not None) for pause in kept.pauses] == [("teacher", True)]
    microphone = kept.track("teacher-microphone")
    assert microphone is not None and {gap.why for gap in microphone.gaps} == {"paused"}
    heard = studio.frames(microphone)
    lost = len(teacher.said) - len(heard)
    # What was under way when it was paused is gone with what followed, what was when it went on is there: half a second
    # of it on a machine that has much else to do.
    cuts = [at for at in range(before + 1) if heard == teacher.said[:at] + teacher.said[at + lost :]]
    assert any(before - at <= 25 and after - (at + lost) <= 25 and at + lost <= after for at in cuts)


async def test_a_classroom_is_recorded_while_it_is_called_and_heard(studio: Studio) -> None:
    await studio.teach()
    pupil = await studio.teach("village", role="classroom")
    studio.capture.begin(ROOM, back=True)
    await studio.written(20_000)
    assert {track.participant for track in studio.manifest().tracks} == {"teacher"}
    await studio.bench.request(api.Call(ROOM, "village"))
    await studio.until(lambda: studio.capture.state(ROOM).tracks == 4)
    await studio.bench.request(api.Mute(ROOM, "village", True))
    muted = len(pupil.said)
    await studio.until(lambda: len(pupil.said) > muted + 60)
    await studio.bench.request(api.Call(ROOM, None))
    kept = await studio.end()
    microphone = kept.track("village-microphone")
    assert microphone is not None
    heard = studio.frames(microphone)
    assert 0 < len(heard) < len(pupil.said)
    assert heard[-1] in pupil.said[: muted + 30]


async def test_who_is_left_out_is_nowhere_on_disk(studio: Studio) -> None:
    await studio.teach()
    await studio.teach("village", role="classroom")
    await studio.bench.request(api.Call(ROOM, "village"))
    studio.capture.begin(ROOM, back=True)
    studio.capture.exclude(ROOM, "village", "teacher")
    await studio.written(30_000)
    assert {track.participant for track in studio.manifest().tracks} == {"teacher"}
    assert [spell.by for spell in studio.manifest().excluded["village"]] == ["teacher"]
    studio.capture.include(ROOM, "village")
    await studio.until(lambda: studio.capture.state(ROOM).tracks == 4)
    kept = await studio.end()
    assert kept.excluded["village"][0].end_us is not None


async def test_a_folder_that_cannot_be_made_is_told_and_tried_again(studio: Studio) -> None:
    studio.folder.parent.mkdir(exist_ok=True)
    studio.folder.write_text("in the way")
    teacher = await studio.teach()
    studio.capture.begin(ROOM, back=True)
    await studio.until(lambda: (ROOM, "not_writable") in [(room, state.trouble) for room, state in studio.changed])
    studio.folder.unlink()
    await studio.written()
    assert studio.capture.state(ROOM).trouble == ""
    await studio.silence(teacher)
    kept = await studio.end()
    camera = kept.track("teacher-camera")
    assert camera is not None and studio.frames(camera) == teacher.shown


async def test_a_full_disk_leaves_a_gap_and_is_got_over(studio: Studio) -> None:
    teacher = await studio.teach()
    studio.capture.begin(ROOM, back=True)
    await studio.written(30_000)
    pid = studio.capture.pid
    assert pid is not None
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
    await studio.until(lambda: studio.capture.state(ROOM).trouble != "")
    assert teacher.publisher.session in studio.bench.live.sessions
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await studio.until(lambda: studio.capture.state(ROOM).trouble == "")
    await studio.written(30_000)
    kept = await studio.end()
    assert "disk" in {gap.why for track in kept.tracks for gap in track.gaps}
    assert studio.capture.deaths == 0


async def test_a_teacher_whose_line_dies_is_missing_until_she_is_back(tmp_path: Path) -> None:
    async with studios(tmp_path / "recording", consent_timeout_s=3.0) as studio:
        teacher = await studio.teach()
        studio.capture.begin(ROOM, back=True)
        await studio.written(30_000)
        await studio.silence(teacher)
        assert await studio.bench.closed(teacher.publisher.peer) == "consent_expired"
        await studio.teach()
        await studio.written(30_000)
        kept = await studio.end()
    assert {track.id for track in kept.tracks} == {"teacher-camera", "teacher-microphone"}
    for track in kept.tracks:
        [gap] = [gap for gap in track.gaps if gap.end_us - gap.start_us > 2_000_000]
        assert gap.why == "network" and abs(gap.end_us - track.parts[1].start_us) < 100_000


async def test_a_killed_server_leaves_whole_files_and_the_next_one_goes_on(tmp_path: Path) -> None:
    program = (sys.executable, "-m", "tests.recorder.server", str(tmp_path))
    for life in range(2):
        server = await asyncio.create_subprocess_exec(*program, stdout=asyncio.subprocess.PIPE)
        assert server.stdout is not None
        recorder = json.loads(await asyncio.wait_for(server.stdout.readline(), 30))["recorder"]
        server.kill()
        await server.communicate()  # to the end of its pipe: else it is left open
        await gone(recorder)
        kept = manifest.load(tmp_path / ROOM)
        assert not kept.ended and len(kept.tracks) == 2
        for track in kept.tracks:
            assert len(track.parts) == life + 1 and all(part.closed for part in track.parts)
    assert all("server" in {gap.why for gap in track.gaps} for track in kept.tracks)
