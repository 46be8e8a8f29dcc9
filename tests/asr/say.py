"""Phrases out of espeak-ng's mouth: for the model's training, and for the clips that the tests put together.

The tests themselves need no espeak-ng: its Chinese voices differ from version to version (Debian 12 reads 汉字 with
`cmn` as if they were English), and what a test hears should be the same everywhere. `python -m tests.asr.make clips`
writes them anew.
"""

from __future__ import annotations

import io
import subprocess
import wave
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from tests.asr.phrases import ALL, ZH

CLIPS = Path(__file__).parent / "phrases.ogg"
"""All of `ALL` in its order, one every `SLOT_S`."""
SLOT_S = 2.5
RATE = 16_000
LEAD_S = 0.2
QUIET = 0.012
"""Of the loudest sample: what is below before the first and after the last is no part of the phrase."""
PEAK = 0.5
BIT_RATE = 24_000

Pcm = npt.NDArray[np.float32]


def say(phrase: str, *, variant: str = "", speed: int = 160, pitch: int = 50, accent: str = "en-us") -> Pcm:
    """One phrase at `RATE`, mono, trimmed. :param variant: of the voice, such as `+f2`.

    :raises FileNotFoundError: there is no espeak-ng.
    """
    voice = ("cmn-latn-pinyin" if phrase in ZH else accent) + variant
    command = ["espeak-ng", "-v", voice, "-s", str(speed), "-p", str(pitch), "--stdout", phrase]
    spoken = subprocess.run(command, capture_output=True, check=True).stdout
    with wave.open(io.BytesIO(spoken)) as file:
        rate, raw = file.getframerate(), file.readframes(file.getnframes())
    # espeak-ng writes to a pipe, so its header holds no true length.
    pcm = resampled(np.frombuffer(raw, np.int16).astype(np.float32) / 32768, rate)
    loud = np.flatnonzero(np.abs(pcm) > QUIET * np.abs(pcm).max())
    return pcm[max(0, loud[0] - RATE // 200) : loud[-1] + RATE // 100]


def resampled(pcm: Pcm, rate: int) -> Pcm:
    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
    frame = av.AudioFrame.from_ndarray(pcm[None], format="flt", layout="mono")
    frame.sample_rate = rate
    frames = [*resampler.resample(frame), *resampler.resample(None)]
    return np.concatenate([out.to_ndarray()[0] for out in frames])


def write(path: Path, pcm: Pcm, *, rate: int = RATE, bit_rate: int = BIT_RATE) -> None:
    """An Opus file; the container by its name."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libopus", rate=rate)
        stream.layout = "mono"
        stream.bit_rate = bit_rate
        for begin in range(0, len(pcm), rate):
            frame = av.AudioFrame.from_ndarray(pcm[None, begin : begin + rate], format="flt", layout="mono")
            frame.sample_rate, frame.pts = rate, begin
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def write_clips(path: Path = CLIPS) -> None:
    slot = int(SLOT_S * RATE)
    pcm = np.zeros(slot * len(ALL), np.float32)
    for number, phrase in enumerate(ALL):
        spoken = say(phrase)
        begin = number * slot + int(LEAD_S * RATE)
        if len(spoken) + int(LEAD_S * RATE) > slot:
            raise ValueError(f"{phrase} takes longer than {SLOT_S} s")
        pcm[begin : begin + len(spoken)] = spoken / np.abs(spoken).max() * PEAK
    write(path, pcm)
