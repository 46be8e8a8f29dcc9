"""Real sound and pictures, encoded, cut into RTP packets and read back."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from recorder.frames.bits import read_leb128
from tests.recorder.calm import opened

ENCODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9", "h264": "libx264", "av1": "libsvtav1"}
MTU = 1100


def pictures(
    codec: str, count: int, *, size: tuple[int, int] = (320, 240), key: int = 30, fps: int = 30
) -> list[bytes]:
    """Encoded pictures of moving noise in the codec's own stream form (Annex B, OBUs)."""
    encoder = av.CodecContext.create(ENCODERS[codec], "w")
    encoder.width, encoder.height, encoder.pix_fmt = *size, "yuv420p"
    encoder.time_base = Fraction(1, fps)
    encoder.bit_rate = 800_000 if codec != "av1" else 0
    encoder.gop_size = key
    encoder.options = {
        "vp8": {"deadline": "realtime", "lag-in-frames": "0"},
        "vp9": {"deadline": "realtime", "lag-in-frames": "0", "cpu-used": "8"},
        "h264": {"tune": "zerolatency", "profile": "baseline", "preset": "ultrafast"},
        "av1": {"preset": "10", "crf": "40", "svtav1-params": f"pred-struct=1:lp=1:lookahead=0:keyint={key}"},
    }[codec]
    opened(encoder)
    noise = np.random.default_rng(7).integers(0, 255, (size[1], size[0] + 4 * count, 3), np.uint8)
    out: list[bytes] = []
    for number in range(count):
        view = np.ascontiguousarray(noise[:, number * 4 : number * 4 + size[0]])
        frame = av.VideoFrame.from_ndarray(view, format="rgb24").reformat(format="yuv420p")
        frame.pts = number
        out += [bytes(packet) for packet in encoder.encode(frame)]
    out += [bytes(packet) for packet in encoder.encode(None)]
    assert len(out) == count
    return out


def sound(seconds: float, *, frequency: int = 440) -> list[bytes]:
    """Opus packets of 20 ms of a tone."""
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 48_000, "stereo", "s16"
    encoder.bit_rate = 32_000
    out: list[bytes] = []
    for number in range(int(seconds * 50)):
        time = (np.arange(960) + number * 960) / 48_000
        wave = (8000 * np.sin(2 * np.pi * frequency * time)).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(np.repeat(wave, 2)[np.newaxis], format="s16", layout="stereo")
        frame.sample_rate, frame.pts = 48_000, number * 960
        out += [bytes(packet) for packet in encoder.encode(frame)]
    return out


def payloads(codec: str, frame: bytes, picture_id: int) -> list[bytes]:
    """RTP payloads of one frame."""
    match codec:
        case "vp8":
            return [
                bytes((0x90 if at == 0 else 0x80, 0x80)) + struct.pack(">H", 0x8000 | picture_id & 0x7FFF) + piece
                for at, piece in _cut(frame)
            ]
        case "vp9":
            key = 0 if frame[0] & 0x04 == 0 else 0x40
            pieces = list(_cut(frame))
            return [
                bytes((0x80 | key | (0x08 if at == 0 else 0) | (0x04 if at == len(pieces) - 1 else 0),))
                + struct.pack(">H", 0x8000 | picture_id & 0x7FFF)
                + piece
                for at, piece in pieces
            ]
        case "h264":
            return _h264(frame)
        case "av1":
            return _av1(frame)
        case _:
            return [frame]


def _cut(data: bytes) -> list[tuple[int, bytes]]:
    return [(at, data[begin : begin + MTU]) for at, begin in enumerate(range(0, len(data), MTU))]


def annex_b(frame: bytes) -> list[bytes]:
    units = frame.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1")
    return [unit.rstrip(b"\0") if unit[0] & 0x1F in (7, 8) else unit for unit in units if unit]


def _h264(frame: bytes) -> list[bytes]:
    """Small units together in a STAP-A, large ones in FU-As."""
    out: list[bytes] = []
    small: list[bytes] = []
    for unit in annex_b(frame):
        if len(unit) < 200:
            small.append(unit)
            continue
        out += _stap(small)
        small = []
        if len(unit) <= MTU:
            out.append(unit)
            continue
        pieces = _cut(unit[1:])
        for at, piece in pieces:
            flags = (0x80 if at == 0 else 0) | (0x40 if at == len(pieces) - 1 else 0)
            out.append(bytes((unit[0] & 0xE0 | 28, flags | unit[0] & 0x1F)) + piece)
    return out + _stap(small)


def _stap(units: list[bytes]) -> list[bytes]:
    if len(units) < 2:
        return units
    return [bytes((24 | units[0][0] & 0x60,)) + b"".join(struct.pack(">H", len(unit)) + unit for unit in units)]


def _av1(frame: bytes) -> list[bytes]:
    """One OBU element a packet (W=1), cut where it is too long; sizes and delimiters taken out."""
    units, offset = [], 0
    while offset < len(frame):
        header = 2 if frame[offset] & 0x04 else 1
        size, body = read_leb128(frame, offset + header)
        if frame[offset] >> 3 & 0x0F != 2:
            units.append(
                bytes((frame[offset] & ~0x02,)) + frame[offset + 1 : offset + header] + frame[body : body + size]
            )
        offset = body + size
    new = 0x08 if any(unit[0] >> 3 & 0x0F == 1 for unit in units) else 0
    out: list[bytes] = []
    for unit in units:
        pieces = _cut(unit)
        for at, piece in pieces:
            flags = (0x80 if at else 0) | (0x40 if at < len(pieces) - 1 else 0)
            out.append(bytes((flags | 0x10 | (new if not out else 0),)) + piece)
    return out


class Sender:
    """Numbers and stamps packets as a publisher does. :ivar index: of the next packet."""

    def __init__(
        self, codec: str, *, pt: int = 96, ssrc: int = 0x1234, first: int = 1000, stamp: int = 0xFFFF0000
    ) -> None:
        self.codec, self.pt, self.ssrc = codec, pt, ssrc
        self.index, self.stamp = first, stamp
        self._picture = 0

    def frame(self, data: bytes, ticks: int, now_us: int) -> list[tuple[int, int, bytes]]:
        """:param ticks: media time since the beginning."""
        made = []
        pieces = payloads(self.codec, data, self._picture)
        self._picture += 1
        for at, payload in enumerate(pieces):
            marker = 0x80 if at == len(pieces) - 1 and self.codec != "opus" else 0
            head = struct.pack(
                "!BBHII", 0x80, marker | self.pt, self.index & 0xFFFF, self.stamp + ticks & 0xFFFFFFFF, self.ssrc
            )
            made.append((self.index, now_us, head + payload))
            self.index += 1
        return made


def decode(path: Path) -> list[tuple[float, bytes]]:
    """(seconds, pixels or samples) of every frame in a file."""
    with av.open(str(path)) as container:
        return [(float(frame.time), frame.to_ndarray().tobytes()) for frame in container.decode(container.streams[0])]


def demux(path: Path) -> list[tuple[float, bytes]]:
    """(seconds, bytes) of every packet in a file."""
    with av.open(str(path)) as container:
        return [
            (float(packet.pts * packet.time_base), bytes(packet))
            for packet in container.demux(container.streams[0])
            if packet.size
        ]


def decode_stream(codec: str, frames: list[bytes]) -> list[bytes]:
    """What a decoder makes of frames that went through no container."""
    decoder = av.CodecContext.create({"vp8": "libvpx", "vp9": "libvpx-vp9", "av1": "libdav1d"}.get(codec, codec), "r")
    out = []
    for data in [*frames, None]:
        packet = av.Packet(data) if data is not None else None
        out += [frame.to_ndarray().tobytes() for frame in decoder.decode(packet)]
    return out
