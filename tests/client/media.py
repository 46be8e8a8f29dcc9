"""Media files generated for tests."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np

FPS = 25


def make_file(
    path: Path,
    codec: str = "libx264",
    *,
    frames: int = 50,
    audio: str | None = None,
    pix_fmt: str = "yuv420p",
    options: dict[str, str] | None = None,
    size: tuple[int, int] = (320, 240),
) -> Path:
    """`frames` pictures at 25 per second of moving noise, and a tone, in the container that the name says."""
    if options is None:
        quick = {"libx264": {"tune": "zerolatency", "profile": "baseline"}, "libvpx": {"deadline": "realtime"}}
        options = {"g": "10", **quick.get(codec, {})}
    noise = np.random.default_rng(1).integers(0, 255, (size[1], size[0] + frames * 4, 3), np.uint8)
    with av.open(str(path), "w") as container:
        video = container.add_stream(codec, rate=FPS, options=options)
        video.width, video.height, video.pix_fmt = *size, pix_fmt
        video.bit_rate = 600_000
        sound = container.add_stream(audio, rate=48_000) if audio else None
        for i in range(frames):
            picture = av.VideoFrame.from_ndarray(
                np.ascontiguousarray(noise[:, i * 4 : i * 4 + size[0]]), format="rgb24"
            )
            container.mux(video.encode(picture))
            if sound is not None:
                container.mux(sound.encode(_tone(i)))
        container.mux(video.encode())
        if sound is not None:
            container.mux(sound.encode())
    return path


def _tone(index: int) -> av.AudioFrame:
    samples = 48_000 // FPS
    time = (np.arange(samples) + index * samples) / 48_000
    wave = (8000 * np.sin(2 * np.pi * 440 * time)).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(wave[np.newaxis], format="s16", layout="mono")
    frame.sample_rate = 48_000
    frame.pts = index * samples
    return frame


def alaw(seconds: float = 1.0) -> bytes:
    """A tone of 400 Hz as G.711 A-law, 8 kHz."""
    samples = int(8000 * seconds)
    wave = (8000 * np.sin(2 * np.pi * 400 * np.arange(samples) / 8000)).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(wave[np.newaxis], format="s16", layout="mono")
    frame.sample_rate = 8000
    encoder = av.CodecContext.create("pcm_alaw", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 8000, "mono", "s16"
    return b"".join(bytes(packet) for packet in (*encoder.encode(frame), *encoder.encode()))
