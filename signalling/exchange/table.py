"""CSV as schools have it: encodings and separators as they come, everything bounded, each fault a line in the report.

RFC 4180, and what spreadsheets make of it: UTF-8 with and without a byte order mark, GB18030, UTF-16 with a mark
(Excel's "Unicode text"); comma, semicolon or tab; any line ending; blank lines; spaces around cells.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import BinaryIO

from signalling.exchange.report import Report

Opener = Callable[[], BinaryIO]
"""Opens the file from its beginning, as often as it is called."""
_CHUNK = 1 << 16
_SEPARATORS = ",;\t"


@dataclass(frozen=True, slots=True)
class Limits:
    """:ivar bytes: of a file. :ivar line: and :ivar cell: characters; below 131,072, where Python's csv ends a cell."""

    bytes: int = 64 << 20
    rows: int = 300_000
    columns: int = 250
    line: int = 100_000
    cell: int = 2000


LIMITS = Limits()


class FileFault(Exception):
    """The file as a whole is refused; the report has its line."""


class CsvTable:
    """Rows of a CSV file, each as (row number, {column: cell}); refused ones are in the report instead.

    :ivar digest: SHA-256 of the bytes.
    :raises FileFault: there is no header to go by.
    """

    def __init__(self, file: str, opener: Opener, report: Report, limits: Limits = LIMITS) -> None:
        self.file = file
        self._open = opener
        self._report = report
        self._limits = limits
        self._counts = report.of(file)
        self._encoding, self._cut, self.digest = self._survey()
        self._separator = _separator(self._first_line())
        self._header_row, self.header = self._read_header()

    def __iter__(self) -> Iterator[tuple[int, dict[str, str]]]:
        width = len(self.header)
        for number, cells, ended in self._records():
            if number <= self._header_row or not any(cells):
                continue
            if number - self._header_row > self._limits.rows:
                return self._refuse(number, "too_many_rows", limit=self._limits.rows)
            while len(cells) > width and not cells[-1]:
                cells.pop()
            if len(cells) != width:
                if ended:
                    self._refuse(number, "column_count", found=len(cells), expected=width)
                else:
                    self._refuse(number, "cut_short")
            elif not ended and self._cut:
                self._refuse(number, "cut_short")
            elif any("\0" in cell for cell in cells):
                self._refuse(number, "nul_byte")
            elif max(map(len, cells)) > self._limits.cell:
                column = next(
                    name for name, cell in zip(self.header, cells, strict=True) if len(cell) > self._limits.cell
                )
                self._refuse(number, "cell_too_long", column, limit=self._limits.cell)
            else:
                yield number, dict(zip(self.header, cells, strict=True))

    def require(self, *columns: str) -> None:
        """:raises FileFault: the header lacks one of `columns`."""
        missing = [column for column in columns if column not in self.header]
        for column in missing:
            self._refuse(1, "column_missing", column)
        if missing:
            raise FileFault

    def _refuse(self, row: int, code: str, column: str = "", /, **facts: str | int) -> None:
        self._report.refuse(self.file, row, code, column, **facts)

    def _fault(self, code: str, **facts: str | int) -> FileFault:
        self._refuse(0, code, **facts)
        return FileFault(code)

    def _survey(self) -> tuple[str, bool, str]:
        """Encoding of the whole file, whether it ends inside a character, and its hash."""
        digest = hashlib.sha256()
        decoders: dict[str, codecs.IncrementalDecoder] = {}
        size = 0
        try:
            with closing(self._open()) as file:
                while chunk := file.read(_CHUNK):
                    if not size:
                        names = ("utf-16",) if chunk[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else _ENCODINGS
                        decoders = {name: codecs.getincrementaldecoder(name)() for name in names}
                    size += len(chunk)
                    digest.update(chunk)
                    if size > self._limits.bytes:
                        raise self._fault("too_large", limit=self._limits.bytes >> 20)
                    for name in list(decoders):
                        try:
                            decoders[name].decode(chunk)
                        except UnicodeDecodeError:
                            del decoders[name]
        except OSError:
            raise self._fault("not_readable") from None
        if not size:
            raise self._fault("empty_file")
        if not decoders:
            raise self._fault("bad_encoding")
        name, decoder = next(iter(decoders.items()))
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return name, True, digest.hexdigest()
        return name, False, digest.hexdigest()

    def _first_line(self) -> str:
        try:
            return next((line for line in self._lines() if line.strip()), "")
        except _TooLong:
            raise self._fault("line_too_long", limit=self._limits.line) from None
        except OSError:
            raise self._fault("not_readable") from None

    def _lines(self) -> Iterator[str]:
        with closing(self._open()) as file:
            text = io.TextIOWrapper(file, self._encoding, errors="replace", newline="")
            while line := text.readline(self._limits.line + 1):
                if len(line) > self._limits.line:
                    raise _TooLong
                yield line

    def _records(self) -> Iterator[tuple[int, list[str], bool]]:
        """(row number, stripped cells, whether a line ending follows)."""
        last = ""

        def watched() -> Iterator[str]:
            nonlocal last
            for last in self._lines():  # noqa: UP028 (the line is remembered)
                yield last

        # strict: an unclosed quotation mark would otherwise swallow the rest of the file as one cell.
        reader = csv.reader(watched(), delimiter=self._separator, strict=True)
        number = 0
        while True:
            number += 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except _TooLong:
                return self._refuse(number, "line_too_long", limit=self._limits.line)
            except OSError:
                raise self._fault("not_readable") from None
            except csv.Error as error:
                if "expected after" in str(error):
                    self._refuse(number, "bad_quote")
                    continue
                return self._refuse(number, "unclosed_quote")
            yield number, [cell.strip() for cell in cells], last.endswith(("\n", "\r"))

    def _read_header(self) -> tuple[int, list[str]]:
        row, cells = next(((row, cells) for row, cells, _ in self._records() if any(cells)), (0, []))
        while cells and not cells[-1]:
            cells.pop()
        if not cells:
            raise self._fault("empty_file")
        if len(cells) > self._limits.columns:
            raise self._fault("too_many_columns", limit=self._limits.columns)
        twice = next((cell for index, cell in enumerate(cells) if cell in cells[:index]), None)
        if twice is not None:
            raise self._fault("header_twice", column=twice)
        return row, cells


_ENCODINGS = ("utf-8-sig", "gb18030")


class _TooLong(Exception):
    pass


def _separator(line: str) -> str:
    return max(_SEPARATORS, key=line.count)
