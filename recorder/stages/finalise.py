"""From what was written while the lesson went on to files that a browser plays and seeks, on one time line.

Nothing is encoded again. Pictures get the times at which they were taken; sound goes on without holes beside them
(`recorder/sound.py`). What fits into one file is joined; where H.264 changes its size or parameters another file begins
(docs/decisions/0013-finished-files.md). The parts are only read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from recorder import files, media, mux, retention, strands
from recorder.manifest import Manifest, Output, Part, Track
from recorder.mux import Source
from recorder.sound import lay
from recorder.stages.work import Work
from recorder.strands import LONGEST_US, Placed, Strand
from recorder.teacher import teacher

NAME = "finalise"
FOLDER = "out"
_VERSION = 1
_EMPTY, _DAMAGED = "nothing_recorded", "damaged_part"
_KINDS = ("camera", "screen", "sound", "classroom-")
"""Names of outputs, or what they begin with, that are made here."""
_TOLD_EVERY_US = 60_000_000


@dataclass(frozen=True, slots=True)
class Film:
    """A file to be. :ivar end_us: where the next of the same pictures begins: its sound ends there."""

    name: str
    participant: str
    pictures: Strand
    sound: Strand
    begin_us: int
    end_us: int


def run(work: Work) -> None:
    """Makes `camera` (and her sound), `screen`, and a `classroom-N` for each classroom that was heard or seen.

    :raises OSError, av.FFmpegError: a file could not be written.
    """
    manifest, folder = work.manifest, work.folder
    if retention.NAME in manifest.done:
        return
    manifest.lead = teacher(manifest)
    fingerprint = _fingerprint(folder, manifest)
    made_before = manifest.done.get(NAME)
    if made_before and _there(folder, manifest) and (made_before == fingerprint or _poorer(folder, manifest)):
        return
    (folder / FOLDER).mkdir(exist_ok=True)
    notes = [note for note in manifest.notes if note not in (_EMPTY, _DAMAGED)]

    def unreadable(track: Track, part: Part) -> None:
        strands.miss(manifest, track, part.start_us, part.start_us + part.duration_us)
        notes.append(_DAMAGED)

    def trouble(placed: Placed, at_us: int) -> None:
        end = placed.start_us + placed.part.duration_us
        strands.miss(manifest, placed.track, at_us, min(max(end, at_us), placed.until_us))
        notes.append(_DAMAGED)

    films = list(_films(folder, manifest, unreadable))
    made: list[Output] = []
    for number, film in enumerate(films):
        made.append(_make(work, film, trouble, number / len(films), 1 / len(films)))
    _seal(folder, manifest)
    manifest.outputs = [output for output in manifest.outputs if not _ours(output.name)] + made
    manifest.notes = list(dict.fromkeys(notes if made else [*notes, _EMPTY]))
    if manifest.length_us == 0:  # nobody was there to write it down
        manifest.length_us = max((output.offset_us + output.duration_us for output in made), default=0)
    manifest.done[NAME] = fingerprint
    work.save()
    _clear(folder, made)


def _films(folder: Path, manifest: Manifest, unreadable: strands.Unreadable) -> Iterator[Film]:
    numbers = 0
    for participant, sources in _participants(manifest):
        placed = {source: strands.place(folder, tracks, unreadable) for source, tracks in sources.items()}
        lead = participant == _lead(manifest)
        if not lead and any(placed.values()):
            numbers += 1
        name = "camera" if lead else f"classroom-{numbers}"
        sound = [part for part in placed["microphone"] if part.shape.codec == "opus"]
        cameras = strands.divide(placed["camera"])
        yield from _series(name, participant, cameras, sound)
        if sound and not cameras:
            begin = sound[0].start_us
            yield Film("sound" if lead else name, participant, (), sound, begin, LONGEST_US)
        yield from _series("screen" if lead else f"{name}-screen", participant, strands.divide(placed["screen"]), ())


def _series(name: str, participant: str, pictures: Sequence[Strand], sound: Strand) -> Iterator[Film]:
    """The sound before the first picture belongs to the first file, that behind the last one to the last."""
    starts = [strand[0].start_us for strand in pictures]
    for number, strand in enumerate(pictures):
        begin = min(starts[0], *(part.start_us for part in sound)) if number == 0 and sound else starts[number]
        end = starts[number + 1] if number + 1 < len(starts) else LONGEST_US
        yield Film(name if number == 0 else f"{name}-{number + 1}", participant, strand, sound, begin, end)


def _make(work: Work, film: Film, trouble: strands.Trouble, done: float, share: float) -> Output:
    codec = film.pictures[0].shape.codec if film.pictures else "opus"
    kind = mux.container(codec)
    sources = []
    if film.pictures:
        sources.append(Source("video", film.pictures[0].path, strands.pictures(film.pictures, trouble)))
    audible = [part for part in film.sound if part.start_us < film.end_us and part.until_us > film.begin_us]
    if audible:
        heard = strands.packets(audible, film.begin_us, film.end_us, trouble)
        sources.append(Source("audio", audible[0].path, lay(heard, film.begin_us)))
    length = max(work.manifest.length_us, 1)
    next_us = 0

    def told(at_us: int) -> None:
        nonlocal next_us
        if at_us >= next_us:
            next_us = at_us + _TOLD_EVERY_US
            work.progress(done + share * min(at_us / length, 1))

    path = work.folder / FOLDER / f"{film.name}.{kind}"
    duration = mux.write(path, kind, sources, film.begin_us, told)
    return Output(
        name=film.name,
        file=f"{FOLDER}/{path.name}",
        media_type=f"{'video' if film.pictures else 'audio'}/{kind}",
        bytes=path.stat().st_size,
        sha256=media.sha256(path),
        duration_us=duration,
        width=max((part.shape.width for part in film.pictures), default=0),
        height=max((part.shape.height for part in film.pictures), default=0),
        offset_us=film.begin_us,
        participant=film.participant,
    )


def _participants(manifest: Manifest) -> Iterator[tuple[str, dict[str, list[Track]]]]:
    """Who was recorded, the lead first, and her tracks by source."""
    lead = _lead(manifest)
    ordered = sorted(manifest.tracks, key=lambda track: (track.participant != lead, track.participant))
    for participant, tracks in groupby(ordered, key=lambda track: track.participant):
        sources: dict[str, list[Track]] = {"camera": [], "screen": [], "microphone": []}
        for track in tracks:
            sources.setdefault(track.source, []).append(track)
        yield participant, sources


def _lead(manifest: Manifest) -> str:
    return manifest.lead or (manifest.tracks[0].participant if manifest.tracks else "")


def _poorer(folder: Path, manifest: Manifest) -> bool:
    """Whether what is left of the parts is less than the finished files, which are whole, were made from: they stay."""
    parts = [part for track in manifest.tracks for part in track.parts if part.sha256]
    return any(_size(folder / part.file) != part.bytes for part in parts)


def _seal(folder: Path, manifest: Manifest) -> None:
    """Checksums of the parts that nobody closed."""
    for part in (part for track in manifest.tracks for part in track.parts if not part.sha256):
        path = folder / part.file
        if path.exists():
            part.bytes, part.sha256 = path.stat().st_size, media.sha256(path)


def _fingerprint(folder: Path, manifest: Manifest) -> str:
    """Of what the files are made from."""
    facts = [
        [track.id, track.participant, track.source, part.file, _size(folder / part.file), part.start_us,
         [[sync.pts_us, sync.at_us] for sync in part.sync]]
        for track in manifest.tracks
        for part in track.parts
    ]  # fmt: skip
    return hashlib.sha256(json.dumps([_VERSION, manifest.lead, facts]).encode()).hexdigest()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return -1


def _there(folder: Path, manifest: Manifest) -> bool:
    return all(_size(folder / output.file) == output.bytes for output in manifest.outputs if _ours(output.name))


def _ours(name: str) -> bool:
    return name.startswith(_KINDS)


def _clear(folder: Path, made: Sequence[Output]) -> None:
    """Files of an earlier run that this one did not make, and what a killed one left."""
    kept = {Path(output.file).name for output in made}
    for path in (folder / FOLDER).iterdir():
        if _ours(path.name) and path.name not in kept:
            path.unlink()
    files.sync_folder(folder / FOLDER)
