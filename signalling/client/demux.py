"""Reads media files and streams and gives their packets as they are.

H.264 and VP8 pictures and Opus sound are never decoded; other sound is, because WebRTC takes nothing but Opus
(or telephone sound) and sound is cheap.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal
from urllib.parse import urlsplit

import av
from av.audio.resampler import AudioResampler
from av.bitstream import BitStreamFilterContext
from av.container import InputContainer
from av.packet import Packet

from mediaserver.api import UserError
from signalling.client.annexb import IDR, ParameterSets, join_nals, nal_type, split_nals

LIVE_SCHEMES = ("rtsp", "rtsps", "rtmp", "srt", "udp", "rtp")
OPEN_TIMEOUT = 10.0
READ_TIMEOUT = 5.0
"""Seconds without a packet after which a live source counts as gone."""
SAMPLE_RATE = 48_000
FRAME_SAMPLES = 960
MAX_DRIFT = 0.1
"""Seconds that counted samples may differ from the source's time stamps before sound is set right."""

_VIDEO = {"h264": "H264", "vp8": "VP8"}
_NAMES = {"hevc": "HEVC (H.265)", "mjpeg": "Motion JPEG", "mpeg4": "MPEG-4 Part 2", "vp9": "VP9", "av1": "AV1"}
_PIXELS = ("yuv420p", "yuvj420p")


@dataclass(frozen=True, slots=True)
class Unit:
    """One picture, or one piece of sound.

    :ivar seconds: presentation time since the source's beginning.
    :ivar payload: encoded bytes (H.264 as Annex B), or 20 ms of 48 kHz stereo s16 still to be encoded.
    """

    kind: Literal["video", "audio"]
    seconds: float
    duration: float
    keyframe: bool
    payload: bytes | av.AudioFrame


def is_live(source: str) -> bool:
    return urlsplit(source).scheme in LIVE_SCHEMES


def shown(source: str) -> str:
    """The source without its password, for people and logs."""
    parts = urlsplit(source)
    if "@" not in parts.netloc:
        return source
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


class Demuxer:
    """One opening of a source; iterate it for its units, in the order of the file. Blocks: for a thread of its own.

    :ivar video: `H264`, `VP8` or None. :ivar audio: `opus` or None.
    :raises UserError: when it cannot be opened, or holds what cannot be passed through.
    """

    def __init__(self, source: str) -> None:
        self._source = shown(source)
        self._container = _open(source)
        try:
            streams = self._container.streams
            self._video_stream = streams.video[0] if streams.video else None
            self._audio_stream = streams.audio[0] if streams.audio else None
            if self._video_stream is None and self._audio_stream is None:
                raise UserError(
                    422, "no_media", f"{self._source} has neither picture nor sound; choose another source."
                )
            self.video = self._check_video()
            self.audio = "opus" if self._audio_stream is not None else None
        except UserError:
            self._container.close()
            raise
        self._filter: BitStreamFilterContext | None = None
        self._sets = ParameterSets()
        if self.video == "H264":
            extradata = self._video_stream.codec_context.extradata or b""
            if extradata[:1] == b"\1":  # avcC (ISO/IEC 14496-15 §5.3.3), not Annex B
                self._filter = BitStreamFilterContext("h264_mp4toannexb", self._video_stream)
            else:
                self._sets = ParameterSets(extradata)
        self._transcoder = None
        if self._audio_stream is not None and self._audio_stream.codec_context.name not in ("opus", "libopus"):
            self._transcoder = _Transcoder()
        self._origin: Fraction | None = None
        self._starts = []
        if not is_live(source):
            self._starts = [s.start_time * s.time_base for s in streams if s.start_time is not None]
        self._next = {"video": Fraction(0), "audio": Fraction(0)}

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the pictures, 0 where they are not known."""
        context = self._video_stream.codec_context if self._video_stream is not None else None
        return (context.width, context.height) if context is not None else (0, 0)

    def close(self) -> None:
        self._container.close()

    def __iter__(self) -> Iterator[Unit]:
        streams = [stream for stream in (self._video_stream, self._audio_stream) if stream is not None]
        for packet in self._container.demux(streams):
            if packet.size == 0:  # the demuxer's mark of the end
                continue
            if packet.stream is self._audio_stream:
                yield from self._sound(packet)
            else:
                yield from self._picture(packet)

    def _check_video(self) -> str | None:
        if self._video_stream is None:
            return None
        context = self._video_stream.codec_context
        advice = "set the recorder box's video to H.264, Baseline or Main profile, without B-frames"
        if context.name not in _VIDEO:
            name = _NAMES.get(context.name, context.name)
            raise UserError(
                422, "no_common_codec", f"{self._source} carries {name}, which cannot be passed through; {advice}."
            )
        if context.pix_fmt is not None and context.pix_fmt not in _PIXELS:
            raise UserError(
                422,
                "no_common_codec",
                f"{self._source} carries pictures as {context.pix_fmt}, which browsers do not show; {advice}.",
            )
        if context.name == "h264" and context.has_b_frames:
            raise UserError(
                422, "no_common_codec", f"{self._source} uses B-frames, which WebRTC has no place for; {advice}."
            )
        return _VIDEO[context.name]

    def _times(self, packet: Packet, kind: str, guess: Fraction) -> tuple[float, float]:
        """Seconds since the beginning, and duration. Raw streams have no time stamps: those are counted."""
        base = packet.time_base
        duration = packet.duration * base if packet.duration else guess
        stamp = packet.pts if packet.pts is not None else packet.dts
        if stamp is None:
            time = self._next[kind]
        else:
            if self._origin is None:
                # A live stream's first packets may come without a stamp and were counted.
                self._origin = min([stamp * base - self._next[kind], *self._starts])
            time = stamp * base - self._origin
        self._next[kind] = time + duration
        return float(time), float(duration)

    def _picture(self, packet: Packet) -> Iterator[Unit]:
        rate = self._video_stream.average_rate or Fraction(25)
        seconds, duration = self._times(packet, "video", 1 / Fraction(rate))
        if self.video == "VP8":
            data = bytes(packet)
            yield Unit("video", seconds, duration, not data[0] & 1, data)  # RFC 6386 §9.1
            return
        keyframe = packet.is_keyframe
        parts = self._filter.filter(packet) if self._filter is not None else [packet]
        nals = self._sets.complete([nal for part in parts for nal in split_nals(bytes(part))])
        if nals:
            keyframe = keyframe or any(nal_type(nal) == IDR for nal in nals)
            yield Unit("video", seconds, duration, keyframe, join_nals(nals))

    def _sound(self, packet: Packet) -> Iterator[Unit]:
        seconds, duration = self._times(packet, "audio", Fraction(1, 50))
        if self._transcoder is None:
            yield Unit("audio", seconds, duration, True, bytes(packet))
        else:
            yield from self._transcoder.units(packet, seconds)


class _Transcoder:
    """Decodes sound and cuts it into 20 ms frames whose times follow the source's."""

    def __init__(self) -> None:
        self._resampler = AudioResampler(format="s16", layout="stereo", rate=SAMPLE_RATE, frame_size=FRAME_SAMPLES)
        self._position: int | None = None
        self._held = 0

    def units(self, packet: Packet, seconds: float) -> Iterator[Unit]:
        for decoded in packet.decode():
            arrived = round(seconds * SAMPLE_RATE) - self._held
            if self._position is None or abs(arrived - self._position) > MAX_DRIFT * SAMPLE_RATE:
                self._position = arrived
            self._held += round(decoded.samples * SAMPLE_RATE / decoded.sample_rate)
            seconds += decoded.samples / decoded.sample_rate
            decoded.pts = None
            for frame in self._resampler.resample(decoded):
                self._held = max(0, self._held - frame.samples)
                yield Unit("audio", self._position / SAMPLE_RATE, frame.samples / SAMPLE_RATE, True, frame)
                self._position += frame.samples


def _open(source: str) -> InputContainer:
    options = {}
    if is_live(source):
        # UDP loses packets without saying so. Looking for the frame rate would cost a second.
        options = {"rtsp_transport": "tcp", "fpsprobesize": "0", "analyzeduration": "2000000"}
    name = shown(source)
    try:
        return av.open(source, "r", options=options, timeout=(OPEN_TIMEOUT, READ_TIMEOUT))
    except FileNotFoundError as error:
        raise UserError(404, "no_source", f"There is no {name}; check the path.") from error
    except av.error.HTTPUnauthorizedError as error:
        raise UserError(
            401, "source_refused", f"{name} refuses the user name or password; write rtsp://user:password@host/path."
        ) from error
    except (OSError, av.FFmpegError) as error:
        reason = error.strerror or type(error).__name__
        raise UserError(
            502, "source_unreadable", f"{name} cannot be opened ({reason}); check it and try again."
        ) from error
