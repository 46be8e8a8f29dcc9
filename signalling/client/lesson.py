"""A generated lesson as aiortc tracks: camera, screen with slides, and music or the sound of a file.

Both pictures carry the clock of `signalling.client.clock`, so a receiver can tell the delay of each.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from aiortc import MediaStreamTrack
from aiortc.mediastreams import VIDEO_CLOCK_RATE, VIDEO_TIME_BASE, MediaStreamError
from av import AudioFrame, VideoFrame

from mediaserver.api import UserError
from signalling.client.melody import SAMPLE_RATE, melody
from signalling.client.pacing import Pacer
from signalling.client.slides import Painter, camera_scene, screen_scenes

CAMERA_FPS = 20
SCREEN_FPS = 15
AUDIO_SAMPLES = SAMPLE_RATE // 50
"""20 ms."""
MAX_SOUND_S = 600


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


class SoundTrack(MediaStreamTrack):
    """The same over and over: 20 ms mono frames of 48 kHz, s16. :param sound: as `melody` gives it."""

    kind = "audio"

    def __init__(
        self,
        sound: np.ndarray,
        origin: float | None = None,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = asyncio.sleep,
    ) -> None:
        super().__init__()
        self._origin = origin
        self._pacer = Pacer(SAMPLE_RATE / AUDIO_SAMPLES)
        self._now, self._sleep = now, sleep
        self._pieces = sound[: len(sound) // AUDIO_SAMPLES * AUDIO_SAMPLES].reshape(-1, AUDIO_SAMPLES)

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
    """The three tracks of a lead; `tracks` is in the order of WHIP's m-lines. :ivar heard: in the place of music."""

    origin: float = field(default_factory=time.monotonic)
    heard: np.ndarray | None = None
    camera: PictureTrack = field(init=False)
    screen: PictureTrack = field(init=False)
    sound: SoundTrack = field(init=False)

    def __post_init__(self) -> None:
        self.camera = PictureTrack(Painter([camera_scene()]), CAMERA_FPS, self.origin)
        self.screen = PictureTrack(Painter(screen_scenes()), SCREEN_FPS, self.origin)
        self.sound = SoundTrack(melody() if self.heard is None else self.heard, self.origin)

    @property
    def tracks(self) -> list[MediaStreamTrack]:
        return [self.camera, self.screen, self.sound]


def sound_of(file: Path) -> np.ndarray:
    """What a media file sounds like, as `melody` has it, at most `MAX_SOUND_S`.

    :raises UserError: 400 `bad_source`, when there is no sound to be read.
    """
    try:
        with av.open(str(file)) as container:
            resampler = av.AudioResampler("s16", "mono", SAMPLE_RATE)
            limit = SAMPLE_RATE * MAX_SOUND_S
            pieces: list[np.ndarray] = []
            for frame in container.decode(audio=0):
                pieces += [out.to_ndarray()[0] for out in resampler.resample(frame)]
                if sum(map(len, pieces)) >= limit:
                    break
    except (OSError, IndexError, av.FFmpegError) as error:
        raise UserError(400, "bad_source", f"{file} has no sound that can be played: {error}.") from None
    heard = np.concatenate(pieces)[:limit] if pieces else np.zeros(0, np.int16)
    if len(heard) < AUDIO_SAMPLES:
        raise UserError(400, "bad_source", f"{file} has no sound that can be played: it is empty.")
    return heard
