"""Stock aiortc on both ends: what was drawn and played comes out as pictures and sound."""

from __future__ import annotations

import asyncio
import fractions

import av
import numpy as np
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError

from mediaserver import api
from tests.net.bench import ROOM, Bench


class Board(MediaStreamTrack):
    """A small picture whose brightness is its number; twenty a second. Sound: a tone."""

    def __init__(self, kind: str, shade: int = 0) -> None:
        super().__init__()
        self.kind = kind
        self.shade = shade
        self.number = 0

    async def recv(self) -> av.VideoFrame | av.AudioFrame:
        if self.readyState != "live":
            raise MediaStreamError
        await asyncio.sleep(0.05 if self.kind == "video" else 0.02)
        self.number += 1
        if self.kind == "video":
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), self.shade, np.uint8), format="rgb24")
            frame.pts, frame.time_base = self.number * 4500, fractions.Fraction(1, 90_000)
            return frame
        tone = (8000 * np.sin(np.arange(960) * 2 * np.pi * 440 / 48_000)).astype(np.int16)
        sound = av.AudioFrame.from_ndarray(tone.reshape(1, -1), format="s16", layout="mono")
        sound.sample_rate, sound.pts, sound.time_base = 48_000, self.number * 960, fractions.Fraction(1, 48_000)
        return sound


class Viewer:
    """:ivar shades: mean brightness of each picture seen. :ivar loudness: of each piece of sound."""

    def __init__(self, pc: RTCPeerConnection) -> None:
        self.shades: list[float] = []
        self.loudness: list[float] = []
        self.tasks: list[asyncio.Task] = []
        pc.on("track", lambda track: self.tasks.append(asyncio.ensure_future(self._pump(track))))

    async def _pump(self, track: MediaStreamTrack) -> None:
        try:
            while True:
                frame = await track.recv()
                if isinstance(frame, av.VideoFrame):
                    self.shades.append(float(frame.to_ndarray(format="gray").mean()))
                else:
                    self.loudness.append(float(np.abs(frame.to_ndarray()).mean()))
        except MediaStreamError:
            return


async def publish(bench: Bench, participant: str, shade: int, role: str = "lead") -> RTCPeerConnection:
    pc = RTCPeerConnection()
    pc.addTrack(Board("video", shade))
    pc.addTrack(Board("audio"))
    await pc.setLocalDescription(await pc.createOffer())
    answer = await bench.request(api.Publish(ROOM, participant, role, pc.localDescription.sdp))
    await pc.setRemoteDescription(RTCSessionDescription(answer.answer, "answer"))
    return pc


async def watch(bench: Bench, participant: str) -> tuple[RTCPeerConnection, Viewer]:
    pc = RTCPeerConnection()
    viewer = Viewer(pc)
    for kind in ("video", "audio"):
        pc.addTransceiver(kind, direction="recvonly")
    await pc.setLocalDescription(await pc.createOffer())
    answer = await bench.request(api.Subscribe(ROOM, participant, "classroom", pc.localDescription.sdp))
    await pc.setRemoteDescription(RTCSessionDescription(answer.answer, "answer"))
    return pc, viewer


def near(shade: int) -> tuple[float, float]:
    """Limited-range grey of an RGB shade, with room for the codec."""
    grey = 16 + shade * 219 / 255
    return grey - 25, grey + 25


async def test_pictures_and_sound_over_a_takeover(bench: Bench) -> None:
    first = await publish(bench, "t", 40)
    early, viewer = await watch(bench, "a")
    await bench.until(lambda: viewer.shades and viewer.loudness, timeout=15)
    await bench.until(lambda: max(viewer.loudness, default=0) > 1000, timeout=15)
    low, high = near(40)
    assert low < viewer.shades[-1] < high
    late, joiner = await watch(bench, "b")
    await bench.until(lambda: len(joiner.shades) > 3, timeout=15)
    second = await publish(bench, "t", 200)
    low, high = near(200)
    for watcher in (viewer, joiner):
        await bench.until(lambda watcher=watcher: low < watcher.shades[-1] < high, timeout=15)
    assert bench.heard(api.SessionChanged, state="closed", reason="replaced")
    await asyncio.gather(*(pc.close() for pc in (first, second, early, late)))
    await asyncio.gather(*viewer.tasks, *joiner.tasks)
    await bench.until(lambda: not bench.live.sessions)
    assert bench.heard(api.SessionChanged, state="closed", reason="peer_closed")
