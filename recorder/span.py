"""A part of a film without encoding anything anew: it can only begin at a key picture, one that needs no others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from recorder import media

LEAD_US = 120_000_000
"""So much earlier a part may begin so that its pictures are there from its beginning on."""


@dataclass(frozen=True, slots=True)
class Within:
    """What of a file is taken, µs of its own clock. :ivar pictures: when they begin; None: there are none."""

    starts_us: int
    ends_us: int
    pictures: int | None


def first_picture(opened: Any, starts_us: int, ends_us: int) -> int | None:
    """When the pictures of a part begin: at the last key picture before it; where that is longer ago than `LEAD_US`, at
    the first one within the part, and where it has none, at that one all the same. Moves the file's place.

    :param starts_us, ends_us: of the file's own clock. :returns: None: it has no pictures there.
    """
    stream = next((stream for stream in opened.streams if stream.type == "video"), None)
    if stream is None:
        return None
    seek(opened, stream, starts_us)
    before = None
    for packet in opened.demux(stream):
        if packet.pts is None or not packet.size:
            continue
        at = int(packet.pts * packet.time_base * media.MICROSECONDS)
        if at >= ends_us or (at > starts_us and before is not None and starts_us - before <= LEAD_US):
            break
        if packet.is_keyframe and at > starts_us:
            return at
        if packet.is_keyframe:
            before = at
    return before


def seek(opened: Any, stream: Any, at_us: int) -> None:
    """To a key picture before that time, or to the beginning."""
    if at_us > 0:
        opened.seek(int(at_us / (stream.time_base * media.MICROSECONDS)), stream=stream, backward=True)
    else:
        opened.seek(0)
