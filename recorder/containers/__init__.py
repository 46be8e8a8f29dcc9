"""Files that grow by whole fragments: what was written is playable wherever it is cut off.

A container turns frames into bytes and does no I/O, so that one `write` puts one fragment on the disk and nothing is
kept back in a muxer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Sample(NamedTuple):
    """A frame in a file. :ivar pts_us: from the file's beginning, never less than the one before."""

    pts_us: int
    key: bool
    data: bytes


class Container(Protocol):
    suffix: str

    def head(self) -> bytes:
        """What stands before the first fragment."""
        ...

    def fragment(self, samples: Sequence[Sample], end_us: int) -> bytes:
        """:param samples: at least one. :param end_us: where the last one ends, as far as is known."""
        ...
