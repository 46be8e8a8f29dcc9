"""Small real files of a lesson: camera with sound and screen as WebM, slides and a strip of pictures as JPEG."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt

FPS = 10
RATE = 48_000
Picture = npt.NDArray[np.uint8]


def frame(text: str, colour: tuple[int, int, int], width: int = 320, height: int = 180) -> Picture:
    """:param colour: red, green, blue of the ground. The text stands on it in white."""
    picture = np.full((height, width, 3), colour, np.uint8)
    cv2.putText(picture, text, (width // 8, height * 5 // 8), cv2.FONT_HERSHEY_SIMPLEX, width / 160, (255, 255, 255), 3)
    return picture


def video(path: Path, seconds: float, label: str, colour: tuple[int, int, int], *, sound: bool) -> None:
    """VP8, and Opus with a quiet tone, seekable. Each picture shows its second."""
    with av.open(str(path), "w", format="webm") as out:
        pictures = out.add_stream("libvpx", rate=FPS)
        pictures.width, pictures.height, pictures.pix_fmt = 320, 180, "yuv420p"
        pictures.options = {"deadline": "realtime", "cpu-used": "8", "g": str(FPS)}
        voice = out.add_stream("libopus", rate=RATE) if sound else None
        for number in range(int(seconds * FPS)):
            shown = av.VideoFrame.from_ndarray(frame(f"{label} {number // FPS}", colour), format="rgb24")
            shown.pts, shown.time_base = number, Fraction(1, FPS)
            out.mux(pictures.encode(shown))
            if voice is not None:
                out.mux(voice.encode(_tone(number)))
        for stream in (pictures, voice):
            if stream is not None:
                out.mux(stream.encode(None))


def _tone(number: int) -> av.AudioFrame:
    """A tenth of a second."""
    many = RATE // FPS
    at = (np.arange(many) + number * many) / RATE
    samples = (np.sin(2 * math.pi * 440 * at) * 2000).astype(np.int16).reshape(1, -1)
    sound = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
    sound.sample_rate, sound.pts, sound.time_base = RATE, number * many, Fraction(1, RATE)
    return sound


def picture(path: Path, text: str, colour: tuple[int, int, int]) -> None:
    _save(path, frame(text, colour, 640, 360))


def strip(path: Path, columns: int, rows: int) -> None:
    """Numbered pictures of 160 × 90 beside and below each other."""
    pictures = [frame(str(number), (40, 60, 40 + number * 10 % 200), 160, 90) for number in range(columns * rows)]
    lines = [np.hstack(pictures[row * columns : (row + 1) * columns]) for row in range(rows)]
    _save(path, np.vstack(lines))


def _save(path: Path, rgb: Picture) -> None:
    done, data = cv2.imencode(".jpg", np.ascontiguousarray(rgb[..., ::-1]))
    assert done
    path.write_bytes(data.tobytes())
