"""Films of phones, held in any way: they stand upright in the finished file and in all pictures of them."""

from __future__ import annotations

import hashlib
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from recorder import manifest as manifests
from recorder import whole
from recorder.manifest import Manifest, Output
from recorder.probe import probe
from recorder.stages import ingest, pictures
from recorder.stages.work import Work
from recorder.upright import Upright, turn_of

SHOWN = np.zeros((128, 64, 3), np.uint8)
"""Red and green above, blue and white below: no way of turning or mirroring it leaves it as it is."""
SHOWN[:64, :32], SHOWN[:64, 32:], SHOWN[64:, :32], SHOWN[64:, 32:] = (255, 0, 0), (0, 255, 0), (0, 0, 255), 255


def film(path: Path, kind: str, codec: str, degrees: int, *, mirrored: bool = False, sound: str = "") -> Path:
    """:param degrees: by which a player turns it, counter-clockwise; then mirrors it."""
    shown = SHOWN[:, ::-1] if mirrored else SHOWN
    coded = np.ascontiguousarray(np.rot90(shown, -degrees // 90))
    with av.open(path, "w", format=kind) as output:
        stream = output.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = coded.shape[1], coded.shape[0], "yuv420p"
        stream.set_display_rotation(degrees, hflip=mirrored)
        heard = output.add_stream(sound, rate=48_000) if sound else None
        for number in range(20):
            frame = av.VideoFrame.from_ndarray(coded, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 10)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
        if heard is not None:
            heard.codec_context.open(strict=False)
            samples = heard.codec_context.frame_size
            for number in range(96_000 // samples):
                format = heard.codec_context.format.name
                silence = av.AudioFrame(format=format, layout=heard.codec_context.layout.name, samples=samples)
                for plane in silence.planes:
                    plane.update(bytes(plane.buffer_size))
                silence.sample_rate, silence.pts, silence.time_base = 48_000, number * samples, Fraction(1, 48_000)
                output.mux(heard.encode(silence))
            output.mux(heard.encode(None))
    return path


def uploaded(folder: Path, path: Path) -> Work:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    file = str(path.relative_to(folder))
    output = Output(name="upload", file=file, media_type="video/mp4", bytes=path.stat().st_size, sha256=digest)
    manifests.save(folder, Manifest(room="resource1", began=1, outputs=[output]))
    return Work(folder, manifests.load(folder))


def corners(image: NDArray[np.uint8]) -> list[str]:
    """Of red, green, blue pictures: left and right above, left and right below."""
    height, width = image.shape[:2]
    assert height > width, "portrait"
    names = {(1, 0, 0): "red", (0, 1, 0): "green", (0, 0, 1): "blue", (1, 1, 1): "white"}
    spots = [(y, x) for y in (height // 4, 3 * height // 4) for x in (width // 4, 3 * width // 4)]
    return [names[tuple(int(value > 127) for value in image[y, x])] for y, x in spots]


UPRIGHT = ["red", "green", "blue", "white"]


def as_shown(path: Path) -> list[str]:
    """Turned with the angle that FFmpeg reads, as a player does."""
    with av.open(path) as opened:
        frame = next(opened.decode(video=0))
        return corners(np.rot90(frame.to_ndarray(format="rgb24"), round(frame.rotation / 90)))


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
@pytest.mark.parametrize(
    ("kind", "codec", "sound", "made", "copied"),
    [
        ("mp4", "libx264", "aac", ("mp4", "h264", "aac"), True),
        ("mov", "libx264", "", ("mp4", "h264"), True),
        ("mp4", "libvpx-vp9", "", ("mp4", "vp9"), True),
        ("webm", "libvpx-vp9", "libopus", ("mp4", "vp9", "opus"), True),
        ("webm", "libvpx", "", ("mp4", "h264"), False),
        ("mov", "mpeg4", "", ("mp4", "h264"), False),
    ],
)
def test_a_film_stands_upright(
    tmp_path: Path, kind: str, codec: str, sound: str, made: tuple[str, ...], copied: bool, degrees: int
) -> None:
    (tmp_path / "upload").mkdir()
    work = uploaded(tmp_path, film(tmp_path / "upload" / "original.bin", kind, codec, degrees, sound=sound))
    ingest.run(work)
    camera = work.manifest.output("camera")
    assert camera is not None
    assert (camera.width, camera.height) == (64, 128)
    path = work.folder / camera.file
    found = probe(path)
    assert found.video is not None
    if degrees:
        assert (path.suffix[1:], *[it.codec for it in (found.video, found.audio) if it]) == made
        assert bool(found.video.turn) == copied, "turned once: by the player, or in the pictures"
    assert as_shown(path) == UPRIGHT

    pictures.run(work)
    poster = work.manifest.output("poster")
    assert poster is not None and (poster.width, poster.height) == (64, 128)
    assert corners(cv2.imread(str(tmp_path / poster.file))[:, :, ::-1]) == UPRIGHT
    strip = work.manifest.output("strip")
    assert strip is not None
    tile = cv2.imread(str(tmp_path / strip.file))[:90, :160, ::-1]
    assert corners(tile[:, 58:103]) == UPRIGHT

    whole.make(tmp_path, work.manifest, [], tmp_path / "whole.mkv")
    assert as_shown(tmp_path / "whole.mkv") == UPRIGHT


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
@pytest.mark.parametrize("mirrored", [False, True])
def test_all_eight_ways_of_holding_it(tmp_path: Path, degrees: int, mirrored: bool) -> None:
    path = film(tmp_path / "film.mp4", "mp4", "libx264", degrees, mirrored=mirrored)
    upright, turns = Upright(), set()
    with av.open(path) as opened:
        for frame in opened.decode(video=0):
            turned = upright.turned(frame)
            assert corners(turned.to_ndarray(format="rgb24")) == UPRIGHT
            assert (turned.pts, turned.time_base) == (frame.pts, frame.time_base)
            turns.add(turn_of(frame))
    assert len(turns) == 1 and bool(turns.pop()) == (mirrored or degrees != 0)


def test_what_is_not_turned_by_quarters_is_shown_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    with av.open(path, "w", format="mp4") as output:
        stream = output.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 128, "yuv420p"
        stream.set_display_rotation(30)
        frame = av.VideoFrame.from_ndarray(SHOWN, format="rgb24")
        frame.pts, frame.time_base = 0, Fraction(1, 10)
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    found = probe(path).video
    assert found is not None and found.turn == ""
