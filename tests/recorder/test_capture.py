"""A real room recorded to real files by a real process, and that process killed."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator

import pytest

from tests.net.bench import ROOM
from tests.recorder.studio import Studio, studios


@pytest.fixture
async def studio(tmp_path) -> AsyncIterator[Studio]:
    async with studios(tmp_path / "recording") as it:
        yield it


def within(part: list[bytes], whole: list[bytes]) -> int:
    """Where the one list begins in the other; -1 when it does not lie in it."""
    spots = [at for at in range(len(whole) - len(part) + 1) if whole[at] == part[0]]
    return next((at for at in spots if whole[at : at + len(part)] == part), -1)


async def test_what_the_teacher_sends_is_on_disk(studio: Studio) -> None:
    teacher = await studio.teach()
    await studio.until(lambda: studio.capture._taps.tracks(ROOM))
    studio.capture.begin(ROOM, back=True)
    await studio.written(100_000)
    await teacher.stop()
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
    await teacher.stop()
    kept = await studio.end()
    camera, microphone = kept.track("teacher-camera"), kept.track("teacher-microphone")
    assert camera is not None and microphone is not None
    assert studio.frames(camera) == teacher.shown
    assert studio.frames(microphone) == teacher.said
    assert camera.gaps == microphone.gaps == []
    assert len(camera.parts) == len(microphone.parts) == 2
    assert studio.capture.deaths == 1
