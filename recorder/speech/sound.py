"""What was said in a lesson, track by track, as 16 kHz mono on the lesson's time line.

Files are decoded as they are read, so three hours cost no more memory than the stretch that is asked for. A packet lies
where its time stamp says: what never arrived is silence, and a sender's clock that runs fast or slow is set right.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
from av.audio.resampler import AudioResampler
from av.container import InputContainer

from recorder.manifest import Manifest, Output, Sync, Track
from recorder.speech.heard import RATE, Pcm

SLACK = RATE // 50
"""Samples (20 ms) by which a frame may be off before it is moved: resamplers and time stamps in ms jitter less."""
LONGEST = 24 * 3600 * RATE
"""Samples after which nothing is heard: a time beyond a day is a mistake."""
PREROLL_US = 500_000
"""Opus needs 80 ms before a point to be right at it (RFC 7845 section 4.6)."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A file, and when its time stamps are. :ivar sync: at least one, in the order of time."""

    file: Path
    sync: tuple[Sync, ...]

    def at_us(self, pts_us: int) -> int:
        """Where on the lesson's time line a time stamp lies: between two reports on the straight line, beyond them as
        fast as the lesson."""
        index = bisect_right(self.sync, pts_us, key=lambda sync: sync.pts_us)
        before, after = self.sync[max(0, index - 1)], self.sync[min(index, len(self.sync) - 1)]
        if after.pts_us <= before.pts_us:
            return before.at_us + pts_us - before.pts_us
        slope = (after.at_us - before.at_us) / (after.pts_us - before.pts_us)
        return before.at_us + round((pts_us - before.pts_us) * slope)


@dataclass(frozen=True, slots=True)
class Sound:
    """:ivar track: its id in the manifest; empty for a file that was uploaded. :ivar end_us: of the time line.

    :ivar digest: changes when the files do.
    """

    track: str
    pieces: tuple[Piece, ...]
    end_us: int
    digest: str


def sounds(folder: Path, manifest: Manifest) -> list[Sound]:
    """The lead's first. Finished files of the one who speaks go before the parts that they were made of; a recording
    without tracks (an upload) is heard out of its first file that sounds."""
    tracks = [track for track in manifest.tracks if track.kind == "audio"]
    tracks.sort(key=lambda track: (track.participant != manifest.lead, track.id))
    if not manifest.tracks:
        finished = next((file for output in manifest.outputs if (file := _sounding(folder, output))), None)
        return [_of_outputs("", [finished])] if finished else []
    return [sound for track in tracks if (sound := _of_track(folder, manifest, track))]


def _of_track(folder: Path, manifest: Manifest, track: Track) -> Sound | None:
    outputs = [output for output in manifest.outputs if output.participant == track.participant]
    finished = [file for output in outputs if (file := _sounding(folder, output))]
    if finished:
        return _of_outputs(track.id, finished)
    parts = [part for part in track.parts if (folder / part.file).exists()]
    if not parts:
        return None
    pieces = tuple(
        Piece(folder / part.file, tuple(part.sync) or (Sync(pts_us=0, at_us=part.start_us),)) for part in parts
    )
    end = max(piece.at_us(part.duration_us) for piece, part in zip(pieces, parts, strict=True))
    return Sound(track.id, pieces, end, " ".join(part.sha256 or f"{part.file}:{part.bytes}" for part in parts))


def _sounding(folder: Path, output: Output) -> tuple[Path, Output] | None:
    path = folder / output.file
    if not output.media_type.startswith(("audio/", "video/")) or not path.exists():
        return None
    try:
        with av.open(str(path)) as container:
            return (path, output) if container.streams.audio else None
    except av.FFmpegError:
        return None


def _of_outputs(track: str, finished: list[tuple[Path, Output]]) -> Sound:
    pieces = tuple(Piece(path, (Sync(pts_us=0, at_us=output.offset_us),)) for path, output in finished)
    end = max(output.offset_us + output.duration_us for _, output in finished)
    return Sound(track, pieces, end, " ".join(output.sha256 for _, output in finished))


def read(sound: Sound, start_us: int, samples: int, damaged: set[str]) -> Pcm:
    """What begins at `start_us` of the lesson, silence where nothing arrived; fewer samples at the end of the sound.

    It begins anew each time, so that the same is read whatever was read before.

    :param damaged: is given the names of files out of which not everything could be read.
    """
    pcm = np.zeros(samples, np.float32)
    origin, have = _sample(start_us), 0
    for at, block in _decoded(sound, start_us, damaged):
        begin = at - origin
        if at > LONGEST:
            break
        if begin < 0:
            block, begin = block[-begin:], 0
        room = samples - begin
        if room <= 0:
            return pcm
        block = block[:room]
        pcm[begin : begin + len(block)] = block
        have = max(have, begin + len(block) if len(block) else 0)
    return pcm[:have]


def _sample(us: int) -> int:
    return round(us * RATE / 1_000_000)


def _decoded(sound: Sound, start_us: int, damaged: set[str]) -> Iterator[tuple[int, Pcm]]:
    """(sample of the time line, samples), from somewhat before `start_us` where the files can be wound."""
    pieces = sorted(sound.pieces, key=lambda piece: piece.at_us(0))
    for piece, after in pairwise([*pieces, None]):
        assert piece is not None
        if after is not None and after.at_us(0) <= start_us:
            continue
        try:
            yield from _of_piece(piece, start_us)
        except av.FFmpegError:
            damaged.add(piece.file.name)


def _of_piece(piece: Piece, start_us: int) -> Iterator[tuple[int, Pcm]]:
    with av.open(str(piece.file)) as container:
        if not container.streams.audio:
            return
        stream = container.streams.audio[0]
        _wind(container, start_us - piece.at_us(0) - PREROLL_US)
        resampler = AudioResampler(format="flt", layout="mono", rate=RATE)
        expected: int | None = None
        for frame in container.decode(stream):
            if frame.pts is None or frame.time_base is None:
                continue
            at = _sample(piece.at_us(round(frame.pts * frame.time_base * 1_000_000)))
            if expected is None or abs(at - expected) > SLACK:
                # What a resampler holds back are fractions of a millisecond from before the jump.
                resampler = AudioResampler(format="flt", layout="mono", rate=RATE)
                expected = at
            frame.pts = None
            for out in resampler.resample(frame):
                block = out.to_ndarray()[0]
                yield expected, block
                expected += len(block)


def _wind(container: InputContainer, to_us: int) -> None:
    if to_us <= 0:
        return
    try:
        container.seek(to_us)
    except av.FFmpegError:
        container.seek(0)
