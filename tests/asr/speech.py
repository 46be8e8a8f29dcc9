"""Speech for tests: known phrases at known times."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np

from tests.asr.phrases import ALL
from tests.asr.say import CLIPS, LEAD_S, QUIET, RATE, SLOT_S, Pcm, resampled, write

Plan = Sequence[tuple[float, str]]
"""When, in seconds, which of `phrases.ALL` is spoken."""


@functools.cache
def clips() -> dict[str, Pcm]:
    """Each phrase, trimmed."""
    with av.open(str(CLIPS)) as container:
        pcm = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
        pcm = resampled(pcm, container.streams.audio[0].rate)
    result = {}
    for number, phrase in enumerate(ALL):
        slot = pcm[int(number * SLOT_S * RATE) : int((number + 1) * SLOT_S * RATE)]
        loud = np.flatnonzero(np.abs(slot) > QUIET * np.abs(slot).max())
        result[phrase] = slot[max(0, loud[0] - RATE // 200) : loud[-1] + RATE // 100]
    assert all(abs(len(clip) / RATE - SLOT_S) > LEAD_S for clip in result.values())
    return result


def spoken(plan: Plan, length_s: float, *, noise: float = 0.0005, seed: int = 0) -> Pcm:
    """Mono at `RATE`. :param noise: amplitude of the room; 0 for digital silence."""
    pcm = np.zeros(int(length_s * RATE), np.float32)
    for at_s, phrase in plan:
        clip, begin = clips()[phrase], int(at_s * RATE)
        if begin + len(clip) > len(pcm):
            raise ValueError(f"{phrase} at {at_s} s does not fit into {length_s} s")
        pcm[begin : begin + len(clip)] += clip
    if noise:
        pcm += np.random.default_rng(seed).standard_normal(len(pcm)).astype(np.float32) * noise
    return pcm


def speak(path: Path, plan: Plan, length_s: float, *, noise: float = 0.0005) -> None:
    """Write an Opus file (`.ogg`, `.webm`, `.mp4`) in which the plan is spoken."""
    write(path, spoken(plan, length_s, noise=noise))
