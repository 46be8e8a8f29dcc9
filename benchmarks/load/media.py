"""What publishers send: pictures that look like VP8, sound that looks like Opus, and real VP8 for peers that decode."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

PICTURE_PACKETS = 6
FRAMES_PER_SECOND = 25
PICTURE_PAYLOAD = 1080
"""Bytes; 1,100 with the RTP header and its extension, 1,116 with the tag of AES-GCM."""
SOUND_PAYLOAD = 80
SOUND_NS = 20_000_000
KEYFRAME_FRAMES = 100
STAMP_OFFSET, STAMP_SIZE = 16, 16
"""wire.h has the same."""

_DESCRIPTOR = 4


class TrackSpec(ctypes.Structure):
    """`struct track_spec` of engine.h."""

    _fields_ = (
        ("payloads", ctypes.c_char_p),
        ("sizes", ctypes.POINTER(ctypes.c_uint32)),
        ("packets", ctypes.POINTER(ctypes.c_uint32)),
        ("frames", ctypes.c_uint32),
        ("ssrc", ctypes.c_uint32),
        ("clock_rate", ctypes.c_uint32),
        ("frame_ns", ctypes.c_int64),
        ("start_ns", ctypes.c_int64),
        ("payload_type", ctypes.c_uint8),
        ("kind", ctypes.c_uint8),
        ("send_time_id", ctypes.c_uint8),
        ("level_id", ctypes.c_uint8),
        ("picture_id", ctypes.c_uint8),
        ("stamped", ctypes.c_uint8),
    )


@dataclass(frozen=True)
class Loop:
    """Frames that are sent over and over; the first is a keyframe. `frames[i]` are the payloads of frame i."""

    video: bool
    frames: Sequence[Sequence[bytes]]
    frame_ns: int
    clock_rate: int
    stamped: bool = True
    _kept: list[object] = field(default_factory=list, compare=False)

    def spec(self, *, ssrc: int, payload_type: int, send_time_id: int, level_id: int, start_ns: int) -> TrackSpec:
        """For the engine; lives as long as this loop."""
        payloads = b"".join(payload for frame in self.frames for payload in frame)
        sizes = (ctypes.c_uint32 * sum(map(len, self.frames)))(
            *(len(payload) for frame in self.frames for payload in frame)
        )
        packets = (ctypes.c_uint32 * len(self.frames))(*map(len, self.frames))
        spec = TrackSpec(
            payloads=payloads,
            sizes=sizes,
            packets=packets,
            frames=len(self.frames),
            ssrc=ssrc,
            clock_rate=self.clock_rate,
            frame_ns=self.frame_ns,
            start_ns=start_ns,
            payload_type=payload_type,
            kind=0 if self.video else 1,
            send_time_id=send_time_id,
            level_id=level_id,
            picture_id=self.video,
            stamped=self.stamped,
        )
        self._kept.append((payloads, sizes, packets))
        return spec


def descriptor(first: bool) -> bytes:
    """VP8 payload descriptor with room for a 15-bit picture id (RFC 7741 §4.2); `first`: begins partition 0."""
    return bytes((0x90 if first else 0x80, 0x80, 0x80, 0))


def vp8_header(keyframe: bool, width: int = 640, height: int = 360) -> bytes:
    """The uncompressed data chunk that begins a VP8 frame (RFC 6386 §9.1)."""
    partition = 5000 << 5
    shown = 1 << 4
    tag = (partition | shown | (0 if keyframe else 1)).to_bytes(3, "little")
    if not keyframe:
        return tag
    return tag + b"\x9d\x01\x2a" + width.to_bytes(2, "little") + height.to_bytes(2, "little")


def pictures(packets: int = PICTURE_PACKETS, payload: int = PICTURE_PAYLOAD) -> Loop:
    """25 frames a second of `packets` equal packets, a keyframe every 4 s. VP8 to a server; no decoder takes it."""
    random = np.random.default_rng(1)

    def frame(keyframe: bool) -> list[bytes]:
        made = []
        for index in range(packets):
            head = descriptor(index == 0) + (vp8_header(keyframe) if index == 0 else b"")
            made.append(head + random.bytes(payload - len(head)))
        return made

    return Loop(True, [frame(index == 0) for index in range(KEYFRAME_FRAMES)], 10**9 // FRAMES_PER_SECOND, 90_000)


def sound(payload: int = SOUND_PAYLOAD) -> Loop:
    """50 packets a second, sized as Opus at 32 kbit/s; the first byte says CELT, 20 ms, stereo (RFC 6716 §3.1)."""
    random = np.random.default_rng(2)
    return Loop(False, [[b"\xfc" + random.bytes(payload - 1)] for _ in range(50)], SOUND_NS, 48_000)


def real_pictures(seconds: float = 2.0, bit_rate: int = 1_500_000) -> Loop:
    """Decodable VP8, 640×360, for servers that decode what they forward. It carries no time of sending."""
    import av

    encoder = av.CodecContext.create("libvpx", "w")
    encoder.width, encoder.height, encoder.pix_fmt = 640, 360, "yuv420p"
    encoder.bit_rate, encoder.time_base, encoder.framerate = bit_rate, Fraction(1, 25), FRAMES_PER_SECOND
    encoder.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "g": "1000", "keyint_min": "1000"}
    random = np.random.default_rng(3)
    noise = random.integers(0, 255, (360, 1280, 3), dtype=np.uint8)
    frames = []
    for index in range(int(seconds * FRAMES_PER_SECOND)):
        picture = av.VideoFrame.from_ndarray(noise[:, 4 * index : 4 * index + 640].copy(), "rgb24").reformat(
            format="yuv420p"
        )
        picture.pts = index
        for packet in encoder.encode(picture):
            data, size = bytes(packet), PICTURE_PAYLOAD - _DESCRIPTOR
            parts = [data[offset : offset + size] for offset in range(0, len(data), size)]
            frames.append([descriptor(number == 0) + part for number, part in enumerate(parts)])
    return Loop(True, frames, 10**9 // FRAMES_PER_SECOND, 90_000, stamped=False)
