"""Texts of PPTX and DOCX (ECMA-376 parts 1 and 4): of each slide, and of a document as one page.

Only parts that hold text are read; pictures, SVG among them, and what is embedded stay packed. A document type, and so
an entity of any kind, is refused.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from recorder.extract import package
from recorder.extract.package import Package, damaged

_DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_SLIDES = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_WORDS = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_OF_OFFICE = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_OF_PACKAGE = "{http://schemas.openxmlformats.org/package/2006/relationships}"
_PRESENTATION = "ppt/presentation.xml"
_PIECE = 5000
"""Characters of a piece of a document, which has no pages until it is printed."""
MAX_ELEMENTS = 2_000_000
"""Of one part; the memory and the time of reading it grow with them."""


def slides(path: Path, most: int) -> Iterator[str]:
    """In the order in which they are shown, at most so many. :raises UserError: 422 `bad_document`."""
    with package.opened(path) as archive:
        ids = [
            element.get(f"{_OF_OFFICE}id", "")
            for element in _elements(archive, _PRESENTATION)
            if element.tag == f"{_SLIDES}sldId"
        ]
        targets = _related(archive, _PRESENTATION)
        for id in ids[:most]:
            if id in targets:
                yield _text(_elements(archive, targets[id]), _DRAWING)


def document(path: Path) -> Iterator[str]:
    """In pieces of some pages. :raises UserError: 422 `bad_document`."""
    with package.opened(path) as archive:
        piece: list[str] = []
        for line in _text(_elements(archive, "word/document.xml"), _WORDS).splitlines():
            for first in range(0, len(line), _PIECE):
                if sum(map(len, piece)) >= _PIECE:
                    yield "\n".join(piece)
                    piece.clear()
                piece.append(line[first : first + _PIECE])
        yield "\n".join(piece)


def _related(archive: Package, name: str) -> dict[str, str]:
    """Id → part, of those that are inside the archive."""
    folder, _, file = name.rpartition("/")
    found: dict[str, str] = {}
    for element in _elements(archive, f"{folder}/_rels/{file}.rels"):
        if element.tag == f"{_OF_PACKAGE}Relationship" and element.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join(f"/{folder}", element.get("Target", ""))).lstrip("/")
            if target in archive.names:
                found[element.get("Id", "")] = target
    return found


def _elements(archive: Package, name: str) -> Iterator[Element]:
    """Each when it ends, and emptied behind us."""
    if name not in archive.names:
        raise damaged("A part of it is missing.")
    count = 0
    open_elements: list[Element] = []
    with archive.open(name) as part:
        try:
            for event, element in _parse(part):
                if event == "start":
                    open_elements.append(element)
                    count += 1
                    if count > MAX_ELEMENTS or len(open_elements) > 500:
                        raise damaged("It holds more than a document can.")
                    continue
                yield element
                open_elements.pop()
                element.clear()
                if open_elements:
                    open_elements[-1].remove(element)
        except (ParseError, DefusedXmlException, LookupError, ValueError):
            raise damaged() from None


def _parse(part: IO[bytes]) -> Iterator[tuple[str, Any]]:
    return iterparse(part, events=("start", "end"), forbid_dtd=True)  # type: ignore[no-any-return]


def _text(elements: Iterator[Element], space: str) -> str:
    parts: list[str] = []
    for element in elements:
        if element.tag == f"{space}t":
            parts.append(element.text or "")
        elif element.tag in (f"{space}p", f"{space}br"):
            parts.append("\n")
        elif element.tag in (f"{space}tab", f"{space}tc"):
            parts.append(" ")
    return "".join(parts)
