"""Pictures of a lesson: a poster, each slide that stood on the screen, and a strip of small ones for the time line.

Slides come from the screen, the strip from the screen where it was shown and from the teacher's camera elsewhere.
Beside a screen the camera is only looked at where it has pictures that need no others.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from recorder import files, sampling, slides
from recorder.manifest import Manifest, Output, Slide
from recorder.slides import Small, Watcher
from recorder.stages.work import Work

NAME = "pictures"
FOLDER = "out"
TILE = (160, 90)
COLUMNS = 10
_VERSION = 1
_POSTER_WIDTH = 640
_POSTERS_LOOKED_AT = 600
_MOST_TILES = 200
_TILE_US = 10_000_000
"""A strip has a picture each 10 s, or fewer in long lessons; its `Output.duration_us` says how long one stands."""
_MOST_SLIDES = 500
_MANY = "many_slides"
_MADE = ("poster", "strip", "slide-")
_TOLD_EVERY = 60


def run(work: Work) -> None:
    """:raises OSError: a picture could not be written."""
    manifest, folder = work.manifest, work.folder
    screens, cameras = _series(manifest, "screen"), _series(manifest, "camera")
    fingerprint = _fingerprint(screens + cameras)
    if manifest.done.get(NAME) == fingerprint and _there(folder, manifest):
        return
    (folder / FOLDER).mkdir(exist_ok=True)
    manifest.outputs = [output for output in manifest.outputs if not output.name.startswith(_MADE)]
    manifest.notes = [note for note in manifest.notes if note != _MANY]
    length = max((output.offset_us + output.duration_us for output in screens + cameras), default=0)
    strip, poster, kept = _Strip(length), _Poster(), _Slides(work)
    for number, output in enumerate(screens + cameras):
        screen = number < len(screens)
        keys_only = not screen and bool(screens)
        for count, (at_us, frame) in enumerate(_sampled(folder, output, keys_only)):
            strip.see(at_us, frame)
            if screen:
                kept.see(at_us, frame)
            if not screen or not cameras:
                poster.see(frame)
            if count % _TOLD_EVERY == 0:
                share = (at_us - output.offset_us) / max(output.duration_us, 1)
                work.progress((number + min(max(share, 0), 1)) / len(screens + cameras))
    manifest.slides = kept.finish()
    if poster.best is not None:
        _put(work, "poster", "jpg", _sized(poster.best, _POSTER_WIDTH))
    if length:
        _put(work, "strip", "jpg", strip.image(), duration_us=strip.every_us)
    manifest.done[NAME] = fingerprint
    work.save()
    _clear(folder, manifest)


def _series(manifest: Manifest, name: str) -> list[Output]:
    """Of the lead's pictures."""
    return [
        output
        for output in manifest.outputs
        if output.media_type.startswith("video/")
        and (output.name == name or output.name.removeprefix(f"{name}-").isdecimal())
    ]


def _sampled(folder: Path, output: Output, keys_only: bool) -> Iterator[tuple[int, av.VideoFrame]]:
    for shown in sampling.sample(folder / output.file, keys_only):
        yield output.offset_us + shown.at_us, shown.frame


class _Slides:
    """The pictures that stood on the screen, each kept as it was when it was left: complete."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._watcher = Watcher()
        self._since: int | None = None
        self._last: tuple[av.VideoFrame, Small] | None = None
        self._images: list[tuple[Small, str]] = []
        self._found: list[Slide] = []

    def see(self, at_us: int, frame: av.VideoFrame) -> None:
        small = frame.reformat(width=slides.WIDTH, height=slides.HEIGHT, format="gray").to_ndarray()
        since = self._watcher.see(at_us, small)
        if since is not None:
            self._keep()
            self._since = since
        if self._watcher.settled:
            self._last = frame, small

    def finish(self) -> list[Slide]:
        self._keep()
        return self._found

    def _keep(self) -> None:
        if self._since is None or self._last is None:
            return
        frame, small = self._last
        name = next((name for image, name in self._images if slides.same(image, small)), "")
        if not name:
            if len(self._images) == _MOST_SLIDES:
                if _MANY not in self._work.manifest.notes:
                    self._work.manifest.notes.append(_MANY)
                return
            name = f"slide-{len(self._images) + 1}"
            self._images.append((small, name))
            _put(self._work, name, "webp", frame.to_ndarray(format="bgr24"))
        if not self._found or self._found[-1].image != name:
            self._found.append(Slide(at_us=self._since, image=name))


class _Poster:
    """The picture with most to see among the first minutes."""

    def __init__(self) -> None:
        self.best: av.VideoFrame | None = None
        self._most = -1.0
        self._seen = 0

    def see(self, frame: av.VideoFrame) -> None:
        if self._seen >= _POSTERS_LOOKED_AT:
            return
        self._seen += 1
        detail = float(frame.reformat(width=64, height=36, format="gray").to_ndarray().std())
        if detail > self._most:
            self.best, self._most = frame, detail


class _Strip:
    """Small pictures in rows; where none was shown yet, the one before stands on."""

    def __init__(self, length_us: int) -> None:
        self.every_us = max(_TILE_US, -(-length_us // _MOST_TILES))
        self._tiles: dict[int, NDArray[np.uint8]] = {}
        self._count = max(-(-length_us // self.every_us), 1)

    def see(self, at_us: int, frame: av.VideoFrame) -> None:
        number = at_us // self.every_us
        if number < self._count and number not in self._tiles:
            self._tiles[number] = _fitted(frame)

    def image(self) -> NDArray[np.uint8]:
        width, height = TILE
        rows = -(-self._count // COLUMNS)
        sheet = np.zeros((rows * height, COLUMNS * width, 3), np.uint8)
        tile = next((self._tiles[number] for number in sorted(self._tiles)), sheet[:height, :width])
        for number in range(self._count):
            tile = self._tiles.get(number, tile)
            y, x = number // COLUMNS * height, number % COLUMNS * width
            sheet[y : y + height, x : x + width] = tile
        return sheet


def _fitted(frame: av.VideoFrame) -> NDArray[np.uint8]:
    """Into a tile, with black beside or above it."""
    width, height = TILE
    scale = min(width / frame.width, height / frame.height)
    size = max(round(frame.width * scale), 1), max(round(frame.height * scale), 1)
    tile = np.zeros((height, width, 3), np.uint8)
    y, x = (height - size[1]) // 2, (width - size[0]) // 2
    small = frame.reformat(width=size[0], height=size[1], format="bgr24").to_ndarray()
    tile[y : y + size[1], x : x + size[0]] = small
    return tile


def _sized(frame: av.VideoFrame, width: int) -> NDArray[np.uint8]:
    width = min(width, frame.width)
    height = max(frame.height * width // frame.width, 1)
    return frame.reformat(width=width, height=height, format="bgr24").to_ndarray()


def _put(work: Work, name: str, kind: str, image: NDArray[np.uint8], duration_us: int = 0) -> None:
    import cv2  # here, not above: it takes a second and 60 MB that other stages need not have

    quality = [cv2.IMWRITE_WEBP_QUALITY, 80] if kind == "webp" else [cv2.IMWRITE_JPEG_QUALITY, 82]
    data = cv2.imencode(f".{kind}", image, quality)[1].tobytes()
    file = f"{FOLDER}/{name}.{kind}"
    files.replace(work.folder / file, data)
    details: dict[str, Any] = {"width": image.shape[1], "height": image.shape[0], "duration_us": duration_us}
    media_type = "image/webp" if kind == "webp" else "image/jpeg"
    digest = hashlib.sha256(data).hexdigest()
    work.manifest.put(Output(name=name, file=file, media_type=media_type, bytes=len(data), sha256=digest, **details))


def _fingerprint(sources: list[Output]) -> str:
    facts = [[output.name, output.sha256, output.offset_us] for output in sources]
    return hashlib.sha256(json.dumps([_VERSION, facts]).encode()).hexdigest()


def _there(folder: Path, manifest: Manifest) -> bool:
    return all((folder / output.file).exists() for output in manifest.outputs if output.name.startswith(_MADE))


def _clear(folder: Path, manifest: Manifest) -> None:
    """Files of an earlier run that this one did not make, and what a killed one left."""
    kept = {Path(output.file).name for output in manifest.outputs}
    for path in (folder / FOLDER).iterdir():
        if path.name.startswith(_MADE) and path.name not in kept:
            path.unlink()
