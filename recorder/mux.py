"""Streams that exist already into one file that can be seeked, without touching what is in their packets."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av

from recorder import files, media
from recorder.sound import Timed

_MICROSECOND = Fraction(1, media.MICROSECONDS)
_CLOCK = Fraction(1, 90_000)
WEBM = frozenset(("vp8", "vp9", "av1"))
"""Pictures that go into WebM; H.264 goes into MP4, which every browser plays with Opus beside it (decision 0013)."""


class Source(NamedTuple):
    """A stream to be. :ivar like: a file with such a stream. :ivar packets: in the order of their times."""

    kind: str
    like: Path
    packets: Iterable[Timed]


def container(codec: str) -> str:
    """For pictures, or `opus` for sound alone: `mp4` or `webm`."""
    return "webm" if codec in WEBM or codec == "opus" else "mp4"


def write(path: Path, kind: str, sources: Iterable[Source], begin_us: int, told: Callable[[int], None]) -> int:
    """A file whose time 0 is `begin_us`; with its index in front, so that a browser seeks before it has all of it.

    :param told: the time each packet has. :returns: its length in µs.
    :raises OSError, av.FFmpegError: it was not written, and nothing is left of it.
    """
    options = {"movflags": "+faststart"} if kind == "mp4" else {"cues_to_front": "1"}
    end = begin_us
    with files.whole(path) as temporary:
        with av.open(temporary, "w", format=kind, options={**options, "fflags": "+bitexact"}) as output:
            streams, waiting = [], []
            for number, source in enumerate(sources):
                with media.open_file(source.like) as like:
                    stream = output.add_stream_from_template(
                        next(stream for stream in like.streams if stream.type == source.kind), opaque=True
                    )
                if source.kind == "video":
                    stream.time_base = _CLOCK
                streams.append(stream)
                waiting.append(_numbered(number, source.packets))
            for at_us, number, timed in heapq.merge(*waiting):
                packet = av.Packet(timed.data)
                packet.stream = streams[number]
                packet.pts = packet.dts = at_us - begin_us
                packet.time_base = _MICROSECOND
                packet.is_keyframe = timed.key
                output.mux_one(packet)
                end = max(end, at_us)
                told(at_us)
    return end - begin_us


def _numbered(number: int, packets: Iterable[Timed]) -> Iterable[tuple[int, int, Timed]]:
    return ((timed.at_us, number, timed) for timed in packets)
