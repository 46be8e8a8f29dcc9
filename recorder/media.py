"""Opening media files that somebody else may have made: no networks, no playlists, no end of guessing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple

import av
from av.container import InputContainer

CONTAINERS = frozenset(
    (
        *("matroska,webm", "mov,mp4,m4a,3gp,3g2,mj2", "ogg", "mp3", "wav", "flac", "aac", "avi", "flv"),
        *("mpegts", "mpeg", "asf"),
    )
)
"""Demultiplexers that read one file and nothing that it names."""
MICROSECONDS = 1_000_000


class Packet(NamedTuple):
    """What a file holds of one stream. Times in µs of the file's own clock."""

    pts_us: int
    key: bool
    data: bytes


@dataclass(frozen=True, slots=True)
class Shape:
    """What a file's first stream of its kind is. :ivar extra: the codec's private data."""

    codec: str
    width: int
    height: int
    extra: bytes


@contextmanager
def open_file(path: Path) -> Iterator[InputContainer]:
    """A file, by what is in it and not by its name.

    It is handed over as an open file and one of the kinds above, so that nothing that it names can be read with it.

    :raises av.FFmpegError: it is not media, or of another kind. :raises OSError: it cannot be read.
    """
    with (
        path.open("rb") as file,
        av.open(
            file, "r", options={"format_whitelist": ",".join(CONTAINERS)}, metadata_errors="ignore", io_open=_refuse
        ) as opened,
    ):
        yield opened


def _refuse(url: str, flags: int, options: dict[str, Any]) -> Any:
    raise PermissionError("a media file may not have others opened")


def shape(path: Path, kind: str) -> Shape | None:
    """Of the first stream of a kind (`audio`, `video`), None when there is none. :raises: as `open_file`."""
    with open_file(path) as opened:
        for stream in opened.streams:
            if stream.type == kind:
                context = stream.codec_context
                return Shape(
                    codec_of(context.name),
                    getattr(context, "width", 0),
                    getattr(context, "height", 0),
                    bytes(context.extradata or b""),
                )
    return None


def codec_of(decoder: str) -> str:
    """Of the codec, whatever its decoder is called."""
    return {"libvpx": "vp8", "libvpx-vp9": "vp9", "libdav1d": "av1", "libopus": "opus"}.get(decoder, decoder)


def packets(path: Path, kind: str) -> Iterator[Packet]:
    """Of the first stream of a kind, in the file's order. A file that ends in the middle of one gives those before.

    :raises: as `open_file`; av.FFmpegError later where the file is damaged: what came before is good.
    """
    with open_file(path) as opened:
        stream = next(stream for stream in opened.streams if stream.type == kind)
        base = stream.time_base or av.time_base
        scale = MICROSECONDS * base.numerator  # type: ignore[union-attr]
        for packet in opened.demux(stream):
            if packet.pts is not None and packet.size:
                yield Packet(packet.pts * scale // base.denominator, packet.is_keyframe, bytes(packet))  # type: ignore[union-attr]


def sha256(path: Path) -> str:
    """:raises OSError: it cannot be read."""
    with path.open("rb") as file:
        return digest(file)


def digest(file: IO[bytes]) -> str:
    return hashlib.file_digest(file, "sha256").hexdigest()
