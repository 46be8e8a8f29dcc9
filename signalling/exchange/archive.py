"""The files of a roster: a folder, or a zip archive that is not trusted.

Nothing is unpacked to disk and no name from the archive becomes a path: members are looked up by the names we know and
read as streams. What an archive can claim about itself is bounded before anything is read of it.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, BinaryIO, cast

from mediaserver.api import UserError
from signalling.exchange.table import LIMITS, Opener

MAX_ARCHIVE = 128 << 20
MAX_ENTRIES = 200
MAX_DIRECTORY = 256 << 10
"""Bytes of the archive's own list of contents: zipfile reads all of it at once."""
MAX_RATIO = 100
"""Of a member's size to its packed size. Rosters pack some 10 to 40 times."""
_TAIL = 65_557
"""Where the end record lies: 22 bytes and a comment."""
_END, _ZIP64 = b"PK\5\6", (b"PK\6\6", b"PK\6\7")
_FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
    struct.error,
)
"""What zipfile raises over bytes that are no archive."""


@contextmanager
def files(path: Path, known: Collection[str]) -> Iterator[Mapping[str, Opener]]:
    """Those of the `known` files that a folder or a zip archive holds.

    :raises UserError: 404 `no_such_file`; 422 `bad_archive`: damaged, encrypted, or larger than allowed.
    """
    if path.is_dir():
        yield {name: partial(_read, path / name) for name in sorted(known) if (path / name).is_file()}
        return
    try:
        file = path.open("rb")
    except OSError:
        raise UserError(404, "no_such_file", f"{path} cannot be read; check the path.") from None
    with file:
        try:
            _look(file)
            archive = zipfile.ZipFile(file)
        except _FAULTS:
            raise _bad("It is damaged or no zip archive; make it again.") from None
        with archive:
            yield {name: partial(_open, archive, info) for name, info in _members(archive, known).items()}


def _read(path: Path) -> BinaryIO:
    return path.open("rb")


def _look(file: BinaryIO) -> None:
    """Refuse by its end record what would take much memory to list."""
    size = file.seek(0, io.SEEK_END)
    if size > MAX_ARCHIVE:
        raise _bad(f"It has more than {MAX_ARCHIVE >> 20} MiB; split it.")
    file.seek(max(0, size - _TAIL))
    tail = file.read()
    file.seek(0)
    if any(mark in tail for mark in _ZIP64):
        raise _bad("It is in zip64 form, which no roster of allowed size needs; make it again without.")
    at = tail.find(_END)
    while at >= 0:  # every one that zipfile could take for the end record
        directory = int.from_bytes(tail[at + 12 : at + 16], "little")
        if at + 22 <= len(tail) and directory > MAX_DIRECTORY:
            raise _bad(f"It lists more than {MAX_ENTRIES} files; put only the roster into it.")
        at = tail.find(_END, at + 1)


def _members(archive: zipfile.ZipFile, known: Collection[str]) -> dict[str, zipfile.ZipInfo]:
    infos = archive.infolist()
    if len(infos) > MAX_ENTRIES:
        raise _bad(f"It lists more than {MAX_ENTRIES} files; put only the roster into it.")
    found: dict[str, zipfile.ZipInfo] = {}
    for info in infos:
        name = info.filename.rpartition("/")[2]  # many tools put the files into a folder
        if name not in known or info.filename.startswith("__MACOSX/"):
            continue
        if name in found:
            raise _bad(f"It holds {name} twice; keep one of them.")
        if info.flag_bits & 1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise _bad("It is encrypted or packed in an unusual way; make it again as a plain zip archive.")
        if info.file_size > LIMITS.bytes:
            raise _bad(f"{name} in it has more than {LIMITS.bytes >> 20} MiB; split it.")
        if info.file_size > _CHUNK and info.file_size > info.compress_size * MAX_RATIO:
            raise _bad(f"{name} in it is packed more tightly than a roster can be; make it again.")
        found[name] = info
    return found


def _open(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> BinaryIO:
    try:
        return cast(BinaryIO, io.BufferedReader(_Member(archive.open(info)), _CHUNK))
    except _FAULTS as error:
        raise OSError("the archive is damaged") from error


class _Member(io.RawIOBase):
    """A member whose faults are those of a file: OSError, whatever zipfile and zlib say."""

    def __init__(self, member: IO[bytes]) -> None:
        self._member = member

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            data = self._member.read(len(buffer))
        except _FAULTS as error:
            raise OSError("the archive is damaged") from error
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._member.close()
        super().close()


def _bad(what: str) -> UserError:
    return UserError(422, "bad_archive", f"The archive cannot be taken. {what}")


_CHUNK = 1 << 16
