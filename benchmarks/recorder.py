"""`recorder`: what it costs to record lessons: in the server, in the recorder's process, and in memory.

A lesson is one teacher: camera at 1.5 Mbit/s and 30 pictures a second, sound at 32 kbit/s. Her packets are put into a
plane's histories as the network would put them; from there on everything is as in `tongke serve`.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator, Set
from itertools import cycle
from pathlib import Path
from typing import Any

from benchmarks import stats
from benchmarks.context import Context
from benchmarks.grid import Grid, cell
from benchmarks.process import cpu_seconds, resident_kb
from mediaserver.net import dtls
from mediaserver.net.taps import TapTrack
from mediaserver.plane import load_plane
from mediaserver.plane.interface import Plane, PlaneSettings, Stream, Tapped
from recorder.capture import Capture
from recorder.process import local
from tests.recorder import encode

LIMIT_S = 900
SIZES, QUICK_SIZES = (1, 10, 50), (1, 10)
WINDOW_S, QUICK_WINDOW_S = 20.0, 5.0
FPS, SOUNDS = 30, 50
RATE = 1_500_000
STEP_S = 0.02
GOAL = 2.0
"""Per cent of a core that a recorded lesson may cost."""
VP8, OPUS = 96, 111


class Sender:
    """One stream: real media, cut into packets that stay what they are but for numbers and time stamps."""

    def __init__(self, plane: Plane, stream: int, codec: str, per_s: int, clock: int, frames: list[bytes]) -> None:
        self._plane = plane
        self._stream = stream
        self._ticks = clock // per_s
        self._per_s = per_s
        self._sender = encode.Sender(codec, pt=VP8 if codec == "vp8" else OPUS, ssrc=stream, first=0x10000)
        self._frames: Iterator[bytes] = cycle(frames)
        self._sent = 0

    def catch_up(self, elapsed_s: float, now_us: int) -> None:
        while self._sent < elapsed_s * self._per_s:
            for index, _, packet in self._sender.frame(next(self._frames), self._sent * self._ticks, now_us):
                self._plane.relayed(self._stream, index, now_us, packet)  # type: ignore[attr-defined]
            self._sent += 1


class MadeUp:
    """Rooms with a teacher each, in place of a media server. See `mediaserver.net.taps.Taps`."""

    def __init__(self, plane: Plane) -> None:
        self._plane = plane
        self.rooms: dict[str, list[TapTrack]] = {}

    def lead(self, room: str) -> str:
        return "teacher"

    def tracks(self, room: str) -> list[TapTrack]:
        return self.rooms.get(room, [])

    def read(self, stream: int, after: int | None, limit: int, settled_us: int) -> Tapped:
        return self._plane.tap(stream, after, limit, settled_us)

    def newest(self, stream: int, now_us: int) -> int | None:
        return None

    def want_keyframe(self, stream: int) -> None:
        return None

    def watch_leaving(self, listener: Callable[[str, Set[int], bool], None]) -> None:
        return None


class Timed(Capture):
    """:ivar spent_s: processor time of the passing on."""

    spent_s = 0.0

    def _poll(self) -> None:
        began = time.thread_time()
        super()._poll()
        self.spent_s += time.thread_time() - began


async def run(context: Context) -> dict[str, Any]:
    window_s = QUICK_WINDOW_S if context.quick else WINDOW_S
    context.doing("encoding a lesson")
    frames = await asyncio.to_thread(_pictures)
    sounds = await asyncio.to_thread(encode.sound, 10)
    result: dict[str, Any] = {"window_s": window_s, "sizes": {}}
    for size in QUICK_SIZES if context.quick else SIZES:
        context.doing(f"{size} lessons recorded")
        runs = await _measure(size, context.runs, window_s, frames, sounds)
        figures = stats.figures(runs)
        result["sizes"][str(size)] = {"figures": figures, "runs": runs}
        context.done(f"  {size} lessons: {figures['lesson']['median']:.2f} % of a core each")
    return result


def _pictures() -> list[bytes]:
    """Ten seconds; each picture is filled up or cut to the rate, which no depacketiser minds."""
    size = RATE // 8 // FPS
    return [frame[:size] + bytes(max(0, size - len(frame))) for frame in encode.pictures("vp8", 10 * FPS, key=300)]


async def _measure(
    size: int, runs: int, window_s: float, frames: list[bytes], sounds: list[bytes]
) -> list[dict[str, float | None]]:
    plane = load_plane("native", PlaneSettings(srtp_error=dtls.SrtpError, srtp=dtls.SrtpLibrary()))
    taps = MadeUp(plane)
    senders: list[Sender] = []
    for number in range(size):
        tracks = []
        for stream, codec, source in ((2 * number + 1, "vp8", "camera"), (2 * number + 2, "opus", "microphone")):
            video = codec == "vp8"
            clock, pt = (90_000, VP8) if video else (48_000, OPUS)
            plane.add_stream(Stream(stream, 0, video, clock, {pt: "VP8" if video else "opus"}, ssrc=stream))
            per_s, media = (FPS, frames) if video else (SOUNDS, sounds)
            senders.append(Sender(plane, stream, codec, per_s, clock, media))
            kind = "video" if video else "audio"
            tracks.append(TapTrack(stream, "teacher", source, kind, {pt: codec}, False, None))
        taps.rooms[f"room{number}"] = tracks
    sending = asyncio.create_task(_send(senders))
    with tempfile.TemporaryDirectory(prefix="tongke-recorder-") as folder:
        capture = Timed(taps, local(Path(folder)), lambda room, state: None)
        try:
            for room in taps.rooms:
                capture.begin(room, back=True)
            async with asyncio.timeout(60):
                while not all((state := capture.state(room)) and state.begun for room in taps.rooms):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            await asyncio.sleep(2.0)
            return [await _window(capture, size, window_s) for _ in range(runs)]
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            await capture.stop()
            plane.close()


async def _send(senders: list[Sender]) -> None:
    began = time.monotonic()
    while True:
        now_us = time.monotonic_ns() // 1000
        for sender in senders:
            sender.catch_up(now_us / 1e6 - began, now_us)
        await asyncio.sleep(STEP_S)


async def _window(capture: Timed, size: int, window_s: float) -> dict[str, float | None]:
    pid = capture.pid
    assert pid is not None
    before = (time.monotonic(), capture.spent_s, cpu_seconds(pid), _written(capture))
    await asyncio.sleep(window_s)
    after = (time.monotonic(), capture.spent_s, cpu_seconds(pid), _written(capture))
    elapsed, server, child, written = (now - then for now, then in zip(after, before, strict=True))
    assert capture.deaths == 0
    return {
        "server": 100 * server / elapsed / size,
        "process": 100 * child / elapsed / size,
        "lesson": 100 * (server + child) / elapsed / size,
        "mb": resident_kb(pid) / 1000,
        "mbit": 8 * written / elapsed / size / 1e6,
    }


def _written(capture: Capture) -> int:
    return sum(state.bytes for room in capture.rooms if (state := capture.state(room)) is not None)


def grids(result: dict[str, Any]) -> list[Grid]:
    rows = [
        [
            size,
            cell(made["figures"], "lesson"),
            cell(made["figures"], "server"),
            cell(made["figures"], "process"),
            cell(made["figures"], "mb"),
            cell(made["figures"], "mbit"),
        ]
        for size, made in result["sizes"].items()
    ]
    header = [
        "lessons",
        "% of a core each",
        "in the server",
        "in the recorder",
        "recorder, MB",
        "Mbit/s each",
    ]
    note = f"A lesson is one teacher's camera at 1.5 Mbit/s and her sound. The goal is {GOAL:.0f} % of a core."
    return [Grid("Recording", header, rows, note)]


def plots(result: dict[str, Any], directory: Path) -> list[Path]:
    return []
