"""One track of a running recording: its packets become frames, its frames parts, and what is missing gaps."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from mediaserver.rtp.sequence import timestamp_delta
from recorder import gaps
from recorder.alignment import MediaClock, SenderClocks, ntp_us
from recorder.frames import Start, opus
from recorder.frames.assembly import PICTURES, Assembler
from recorder.manifest import Part, Track, Why
from recorder.parts import Parts
from recorder.recover import Measured
from recorder.timeline import end_us

MAX_STOPS = 32
"""Of one part; another one begins then, so that its sync points tell of all of them."""
JUMP_US = 2_000_000
"""RTP time and arrival that part by more than this between two frames: the sender's clock was set, or it stood."""
ANEW = 1 << 16
"""Indexes that jump by more are another numbering, no loss."""
PICTURE_US = 33_000
SOUND_US = 20_000
FREEZE_US = 100_000
"""A picture that stands for less is no gap: a key frame takes so long to arrive."""
ORDERED = ("paused", "excluded", "disk")
LINGER_US = 3_000_000
"""After an order ends: what comes within it ends the gap, what comes later was not there before."""
LOST_US = 2_000_000
"""Who goes by her own will sends until she goes; a screen on which nothing moves sends once a second."""
_HEAD = struct.Struct("!BBHII")

Packets = Iterable[tuple[int, int, bytes]]


class TrackWriter:
    """:ivar wants_key: pictures that cannot go on before the publisher sends a key frame.

    :ivar parts: its files.
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
        self._zero = zero_us
        self._drops, self._changed = drops, changed
        self._rate = 48_000 if track.kind == "audio" else 90_000
        self._length_us, self._short_us = (SOUND_US, SOUND_US) if track.kind == "audio" else (PICTURE_US, FREEZE_US)
        self._codecs: dict[int, str] = {}
        self._assembler: Assembler | None = None
        self._codec = ""
        self._ssrc = self._index = self._passed = -1
        self._ticks: int | None = None  # extended RTP time of the last frame
        self._frame_at = 0  # arrival of the last frame, on the lesson's time line
        self._end_us = end_us(track.parts[-1]) if track.parts else 0
        self._recorded_us = self._end_us
        self._barred: Why | None = None
        self._gap: tuple[int, Why] | None = None
        self._here = True
        self._free_us = 0  # when nothing barred it any more
        self._hole: Why = "network"
        self._stops = 0
        self._clocks = clocks
        self._clock = MediaClock(clocks)
        self.parts = Parts(track, folder, failed, changed)

    # ------------------------------------------------------------ commands

    def payload_types(self, codecs: dict[int, str]) -> None:
        self._codecs = {number: name.lower() for number, name in codecs.items()}

    @property
    def wants_key(self) -> bool:
        assembler = self._assembler
        return assembler is not None and assembler.waiting and self._barred is None

    @property
    def safe(self) -> int:
        """Index of the last packet that is on the disk, or that nobody will want again."""
        return max(self._passed, self.parts.safe)

    def bar(self, why: Why | None, at_us: int) -> None:
        """Nothing is written while there is a reason. :param at_us: on the lesson's time line."""
        if why == self._barred:
            return
        if why is not None:
            self.parts.end()
            since_us = self._since_lost(at_us) if why == "disk" else at_us
            if self._gap and self._gap[1] != why:
                self._close_gap(since_us)
            if self._here and self._gap is None:
                self._open_gap(why, since_us)
        else:
            self._free_us = at_us
            if self._assembler:
                self._assembler.restart()
        self._barred = why

    def _since_lost(self, at_us: int) -> int:
        """What was on its way to the disk when it refused is missing too."""
        part = self.track.parts[-1] if self.track.parts else None
        written_us = part.start_us + part.duration_us if part else 0
        return written_us if 0 < at_us - written_us < LINGER_US else at_us

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
        if not self.parts.go_on(measured, self._media(part.rtp), self._clock):
            return False
        self._ssrc, self._index, self._passed = part.ssrc, index, index
        # Files know the time to a millisecond, or a tick less than they were told.
        self._ticks = part.rtp + (measured.last_us + 1000) * self._rate // 1_000_000
        self._end_us = self._frame_at = end_us(part)
        self._recorded_us = 0
        if part.codec in PICTURES:
            self._assembler, self._codec = Assembler(part.codec, self._drops), part.codec
            self._assembler.go_on(index)
        return True

    def absent(self, since_us: int, why: Why) -> None:
        """Nobody wrote since then."""
        self._end_us = self._recorded_us = since_us
        self._open_gap(why, since_us)

    def report(self, ntp: int, rtp: int, at_us: int) -> None:
        """:param ntp: 64 bits of a sender report. :param rtp: its media time, 32 bits."""
        if self._ticks is not None:  # before the first frame it says nothing of any
            refused = self._clock.refused
            self._clock.report(self._media(self._unwrap(rtp)), ntp_us(ntp), at_us)
            if self._clock.refused != refused:
                self._drops["reports"] += self._clock.refused - refused

    def align(self) -> None:
        """Sync points by what is known now."""
        self.parts.align(self._end_us)

    def begin(self) -> None:
        """The publisher came again: nothing is known of its numbers."""
        self._here = True
        self._begin_anew(-1)

    def close(self, at_us: int) -> None:
        """The publisher went away: what stays open ends here."""
        self.parts.end()
        self._close_gap(at_us)
        self._here = False

    def lost_since(self, at_us: int) -> int | None:
        """When packets ceased to come, for no known reason; None: they came until now, or there was a reason."""
        if not self._here or self._barred is not None or (self._gap and self._gap[1] not in ("network", "recorder")):
            return None
        since_us = self._gap[0] if self._gap else self._end_us
        return since_us if since_us and at_us - since_us >= LOST_US else None

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
            at_us = max(0, now_us - self._zero)
            if self._barred is not None:
                self._drops[self._barred] += 1
                self._index = self._passed = index
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
        if self.parts.writing and self._gap is None:
            self._open_gap(self._hole, self._end_us)  # how much was lost before the new numbers nobody can tell
        self.parts.end()
        self._ssrc, self._index, self._ticks = ssrc, -1, None
        self._passed = self.parts.safe = -1
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
            if hole and self._gap is None:
                self._open_gap(self._hole, self._end_us)
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
        if not self.parts.writing and not self._begin_part("opus", Start(0, 0, b""), ticks, at_us):
            return
        self._length_us = length_us
        self._write(index, at_us, ticks, True, packet)

    def _picture(self, codec: str, index: int, at_us: int, timestamp: int, marker: bool, payload: bytes) -> None:
        if self._assembler is None or codec != self._codec:
            self.parts.end()
            self._assembler, self._codec = Assembler(codec, self._drops), codec
        for stamp, frame in self._assembler.add(index, timestamp, marker, payload):
            ticks = self._unwrap(stamp)
            start = frame.start
            if self._ticks is not None and not self._steady(ticks, at_us):
                self._jump(ticks, at_us)
            elif self._ticks is not None and ticks <= self._ticks:
                self._drops["late"] += 1
                continue
            if start is not None and self.parts.writing and codec == "h264" and start.private != self.parts.private:
                self.parts.end()
            if not self.parts.writing and (start is None or not self._begin_part(codec, start, ticks, at_us)):
                self._assembler.restart()
                self._drops["waiting"] += 1
                continue
            if self._ticks is not None and ticks > self._ticks:
                self._length_us = min(1_000_000, max(1000, (ticks - self._ticks) * 100 // 9))
            self._write(index, at_us, ticks, start is not None, frame.data)
        if self._assembler.waiting and self._gap is None:
            self._open_gap(self._hole, self._end_us if self.parts.writing else at_us)

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
        """Media time goes on where its packets were held up on their way, or where the sender stood still: so does the
        part, whose pictures would have to wait for a key frame otherwise."""
        assert self._ticks is not None
        goes_on = 0 < self._media(ticks - self._ticks) < JUMP_US and self._stops < MAX_STOPS
        if goes_on:
            self._stops += 1
        else:
            self.parts.end()
            self._ticks, self._frame_at = ticks, at_us
        self._clock.jump(self._media(ticks))

    def _media(self, ticks: int) -> int:
        return ticks * 1_000_000 // self._rate

    def _begin_part(self, codec: str, start: Start, ticks: int, at_us: int) -> bool:
        if self.parts.full(at_us):
            self._drops["parts"] += 1
            return False
        self._stops = 0
        part = Part(
            file="",
            codec=codec,
            start_us=at_us,
            width=start.width,
            height=start.height,
            ssrc=self._ssrc,
            rtp=ticks & 0xFFFFFFFF,
        )
        return self.parts.begin(part, start, self._media(ticks), self._clock)

    def _write(self, index: int, at_us: int, ticks: int, key: bool, data: bytes) -> None:
        self._close_gap(at_us)
        media_us = self._media(ticks)
        self._ticks, self._frame_at = ticks, at_us
        self._end_us = at_us + self._length_us
        self._clock.arrived(media_us, at_us)
        self.parts.add(index, media_us, key, data, self._length_us)

    # ------------------------------------------------------------ gaps

    def _open_gap(self, why: Why, at_us: int) -> None:
        self._gap = (max(0, at_us), why)

    def _close_gap(self, at_us: int) -> None:
        if self._gap is not None:
            start_us, why = self._gap
            self._gap = None
            if why in ORDERED and start_us < self._free_us < at_us - LINGER_US:
                at_us = self._free_us  # nothing came that could have been written
            if why in ("network", "recorder") and at_us - start_us < self._short_us:
                return
            gaps.add(self.track.gaps, start_us, at_us, why)
            self._changed(False)
