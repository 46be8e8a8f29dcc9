"""A recorder on another machine: real processes, and a line that breaks in all the ways lines do."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mediaserver import api
from recorder import process
from recorder.capture import LOUD
from recorder.manifest import Manifest
from tests.net.bench import ROOM
from tests.recorder.machine import Machine, complaints, machines, running
from tests.recorder.studio import Studio, Teacher, studios

LONG = {"history_audio_packets": 4096, "history_video_packets": 8192}
"""More than a minute: what is missing then was not lost for want of time."""
SHORT = {"history_audio_packets": 64, "history_video_packets": 256}
TONGKE = (sys.executable, "-c", "from signalling.cli import main; main()")


@contextlib.asynccontextmanager
async def apart(machine: Machine, **settings: object) -> AsyncIterator[tuple[Studio, Teacher]]:
    """A teacher whose lesson is recorded there, when some of it is on that disk."""
    async with studios(machine.folder, machine.command, **settings) as studio:
        teacher = await studio.teach()
        studio.capture.begin(ROOM, back=True)
        await studio.written(40_000)
        yield studio, teacher


async def more(studio: Studio, teacher: Teacher) -> Manifest:
    """Some more of the lesson, and its end."""
    await studio.written(40_000)
    await studio.silence(teacher)
    return await studio.end()


def assert_whole(studio: Studio, teacher: Teacher, kept: Manifest) -> None:
    """Every frame that was sent, once, in one file a track."""
    camera, microphone = kept.track("teacher-camera"), kept.track("teacher-microphone")
    assert camera is not None and microphone is not None
    assert camera.gaps == microphone.gaps == []
    assert len(camera.parts) == len(microphone.parts) == 1
    assert studio.frames(camera) == teacher.shown
    assert studio.frames(microphone) == teacher.said
    assert kept.ended and camera.parts[0].closed and microphone.parts[0].closed


async def test_the_command_records_on_the_other_machine(tmp_path: Path) -> None:
    folder = tmp_path / "there" / "recording"
    far = (*TONGKE, "recorder", "--folder", str(folder))
    async with running(folder, far) as machine:
        async with apart(machine, **LONG) as (studio, teacher):
            assert_whole(studio, teacher, await more(studio, teacher))
        assert await machine.ended(0) == 0
    assert complaints(folder).read_text() == ""


async def test_a_recorder_that_is_killed_there_loses_nothing(tmp_path: Path) -> None:
    async with machines(tmp_path / "there") as machine, apart(machine, **LONG) as (studio, teacher):
        machine.fars[0].kill()
        await studio.until(lambda: len(machine.fars) > 1)
        assert_whole(studio, teacher, await more(studio, teacher))


async def test_a_line_that_is_reset_loses_nothing(tmp_path: Path) -> None:
    """The recorder that lost its server keeps its files open, until the next one goes on in them."""
    async with machines(tmp_path / "there") as machine, apart(machine, **LONG) as (studio, teacher):
        machine.reset()
        await studio.until(lambda: len(machine.fars) > 1)
        assert_whole(studio, teacher, await more(studio, teacher))
        assert await machine.ended(0) == -signal.SIGKILL


async def test_a_cable_that_is_pulled_for_a_while_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The recorder there has not noticed when the server calls again: two never write one manifest."""
    async with machines(tmp_path / "there") as machine, apart(machine, **LONG) as (studio, teacher):
        monkeypatch.setattr(process, "SILENT_S", 2.0)
        machine.cut()
        await studio.until(lambda: any(state.trouble == "recorder_away" for _, state in studio.changed))
        assert studio.capture.state(ROOM).trouble == "recorder_away"
        assert machine.fars[0].returncode is None
        monkeypatch.undo()
        await studio.until(lambda: studio.capture.deaths > LOUD)
        machine.mend()
        await studio.until(lambda: studio.capture.state(ROOM).trouble == "")
        assert_whole(studio, teacher, await more(studio, teacher))
        assert await machine.ended(0) == -signal.SIGKILL


async def test_a_cable_that_is_pulled_for_long_leaves_a_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with machines(tmp_path / "there") as machine, apart(machine, **SHORT) as (studio, teacher):
        monkeypatch.setattr(process, "SILENT_S", 2.0)
        machine.cut()
        await studio.until(lambda: studio.capture.deaths)
        monkeypatch.undo()
        before = len(teacher.said)
        await studio.until(lambda: len(teacher.said) > before + 2 * SHORT["history_audio_packets"])
        machine.mend()
        kept = await more(studio, teacher)
        microphone = kept.track("teacher-microphone")
        assert microphone is not None and "recorder" in {gap.why for gap in microphone.gaps}
        assert {gap.why for track in kept.tracks for gap in track.gaps} <= {"recorder", "network"}
        assert_hole(studio.frames(microphone), teacher.said)
        missing_s = (len(teacher.said) - len(studio.frames(microphone))) / 50
        assert abs(sum(gap.end_us - gap.start_us for gap in microphone.gaps) / 1e6 - missing_s) < 1
        assert kept.ended and len(microphone.parts) >= 2
        assert studio.capture.missed > 0


async def test_what_a_broken_line_costs_at_the_end_is_a_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with machines(tmp_path / "there") as machine, apart(machine, **SHORT) as (studio, _):
        monkeypatch.setattr(process, "SILENT_S", 2.0)
        machine.cut()
        await studio.until(lambda: studio.capture.deaths)
        monkeypatch.undo()
        studio.capture.end(ROOM)
        await studio.bench.request(api.CloseRoom(ROOM, "room_ended"))
        machine.mend()
        await studio.until(lambda: studio.capture.state(ROOM) is None)
        kept = studio.manifest()
        for track in kept.tracks:
            gap = track.gaps[-1]
            assert gap.why == "recorder" and gap.end_us - gap.start_us > 1_500_000
            assert abs(gap.end_us - kept.length_us) < 500_000


def assert_hole(heard: list[bytes], said: list[bytes]) -> None:
    """It is what was said but for one piece of it."""
    lost = len(said) - len(heard)
    assert lost > 0
    assert any(heard == said[:at] + said[at + lost :] for at in range(len(heard) + 1))


async def test_a_line_that_takes_nothing_holds_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "BUFFER", 1)
    monkeypatch.setattr(process, "SILENT_S", 60.0)
    async with machines(tmp_path / "there") as machine, apart(machine, **SHORT) as (studio, teacher):
        line, relay = studio.capture._process, studio.capture.pid
        assert line is not None and relay is not None
        os.kill(relay, signal.SIGSTOP)
        await studio.until(lambda: line._waiting)
        held = len(line._rest)
        before = len(teacher.said)
        await studio.until(lambda: len(teacher.said) > before + 3 * SHORT["history_audio_packets"])
        assert len(line._rest) == held, "nothing piles up"
        os.kill(relay, signal.SIGCONT)
        kept = await more(studio, teacher)
        assert studio.capture.deaths == 0 and studio.capture.missed > 0
        microphone = kept.track("teacher-microphone")
        assert microphone is not None and "recorder" in {gap.why for gap in microphone.gaps}
        assert_hole(studio.frames(microphone), teacher.said)


async def test_a_lesson_that_ends_while_the_line_is_cut_is_closed_when_it_is_back(tmp_path: Path) -> None:
    async with machines(tmp_path / "there") as machine, apart(machine, **LONG) as (studio, teacher):
        machine.cut()
        assert studio.capture.pid is not None
        os.kill(studio.capture.pid, signal.SIGKILL)
        await studio.silence(teacher)
        studio.capture.end(ROOM)
        await studio.until(lambda: studio.capture.deaths)
        machine.mend()
        await studio.until(lambda: studio.capture.state(ROOM) is None, timeout=30)
        assert_whole(studio, teacher, studio.manifest())


async def test_times_are_the_servers(tmp_path: Path) -> None:
    """The clock there is a year ahead."""
    async with machines(tmp_path / "there") as machine, apart(machine, **LONG) as (studio, teacher):
        studio.capture.pause(ROOM, "teacher")
        at = len(teacher.said)
        await studio.until(lambda: len(teacher.said) > at + 100)
        studio.capture.resume(ROOM)
        kept = await more(studio, teacher)
        (pause,) = kept.pauses
        assert pause.end_us is not None and 1.5e6 < pause.end_us - pause.start_us
        assert pause.end_us < kept.length_us < 120e6
        assert all(0 <= gap.start_us < gap.end_us <= kept.length_us for track in kept.tracks for gap in track.gaps)


async def test_what_is_left_over_closes_its_files_and_ends(tmp_path: Path) -> None:
    """Nobody calls again: after it heard nothing for a while, and then waited for a while."""
    async with machines(tmp_path / "there", linger_s=1, silent_s=2) as machine:
        async with apart(machine, **LONG) as (studio, _):
            machine.cut()
            assert await machine.ended(0) == 0
            kept = studio.manifest()
            assert not kept.ended and all(part.closed for track in kept.tracks for part in track.parts)
            assert [len(track.parts) for track in kept.tracks] == [1, 1]
            machine.reset()


async def test_a_server_that_says_goodbye_is_not_waited_for(tmp_path: Path) -> None:
    async with machines(tmp_path / "there", linger_s=1e6) as machine:
        async with apart(machine, **LONG) as (studio, _):
            await studio.capture.stop()
            assert await machine.ended(0) == 0
            kept = studio.manifest()
            assert all(part.closed for track in kept.tracks for part in track.parts)


async def test_another_servers_recorder_is_left_alone(tmp_path: Path) -> None:
    async with machines(tmp_path / "there") as machine, apart(machine, **LONG) as (studio, teacher):
        async with studios(machine.folder, machine.command) as other:
            other.capture.begin(ROOM, back=True)
            await other.until(lambda: other.capture.state(ROOM).trouble == "in_use")
            await studio.written(20_000)
            assert machine.fars[0].returncode is None
        assert_whole(studio, teacher, await more(studio, teacher))


async def test_another_version_is_refused_on_both_sides(tmp_path: Path) -> None:
    folder = tmp_path / "there"
    other = "from recorder import wire; wire.VERSION = 9; from tests.recorder import far; import sys, pathlib\n"
    other += (
        "from recorder import child; sys.exit(child.serve(pathlib.Path(sys.argv[1]), child.recording, child.APART))"
    )
    async with running(folder, (sys.executable, "-c", other, str(folder))) as machine:
        async with studios(folder, machine.command) as studio:
            await studio.teach()
            studio.capture.begin(ROOM, back=True)
            await studio.until(lambda: any(state.trouble == "recorder_version" for _, state in studio.changed))
            assert await machine.ended(0) == 3
    assert "speaks version 3, this is Tongke" in complaints(folder).read_text()
    assert list(folder.iterdir()) == []


async def test_what_is_no_recorder_is_not_spoken_to(tmp_path: Path) -> None:
    """A shell that greets people on its standard output."""
    folder = tmp_path / "there"
    async with running(folder, ("/bin/sh", "-c", "echo Welcome to recorder1; cat > $0", str(tmp_path / "took"))) as it:
        async with studios(folder, it.command) as studio:
            await studio.teach()
            studio.capture.begin(ROOM, back=True)
            await studio.until(lambda: any(state.trouble == "recorder_away" for _, state in studio.changed))
    assert len((tmp_path / "took").read_bytes()) < 300, "but for the hello"


async def test_what_is_not_there_is_not_begun(tmp_path: Path) -> None:
    async with machines(tmp_path / "there") as machine, studios(machine.folder, machine.command) as studio:
        studio.capture.begin("nobody", back=False, only=True)
        studio.capture.end("nobody")
        await studio.until(lambda: any(state.ended and state.absent for _, state in studio.changed))
        assert studio.capture.rooms == [] and not (machine.folder / "nobody").exists()
