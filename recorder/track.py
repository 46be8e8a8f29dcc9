"""One track of a running recording: its packets become frames, its frames parts, and what is missing gaps."""

from __future__ import annotations

import re
import struct
from collections import Counter, deque
from collections.abc import Callable, Iterable
from pathlib import Path

from mediaserver.rtp.sequence import timestamp_delta
from recorder import gaps
from recorder.alignment import MediaClock, SenderClocks, ntp_us
from recorder.containers import Container, Sample
from recorder.containers.mp4 import Mp4
from recorder.containers.webm import WebM
from recorder.frames import Start, opus
from recorder.frames.assembly import PICTURES, Assembler
from recorder.manifest import Part, Track, Why
from recorder.partfile import PartFile
from recorder.recover import Measured
from recorder.sync import SETTLED_US, PartSync

JUMP_US = 2_000_000
"""RTP time and arrival that part by more than this between two frames: the sender's clock was set, or it stood."""
ANEW = 1 << 16
"""Indexes that jump by more are another numbering, no loss."""
MAX_PARTS = 2000
PICTURE_US = 33_000
SOUND_US = 20_000
FREEZE_US = 100_000
"""A picture that stands for less is no gap: a key frame takes so long to arrive."""
FLUSH_US = 500_000
"""How long a frame waits for company before it goes to the disk alone."""
MAX_SYNCS = 16
"""Parts whose sync points still move; more in so few minutes is no lesson."""
_HEAD = struct.Struct("!BBHII")
_UNSAFE = re.compile(r"[^0-9A-Za-z._-]")

Packets = Iterable[tuple[int, int, bytes]]


class TrackWriter:
    """:ivar wants_key: pictures that cannot go on before the publisher sends a key frame.

    :ivar safe: index of the last packet that is on the disk, or that nobody will want again.
    """

    def __init__(
        self,
        track: Track,
        folder: Path,
        zero_us: int,
        drops: Counter[str],
        failed: Callable[[OSError], None],
        changed: Callable[[bool], None],
        clocks: SenderClocks,
    ) -> None:
        """:param failed: told of what the disk refuses. :param changed: of news, True when a part began or ended."""
        self.track = track
        self._folder, self._zero = folder, zero_us
        self._drops, self._failed, self._changed = drops, failed, changed
        self._rate = 48_000 if track.kind == "audio" else 90_000
        self._length_us, self._short_us = (SOUND_US, SOUND_US) if track.kind == "audio" else (PICTURE_US, FREEZE_US)
        self._codecs: dict[int, str] = {}
        self._assembler: Assembler | None = None
        self._codec = ""
        self._ssrc = self._index = self.safe = -1
        self._ticks: int | None = None  # extended RTP time of the last frame
        self._frame_at = 0  # arrival of the last frame, on the lesson's time line
        self._file: PartFile | None = None
        self._part: Part | None = None
        self._private = b""
        self._part_ticks = 0
        self._flushed_us = 0
        self._end_us = track.parts[-1].start_us + track.parts[-1].duration_us if track.parts else 0
        self._recorded_us = self._end_us
        self._barred: Why | None = None
        self._gap: tuple[int, Why] | None = None
        self._hole: Why = "network"
        self._clocks = clocks
        self._clock = MediaClock(clocks)
        self._syncs: deque[PartSync] = deque(maxlen=MAX_SYNCS)
        self.bytes = 0

    # ------------------------------------------------------------ commands

    def payload_types(self, codecs: dict[int, str]) -> None:
        self._codecs = {number: name.lower() for number, name in codecs.items()}

    @property
    def wants_key(self) -> bool:
        assembler = self._assembler
        return assembler is not None and assembler.waiting and self._barred is None

    def bar(self, why: Why | None, at_us: int) -> None:
        """Nothing is written while there is a reason. :param at_us: on the lesson's time line."""
        if why == self._barred:
            return
        if why is not None:
            self._end_part()
            if self._gap and self._gap[1] != why:
                self._close_gap(at_us)
            self._open_gap(why, at_us)
        elif self._assembler:
            self._assembler.restart()
        self._barred = why

    def silent(self, why: Why) -> None:
        """From the last frame on, until the next."""
        if self._barred is None and self._gap is None:
            self._open_gap(why, self._end_us)

    def missed(self) -> None:
        """The hole before the next packet is the recorder's own fault."""
        self._hole = "recorder"

    def go_on(self, measured: Measured, index: int) -> bool:
        """In the part that a killed process left, as if nothing had been.

        :param index: of a packet up to which all is written. What follows may be written too; it is known by its time.
        :returns: False when it is not to be: a new part begins.
        """
        part = self.track.parts[-1]
        container: Container = WebM(part.codec)
        if part.codec == "h264":
            container = Mp4(part.width, part.height, b"", number=measured.bytes)
        try:
            self._file = PartFile(self._folder / part.file, container, written=measured.bytes)
        except OSError as error:
            self._failed(error)
            return False
        self._part, part.closed = part, False
        self._ssrc, self._index, self.safe = part.ssrc, index, index
        self._part_ticks = part.rtp
        # Files know the time to a millisecond, or a tick less than they were told.
        self._ticks = part.rtp + (measured.last_us + 1000) * self._rate // 1_000_000
        self._end_us = self._frame_at = part.start_us + measured.end_us
        self._recorded_us = 0
        if part.codec in PICTURES:
            self._assembler, self._codec = Assembler(part.codec, self._drops), part.codec
            self._assembler.go_on(index)
        self._syncs.append(PartSync(part, self._media(part.rtp), self._clock, settled_us=measured.end_us))
        self._changed(True)
        return True

    def absent(self, why: Why, since_us: int) -> None:
        """Nobody wrote since then."""
        self._open_gap(why, since_us)

    def report(self, ntp: int, rtp: int, at_us: int) -> None:
        """:param ntp: 64 bits of a sender report. :param rtp: its media time, 32 bits."""
        if self._ticks is not None:  # before the first frame it says nothing of any
            refused = self._clock.refused
            self._clock.report(self._media(self._unwrap(rtp)), ntp_us(ntp), at_us)
            self._drops["reports"] += self._clock.refused - refused

    def align(self) -> None:
        """Sync points by what is known now, of this part and of those that ended lately."""
        for sync in self._syncs:
            sync.update()
        while len(self._syncs) > 1 and self._end_us - self._syncs[0].part.start_us > SETTLED_US + (
            self._syncs[0].part.duration_us
        ):
            self._syncs.popleft()

    def begin(self) -> None:
        """The publisher came again: nothing is known of its numbers."""
        self._begin_anew(-1)

    def close(self, at_us: int) -> None:
        """The publisher went away: what stays open ends here."""
        self._end_part()
        self._close_gap(at_us)

    # ------------------------------------------------------------ media

    def packets(self, packets: Packets) -> None:
        for index, now_us, data in packets:
            size = len(data)
            if size < 12 or data[0] & 0xC0 != 0x80:
                self._drops["malformed"] += 1
                continue
            first, second, _, timestamp, ssrc = _HEAD.unpack_from(data)
            begin = 12 + 4 * (first & 0x0F)
            if first & 0x10:
                if size < begin + 4:
                    self._drops["malformed"] += 1
                    continue
                begin += 4 + 4 * (data[begin + 2] << 8 | data[begin + 3])
            if first & 0x20:
                size -= data[-1]
            if begin > size:
                self._drops["malformed"] += 1
                continue
            at_us = now_us - self._zero
            if self._barred is not None:
                self._drops[self._barred] += 1
                self._index = self.safe = index
                continue
            codec = self._codecs.get(second & 0x7F)
            if codec is None:
                self._drops["payload_type"] += 1
                continue
            if ssrc != self._ssrc or abs(index - self._index) > ANEW:
                self._begin_anew(ssrc)
            elif index <= self._index:
                self._drops["late"] += 1
                continue
            hole = self._index >= 0 and index != self._index + 1
            self._index = index
            if codec == "opus":
                self._sound(index, at_us, timestamp, data[begin:size], hole)
            elif codec == "red":
                self._redundant(index, at_us, timestamp, data[begin:size], hole)
            elif codec in PICTURES:
                self._picture(codec, index, at_us, timestamp, second >= 0x80, data[begin:size])
            else:
                self._drops["codec"] += 1
            self._hole = "network"

    def _begin_anew(self, ssrc: int) -> None:
        self._end_part()
        self._ssrc, self._index, self._ticks = ssrc, -1, None
        self._clock = MediaClock(self._clocks)
        self._assembler, self._codec = None, ""

    def _redundant(self, index: int, at_us: int, timestamp: int, payload: bytes, hole: bool) -> None:
        blocks = opus.blocks(payload)
        if blocks is None:
            self._drops["malformed"] += 1
            return
        for earlier, packet in blocks:
            if not earlier:
                self._sound(index, at_us, timestamp, packet, hole)
            elif hole and self._ticks is not None:
                self._sound(index, at_us - earlier * 1000 // 48, timestamp - earlier & 0xFFFFFFFF, packet, hole)

    def _sound(self, index: int, at_us: int, timestamp: int, packet: bytes, hole: bool) -> None:
        samples = opus.length(packet)
        if not samples:
            self._drops["malformed" if packet else "empty"] += 1
            return
        length_us = samples * 1000 // 48
        ticks = self._unwrap(timestamp)
        if self._ticks is not None and not self._steady(ticks, at_us):
            self._jump(ticks, at_us)
        elif self._ticks is not None:
            step = (ticks - self._ticks) * 1000 // 48
            if step <= 0:
                self._drops["late"] += 1
                return
            if hole and self._gap is None and step > self._length_us + SOUND_US:
                self._open_gap(self._hole, self._end_us)
        if self._recorded_us and at_us < self._recorded_us:
            self._drops["again"] += 1  # was written before the recorder was killed
            return
        if self._file is None and not self._begin_part("opus", Start(0, 0, b""), ticks, at_us):
            return
        self._length_us = length_us
        self._write(index, at_us, ticks, Sample(self._pts(ticks), True, packet))

    def _picture(self, codec: str, index: int, at_us: int, timestamp: int, marker: bool, payload: bytes) -> None:
        if self._assembler is None or codec != self._codec:
            self._end_part()
            self._assembler, self._codec = Assembler(codec, self._drops), codec
        for stamp, frame in self._assembler.add(index, timestamp, marker, payload):
            ticks = self._unwrap(stamp)
            start = frame.start
            if self._ticks is not None and not self._steady(ticks, at_us):
                self._jump(ticks, at_us)
            elif self._ticks is not None and ticks <= self._ticks:
                self._drops["late"] += 1
                continue
            if start is not None and self._file is not None and codec == "h264" and start.private != self._private:
                self._end_part()
            if self._file is None and (start is None or not self._begin_part(codec, start, ticks, at_us)):
                self._assembler.restart()
                self._drops["waiting"] += start is None
                continue
            if self._ticks is not None and ticks > self._ticks:
                self._length_us = min(1_000_000, max(1000, (ticks - self._ticks) * 100 // 9))
            self._write(index, at_us, ticks, Sample(self._pts(ticks), start is not None, frame.data))
        if self._assembler.waiting and self._gap is None:
            self._open_gap(self._hole, self._end_us if self._part else at_us)

    def _unwrap(self, timestamp: int) -> int:
        if self._ticks is None:
            return timestamp
        return self._ticks + timestamp_delta(timestamp, self._ticks & 0xFFFFFFFF)

    def _steady(self, ticks: int, at_us: int) -> bool:
        """Whether RTP time went on as arrival did."""
        assert self._ticks is not None
        moved_us = (ticks - self._ticks) * 1_000_000 // self._rate
        return abs(moved_us - (at_us - self._frame_at)) < JUMP_US

    def _jump(self, ticks: int, at_us: int) -> None:
        self._end_part()
        self._ticks, self._frame_at = ticks, at_us
        self._clock.jump(self._media(ticks))

    def _media(self, ticks: int) -> int:
        return ticks * 1_000_000 // self._rate

    def _pts(self, ticks: int) -> int:
        return (ticks - self._part_ticks) * 1_000_000 // self._rate

    def _write(self, index: int, at_us: int, ticks: int, sample: Sample) -> None:
        file, part = self._file, self._part
        assert file is not None and part is not None
        self._close_gap(at_us)
        self._ticks, self._frame_at = ticks, at_us
        self._clock.arrived(self._media(ticks), at_us)
        self._end_us = at_us + self._length_us
        try:
            file.add(sample, index, self._length_us)
        except OSError as error:
            self._lost(error)
            return
        self._measure(file, part)

    def _measure(self, file: PartFile, part: Part) -> None:
        self.bytes += file.bytes - part.bytes
        part.bytes, part.duration_us = file.bytes, file.end_us
        self.safe = max(self.safe, file.safe)

    # ------------------------------------------------------------ parts

    def _begin_part(self, codec: str, start: Start, ticks: int, at_us: int) -> bool:
        if len(self.track.parts) >= MAX_PARTS:
            self._drops["parts"] += 1
            return False
        container: Container
        if codec == "h264":
            container = Mp4(start.width, start.height, start.private)
        else:
            container = WebM(codec, start.width, start.height, start.private)
        try:
            name = self._create(container)
        except OSError as error:
            self._failed(error)
            return False
        self._private = start.private
        self._part_ticks = ticks
        self._part = Part(
            file=name,
            codec=codec,
            start_us=at_us,
            width=start.width,
            height=start.height,
            ssrc=self._ssrc,
            rtp=ticks & 0xFFFFFFFF,
        )
        self._flushed_us = at_us
        self._measure(self._file, self._part)
        self.track.parts.append(self._part)
        self._syncs.append(PartSync(self._part, self._media(ticks), self._clock))
        self._changed(True)
        return True

    def _create(self, container: Container) -> str:
        """:raises OSError:"""
        stem = _UNSAFE.sub("_", self.track.id)[:80]
        number = len(self.track.parts)
        while True:
            name = f"parts/{stem}-{number:03}.{container.suffix}"
            try:
                self._file = PartFile(self._folder / name, container)
                return name
            except FileExistsError:  # a crash came before it stood in the manifest
                number += 1
                if number > 2 * MAX_PARTS:
                    raise

    def _end_part(self) -> None:
        file, part = self._file, self._part
        if file is None or part is None:
            return
        self._file = self._part = None
        self._syncs[-1].end()
        try:
            part.sha256 = file.close()
            part.closed = True
        except OSError as error:
            self._failed(error)
        self._measure(file, part)
        self._changed(True)

    def _lost(self, error: OSError) -> None:
        """What waited for the disk is lost; the part keeps what it has."""
        self._failed(error)
        self._end_part()

    def flush(self, at_us: int) -> None:
        file, part = self._file, self._part
        if file is None or part is None or at_us - self._flushed_us < FLUSH_US:
            return
        self._flushed_us = at_us
        try:
            file.flush()
        except OSError as error:
            self._lost(error)
            return
        self._measure(file, part)

    def sync(self) -> None:
        """Until what is in the file outlives a power cut."""
        if self._file is not None:
            try:
                self._file.sync()
            except OSError as error:
                self._lost(error)

    def gone(self) -> bool:
        return self._file is not None and self._file.gone()

    # ------------------------------------------------------------ gaps

    def _open_gap(self, why: Why, at_us: int) -> None:
        self._gap = (max(0, at_us), why)

    def _close_gap(self, at_us: int) -> None:
        if self._gap is not None:
            start_us, why = self._gap
            self._gap = None
            if why in ("network", "recorder") and at_us - start_us < self._short_us:
                return
            gaps.add(self.track.gaps, start_us, at_us, why)
            self._changed(False)
