"""Pictures out of a finished file, about one a second."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import av

from recorder import media
from recorder.upright import Upright

EVERY_US = 1_000_000
_DENSE_US = 2_000_000


class Shown(NamedTuple):
    """:ivar at_us: in the file. :ivar frame: decoded, and upright; the same one again where nothing new was shown."""

    at_us: int
    frame: av.VideoFrame


def sample(path: Path, keys_only: bool = False) -> Iterator[Shown]:
    """A picture a second as far as there are any. One that stands longer is given a second time, for it stands still.

    :param keys_only: only pictures that need no others, however far apart they are; they cost next to nothing.
    :raises av.FFmpegError: the file cannot be opened; what cannot be decoded in it is left out.
    """
    keys_only = keys_only or _dense(path)
    upright, last = Upright(), None
    for at_us, frame in _decoded(path, keys_only):
        if last is not None and at_us - last.at_us < EVERY_US:
            continue
        if last is not None and at_us - last.at_us > 2 * EVERY_US:
            yield Shown(last.at_us + EVERY_US, last.frame)
        shown = Shown(at_us, upright.turned(frame))
        yield shown
        last = shown
    if last is not None:
        yield Shown(last.at_us + EVERY_US, last.frame)


def _decoded(path: Path, keys_only: bool) -> Iterator[Shown]:
    with media.open_file(path) as opened:
        stream = opened.streams.video[0]
        stream.codec_context.skip_frame = "NONKEY" if keys_only else "DEFAULT"
        stream.codec_context.thread_count = 1
        for packet in opened.demux(stream):
            try:
                frames = packet.decode()
            except av.FFmpegError:
                continue
            for frame in frames:
                if frame.pts is not None and frame.time_base is not None:
                    yield Shown(int(frame.pts * frame.time_base * media.MICROSECONDS), frame)


def _dense(path: Path) -> bool:
    """Whether pictures that need no others come often enough."""
    last = 0
    for packet in media.packets(path, "video"):
        if packet.pts_us - last > _DENSE_US:
            return False
        if packet.key:
            last = packet.pts_us
    return True
