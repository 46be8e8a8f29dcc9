"""Parts of a recording as a recorder leaves them, made with real encoders, and a manifest that tells of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Literal

import av
import numpy as np
from numpy.typing import NDArray

from recorder.manifest import Manifest, Part, Sync, Track
from tests.recorder.calm import opened

US = Fraction(1, 1_000_000)
SECOND = 1_000_000
FRAME = 20_000
RATE = 48_000
Clock = Callable[[int], int]
"""From the lesson's time to a sender's, in µs."""
_ENCODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9", "h264": "libx264", "av1": "libsvtav1"}
_OPTIONS = {
    "vp8": {"deadline": "realtime", "cpu-used": "8"},
    "vp9": {"deadline": "realtime", "cpu-used": "8"},
    "h264": {"preset": "ultrafast", "tune": "zerolatency"},
    "av1": {"preset": "12", "svtav1-params": "pred-struct=1:lp=1"},
}


def skewed(ppm: float, shift_us: int = 0) -> Clock:
    return lambda at: round(at * (1 + ppm / 1e6)) + shift_us


def level(number: int, levels: int = 8) -> int:
    """Grey of the picture with a number: each second another one."""
    return 40 + 20 * (number % levels)


@cache
def opus(pattern: str, hertz: int = 440) -> tuple[bytes, ...]:
    """20 ms packets: `1` for a tone, `0` for silence."""
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.format, encoder.layout = RATE, "s16", "mono"
    encoder.options = {"application": "lowdelay", "frame_duration": "20"}
    encoder.open()
    made: list[bytes] = []
    for number, sign in enumerate(pattern):
        times = (np.arange(960) + number * 960) / RATE
        tone = np.sin(2 * np.pi * hertz * times) * 12000 * int(sign)
        frame = av.AudioFrame.from_ndarray(tone.astype(np.int16).reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts = RATE, number * 960
        made += [bytes(packet) for packet in encoder.encode(frame)]
    return tuple(made)


@cache
def keyframe(codec: str, grey: int, width: int = 64, height: int = 48) -> bytes:
    return next(iter(encoded(codec, [grey], width, height)))[1]


def _encoder(codec: str, width: int, height: int) -> av.VideoCodecContext:
    encoder = av.CodecContext.create(_ENCODERS[codec], "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base, encoder.options = US, _OPTIONS[codec]
    encoder.framerate = Fraction(10)
    return opened(encoder)


def encoded(codec: str, greys: Iterable[int], width: int = 64, height: int = 48) -> Iterator[tuple[bool, bytes]]:
    return drawn(codec, (np.full((height, width), grey, np.uint8) for grey in greys), width, height)


def drawn(codec: str, images: Iterable[NDArray[np.uint8]], width: int, height: int) -> Iterator[tuple[bool, bytes]]:
    """:param images: grey ones, height × width."""
    encoder = _encoder(codec, width, height)
    for number, image in enumerate(images):
        colourless = np.full((height // 2, width), 128, np.uint8)
        frame = av.VideoFrame.from_ndarray(np.concatenate((image, colourless)), format="yuv420p")
        frame.pts, frame.time_base = number * SECOND // 10, US
        for packet in encoder.encode(frame):
            yield packet.is_keyframe, bytes(packet)
    for packet in encoder.encode(None):
        yield packet.is_keyframe, bytes(packet)


@dataclass
class Maker:
    """Writes parts into a folder and tells its manifest of them."""

    folder: Path
    manifest: Manifest = field(
        default_factory=lambda: Manifest(room="lesson1", began=1_800_000_000_000, lead="teacher")
    )

    def sound(
        self,
        who: str,
        begin: int,
        packets: Iterable[tuple[int, bytes]],
        clock: Clock = lambda at: at,
        closed: bool = True,
    ) -> Part:
        """:param packets: at which time of the lesson each was said."""
        timed = ((at, True, data) for at, data in packets)
        return self._part(who, "microphone", "audio", "opus", begin, timed, clock, closed)

    def pictures(
        self,
        who: str,
        begin: int,
        frames: Iterable[tuple[int, bool, bytes]],
        codec: str = "vp8",
        size: tuple[int, int] = (64, 48),
        clock: Clock = lambda at: at,
        source: str = "camera",
        closed: bool = True,
    ) -> Part:
        return self._part(who, source, "video", codec, begin, frames, clock, closed, size)

    def talk(self, who: str, begin: int, end: int, clock: Clock = lambda at: at, pattern: str = "1" * 50) -> Part:
        """A tone, or the pattern again and again."""
        said = opus(pattern)
        times = range(begin, end, FRAME)
        return self.sound(who, begin, ((at, said[i % len(said)]) for i, at in enumerate(times)), clock)

    def film(
        self,
        who: str,
        begin: int,
        end: int,
        codec: str = "vp8",
        size: tuple[int, int] = (64, 48),
        source: str = "camera",
        clock: Clock = lambda at: at,
    ) -> Part:
        """Ten pictures a second, whose grey says the second of the lesson."""
        times = list(range(begin, end, SECOND // 10))
        frames = encoded(codec, (level(at // SECOND) for at in times), *size)
        shown = ((at, key, data) for at, (key, data) in zip(times, frames, strict=True))
        return self.pictures(who, begin, shown, codec, size, clock, source)

    def _part(
        self,
        who: str,
        source: str,
        kind: Literal["audio", "video"],
        codec: str,
        begin: int,
        packets: Iterable[tuple[int, bool, bytes]],
        clock: Clock,
        closed: bool,
        size: tuple[int, int] = (0, 0),
    ) -> Part:
        (self.folder / "parts").mkdir(parents=True, exist_ok=True)
        track = self.manifest.track(f"{who}-{source}")
        if track is None:
            track = Track(id=f"{who}-{source}", participant=who, source=source, kind=kind)
            self.manifest.tracks.append(track)
        end_name = "mp4" if codec == "h264" else "webm"
        name = f"parts/{track.id}-{len(track.parts) + 1}.{end_name}"
        zero, last = clock(begin), begin
        with av.open(self.folder / name, "w", format=end_name, options=_options(end_name)) as output:
            stream = _stream(output, codec, *size)
            for at, key, data in packets:
                packet = av.Packet(data)
                packet.stream, packet.time_base, packet.is_keyframe = stream, US, key
                packet.pts = packet.dts = clock(at) - zero
                output.mux(packet)
                last = at
        sync = [Sync(pts_us=clock(at) - zero, at_us=at) for at in range(begin, last + 1, 5 * SECOND)]
        part = Part(file=name, codec=codec, start_us=begin + 30_000, width=size[0], height=size[1], sync=sync)
        if closed:
            part.closed, part.duration_us = True, last - begin
            part.bytes = (self.folder / name).stat().st_size
        track.parts.append(part)
        return part


def _options(kind: str) -> dict[str, str]:
    """As crash-safe as a recorder's."""
    return {"movflags": "+frag_keyframe+empty_moov+default_base_moof"} if kind == "mp4" else {"live": "1"}


def _stream(output: av.container.OutputContainer, codec: str, width: int, height: int) -> av.stream.Stream:
    if codec == "opus":
        audio = output.add_stream("libopus", rate=RATE)
        audio.codec_context.layout, audio.codec_context.format = "mono", "s16"
        audio.codec_context.open(strict=False)
        return audio
    video = output.add_stream(_ENCODERS[codec], rate=10)
    video.width, video.height, video.pix_fmt = width, height, "yuv420p"
    video.codec_context.options = _OPTIONS[codec]
    video.codec_context.flags |= av.codec.context.Flags.global_header if codec == "h264" else 0
    video.codec_context.time_base = US
    opened(video.codec_context)
    return video
