"""Fragmented MP4 with H.264 in it (ISO/IEC 14496-12 §8.8, 14496-15 §5.3)."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from recorder.containers import Sample

TIMESCALE = 90_000
_KEY, _OTHER = 0x02000000, 0x01010000
"""Sample flags: depends on no other; depends on others and is no place to start."""
_UNITY = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


class Mp4:
    suffix = "mp4"

    def __init__(self, width: int, height: int, avcc: bytes, *, number: int = 0) -> None:
        """:param number: not less than that of any fragment which is there already."""
        self._width, self._height, self._avcc = width, height, avcc
        self._number = number

    def head(self) -> bytes:
        ftyp = _box(b"ftyp", b"iso5", struct.pack(">I", 512), b"iso5iso6mp41")
        mvhd = _full(
            b"mvhd",
            0,
            0,
            struct.pack(">4I", 0, 0, 1000, 0),
            struct.pack(">IHH8x", 0x10000, 0x100, 0),
            _UNITY,
            bytes(24),
            struct.pack(">I", 2),
        )
        trex = _full(b"trex", 0, 0, struct.pack(">5I", 1, 1, 0, 0, 0))
        return ftyp + _box(b"moov", mvhd, self._track(), _box(b"mvex", trex))

    def _track(self) -> bytes:
        tkhd = _full(
            b"tkhd",
            0,
            3,
            struct.pack(">5I8x4H", 0, 0, 1, 0, 0, 0, 0, 0, 0),
            _UNITY,
            struct.pack(">II", self._width << 16, self._height << 16),
        )
        mdhd = _full(b"mdhd", 0, 0, struct.pack(">4IHH", 0, 0, TIMESCALE, 0, 0x55C4, 0))
        hdlr = _full(b"hdlr", 0, 0, struct.pack(">I4s12x", 0, b"vide"), b"tongke\0")
        dinf = _box(b"dinf", _full(b"dref", 0, 0, struct.pack(">I", 1), _full(b"url ", 0, 1)))
        empty = (
            _full(b"stts", 0, 0, bytes(4)),
            _full(b"stsc", 0, 0, bytes(4)),
            _full(b"stsz", 0, 0, bytes(8)),
            _full(b"stco", 0, 0, bytes(4)),
        )
        stbl = _box(b"stbl", _full(b"stsd", 0, 0, struct.pack(">I", 1), self._entry()), *empty)
        minf = _box(b"minf", _full(b"vmhd", 0, 1, bytes(8)), dinf, stbl)
        return _box(b"trak", tkhd, _box(b"mdia", mdhd, hdlr, minf))

    def _entry(self) -> bytes:
        size = struct.pack(">HH", self._width, self._height)
        head = bytes(6) + struct.pack(">H16x", 1) + size + struct.pack(">IIIH", 0x480000, 0x480000, 0, 1)
        return _box(b"avc1", head, bytes(32), struct.pack(">Hh", 24, -1), _box(b"avcC", self._avcc))

    def fragment(self, samples: Sequence[Sample], end_us: int) -> bytes:
        self._number += 1
        times = [_ticks(sample.pts_us) for sample in samples]
        ends = [*times[1:], max(_ticks(end_us), times[-1] + 1)]
        rows = b"".join(
            struct.pack(">III", end - time, len(sample.data), _KEY if sample.key else _OTHER)
            for time, end, sample in zip(times, ends, samples, strict=True)
        )
        size = 8 + 16 + 8 + 16 + 20 + 20 + len(rows)
        mfhd = _full(b"mfhd", 0, 0, struct.pack(">I", self._number))
        tfhd = _full(b"tfhd", 0, 0x020000, struct.pack(">I", 1))
        tfdt = _full(b"tfdt", 1, 0, struct.pack(">Q", times[0]))
        trun = _full(b"trun", 0, 0x000701, struct.pack(">Ii", len(samples), size + 8), rows)
        moof = _box(b"moof", mfhd, _box(b"traf", tfhd, tfdt, trun))
        return moof + _box(b"mdat", *(sample.data for sample in samples))


def _ticks(time_us: int) -> int:
    return (time_us * 9 + 50) // 100


def _box(kind: bytes, *body: bytes) -> bytes:
    data = b"".join(body)
    return (8 + len(data)).to_bytes(4, "big") + kind + data


def _full(kind: bytes, version: int, flags: int, *body: bytes) -> bytes:
    return _box(kind, (version << 24 | flags).to_bytes(4, "big"), *body)
