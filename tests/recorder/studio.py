"""A teacher whose real pictures and sound go over the network, and a server that records her."""

from __future__ import annotations

import asyncio
import contextlib
import struct
import time
from collections.abc import AsyncIterator, Sequence
from functools import cache
from pathlib import Path

from mediaserver.rtp import rtcp
from recorder import manifest
from recorder.capture import Capture, State
from recorder.manifest import Manifest, Track
from recorder.process import local
from tests.net.bench import ROOM, Bench, Publisher
from tests.net.conftest import benches
from tests.plane.helpers import OPUS, VP8
from tests.recorder import encode

FPS, PACKETS = 30, 50


@cache
def pictures() -> list[bytes]:
    return encode.pictures("vp8", 180, size=(160, 120), key=15)


@cache
def voice() -> list[bytes]:
    return encode.sound(10)


class Teacher:
    """Sends in real time from the moment she is made until `stop`.

    :ivar shown: pictures sent, in order. :ivar said: packets of sound.
    """

    def __init__(self, publisher: Publisher, sources: str = "cs") -> None:
        self.publisher = publisher
        self.shown: list[bytes] = []
        self.said: list[bytes] = []
        self.camera = encode.Sender("vp8", pt=VP8, ssrc=publisher.ssrc("0"))
        self.voice = encode.Sender("opus", pt=OPUS, ssrc=publisher.ssrc("1"))
        self._sources = sources
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        began = time.monotonic()
        reported = began
        while True:
            now = time.monotonic()
            while "c" in self._sources and len(self.shown) < (now - began) * FPS:
                picture = pictures()[len(self.shown) % len(pictures())]
                self._send(self.camera.frame(picture, len(self.shown) * 90_000 // FPS, 0))
                self.shown.append(picture)
            while "s" in self._sources and len(self.said) < (now - began) * PACKETS:
                packet = voice()[len(self.said) % len(voice())]
                self._send(self.voice.frame(packet, len(self.said) * 960, 0))
                self.said.append(packet)
            if now - reported > 0.5:
                reported = now
                self._report(self.camera.ssrc, round((now - began) * 90_000), self.camera.stamp)
                self._report(self.voice.ssrc, round((now - began) * 48_000), self.voice.stamp)
            await asyncio.sleep(0.01)

    def _send(self, packets: Sequence[tuple[int, int, bytes]]) -> None:
        for _, _, packet in packets:
            self.publisher.peer.send_rtp(packet)

    def _report(self, ssrc: int, ticks: int, stamp: int) -> None:
        ntp = rtcp.ntp_from_unix(time.time())
        head = struct.pack("!BBHI", 0x80, 200, 6, ssrc)
        body = struct.pack("!QIII", ntp, stamp + ticks & 0xFFFFFFFF, len(self.shown), 0)
        self.publisher.peer.send_rtcp(head + body)

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


class Studio:
    """:ivar changed: rooms that the capture told of."""

    def __init__(self, bench: Bench, folder: Path, command: Sequence[str] = ()) -> None:
        self.bench = bench
        self.folder = folder
        self.changed: list[tuple[str, State]] = []
        self.capture = Capture(
            bench.server.taps, command or local(folder), lambda room, state: self.changed.append((room, state))
        )
        self.teachers: list[Teacher] = []

    async def teach(self, participant: str = "teacher", sources: str = "cs", **options: str) -> Teacher:
        teacher = Teacher(await self.bench.publish(participant, **options), sources)
        self.teachers.append(teacher)
        return teacher

    async def until(self, condition, timeout: float = 20.0) -> None:
        await self.bench.until(condition, timeout)

    async def written(self, more: int = 1, room: str = ROOM) -> None:
        """Wait until so many bytes more are on disk."""
        state = self.capture.state(room)
        before = state.bytes if state is not None else 0
        await self.until(lambda: (it := self.capture.state(room)) is not None and it.bytes >= before + more)

    async def silence(self, teacher: Teacher) -> None:
        """She sends nothing more, and all that she sent has arrived."""
        await teacher.stop()
        last = {"video": teacher.camera.index - 1, "audio": teacher.voice.index - 1}
        taps = self.bench.server.taps

        def arrived() -> bool:
            newest = {it.kind: taps.newest(it.stream, 2**62) or 0 for it in taps.tracks(ROOM)}
            return all((newest[kind] - index) % 0x10000 == 0 for kind, index in last.items())

        await self.until(arrived)

    async def end(self, room: str = ROOM) -> Manifest:
        self.capture.end(room)
        await self.until(lambda: self.capture.state(room) is None)
        return self.manifest(room)

    def manifest(self, room: str = ROOM) -> Manifest:
        return manifest.load(self.folder / room)

    def frames(self, track: Track, room: str = ROOM) -> list[bytes]:
        """What all parts of a track hold, one after the other."""
        return [data for part in track.parts for _, data in encode.demux(self.folder / room / part.file)]


@contextlib.asynccontextmanager
async def studios(folder: Path, command: Sequence[str] = (), **settings: object) -> AsyncIterator[Studio]:
    pictures(), voice()
    async with benches("native") as make:
        studio = Studio(await make(**settings), folder, command)
        try:
            yield studio
        finally:
            await asyncio.gather(*(teacher.stop() for teacher in studio.teachers))
            await studio.capture.stop()
