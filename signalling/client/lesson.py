"""A generated lesson as aiortc tracks: camera, screen with slides, and music.

Both pictures carry the clock of `signalling.client.clock`, so a receiver can tell the delay of each.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from aiortc import MediaStreamTrack
from aiortc.mediastreams import VIDEO_CLOCK_RATE, VIDEO_TIME_BASE, MediaStreamError
from av import AudioFrame, VideoFrame

from signalling.client.melody import SAMPLE_RATE, melody
from signalling.client.pacing import Pacer
from signalling.client.slides import Painter, camera_scene, screen_scenes

CAMERA_FPS = 20
SCREEN_FPS = 15
AUDIO_SAMPLES = SAMPLE_RATE // 50
"""20 ms."""


class PictureTrack(MediaStreamTrack):
    """Pictures of a painter at a steady rate.

    :param origin: shared by the tracks of one lesson, so that their time stamps mean the same moments.
    :param now: monotonic seconds; :param sleep: waits so many; :param wall: seconds since 1970.
    """

    kind = "video"

    def __init__(
        self,
        painter: Painter,
        fps: float,
        origin: float | None = None,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = asyncio.sleep,
        wall: Callable[[], float] = time.time,
    ) -> None:
        super().__init__()
        self._painter = painter
        self._fps = fps
        self._origin = origin
        self._pacer = Pacer(fps)
        self._now, self._sleep, self._wall = now, sleep, wall

    async def recv(self) -> VideoFrame:
        if self.readyState != "live":
            raise MediaStreamError
        index, wait = self._pacer.next(self._now(), self._origin)
        if wait:
            await self._sleep(wait)
        picture = self._painter.picture(index / self._fps, int(self._wall() * 1000))
        frame = VideoFrame.from_ndarray(picture, format="yuv420p")
        frame.pts = round(index * VIDEO_CLOCK_RATE / self._fps)
        frame.time_base = VIDEO_TIME_BASE
        return frame


class MusicTrack(MediaStreamTrack):
    """The melody over and over: 20 ms mono frames of 48 kHz, s16."""

    kind = "audio"

    def __init__(
        self,
        origin: float | None = None,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = asyncio.sleep,
    ) -> None:
        super().__init__()
        self._origin = origin
        self._pacer = Pacer(SAMPLE_RATE / AUDIO_SAMPLES)
        self._now, self._sleep = now, sleep
        self._pieces = melody().reshape(-1, AUDIO_SAMPLES)

    async def recv(self) -> AudioFrame:
        if self.readyState != "live":
            raise MediaStreamError
        index, wait = self._pacer.next(self._now(), self._origin)
        if wait:
            await self._sleep(wait)
        piece = self._pieces[index % len(self._pieces)]
        frame = AudioFrame.from_ndarray(piece[np.newaxis], format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        frame.pts = index * AUDIO_SAMPLES
        frame.time_base = Fraction(1, SAMPLE_RATE)
        return frame


@dataclass(slots=True)
class Lesson:
    """The three tracks of a lead; `tracks` is in the order of WHIP's m-lines."""

    origin: float = field(default_factory=time.monotonic)
    camera: PictureTrack = field(init=False)
    screen: PictureTrack = field(init=False)
    music: MusicTrack = field(init=False)

    def __post_init__(self) -> None:
        self.camera = PictureTrack(Painter([camera_scene()]), CAMERA_FPS, self.origin)
        self.screen = PictureTrack(Painter(screen_scenes()), SCREEN_FPS, self.origin)
        self.music = MusicTrack(self.origin)

    @property
    def tracks(self) -> list[MediaStreamTrack]:
        return [self.camera, self.screen, self.music]
