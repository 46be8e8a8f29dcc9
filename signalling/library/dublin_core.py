"""A resource in Dublin Core elements (ISO 15836-1), and XML that holds them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from signalling.library import addresses
from signalling.library.openly import Item

DC = "http://purl.org/dc/elements/1.1/"
_TYPES = {
    **{"lesson": "MovingImage", "video": "MovingImage", "clip": "MovingImage", "audio": "Sound"},
    **{"document": "Text", "link": "InteractiveResource"},
}
"""DCMI Type Vocabulary."""
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""XML 1.0 §2.2: no document may hold them, not even escaped."""


def elements(item: Item, origin: str) -> Iterator[tuple[str, str]]:
    """(name, text) of each. :param origin: of this server, for addresses of pages."""
    row = item.row
    yield "title", row.title
    yield "creator", row.teacher_name
    for subject in (row.subject, *row.points):
        yield "subject", subject
    yield "description", row.description
    yield "publisher", item.school
    yield "date", row.day.isoformat()
    yield "type", _TYPES.get(row.kind, "")
    for media_type in item.media_types:
        yield "format", media_type
    yield "identifier", f"{origin}{addresses.page(row.id)}"
    yield "source", row.url
    yield "language", row.language
    if row.of is not None:
        yield "relation", f"{origin}{addresses.page(row.of)}"
    for coverage in (row.grade, row.term, " ".join(filter(None, (row.textbook, row.unit)))):
        yield "coverage", coverage
    yield "rights", row.licence


def add(parent: Element, tag: str, text: str = "", **attributes: str) -> Element:
    """A child with text that XML can hold."""
    child = ElementTree.SubElement(parent, tag, {name: clean(value) for name, value in attributes.items()})
    if text:
        child.text = clean(text)
    return child


def add_elements(parent: Element, item: Item, origin: str) -> None:
    """Those that say something."""
    for name, text in elements(item, origin):
        if text:
            add(parent, f"{{{DC}}}{name}", text)


def clean(text: str) -> str:
    return _ILLEGAL.sub("�", text)


def write(root: Element) -> bytes:
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
