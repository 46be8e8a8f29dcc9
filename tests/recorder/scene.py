"""A recording on a clock that the test moves, with publishers of real media."""

from __future__ import annotations

import functools
from pathlib import Path

from recorder import manifest
from recorder.manifest import Manifest
from recorder.recording import Recording
from tests.recorder import encode

BEGAN = 1_767_225_600_000
ZERO = 50_000_000
DELAY = 10_000


@functools.cache
def tape(codec: str, size: tuple[int, int] = (160, 120)) -> list[bytes]:
    """Four seconds; a key frame each second."""
    return encode.sound(4) if codec == "opus" else encode.pictures(codec, 120, size=size)


class Scene:
    """:ivar now: µs on the lesson's time line."""

    def __init__(self, folder: Path, now: int = 0, **more) -> None:
        self.folder = folder
        self.now = now
        self.recording = Recording(folder, "lesson", BEGAN, "teacher", self.clock, began_us=ZERO, **more)

    def clock(self) -> int:
        return ZERO + self.now

    def until(self, now: int) -> None:
        while self.now < now:
            self.now = min(now, self.now + 100_000)
            self.recording.tick(self.clock())

    def publish(self, name: str, codec: str, **more) -> Publisher:
        return Publisher(self, name, codec, **more)

    def end(self) -> Manifest:
        self.recording.close(self.clock())
        return manifest.load(self.folder)


class Publisher:
    """:ivar frames: what it sends, from `number` on. :ivar sent: numbers of the frames that were sent.

    :ivar since: µs on the lesson's time line from which on nobody took what it sent.
    """

    def __init__(
        self,
        scene: Scene,
        name: str,
        codec: str,
        *,
        size: tuple[int, int] = (160, 120),
        since: int | None = None,
        **more,
    ) -> None:
        self.scene, self.id, self.codec, self.since = scene, name, codec, since
        self.audio = codec == "opus"
        self.frames = tape(codec, size)
        self.step, self.length = (960, 20_000) if self.audio else (3000, 33_333)
        self.sender = encode.Sender(codec, **more)
        self.number = 0
        self.ticks = 0
        self.open()

    def stand(self, count: int) -> None:
        """So many frames are held up on their way, and arrive at once."""
        held = []
        for _ in range(count):
            held += self.sender.frame(self.frames[self.number % len(self.frames)], self.ticks, 0)
            self.number += 1
            self.ticks += self.step
            self.scene.until(self.scene.now + self.length)
        arrived = self.scene.clock() + DELAY
        self.scene.recording.packets(self.id, [(index, arrived, data) for index, _, data in held], 0)

    def open(self) -> None:
        source = "microphone" if self.audio else "screen" if self.id.endswith("-screen") else "camera"
        participant = self.id.rpartition("-")[0]
        kind = "audio" if self.audio else "video"
        since_us = None if self.since is None else ZERO + self.since
        self.scene.recording.open(self.id, participant, source, kind, self.scene.clock(), -1, since_us)
        self.scene.recording.payload_types(self.id, {self.sender.pt: self.codec.upper()})

    def send(self, count: int, *, lose: set[int] = frozenset(), first_only: set[int] = frozenset()) -> None:
        """:param lose: places among these of frames that never come. :param first_only: of those cut short."""
        for place in range(count):
            data = self.frames[self.number % len(self.frames)]
            packets = self.sender.frame(data, self.ticks, self.scene.clock() + DELAY)
            if place in first_only:
                packets = packets[:1]
            if place not in lose:
                self.scene.recording.packets(self.id, packets, 0)
            self.number += 1
            self.ticks += self.step
            self.scene.until(self.scene.now + self.length)
