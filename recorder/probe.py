"""What is in a file that somebody uploaded. It is opened, and a little of it decoded, in a process of its own: a file
that makes a decoder crash, spin or swallow memory harms nothing but that process.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import av

from mediaserver.api import UserError
from recorder import media, upright

CPU_S = 60
WALL_S = 180.0
MEMORY_BYTES = 3 << 30
LONGEST_US = 24 * 3600 * media.MICROSECONDS
WIDEST = 8192
_MOST_STREAMS = 64
_GRACE_S = 10
"""Of processor time between the signal that tells of its bound and the one that others send, too."""
_KILLED = (-signal.SIGKILL, -signal.SIGTERM)
_PLACES = (0.5, 0.9)
"""Of the file, where it is decoded beside its beginning."""
_ENOUGH_PACKETS = 400
"""One of so many packets must give a picture or a sound."""


@dataclass(frozen=True, slots=True)
class Stream:
    """:ivar index: in the file. :ivar format: of pixels or samples. :ivar width, height: as they are coded.
    :ivar rate: of samples. :ivar turn: how a player turns the pictures (`upright.Turn`)."""

    index: int
    codec: str
    format: str
    width: int = 0
    height: int = 0
    rate: int = 0
    turn: str = ""


@dataclass(frozen=True, slots=True)
class Probed:
    """:ivar container: FFmpeg's name of it. :ivar duration_us: as the file says, 0 when it does not."""

    container: str
    duration_us: int
    video: Stream | None = None
    audio: Stream | None = None


@dataclass(frozen=True, slots=True)
class _Answer:
    probed: dict[str, Any] = field(default_factory=dict)
    why: str = ""


def probe(path: Path) -> Probed:
    """:raises UserError: 422 `bad_media`: nobody could play this file.

    :raises ChildProcessError: of the file nothing is known: the process was killed, by the kernel for want of memory
        or by somebody, or the machine stood still. Another try may tell.
    """
    try:
        told = subprocess.run(
            [sys.executable, "-m", "recorder.probe", str(path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=WALL_S,
            check=True,
        ).stdout
        answer = _Answer(**json.loads(told))
    except subprocess.TimeoutExpired:  # of the clock: what takes too long by itself ends by its processor time
        raise ChildProcessError("the probe took too long") from None
    except subprocess.CalledProcessError as error:
        if error.returncode in _KILLED:
            raise ChildProcessError("the probe was killed") from None
        raise bad("a player would break on it") from None
    except (subprocess.SubprocessError, ValueError, TypeError):
        raise bad("a player would break on it") from None
    if answer.why:
        raise bad(answer.why)
    streams = {kind: Stream(**found) for kind in ("video", "audio") if (found := answer.probed.pop(kind))}
    return Probed(**answer.probed, **streams)


def bad(why: str) -> UserError:
    return UserError(422, "bad_media", f"This file cannot be played: {why}. Export it again, as MP4 or WebM.")


def main() -> None:
    path = Path(sys.argv[1])
    _bound(resource.RLIMIT_CPU, CPU_S, _GRACE_S)
    _bound(resource.RLIMIT_AS, MEMORY_BYTES)
    _bound(resource.RLIMIT_FSIZE, 0)
    _bound(resource.RLIMIT_CORE, 0)
    try:
        answer = _Answer(asdict(_look(path)))
    except UserError as error:
        answer = _Answer(why=error.detail)
    except (av.FFmpegError, OSError):
        answer = _Answer(why="it is damaged, cut off or of an unknown kind")
    except MemoryError:
        answer = _Answer(why="it needs too much memory")
    sys.stdout.write(json.dumps(asdict(answer)))
    sys.stdout.flush()
    os._exit(0)


def _bound(what: int, most: int, grace: int = 0) -> None:
    """Or less, where this process was given less. :param grace: beyond it, until it cannot be passed any more."""
    hard = resource.getrlimit(what)[1]
    limits = [most, most + grace] if hard == resource.RLIM_INFINITY else [min(most, hard), min(most + grace, hard)]
    resource.setrlimit(what, (limits[0], limits[1]))


def _look(path: Path) -> Probed:
    with media.open_file(path) as opened:
        if len(opened.streams) > _MOST_STREAMS:
            raise _why("it has too many tracks")
        duration = opened.duration or 0
        if duration > LONGEST_US:
            raise _why("it is longer than a day")
        video = next((stream for stream in opened.streams.video if not _still(stream)), None)
        audio = next(iter(opened.streams.audio), None)
        if video is None and audio is None:
            raise _why("it has neither pictures nor sound")
        seen = heard = None
        for stream in (video, audio):
            if stream is not None and stream.codec_context is None:
                raise _why("it was made with an unknown codec")
        if video is not None:
            context = video.codec_context
            if not (0 < context.width <= WIDEST and 0 < context.height <= WIDEST):
                raise _why("its pictures have no size or are too large")
        turn = ""
        for stream in (video, audio):
            first = _decoded(path, stream.index, 0) if stream is not None else None
            if stream is not None and first is None:
                raise _why(f"its {'pictures' if stream is video else 'sound'} cannot be decoded")
            if isinstance(first, av.VideoFrame):
                turn = upright.turn_of(first)
        for place in _PLACES:
            # What comes out there does not matter: not every file can be wound. That nothing breaks does.
            _decoded(path, (video or audio).index, int(duration * place))  # type: ignore[union-attr]
        if video is not None:
            context = video.codec_context
            name = media.codec_of(context.name)
            seen = Stream(video.index, name, context.pix_fmt or "", context.width, context.height, turn=turn)
        if audio is not None:
            context = audio.codec_context
            name = media.codec_of(context.name)
            heard = Stream(audio.index, name, context.format.name if context.format else "", rate=context.sample_rate)
        return Probed(opened.format.name, max(duration, 0), seen, heard)


def _still(stream: Any) -> bool:
    """A cover picture in a file of sound."""
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _decoded(path: Path, index: int, at_us: int) -> Any:
    """The first picture or sound that comes out of a stream there, None where nothing does."""
    with media.open_file(path) as opened:
        try:
            if at_us:
                opened.seek(at_us)
            for number, packet in enumerate(opened.demux(opened.streams[index])):
                if number > _ENOUGH_PACKETS:
                    break
                with contextlib.suppress(av.error.InvalidDataError):
                    if frames := packet.decode():
                        return frames[0]
        except av.FFmpegError:
            pass
    return None


def _why(why: str) -> UserError:
    return UserError(422, "bad_media", why)


if __name__ == "__main__":
    main()
