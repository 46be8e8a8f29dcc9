"""What a crash cut off is measured again, so that a recording can go on in its manifest."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import BinaryIO, NamedTuple

from recorder import gaps
from recorder.manifest import Manifest, Part

_CLUSTER = b"\x1f\x43\xb6\x75"
_SIMPLE_BLOCK, _TIMESTAMP = 0xA3, 0xE7
_TICKS_PER_MS = 90
_MAX_HEAD = 1 << 16


class Measured(NamedTuple):
    """:ivar bytes: up to the end of the last whole fragment. :ivar last_us: presentation time of its last frame.

    :ivar end_us: where that ends.
    """

    bytes: int
    last_us: int
    end_us: int


def recover(folder: Path, manifest: Manifest) -> dict[str, Measured]:
    """Bytes and durations of all parts that were not closed; half a fragment at the end of a file is cut off.

    A part without a file, or without a whole fragment in it, is taken out; what it held before is a gap. One that
    cannot be read now stays as it was known: another day it may be read.

    :returns: by track, what its last part holds, where that was cut off.
    """
    found: dict[str, Measured] = {}
    for track in manifest.tracks:
        kept = []
        for part in track.parts:
            found.pop(track.id, None)
            if not part.closed:
                length_us = part.duration_us
                try:
                    measured = measure(folder, part)
                except OSError:
                    part.closed = True
                else:
                    if measured is None:
                        gaps.put(track.gaps, part.start_us, part.start_us + length_us, "disk")
                        continue
                    found[track.id] = measured
            kept.append(part)
        track.parts = kept
    return found


def measure(folder: Path, part: Part) -> Measured | None:
    """Of a file on the disk; None when there is nothing in it. :raises OSError: it is there and cannot be read."""
    path = folder / part.file
    try:
        with path.open("r+b") as file:
            size = os.fstat(file.fileno()).st_size
            walk = _walk_mp4 if path.suffix == ".mp4" else _walk_webm
            measured = walk(file, size)
            if measured is not None and measured.bytes < size:
                file.truncate(measured.bytes)
    except FileNotFoundError:
        return None
    if measured is not None:
        part.bytes, part.duration_us, part.closed = measured.bytes, measured.end_us, True
    return measured


def _walk_webm(file: BinaryIO, size: int) -> Measured | None:
    """Cluster by cluster."""
    at = file.read(min(size, _MAX_HEAD)).find(_CLUSTER)
    if at < 0:
        return None
    end, last_ms, step_ms = 0, 0, 0
    while at + 8 <= size:
        file.seek(at)
        header = file.read(8)
        length = int.from_bytes(header[4:], "big") & 0x0FFFFFFF
        if header[:4] != _CLUSTER or at + 8 + length > size:
            break
        last_ms, step_ms = _last_block(file.read(length), last_ms, step_ms)
        at = end = at + 8 + length
    return Measured(end, last_ms * 1000, (last_ms + step_ms) * 1000) if end else None


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


def _walk_mp4(file: BinaryIO, size: int) -> Measured | None:
    """Box by box."""
    at = end = 0
    last = ending = (0, 0)
    while at + 8 <= size:
        file.seek(at)
        length, kind = struct.unpack(">I4s", file.read(8))
        if length < 8 or at + length > size:
            break
        if kind == b"moof":
            ending = _fragment_end(file.read(length - 8))
        at += length
        if kind == b"mdat":
            end, last = at, ending
    return Measured(end, *(ticks * 1000 // _TICKS_PER_MS for ticks in last)) if end else None


def _fragment_end(body: bytes) -> tuple[int, int]:
    """When the last frame begins and ends. As this program writes them, tfdt and trun have fixed places."""
    try:
        (time,) = struct.unpack_from(">Q", body, 16 + 8 + 16 + 12)
        (count,) = struct.unpack_from(">I", body, 16 + 8 + 16 + 20 + 12)
        rows = 16 + 8 + 16 + 20 + 20
        lengths = [struct.unpack_from(">I", body, rows + 12 * row)[0] for row in range(count)]
    except struct.error:
        return 0, 0
    return time + sum(lengths[:-1]), time + sum(lengths)
