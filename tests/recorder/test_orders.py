"""Orders that come, or go, while the recorder's process does not hear them: real media, real processes killed."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mediaserver import api
from recorder.process import local
from tests.net.bench import ROOM
from tests.recorder.studio import Studio, Teacher, studios

LONG = {"history_audio_packets": 4096}
"""More than a minute: what is missing then was not lost for want of time."""
UNDER_WAY = 25
"""Packets of sound that may not have arrived when an order comes, on a machine that has much else to do."""


@pytest.fixture
async def studio(tmp_path: Path) -> AsyncIterator[Studio]:
    async with studios(tmp_path / "recording", **LONG) as it:
        yield it


async def says(studio: Studio, teacher: Teacher, packets: int) -> None:
    before = len(teacher.said)
    await studio.until(lambda: len(teacher.said) >= before + packets)


def kill(studio: Studio) -> None:
    assert studio.capture.pid is not None
    os.kill(studio.capture.pid, signal.SIGKILL)


def assert_unheard(heard: list[bytes], said: list[bytes], first: int, last: int, *, sure: int, late: int = 0) -> None:
    """All that was said from `first` to `last` is missing, and what was said after it is not.

    :param sure: packets before it may be missing too, but not before this one. :param late: so many after it may.
    """
    lost = len(said) - len(heard)
    cuts = [at for at in range(len(heard) + 1) if heard == said[:at] + said[at + lost :]]
    assert any(sure <= at <= first and last - UNDER_WAY <= at + lost <= last + late for at in cuts), (
        first,
        last,
        lost,
        cuts,
    )


async def test_a_pause_while_the_recorder_is_away_is_kept(studio: Studio) -> None:
    teacher = await studio.teach()
    studio.capture.begin(ROOM, back=True)
    await studio.written(30_000)
    studio.capture._command = (sys.executable, "-c", "raise SystemExit(1)")
    kill(studio)
    killed = len(teacher.said)
    await studio.until(lambda: studio.capture.deaths)
    await says(studio, teacher, 10)
    studio.capture.pause(ROOM, "teacher")
    paused = len(teacher.said)
    await says(studio, teacher, 50)
    studio.capture.resume(ROOM)
    resumed = len(teacher.said)
    studio.capture._command = local(studio.folder)
    await studio.written(30_000)
    await studio.silence(teacher)
    kept = await studio.end()
    microphone = kept.track("teacher-microphone")
    assert microphone is not None
    assert_unheard(studio.frames(microphone), teacher.said, paused, resumed, sure=killed - 100)
    [pause] = kept.pauses
    assert pause.by == "teacher" and pause.end_us is not None and pause.end_us - pause.start_us > 500_000


async def test_who_is_muted_while_a_killed_recorder_does_not_go_is_not_heard(studio: Studio) -> None:
    """It hangs in the kernel, on a disk that does not answer."""
    teacher = await studio.teach()
    studio.capture.begin(ROOM, back=True)
    await studio.written(30_000)
    process, gone = studio.capture._process, asyncio.Event()
    assert process is not None
    end = process.kill

    async def hang() -> None:
        await gone.wait()
        await end()

    process.kill = hang  # type: ignore[method-assign]
    kill(studio)
    killed = len(teacher.said)
    await studio.until(lambda: studio.capture.deaths)
    await studio.bench.request(api.Mute(ROOM, "teacher", True))
    muted = len(teacher.said)
    await says(studio, teacher, 50)
    unmuted = len(teacher.said)
    await studio.bench.request(api.Mute(ROOM, "teacher", False))
    await says(studio, teacher, 50)
    gone.set()
    await studio.written(30_000)
    await studio.silence(teacher)
    kept = await studio.end()
    microphone = kept.track("teacher-microphone")
    assert microphone is not None
    assert_unheard(studio.frames(microphone), teacher.said, muted, unmuted, sure=killed - 100, late=45)


async def test_a_recorder_killed_just_after_a_pause_does_not_write_it(studio: Studio) -> None:
    teacher = await studio.teach()
    studio.capture.begin(ROOM, back=True)
    await studio.written(30_000)
    studio.capture.pause(ROOM, "teacher")
    paused = len(teacher.said)
    await says(studio, teacher, 100)  # long enough for news of what was on disk before it
    studio.capture.resume(ROOM)
    resumed = len(teacher.said)
    it = studio.capture._recordings[ROOM]
    heard = it.news
    await studio.until(lambda: it.news is not heard)
    kill(studio)
    await studio.until(lambda: studio.capture.deaths)
    await studio.written(30_000)
    await studio.silence(teacher)
    kept = await studio.end()
    microphone = kept.track("teacher-microphone")
    assert microphone is not None
    assert_unheard(studio.frames(microphone), teacher.said, paused, resumed, sure=paused - 100)


@pytest.mark.parametrize("order", ["pause", "exclude"])
async def test_an_order_that_ends_while_no_server_is_there_has_ended(tmp_path: Path, order: str) -> None:
    """Stopped; the server is started again; started."""
    async with studios(tmp_path) as studio:
        teacher = await studio.teach()
        studio.capture.begin(ROOM, back=True)
        await studio.written(30_000)
        if order == "pause":
            studio.capture.pause(ROOM, "teacher")
        else:
            studio.capture.exclude(ROOM, "teacher", "teacher")
        await says(studio, teacher, 10)
    async with studios(tmp_path) as studio:
        teacher = await studio.teach()
        await studio.until(lambda: studio.capture._taps.tracks(ROOM))
        studio.capture.begin(ROOM, back=False)
        await says(studio, teacher, 150)
        await studio.silence(teacher)
        kept = await studio.end()
    [spell] = kept.pauses if order == "pause" else kept.excluded["teacher"]
    microphone = kept.track("teacher-microphone")
    assert microphone is not None and len(microphone.parts) == 2
    assert spell.end_us is not None and spell.end_us <= microphone.parts[1].start_us
