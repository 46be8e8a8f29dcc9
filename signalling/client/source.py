"""Passes a media file or a stream on as WebRTC tracks, without transcoding the picture."""

from __future__ import annotations

import asyncio
import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, Self

import av
from aiortc import MediaStreamTrack
from aiortc.mediastreams import VIDEO_TIME_BASE, MediaStreamError
from av.packet import Packet

from mediaserver.api import UserError
from signalling.client.demux import SAMPLE_RATE, Demuxer, Unit, is_live, shown

logger = logging.getLogger(__name__)

READ_AHEAD = 1.0
"""Seconds that a file is read ahead of what is sent."""
MAX_QUEUE = 1024
"""Units per kind that wait to be sent; the oldest are dropped (`dropped`)."""
BACKOFF = (0.5, 10.0)
"""First and longest pause, in seconds, between two attempts to reach a live source."""
_BASES = {"video": VIDEO_TIME_BASE, "audio": Fraction(1, SAMPLE_RATE)}


@dataclass(frozen=True, slots=True)
class _Item:
    due: float | None
    keyframe: bool
    data: Packet | av.AudioFrame


class PacketTrack(MediaStreamTrack):
    """One stream of a `Source`. Gives packets that aiortc sends as they are, or sound that it encodes.

    :ivar codec: what the packets are (`H264`, `VP8`, `opus`); nothing else may be negotiated.
    """

    def __init__(self, source: Source, kind: Literal["video", "audio"], codec: str) -> None:
        super().__init__()
        self.kind = kind
        self.codec = codec
        self._source = source

    async def recv(self) -> Packet | av.AudioFrame:
        if self.readyState != "live":
            raise MediaStreamError
        data = await self._source.next(self.kind)
        if data is None:
            self.stop()
            raise MediaStreamError
        return data


class Source:
    """A media file, paced by its time stamps, or a live stream (RTSP over TCP …), as it comes.

    A live source that goes away is tried again for ever; its tracks wait meanwhile. Keyframe requests of
    viewers cannot be honoured, since nothing is encoded here: the source's keyframe interval decides how long a
    picture takes to recover (2 s or less is good).

        source = await Source.open("rtsp://box/stream")
        async with source, Publisher(client, "room", source.tracks()) as publisher: …

    :ivar video: `H264`, `VP8` or None. :ivar audio: `opus` or None.
    :ivar reconnects: how often a live source came back.
    :ivar dropped: units that nobody fetched in time.
    :ivar fetched: packets of each kind that were given to be sent.
    :ivar ended: set when a file is through.
    """

    def __init__(
        self, name: str, first: Demuxer, loop_playback: bool, say: Callable[[str], None], backoff: tuple[float, float]
    ) -> None:
        self.video, self.audio = first.video, first.audio
        self.reconnects = 0
        self.dropped = 0
        self.fetched = {"video": 0, "audio": 0}
        self.ended = asyncio.Event()
        self._name, self._live, self._loop_playback = name, is_live(name), loop_playback
        self._say, self._backoff = say, backoff
        self._loop = asyncio.get_running_loop()
        self._queues: dict[str, deque[_Item]] = {"video": deque(), "audio": deque()}
        self._broken = False  # the picture: wait for a keyframe
        self._arrived = asyncio.Event()
        self._exhausted: set[str] = set()
        self._fetched = asyncio.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(first,), name="source", daemon=True)
        self._started_at: float | None = None
        self._first = first

    @classmethod
    async def open(
        cls,
        name: str,
        *,
        loop: bool = False,
        say: Callable[[str], None] = logger.info,
        backoff: tuple[float, float] = BACKOFF,
    ) -> Source:
        """Open a source and look at its codecs. A live one that is not there yet is waited for.

        :param name: path or URL. :param loop: begin a file again at its end.
        :param say: told in a sentence when the source goes away or comes back (called in the event loop).
        :raises UserError: what is wrong and what to set.
        """
        for pause in _pauses(backoff):
            try:
                first = await asyncio.to_thread(Demuxer, name)
                break
            except UserError as error:
                if not is_live(name) or error.code != "source_unreadable":
                    raise
                say(f"{error.detail} Next attempt in {pause:.0f} s.")
                await asyncio.sleep(pause)
        return cls(name, first, loop and not is_live(name), say, backoff)

    async def __aenter__(self) -> Self:
        if self._live:
            self._start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def tracks(self) -> list[PacketTrack]:
        """New tracks, to be used by one publisher at a time. They begin with a keyframe."""
        self._catch_up()
        tracks = []
        if self.video is not None:
            tracks.append(PacketTrack(self, "video", self.video))
        if self.audio is not None:
            tracks.append(PacketTrack(self, "audio", self.audio))
        return tracks

    async def close(self) -> None:
        """Stop reading; waits until the thread has let go of the source (at most one read timeout)."""
        self._stop.set()
        self._finish()
        if self._thread.ident is None:
            self._first.close()
        else:
            await asyncio.to_thread(self._thread.join)

    async def next(self, kind: str) -> Packet | av.AudioFrame | None:
        """The next packet of one kind when it is due, None at the end. A file's clock starts with the first call."""
        self._start()
        queue = self._queues[kind]
        while not queue:
            if self.ended.is_set():
                self._exhausted.add(kind)
                self._fetched.set()
                return None
            self._arrived.clear()
            await self._arrived.wait()
        item = queue.popleft()
        if item.due is not None:
            await asyncio.sleep(item.due - time.monotonic())
        self.fetched[kind] += 1
        return item.data

    async def through(self) -> None:
        """Wait until a file has been read and its last packet sent."""
        kinds = {kind for kind, codec in (("video", self.video), ("audio", self.audio)) if codec is not None}
        while not kinds <= self._exhausted:
            self._fetched.clear()
            await self._fetched.wait()

    def _start(self) -> None:
        if self._thread.ident is None and not self._stop.is_set():
            self._started_at = time.monotonic()
            self._thread.start()

    def _catch_up(self) -> None:
        """Forget what should have been sent, except what is needed to show a picture."""
        now = time.monotonic()
        video, audio = self._queues["video"], self._queues["audio"]
        overdue = [i for i, item in enumerate(video) if item.keyframe and (item.due is None or item.due <= now)]
        for _ in range(overdue[-1] if overdue else 0):
            video.popleft()
        while audio and (audio[0].due is None or audio[0].due <= now):
            audio.popleft()

    # ------------------------------------------------------------ in the event loop

    def _put(self, kind: str, item: _Item) -> None:
        queue = self._queues[kind]
        if self._broken and kind == "video" and not item.keyframe:
            self.dropped += 1
            return
        if kind == "video":
            self._broken = False
        queue.append(item)
        if len(queue) > MAX_QUEUE:
            # Sound loses its oldest piece; a picture takes with it all that are predicted from it.
            queue.popleft()
            self.dropped += 1
            while kind == "video" and queue and not queue[0].keyframe:
                queue.popleft()
                self.dropped += 1
            self._broken = kind == "video" and not queue
        self._arrived.set()

    def _finish(self) -> None:
        self.ended.set()
        self._arrived.set()

    def _from_thread(self, call: Callable[..., None], *args: object) -> None:
        try:
            self._loop.call_soon_threadsafe(call, *args)
        except RuntimeError:
            self._stop.set()  # the loop is closed: nobody is left to send to

    # ------------------------------------------------------------ in the thread

    def _run(self, demuxer: Demuxer | None) -> None:
        offset = 0.0
        try:
            while demuxer is not None:
                end = self._play(demuxer, offset)
                if self._stop.is_set():
                    break
                if self._live:
                    demuxer = self._again()
                    offset = max(end, time.monotonic() - self._started_at)
                else:
                    offset = end
                    demuxer = Demuxer(self._name) if self._loop_playback else None
        except UserError as error:
            self._from_thread(self._say, error.detail)
        except Exception:
            logger.exception("reading %s failed", shown(self._name))
        finally:
            self._from_thread(self._finish)

    def _play(self, demuxer: Demuxer, offset: float) -> float:
        """Queue one opening's units; returns where its last one ends, in seconds since the start."""
        end = offset
        waits_for_keyframe = self.video is not None
        try:
            for unit in demuxer:
                if waits_for_keyframe and unit.kind == "video":
                    if not unit.keyframe:
                        continue
                    waits_for_keyframe = False
                at = offset + unit.seconds
                end = max(end, at + unit.duration)
                if not self._live and self._stop.wait(max(0.0, self._started_at + at - READ_AHEAD - time.monotonic())):
                    break
                if self._stop.is_set():
                    break
                due = None if self._live else self._started_at + at
                self._from_thread(self._put, unit.kind, _Item(due, unit.keyframe, _stamped(unit, at)))
        except (OSError, av.FFmpegError) as error:
            self._from_thread(self._say, f"{shown(self._name)} stopped ({error.strerror or type(error).__name__}).")
        finally:
            demuxer.close()
        return end

    def _again(self) -> Demuxer | None:
        """Reach a live source again, however long it takes; None when we are to stop."""
        for pause in _pauses(self._backoff):
            if self._stop.wait(pause):
                return None
            try:
                demuxer = Demuxer(self._name)
            except UserError as error:
                self._from_thread(self._say, f"{error.detail} Still trying.")
                continue
            if (demuxer.video, demuxer.audio) == (self.video, self.audio):
                self.reconnects += 1
                self._from_thread(self._say, f"{shown(self._name)} is back.")
                return demuxer
            demuxer.close()
            self._from_thread(
                self._say, f"{shown(self._name)} came back with other codecs; set them as before, or publish it anew."
            )
        return None


def _stamped(unit: Unit, at: float) -> Packet | av.AudioFrame:
    base = _BASES[unit.kind]
    data = Packet(unit.payload) if isinstance(unit.payload, bytes) else unit.payload
    data.pts = round(at / base)
    data.time_base = base
    return data


def _pauses(backoff: tuple[float, float]):
    """Endless pauses: doubling, with jitter, so that many boxes do not come back at one moment."""
    pause, longest = backoff
    while True:
        yield pause * random.uniform(0.75, 1.25)
        pause = min(2 * pause, longest)
