"""Zip archives that office programs write (ECMA-376 part 2), read without trust.

Nothing is unpacked to disk and no name in them becomes a path: parts are looked up by their exact names and read as
streams, each within bounds, and all of them together within one. What an archive says of itself is bounded first.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from mediaserver.api import UserError

MAX_PARTS = 20_000
MAX_DIRECTORY = 2 << 20
"""Bytes of the archive's own list of contents, which zipfile reads at once."""
MAX_PART = 64 << 20
MAX_TOTAL = 256 << 20
"""Bytes unpacked from one archive."""
MAX_RATIO = 250
_SMALL = 1 << 20
"""Packed text of so few bytes may be packed as tightly as it likes."""
FAULTS = (
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


class Package:
    """An open archive. :ivar names: of its parts."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        infos = archive.infolist()
        if len(infos) > MAX_PARTS:
            raise damaged(f"It lists more than {MAX_PARTS} parts.")
        self._infos = {info.filename: info for info in infos}
        if len(self._infos) < len(infos):
            raise damaged("It holds a part twice.")
        self._left = MAX_TOTAL

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self._infos)

    def open(self, name: str) -> IO[bytes]:
        """A part as a stream that ends with UserError where it holds more than it says or may.

        :raises UserError: 422 `bad_document`. :raises KeyError: there is no such part.
        """
        info = self._infos[name]
        if info.flag_bits & 1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise damaged("It is encrypted, or packed in an unusual way.")
        if info.file_size > MAX_PART or (info.file_size > _SMALL and info.file_size > info.compress_size * MAX_RATIO):
            raise damaged("It unpacks to more than a document can hold.")
        try:
            return io.BufferedReader(_Part(self._archive.open(info), self))
        except FAULTS:
            raise damaged() from None

    def count(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise damaged("It unpacks to more than a document can hold.")


class _Part(io.RawIOBase):
    def __init__(self, part: IO[bytes], package: Package) -> None:
        self._part = part
        self._package = package

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            data = self._part.read(len(buffer))
        except FAULTS:
            raise damaged() from None
        self._package.count(len(data))
        buffer[: len(data)] = data
        return len(data)


class _Sparing(io.BufferedReader):
    """Gives no more at once than is needed, whatever the archive's end records say, of which there are two kinds."""

    def read(self, size: int | None = -1) -> bytes:
        if size is not None and size > MAX_DIRECTORY:
            raise damaged(f"It lists more than {MAX_PARTS} parts.")
        return super().read(size)


@contextmanager
def opened(path: Path) -> Iterator[Package]:
    """:raises UserError: 422 `bad_document`: damaged, encrypted, or larger than a document can be."""
    with _Sparing(io.FileIO(path)) as file:
        try:
            archive = zipfile.ZipFile(file)
        except FAULTS:
            raise damaged() from None
        with archive:
            yield Package(archive)


def damaged(why: str = "It is damaged.") -> UserError:
    return UserError(422, "bad_document", f"The document cannot be read. {why} Save it anew, or as PDF.")
