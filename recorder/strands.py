"""The parts of a track, put in order and on the lesson's time line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import av

from recorder import media
from recorder.manifest import Gap, Manifest, Part, Track
from recorder.media import Shape
from recorder.sound import Timed
from recorder.timeline import TimeLine

LONGEST_US = 24 * 3600 * 1_000_000
"""Of a lesson; a time beyond it is a mistake, and is not filled with silence."""
_STEP_US = 1_000
"""Between two pictures at least: what WebM can tell apart."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A part that can be read. :ivar until_us: where the next one of its track takes over."""

    track: Track
    part: Part
    path: Path
    line: TimeLine
    shape: Shape
    start_us: int
    until_us: int = LONGEST_US


Strand = Sequence[Placed]
"""Parts that fit into one file, one after the other."""
Trouble = Callable[[Placed, int], None]
"""Is told of a part that could be read up to a time only."""
Unreadable = Callable[[Track, Part], None]


def place(folder: Path, tracks: Sequence[Track], unreadable: Unreadable) -> list[Placed]:
    """The readable parts of one source in the order of their times; `unreadable` is told of the others."""
    found: list[Placed] = []
    for owner, part in ((track, part) for track in tracks for part in track.parts):
        line = TimeLine(part)
        try:
            shape = media.shape(folder / part.file, owner.kind)
            first = next(media.packets(folder / part.file, owner.kind), None) if shape else None
        except (av.FFmpegError, FileNotFoundError):
            shape, first = None, None
        if shape is None or first is None or line.at(first.pts_us) >= LONGEST_US:
            unreadable(owner, part)
        else:
            start = max(line.at(first.pts_us), 0)
            found.append(Placed(owner, part, folder / part.file, line, shape, start))
    found.sort(key=lambda placed: placed.start_us)
    ends = [*(placed.start_us for placed in found[1:]), LONGEST_US]
    return [replace(placed, until_us=end) for placed, end in zip(found, ends, strict=False)]


def divide(placed: Sequence[Placed]) -> list[Strand]:
    """Into as few strands as files can hold: WebM's pictures may change in size, those of H.264 in MP4 may not, nor
    their parameter sets."""
    strands: list[list[Placed]] = [[placed[0]]] if placed else []
    for before, after in pairwise(placed):
        if _joined(before.shape, after.shape):
            strands[-1].append(after)
        else:
            strands.append([after])
    return list(strands)


def _joined(one: Shape, other: Shape) -> bool:
    return one == other if one.codec == "h264" else one.codec == other.codec


def packets(strand: Strand, begin_us: int, end_us: int, trouble: Trouble) -> Iterator[Timed]:
    """Of all parts of a strand, from `begin_us` to before `end_us`, in order."""
    for placed in strand:
        if placed.until_us <= begin_us:
            continue
        if placed.start_us >= end_us:
            return
        at = placed.start_us
        try:
            for packet in media.packets(placed.path, placed.track.kind):
                at = placed.line.at(packet.pts_us)
                if at >= min(placed.until_us, end_us):
                    break
                if at >= begin_us:
                    yield Timed(at, packet.data, packet.key)
        except av.FFmpegError:
            trouble(placed, at)


def pictures(strand: Strand, trouble: Trouble) -> Iterator[Timed]:
    """Of a strand, each part from its first keyframe on, at times that rise."""
    last = -_STEP_US
    for placed in strand:
        decodable = False
        for packet in packets([placed], 0, LONGEST_US, trouble):
            decodable = decodable or packet.key
            if decodable:
                last = max(packet.at_us, last + _STEP_US)
                yield Timed(last, packet.data, packet.key)


def miss(manifest: Manifest, track: Track, start_us: int, end_us: int) -> None:
    """Write down that a stretch of a track cannot be read, once."""
    gap = Gap(start_us=start_us, end_us=max(start_us, end_us), why="disk")
    if gap not in track.gaps:
        track.gaps.append(gap)
