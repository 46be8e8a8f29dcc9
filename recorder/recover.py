"""What a crash cut off is measured again, so that a recording can go on in its manifest."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import BinaryIO

from recorder.manifest import Manifest, Part

_CLUSTER = b"\x1f\x43\xb6\x75"
_SIMPLE_BLOCK, _TIMESTAMP = 0xA3, 0xE7
_TIMESCALE = 90


def recover(folder: Path, manifest: Manifest) -> None:
    """Bytes and durations of all parts that were not closed; half a fragment at the end of a file is cut off.

    A part without a file, or without a whole fragment in it, is taken out.
    """
    for track in manifest.tracks:
        kept = []
        for part in track.parts:
            if part.closed or measure(folder, part):
                kept.append(part)
        track.parts = kept


def measure(folder: Path, part: Part) -> bool:
    """:returns: False when there is nothing in it."""
    path = folder / part.file
    try:
        with path.open("r+b") as file:
            size = os.fstat(file.fileno()).st_size
            walk = _walk_mp4 if path.suffix == ".mp4" else _walk_webm
            end, duration_us = walk(file, size)
            if end < size:
                file.truncate(end)
    except OSError:
        return False
    part.bytes, part.duration_us, part.closed = end, duration_us, True
    return duration_us > 0


def _walk_webm(file: BinaryIO, size: int) -> tuple[int, int]:
    """Offset behind the last whole cluster, and where its last block ends in µs."""
    head = file.read(min(size, 1 << 16))
    at = head.find(_CLUSTER)
    if at < 0:
        return size, 0
    end, last_ms, step_ms = at, 0, 0
    while at + 8 <= size:
        file.seek(at)
        header = file.read(8)
        length = int.from_bytes(header[4:8], "big") & 0x0FFFFFFF
        if header[:4] != _CLUSTER or at + 8 + length > size:
            break
        last_ms, step_ms = _last_block(file.read(length), last_ms, step_ms)
        at = end = at + 8 + length
    return end, (last_ms + step_ms) * 1000


def _last_block(body: bytes, last_ms: int, step_ms: int) -> tuple[int, int]:
    at = base = 0
    while at + 5 <= len(body):
        length = int.from_bytes(body[at + 1 : at + 5], "big") & 0x0FFFFFFF
        if body[at] == _TIMESTAMP:
            base = int.from_bytes(body[at + 5 : at + 5 + length], "big")
        elif body[at] == _SIMPLE_BLOCK and length >= 4:
            time_ms = base + struct.unpack_from(">h", body, at + 6)[0]
            last_ms, step_ms = time_ms, min(1000, time_ms - last_ms) or step_ms
        at += 5 + length
    return last_ms, step_ms


def _walk_mp4(file: BinaryIO, size: int) -> tuple[int, int]:
    """Offset behind the last fragment whose data is whole, and where it ends in µs."""
    at = end = duration = 0
    pending = 0
    while at + 8 <= size:
        file.seek(at)
        length, kind = struct.unpack(">I4s", file.read(8))
        if length < 8 or at + length > size:
            break
        if kind == b"moof":
            pending = _fragment_end(file.read(length - 8))
        at += length
        if kind == b"mdat":
            duration = pending
        if kind != b"moof":
            end = at
    return end, duration * 1000 // _TIMESCALE


def _fragment_end(body: bytes) -> int:
    """Of the fragments that this program writes: tfdt and trun stand at fixed places."""
    try:
        (time,) = struct.unpack_from(">Q", body, 16 + 8 + 16 + 12)
        (count,) = struct.unpack_from(">I", body, 16 + 8 + 16 + 20 + 12)
        rows = 16 + 8 + 16 + 20 + 20
        return time + sum(struct.unpack_from(">I", body, rows + 12 * row)[0] for row in range(min(count, 100_000)))
    except struct.error:
        return 0
