"""An uploaded file into one that browsers play: its packets as they are where they can be, encoded again elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.audio.fifo import AudioFifo
from av.audio.resampler import AudioResampler

from recorder import files, media
from recorder.probe import LONGEST_US, Probed, Stream, bad
from recorder.upright import Upright, sideways

_PLAYED = {"h264": "mp4", "vp8": "webm", "vp9": "webm", "av1": "webm"}
_PIXELS = frozenset(("yuv420p", "yuvj420p"))
_HEARD = {"mp4": ("aac", "mp3", "opus"), "webm": ("opus", "vorbis")}
_ALONE = {"aac": "mp4", "mp3": "mp3", "opus": "webm", "vorbis": "webm"}
_HIGHEST = 1080
_RATE = 48_000
_SLACK = _RATE // 20
"""Samples by which sound may be off before it is put right: times are rounded, and decoders hold some back."""
_MOST_REORDERED = 32
_TOLD_EVERY_US = 10_000_000


@dataclass(frozen=True, slots=True)
class Plan:
    """:ivar kind: of the container. :ivar video, audio: `copy`, an encoder, or nothing."""

    kind: str
    video: str
    audio: str


def plan(probed: Probed) -> Plan:
    """The least that must be encoded for every browser to play it."""
    video, audio = probed.video, probed.audio
    if video is None:
        assert audio is not None
        kind = _ALONE.get(audio.codec, "mp4")
        return Plan(kind, "", "copy" if audio.codec in _ALONE else "aac")
    kept = video.codec in _PLAYED and video.format in _PIXELS and not (video.turn and video.codec == "vp8")
    kind = _PLAYED[video.codec] if kept and not video.turn else "mp4"  # not every browser turns the pictures of WebM
    if audio is None:
        return Plan(kind, "copy" if kept else "libx264", "")
    heard = "copy" if audio.codec in _HEARD[kind] else "aac" if kind == "mp4" else "libopus"
    return Plan(kind, "copy" if kept else "libx264", heard)


def convert(source: Path, target: Path, probed: Probed, made: Plan, told: Callable[[int], None]) -> int:
    """:param told: how far it is, in µs. :returns: its length in µs.

    :raises UserError: 422 `bad_media`: the file ends early or cannot be read to its end.
    :raises OSError: there is no room for it. Of a file that was not finished nothing is left.
    """
    options = {"movflags": "+faststart"} if made.kind == "mp4" else {}
    options |= {"cues_to_front": "1"} if made.kind == "webm" else {}
    with files.whole(target) as temporary:
        with (
            media.open_file(source) as opened,
            av.open(temporary, "w", format=made.kind, options={**options, "fflags": "+bitexact"}) as output,
        ):
            ways: dict[int, _Copy | _Pictures | _Sound] = {}
            for stream, how in ((probed.video, made.video), (probed.audio, made.audio)):
                if stream is not None and how:
                    ways[stream.index] = _way(opened.streams[stream.index], output, stream, how)
            end = _run(opened, output, ways, told)
        if probed.duration_us and end < 0.9 * probed.duration_us - media.MICROSECONDS:
            raise bad("it ends before the length that it claims to have: it was cut off on its way")
    return end


def _run(opened: Any, output: Any, ways: dict[int, Any], told: Callable[[int], None]) -> int:
    start_us = max(opened.start_time or 0, 0)
    end = last_told = 0
    try:
        for packet in opened.demux([opened.streams[index] for index in ways]):
            if packet.size and packet.pts is not None:
                end = max(end, int((packet.pts + (packet.duration or 0)) * packet.time_base * 1_000_000) - start_us)
            if end > LONGEST_US:
                raise bad("it is longer than a day")
            for made in ways[packet.stream_index].put(packet, start_us):
                output.mux(made)
            if end - last_told >= _TOLD_EVERY_US:
                last_told = end
                told(end)
        for way in ways.values():
            for made in way.finish():
                output.mux(made)
    except av.error.InvalidDataError:
        raise bad("it is damaged") from None
    return end


def _way(source: Any, output: Any, stream: Stream, how: str) -> _Copy | _Pictures | _Sound:
    if how == "copy":
        return _Copy(source, output)
    return _Pictures(source, output, stream, how) if stream.width else _Sound(source, output, how)


class _Copy:
    def __init__(self, source: Any, output: Any) -> None:
        self._stream = output.add_stream_from_template(source, opaque=True)
        self._waiting: list[Any] = []
        """Packets at the beginning of which a file does not say when they are decoded, as Matroska does not."""

    def put(self, packet: Any, start_us: int) -> Iterator[Any]:
        if not packet.size or (packet.dts is None and packet.pts is None):
            return
        if packet.dts is None and len(self._waiting) < _MOST_REORDERED:
            self._waiting.append(packet)
            return
        dts = packet.pts if packet.dts is None else packet.dts
        shift = int(Fraction(start_us, 1_000_000) / packet.time_base)
        for number, early in enumerate(self._waiting):
            early.dts = dts - len(self._waiting) + number
            yield self._placed(early, shift)
        self._waiting.clear()
        packet.dts = dts
        yield self._placed(packet, shift)

    def _placed(self, packet: Any, shift: int) -> Any:
        packet.pts = (packet.dts if packet.pts is None else packet.pts) - shift
        packet.dts -= shift
        packet.stream = self._stream
        return packet

    def finish(self) -> Iterator[Any]:
        for early in self._waiting:
            early.dts = early.pts
            yield self._placed(early, 0)


class _Pictures:
    """Encoded again, upright and no larger than a screen shows; a damaged picture is left out."""

    def __init__(self, source: Any, output: Any, stream: Stream, encoder: str) -> None:
        self._turn, self._upright = stream.turn, Upright()
        size = (stream.height, stream.width) if sideways(self._turn) else (stream.width, stream.height)
        height = min(size[1], _HIGHEST)
        shown = size[0] * height // size[1] // 2 * 2 or 2, height // 2 * 2 or 2
        self._size = shown[::-1] if sideways(self._turn) else shown
        self._made = output.add_stream(encoder, rate=source.average_rate or 25)
        self._made.width, self._made.height, self._made.pix_fmt = *shown, "yuv420p"
        self._made.options = {"preset": "veryfast", "crf": "23"}
        self._made.codec_context.time_base = Fraction(1, 90_000)
        self._made.codec_context.gop_size = 250
        self._last = -1

    def put(self, packet: Any, start_us: int) -> Iterator[Any]:
        for frame in _frames(packet):
            if frame.pts is None:
                continue
            pts = int((frame.pts * frame.time_base - Fraction(start_us, 1_000_000)) * 90_000)
            if pts <= self._last:
                continue
            self._last = pts
            picture = frame.reformat(width=self._size[0], height=self._size[1], format="yuv420p")
            picture = self._upright.turned(picture, self._turn)
            picture.pts, picture.time_base, picture.pict_type = pts, Fraction(1, 90_000), 0
            yield from self._made.encode(picture)

    def finish(self) -> Iterator[Any]:
        yield from self._made.encode(None)


class _Sound:
    """Encoded again, with two channels; where there is none it is still, so that what follows stays where it was."""

    def __init__(self, source: Any, output: Any, encoder: str) -> None:
        self._made = output.add_stream(encoder, rate=_RATE)
        self._made.layout = "stereo"
        self._made.bit_rate = 96_000 if encoder == "libopus" else 128_000
        self._made.codec_context.open(strict=False)
        context = self._made.codec_context
        self._resampler = AudioResampler(format=context.format.name, layout="stereo", rate=_RATE)
        self._fifo = AudioFifo()
        self._format = context.format.name
        self._frame = context.frame_size or 1024
        self._next: int | None = None
        """Where what comes next belongs, if nothing is missing."""
        self._at = 0

    def put(self, packet: Any, start_us: int) -> Iterator[Any]:
        for frame in _frames(packet):
            if frame.pts is not None:
                at = int((frame.pts * frame.time_base - Fraction(start_us, 1_000_000)) * _RATE)
                if self._next is None:
                    self._next = self._at = max(at, 0)
                if at < self._next - _SLACK:
                    continue
                while at > self._next + _SLACK:
                    self._write(_still(self._format, min(at - self._next, _RATE)))
                    yield from self._encode(False)
            frame.pts = None
            for even in self._resampler.resample(frame):
                self._write(even)
        yield from self._encode(False)

    def _write(self, frame: Any) -> None:
        frame.pts = None
        self._fifo.write(frame)
        self._next = (self._next or 0) + frame.samples

    def finish(self) -> Iterator[Any]:
        yield from self._encode(True)
        yield from self._made.encode(None)

    def _encode(self, rest: bool) -> Iterator[Any]:
        while (frame := self._fifo.read(self._frame, rest)) is not None:
            frame.pts, frame.time_base = self._at, Fraction(1, _RATE)
            self._at += frame.samples
            yield from self._made.encode(frame)


def _still(format: str, samples: int) -> Any:
    frame = av.AudioFrame(format=format, layout="stereo", samples=samples)
    frame.sample_rate = _RATE
    for plane in frame.planes:
        plane.update(bytes(plane.buffer_size))
    return frame


def _frames(packet: Any) -> list[Any]:
    try:
        return list(packet.decode())
    except av.error.InvalidDataError:
        return []
