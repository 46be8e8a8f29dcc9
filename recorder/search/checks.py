"""Whether the files of an index are what was written into them.

tantivy ends each file of a segment with a footer: JSON with the CRC-32 of what is before it, the length of that JSON
and a magic number, both u32 little-endian (tantivy, `directory/footer.rs`). It compares them on no read.
"""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path
from typing import BinaryIO

from recorder.search import index
from recorder.search.index import Missing

_TAIL = struct.Struct("<II")
_MAGIC = 1337
_LONGEST_FOOTER = 4096
_PIECE = 1 << 20
_SUFFIXES = (".term", ".idx", ".pos", ".store", ".fast", ".fieldnorm")
_TRIES = 3
"""A merge may take files away while they are compared: what is not whole counts when it is committed afterwards."""


def damaged(place: Path) -> list[str]:
    """Names of files that are committed and not whole; all of them are read, some 1 GB a second from memory."""
    found, before = [], None
    for _ in range(_TRIES):
        try:
            committed = _committed(place)
        except (OSError, ValueError, TypeError, KeyError):
            return [index.META]
        if committed == before:
            break
        found, before = [path.name for path in committed if not _whole(path)], committed
        if not found:
            break
    else:
        return []
    if found:
        return found
    try:
        index.opened(place)  # last: it maps the files, and what cannot be read of a mapped one kills the process
    except Missing:
        return [index.META]
    return []


def _committed(place: Path) -> list[Path]:
    """Files of the segments that searches read."""
    found = []
    for segment in json.loads((place / index.META).read_bytes())["segments"]:
        name = str(segment["segment_id"]).replace("-", "")
        found += [place / f"{name}{suffix}" for suffix in _SUFFIXES]
        if segment["deletes"]:
            found.append(place / f"{name}.{segment['deletes']['opstamp']}.del")
    return found


def _whole(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return _crc_fits(file, path.stat().st_size)
    except (OSError, ValueError, TypeError, KeyError, struct.error):
        return False


def _crc_fits(file: BinaryIO, size: int) -> bool:
    file.seek(max(size - _TAIL.size, 0))
    length, magic = _TAIL.unpack(file.read(_TAIL.size))
    rest = size - _TAIL.size - length
    if magic != _MAGIC or length > _LONGEST_FOOTER or rest < 0:
        return False
    file.seek(rest)
    expected = json.loads(file.read(length))["crc"]
    file.seek(0)
    crc = 0
    while rest:
        piece = file.read(min(rest, _PIECE))
        if not piece:
            return False
        crc, rest = zlib.crc32(piece, crc), rest - len(piece)
    return bool(crc == expected)
