"""Texts of a PDF's pages (ISO 32000). Nothing in it is followed, opened or run."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

from pypdf import PdfReader
from pypdf.errors import PyPdfError

from mediaserver.api import UserError
from recorder.extract.package import damaged

MAX_PAGE_BYTES = 8 << 20
"""Of what draws a page; a drawing of more is a map, and holds hardly any text for so much time."""
_FAULTS = (PyPdfError, ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError)
"""What pypdf raises over a file that is not what it says, beside its own errors."""


def pages(path: Path, most: int) -> Iterator[str]:
    """At most so many; one that cannot be read is empty.

    :raises UserError: 422 `bad_document`, `encrypted_document`.
    """
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it quotes what it reads
    with path.open("rb") as file:
        try:
            reader = PdfReader(file, strict=False)
            if reader.is_encrypted and not _opens(reader):
                raise UserError(
                    422, "encrypted_document", "The document has a password; save it without one and add it again."
                )
            count = len(reader.pages)
        except (*_FAULTS, NotImplementedError):
            raise damaged() from None
        if not count:
            raise damaged("It has no pages.")
        for number in range(min(count, most)):
            yield _page(reader, number)


def _opens(reader: PdfReader) -> bool:
    """Many are encrypted with an empty password, so that they can be read and not changed."""
    try:
        return bool(reader.decrypt(""))
    except (*_FAULTS, NotImplementedError, ImportError):
        return False


def _page(reader: PdfReader, number: int) -> str:
    try:
        page = reader.pages[number]
        drawn = page.get_contents()
        if drawn is None or len(drawn.get_data()) > MAX_PAGE_BYTES:
            return ""
        return page.extract_text()
    except (*_FAULTS, NotImplementedError):
        return ""
