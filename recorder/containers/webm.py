"""Matroska and WebM (RFC 9559): a segment without end, of clusters that are written whole."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from recorder.containers import Sample

_EBML, _SEGMENT, _INFO, _TRACKS, _CLUSTER = 0x1A45DFA3, 0x18538067, 0x1549A966, 0x1654AE6B, 0x1F43B675
_TIMESTAMP, _SIMPLE_BLOCK = 0xE7, 0xA3
_ENDLESS = b"\x01\xff\xff\xff\xff\xff\xff\xff"
_CODECS = {"opus": "A_OPUS", "vp8": "V_VP8", "vp9": "V_VP9", "av1": "V_AV1"}
_ROLL_NS = 80_000_000
"""Of Opus, that a decoder needs to get right again (RFC 7845 §4.2 has it as 3840 samples)."""

MAX_SPAN_MS = 30_000
"""Of one cluster: block times are signed 16 bits of ms."""


class WebM:
    suffix = "webm"

    def __init__(self, codec: str, width: int = 0, height: int = 0, private: bytes = b"") -> None:
        """:param codec: as in `manifest.Part`. :param private: codec private data."""
        self._codec, self._width, self._height = codec, width, height
        self._private = _opus_head() if codec == "opus" else private

    def head(self) -> bytes:
        kind = "matroska" if self._codec == "av1" else "webm"
        ebml = _element(
            _EBML,
            *(_uint(0x4286, 1), _uint(0x42F7, 1), _uint(0x42F2, 4), _uint(0x42F3, 8)),
            *(_element(0x4282, kind.encode()), _uint(0x4287, 4), _uint(0x4285, 2)),
        )
        info = _element(_INFO, _uint(0x2AD7B1, 1_000_000), _text(0x4D80, "tongke"), _text(0x5741, "tongke"))
        return ebml + _number(_SEGMENT) + _ENDLESS + info + _element(_TRACKS, self._track())

    def _track(self) -> bytes:
        fields = [_uint(0xD7, 1), _uint(0x73C5, 1), _uint(0x9C, 0), _text(0x86, _CODECS[self._codec])]
        if self._private:
            fields.append(_element(0x63A2, self._private))
        if self._codec == "opus":
            audio = _element(0xB5, struct.pack(">d", 48_000.0)) + _uint(0x9F, 2)
            fields += (_uint(0x83, 2), _uint(0x56BB, _ROLL_NS), _element(0xE1, audio))
        else:
            fields += (_uint(0x83, 1), _element(0xE0, _uint(0xB0, self._width), _uint(0xBA, self._height)))
        return _element(0xAE, *fields)

    def fragment(self, samples: Sequence[Sample], end_us: int) -> bytes:
        """More than one cluster when they span more time than a cluster may."""
        clusters = []
        begin = 0
        first = (samples[0].pts_us + 500) // 1000
        for at, sample in enumerate(samples):
            if (sample.pts_us + 500) // 1000 - first > MAX_SPAN_MS:
                clusters.append(_cluster(samples[begin:at], first))
                begin, first = at, (sample.pts_us + 500) // 1000
        clusters.append(_cluster(samples[begin:], first))
        return b"".join(clusters)


def _cluster(samples: Sequence[Sample], first_ms: int) -> bytes:
    body = [_uint(_TIMESTAMP, first_ms)]
    for pts_us, key, data in samples:
        body.append(b"\xa3" + (len(data) + 4 | 0x10000000).to_bytes(4, "big"))
        body.append(struct.pack(">BhB", 0x81, (pts_us + 500) // 1000 - first_ms, 0x80 if key else 0))
        body.append(data)
    return _element(_CLUSTER, *body)


def _opus_head() -> bytes:
    """RFC 7845 §5.1. Two channels always: a decoder makes them of one. Nothing is skipped: what the encoder put in
    front was played to everyone in the room too."""
    return b"OpusHead" + struct.pack("<BBHIhB", 1, 2, 0, 48_000, 0, 0)


def _number(identifier: int) -> bytes:
    return identifier.to_bytes((identifier.bit_length() + 7) // 8, "big")


def _element(identifier: int, *body: bytes) -> bytes:
    """Its size in four bytes always: at most 256 MiB."""
    data = b"".join(body)
    return _number(identifier) + (len(data) | 0x10000000).to_bytes(4, "big") + data


def _uint(identifier: int, value: int) -> bytes:
    return _element(identifier, value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big"))


def _text(identifier: int, value: str) -> bytes:
    return _element(identifier, value.encode())
