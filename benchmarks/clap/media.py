"""Encoded seconds with and without a clap, and where the claps are in what was recorded."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

FPS = 30
PACKETS = 50
"""Of sound, in a second."""
SIZE = (64, 48)
_BRIGHT = 128
_LOUD = 0.2


def second_of_pictures(clap: int | None) -> list[bytes]:
    """30 VP8 pictures, the first one a key frame; dark ones, but `clap` is white."""
    encoder = av.CodecContext.create("libvpx", "w")
    encoder.width, encoder.height, encoder.pix_fmt = *SIZE, "yuv420p"
    encoder.time_base, encoder.gop_size, encoder.bit_rate = Fraction(1, FPS), FPS, 100_000
    encoder.options = {"deadline": "realtime", "lag-in-frames": "0"}
    out: list[bytes] = []
    for number in range(FPS):
        pixels = np.full((SIZE[1] * 3 // 2, SIZE[0]), 128, np.uint8)
        pixels[: SIZE[1]] = 235 if number == clap else 16
        frame = av.VideoFrame.from_ndarray(pixels, format="yuv420p")
        frame.pts = number
        out += [bytes(packet) for packet in encoder.encode(frame)]
    return out + [bytes(packet) for packet in encoder.encode(None)]


def second_of_sound(clap: int | None) -> list[bytes]:
    """50 Opus packets, silent but for a burst at the beginning of packet `clap`."""
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 48_000, "mono", "s16"
    encoder.bit_rate = 32_000
    encoder.options = {"application": "lowdelay"}
    out: list[bytes] = []
    burst = (26_000 * np.sin(np.arange(480) * 0.4)).astype(np.int16)
    for number in range(PACKETS):
        samples = np.zeros(960, np.int16)
        if number == clap:
            samples[:480] = burst
        frame = av.AudioFrame.from_ndarray(samples[np.newaxis], format="s16", layout="mono")
        frame.sample_rate, frame.pts = 48_000, number * 960
        out += [bytes(packet) for packet in encoder.encode(frame)]
    return out


def flashes(path: Path) -> Iterator[float]:
    """Presentation times in s of the white pictures after a dark one."""
    dark = True
    with av.open(str(path)) as container:
        for frame in container.decode(container.streams.video[0]):
            bright = float(frame.to_ndarray()[: SIZE[1]].mean()) > _BRIGHT
            if bright and dark:
                yield float(frame.time)
            dark = not bright


def clicks(path: Path, delay_s: float) -> Iterator[float]:
    """Presentation times in s of the bursts' beginnings. :param delay_s: of the codec, see `codec_delay`."""
    quiet_since = -1.0
    with av.open(str(path)) as container:
        for frame in container.decode(container.streams.audio[0]):
            loud = np.abs(frame.to_ndarray()[0]) > _LOUD
            if loud.any():
                at = float(frame.time) + int(loud.argmax()) / 48_000
                if at - quiet_since > 0.5:
                    yield at - delay_s
                quiet_since = at


def codec_delay() -> float:
    """How much later than in its packet a burst comes out of the codec, in s."""
    decoder = av.CodecContext.create("opus", "r")
    packets = second_of_sound(PACKETS // 2)
    samples = np.concatenate([frame.to_ndarray()[0] for data in packets for frame in decoder.decode(av.Packet(data))])
    return int((np.abs(samples) > _LOUD).argmax()) / 48_000 - 0.5
