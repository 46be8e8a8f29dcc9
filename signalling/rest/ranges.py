"""Which bytes of a file an answer holds (RFC 9110 §13 and §14). Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_RANGE = re.compile(r"bytes=\s*(\d{0,19})-(\d{0,19})\s*", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Piece:
    """:ivar status: 200, 206, 304 or 416. :ivar end: the byte after the last one."""

    status: int
    start: int
    end: int


def choose(headers: Mapping[str, str], size: int, etag: str) -> Piece:
    """What is asked for of a file that never changes under its entity tag.

    Several ranges at once are answered with all of it, as §14.2 allows; so is what cannot be read.

    :param etag: with its quotation marks, a strong one.
    """
    whole = Piece(200, 0, size)
    seen = headers.get("If-None-Match")
    if seen is not None and (seen.strip() == "*" or etag in _tags(seen)):
        return Piece(304, 0, 0)
    match = _RANGE.fullmatch(headers.get("Range", ""))
    if match is None or match.groups() == ("", ""):
        return whole
    known = headers.get("If-Range")
    if known is not None and known.strip() != etag:  # §13.1.5: strong comparison; dates are not kept here
        return whole
    first, last = match.groups()
    if not first:
        start, end = max(size - int(last), 0), size
        satisfiable = int(last) > 0 and size > 0
    else:
        start, end = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return whole  # §14.1.1: not a range
        satisfiable = start < size
    return Piece(206, start, end) if satisfiable else Piece(416, 0, 0)


def _tags(said: str) -> set[str]:
    return {tag.strip().removeprefix("W/") for tag in said.split(",")}
