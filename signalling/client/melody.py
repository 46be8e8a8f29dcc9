"""The music of the generated lesson: a melody of our own with harmonics."""

from __future__ import annotations

import numpy as np

SAMPLE_RATE = 48_000
LEVEL_DBFS = -18.0
NOTE_SECONDS = 0.4

_SCALE = {"C": 261.63, "D": 293.66, "E": 329.63, "G": 392.00, "A": 440.00, "c": 523.25}
"""C major pentatonic, Hz."""
_NOTES = "C E G A G E D E  G A c A G E D C ".replace(" ", "")
_HARMONICS = (1.0, 0.5, 0.25, 0.12)


def melody() -> np.ndarray:
    """One round of the melody: (samples,) int16 mono at 48 kHz, -18 dBFS RMS, ready to be repeated."""
    samples = int(SAMPLE_RATE * NOTE_SECONDS)
    time = np.arange(samples) / SAMPLE_RATE
    attack = np.minimum(time / 0.02, 1.0)
    release = np.minimum((NOTE_SECONDS - time) / 0.04, 1.0)
    envelope = attack * release * np.exp(-2.0 * time)
    notes = []
    for name in _NOTES:
        frequency = _SCALE[name]
        tone = sum(a * np.sin(2 * np.pi * frequency * (k + 1) * time) for k, a in enumerate(_HARMONICS))
        notes.append(tone * envelope)
    sound = np.concatenate(notes)
    sound *= 10 ** (LEVEL_DBFS / 20) / np.sqrt(np.mean(np.square(sound)))
    return np.round(np.clip(sound, -1, 1) * 32767).astype(np.int16)
