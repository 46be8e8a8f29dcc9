"""Watches a room over WHEP and measures what arrives."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from aiortc import MediaStreamTrack, RTCRtpReceiver
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame, VideoFrame

from mediaserver.api import Role
from signalling.client.clock import decode_clock
from signalling.client.http import SignallingClient
from signalling.client.peer import CONNECT_TIMEOUT, Peer, prefer_codecs
from signalling.client.seam import receive_statistics

AUDIBLE_DBFS = -50.0
"""Sound with a higher level than this can be heard in a quiet room."""
FREEZE_SECONDS = 0.5
"""A longer gap between two pictures is counted as a freeze."""
MAX_DELAYS = 20_000
"""Delays kept per slot, newest first to stay (a quarter of an hour at 20 pictures per second)."""
MAX_PLAUSIBLE_DELAY_MS = 600_000


@dataclass(slots=True)
class Slot:
    """What one m-line has shown so far.

    :ivar name: `camera`, `screen`, `program` … (docs/protocol.md, "Slots").
    :ivar frames: pictures, or 20 ms pieces of sound.
    :ivar first_ms: from opening the session to the first frame.
    :ivar delays_ms: from the clock in the picture to its decoding here, one per picture that carries a clock.
    :ivar level_dbfs: level of the latest sound, -inf for silence.
    :ivar loss: fraction (0–1) of packets that never came.
    """

    name: str
    kind: Literal["audio", "video"]
    frames: int = 0
    first_ms: float | None = None
    width: int = 0
    height: int = 0
    delays_ms: deque[int] = field(default_factory=lambda: deque(maxlen=MAX_DELAYS))
    freezes: int = 0
    longest_gap_ms: float = 0.0
    level_dbfs: float = -math.inf
    audible_frames: int = 0
    packets: int = 0
    lost: int = 0
    jitter_ms: float = 0.0
    ended: bool = False
    last_at: float | None = None
    picture: np.ndarray | None = None
    """The latest picture's luma, (height, width) uint8; only with `keep_pictures`."""

    @property
    def loss(self) -> float:
        return self.lost / (self.packets + self.lost) if self.packets + self.lost else 0.0

    @property
    def audible(self) -> bool:
        return self.level_dbfs > AUDIBLE_DBFS

    def delay_ms(self, percentile: float) -> float | None:
        return float(np.percentile(self.delays_ms, percentile)) if self.delays_ms else None

    def summary(self) -> dict[str, object]:
        """Plain data for JSON."""
        common = {
            "slot": self.name,
            "kind": self.kind,
            "frames": self.frames,
            "first_frame_ms": _rounded(self.first_ms),
            "packets": self.packets,
            "lost": self.lost,
            "loss": round(self.loss, 5),
            "jitter_ms": round(self.jitter_ms, 1),
        }
        if self.kind == "audio":
            level = None if math.isinf(self.level_dbfs) else round(self.level_dbfs, 1)
            return common | {"level_dbfs": level, "audible_frames": self.audible_frames}
        return common | {
            "width": self.width,
            "height": self.height,
            "delay_ms_p50": _rounded(self.delay_ms(50)),
            "delay_ms_p95": _rounded(self.delay_ms(95)),
            "freezes": self.freezes,
            "longest_gap_ms": _rounded(self.longest_gap_ms),
        }


class Watcher(Peer):
    """One WHEP session that receives, decodes and measures.

        async with Watcher(client, "demo", videos=2, audios=1) as watcher:
            await watcher.first_frame("screen")

    :param role: of the token; with the number of m-lines it decides which slots there are.
    :param video_codecs: what to offer, best first.
    :param keep_pictures: keep the latest picture's luma in each `Slot`.
    """

    def __init__(
        self,
        client: SignallingClient,
        room: str,
        *,
        videos: int = 2,
        audios: int = 1,
        role: Role = "classroom",
        video_codecs: tuple[str, ...] = ("VP8", "H264"),
        keep_pictures: bool = False,
    ) -> None:
        super().__init__("whep", client, room)
        self.video = {name: Slot(name, "video") for name in video_slots(role, videos)}
        self.audio = {name: Slot(name, "audio") for name in audio_slots(role, audios)}
        self._keep_pictures = keep_pictures
        self._tasks: set[asyncio.Task[None]] = set()
        self._receivers: list[tuple[Slot, RTCRtpReceiver]] = []
        self._opened_at = 0.0
        for slot in self.slots:
            transceiver = self.connection.addTransceiver(slot.kind, direction="recvonly")
            if slot.kind == "video":
                prefer_codecs(transceiver, video_codecs)
            self._receivers.append((slot, transceiver.receiver))

    @property
    def slots(self) -> list[Slot]:
        """In the order of m-lines."""
        return [*self.video.values(), *self.audio.values()]

    async def open(self, timeout: float = CONNECT_TIMEOUT) -> None:
        self._opened_at = time.monotonic()
        self.connection.on("track", self._track_added)
        await super().open(timeout)

    async def close(self) -> None:
        self.refresh()
        await super().close()
        await asyncio.gather(*self._tasks)

    async def first_frame(self, slot: str, timeout: float = 10.0) -> Slot:
        """Wait until a slot has shown a picture."""
        state = self.video[slot]
        await self.until(lambda: state.frames > 0, timeout)
        return state

    async def frames(self, slot: str, count: int, timeout: float = 10.0) -> Slot:
        """Wait for so many pictures from now on."""
        state = self.video[slot]
        wanted = state.frames + count
        await self.until(lambda: state.frames >= wanted, timeout)
        return state

    async def audible(self, slot: str, timeout: float = 10.0) -> Slot:
        """Wait until a slot's sound can be heard."""
        state = self.audio[slot]
        await self.until(lambda: state.audible, timeout)
        return state

    def refresh(self) -> None:
        """Bring packet counts, loss and jitter of all slots up to date."""
        for slot, receiver in self._receivers:
            statistics = receive_statistics(receiver)
            slot.packets, slot.lost, slot.jitter_ms = statistics.packets, statistics.lost, statistics.jitter_ms

    def summary(self) -> dict[str, object]:
        """All slots together, as plain data for JSON; call `refresh` before.

        `frames`, `first_frame_ms`, `delay_ms_*` and `freezes` are of the pictures, `loss` of all packets.
        """
        shown = [slot for slot in self.video.values() if slot.frames]
        delays = [delay for slot in shown for delay in slot.delays_ms]
        packets, lost = sum(slot.packets for slot in self.slots), sum(slot.lost for slot in self.slots)
        return {
            "frames": sum(slot.frames for slot in shown),
            "first_frame_ms": _rounded(
                min((slot.first_ms for slot in shown if slot.first_ms is not None), default=None)
            ),
            "delay_ms_p50": _rounded(float(np.percentile(delays, 50))) if delays else None,
            "delay_ms_p95": _rounded(float(np.percentile(delays, 95))) if delays else None,
            "loss": round(lost / (packets + lost), 5) if packets + lost else 0.0,
            "freezes": sum(slot.freezes for slot in shown),
            "audible": any(slot.audible_frames for slot in self.audio.values()),
            "slots": [slot.summary() for slot in self.slots],
        }

    def _track_added(self, track: MediaStreamTrack) -> None:
        slot = next(slot for slot, receiver in self._receivers if receiver.track is track)
        task = asyncio.create_task(self._consume(slot, track))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _consume(self, slot: Slot, track: MediaStreamTrack) -> None:
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                slot.ended = True
                self._notify()
                return
            self._count(slot, time.monotonic())
            if isinstance(frame, VideoFrame):
                self._see(slot, frame)
            elif isinstance(frame, AudioFrame):
                self._hear(slot, frame)
            self._notify()

    def _count(self, slot: Slot, now: float) -> None:
        slot.frames += 1
        if slot.first_ms is None:
            slot.first_ms = 1000 * (now - self._opened_at)
        elif slot.last_at is not None:
            gap = now - slot.last_at
            slot.freezes += int(gap > FREEZE_SECONDS)
            slot.longest_gap_ms = max(slot.longest_gap_ms, 1000 * gap)
        slot.last_at = now

    def _see(self, slot: Slot, frame: VideoFrame) -> None:
        slot.width, slot.height = frame.width, frame.height
        luma = _luma(frame)
        shown = decode_clock(luma)
        if shown is not None:
            delay = int(time.time() * 1000) - shown
            if abs(delay) <= MAX_PLAUSIBLE_DELAY_MS:
                slot.delays_ms.append(delay)
        if self._keep_pictures:
            slot.picture = luma.copy()

    def _hear(self, slot: Slot, frame: AudioFrame) -> None:
        samples = frame.to_ndarray().astype(np.float32) / 32768
        rms = float(np.sqrt(np.mean(np.square(samples)))) if samples.size else 0.0
        slot.level_dbfs = 20 * math.log10(rms) if rms > 0 else -math.inf
        slot.audible_frames += int(slot.audible)


def video_slots(role: Role, offered: int) -> list[str]:
    """Names of the slots that so many video m-lines get (docs/protocol.md, "Slots")."""
    if role == "lead":
        return [f"tile{i}" for i in range(1, offered + 1)]
    if offered == 1:
        return ["main"]
    return _named(["camera", "screen", "called"], offered)


def audio_slots(role: Role, offered: int) -> list[str]:
    """Names of the slots that so many audio m-lines get."""
    if role == "lead":
        return _named(["called"], offered)
    if offered == 1:
        return ["program"]
    return _named(["teacher", "called"], offered)


def _named(names: list[str], offered: int) -> list[str]:
    return names[:offered] + [f"none{i}" for i in range(1, offered - len(names) + 1)]


def _luma(frame: VideoFrame) -> np.ndarray:
    """(height, width) view of a decoded picture's Y plane, without copying."""
    plane = frame.planes[0]
    return np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: frame.height, : frame.width]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
